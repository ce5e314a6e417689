//! The archive in memory: the reference model that tests compare with.
use super::{Archive, Fate, Found, Frozen, MetadataFile, StagedBody};
use crate::domain::identity::{CompanyName, Key, OrgName, Place, Revision};
use crate::stores::error::{Kind, Result, Store, StoreError};
use parking_lot::Mutex;
use std::collections::HashMap;
use std::sync::Arc;

/// An archive that lives as long as it is not dropped.
#[derive(Debug, Default)]
pub struct MemoryArchive(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    staged: HashMap<(Key, Revision), Arc<str>>,
    pairs: HashMap<Place, Pair>,
    catalogue: Option<String>,
}

#[derive(Debug, Default)]
struct Pair {
    body: Option<Arc<str>>,
    metadata: Option<MetadataFile>,
}

impl State {
    fn publish(&mut self, place: &Place, key: Key, words_revision: Revision) -> Result<()> {
        match self.staged.remove(&(key, words_revision)) {
            Some(body) => {
                self.pairs.entry(place.clone()).or_default().body = Some(body);
                Ok(())
            }
            None if self.pairs.get(place).is_some_and(|pair| pair.body.is_some()) => Ok(()),
            None => {
                let operation = format!("publish {place}: the staged body is missing");
                Err(StoreError::plain(Store::Archive, Kind::Corrupt, operation))
            }
        }
    }
}

impl Archive for MemoryArchive {
    fn stage(&self, bodies: &[StagedBody]) -> Result<()> {
        let mut state = self.0.lock();
        state.staged.extend(bodies.iter().map(|staged| ((staged.key, staged.words_revision), staged.body.clone())));
        Ok(())
    }

    fn publish(&self, bodies: &[(Place, Key, Revision)]) -> Result<()> {
        let mut state = self.0.lock();
        bodies.iter().try_for_each(|(place, key, revision)| state.publish(place, *key, *revision))
    }

    fn discard(&self, bodies: &[(Key, Revision)]) -> Result<()> {
        let mut state = self.0.lock();
        for staged in bodies {
            state.staged.remove(staged);
        }
        Ok(())
    }

    fn sweep(&self, fate: &mut dyn FnMut(Key, Revision) -> Fate) -> Result<()> {
        let staged: Vec<(Key, Revision)> = self.0.lock().staged.keys().copied().collect();
        for (key, revision) in staged {
            match fate(key, revision) {
                Fate::Publish(place) => self.publish(&[(place, key, revision)])?,
                Fate::Keep => {}
                Fate::Discard | Fate::SetAside => self.discard(&[(key, revision)])?,
            }
        }
        Ok(())
    }

    fn put_metadata(&self, files: &[MetadataFile]) -> Result<()> {
        let mut state = self.0.lock();
        for file in files {
            let pair = state.pairs.entry(file.place.clone()).or_default();
            if pair.metadata.as_ref().is_none_or(|stored| stored.revision <= file.revision) {
                pair.metadata = Some(MetadataFile { metadata: file.metadata.trim().into(), ..file.clone() });
            }
        }
        Ok(())
    }

    fn body(&self, place: &Place, key: Key, words_revision: Revision) -> Result<Option<String>> {
        let state = self.0.lock();
        let staged = state.staged.get(&(key, words_revision));
        let body = staged.or_else(|| state.pairs.get(place).and_then(|pair| pair.body.as_ref()));
        Ok(body.map(|body| body.as_ref().to_owned()))
    }

    fn metadata(&self, place: &Place) -> Result<Option<MetadataFile>> {
        Ok(self.0.lock().pairs.get(place).and_then(|pair| pair.metadata.clone()))
    }

    fn erase(&self, places: &[Place]) -> Result<()> {
        let mut state = self.0.lock();
        for place in places {
            state.pairs.remove(place);
        }
        Ok(())
    }

    fn discard_org(&self, company: &CompanyName, org: &OrgName) -> Result<()> {
        self.0.lock().pairs.retain(|place, _| place.company != *company || place.org != *org);
        Ok(())
    }

    fn catalogue(&self) -> Result<Option<String>> {
        Ok(self.0.lock().catalogue.clone())
    }

    fn put_catalogue(&self, text: &str) -> Result<()> {
        self.0.lock().catalogue = Some(text.to_owned());
        Ok(())
    }

    /// Memory is not damaged.
    fn heal(&self, _: &Place, _: Option<&str>) -> Result<Vec<&'static str>> {
        Ok(Vec::new())
    }

    fn set_metadata_aside(&self, place: &Place) -> Result<()> {
        if let Some(pair) = self.0.lock().pairs.get_mut(place) {
            pair.metadata = None;
        }
        Ok(())
    }

    fn tidy(&self, belongs: &mut dyn FnMut(&Found) -> bool) -> Result<Vec<String>> {
        let mut gone = Vec::new();
        self.0.lock().pairs.retain(|place, pair| {
            let found = Found { place: place.clone(), body: pair.body.is_some(), metadata: pair.metadata.is_some() };
            let kept = belongs(&found);
            gone.extend((!kept).then(|| place.to_string()));
            kept
        });
        Ok(gone)
    }

    fn forget_aside(&self, _: &super::Erasure) -> Result<Vec<String>> {
        Ok(Vec::new())
    }

    fn is_frozen(&self) -> bool {
        false
    }

    fn freeze(&self) -> Result<Box<dyn Frozen>> {
        Err(StoreError::plain(Store::Archive, Kind::Unavailable, "freeze an archive that has no files"))
    }

    fn list(&self, each: &mut dyn FnMut(Result<Found>)) -> Result<()> {
        let found: Vec<Found> = (self.0.lock().pairs.iter())
            .map(|(place, pair)| Found {
                place: place.clone(),
                body: pair.body.is_some(),
                metadata: pair.metadata.is_some(),
            })
            .collect();
        found.into_iter().for_each(|one| each(Ok(one)));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_model_keeps_the_promises_of_an_archive() {
        for (name, case) in super::super::conformance::cases() {
            eprintln!("{name}");
            case(&MemoryArchive::default());
        }
    }
}
