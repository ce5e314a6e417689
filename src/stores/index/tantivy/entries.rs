//! What a snapshot knows of each transcript by key, in pages that snapshots share until one is written.
use std::sync::Arc;

/// Entries of one page; a page is 64 KiB, so a commit that touches it copies 64 KiB.
const PAGE: usize = 4_096;

/// Where a transcript's record stands, and the two figures every search needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Which segment of records; [`NOWHERE`] when there is none.
    pub slot: u32,
    /// Which document of it.
    pub doc: u32,
    /// Its folder.
    pub folder: u32,
    /// Its words.
    pub words: u32,
}

/// The slot of a transcript that is not there.
pub const NOWHERE: u32 = u32::MAX;

const ABSENT: Entry = Entry { slot: NOWHERE, doc: 0, folder: 0, words: 0 };

/// Entries by key.
#[derive(Clone, Debug, Default)]
pub struct Entries {
    pages: Vec<Arc<Vec<Entry>>>,
}

impl Entries {
    /// The entry of a transcript that is there.
    #[inline]
    pub fn get(&self, key: u32) -> Option<&Entry> {
        let at = key as usize;
        self.pages.get(at / PAGE)?.get(at % PAGE).filter(|entry| entry.slot != NOWHERE)
    }

    /// Sets an entry, copying its page when another snapshot holds it too.
    pub fn set(&mut self, key: u32, entry: Entry) {
        let at = key as usize;
        while self.pages.len() <= at / PAGE {
            self.pages.push(Arc::new(vec![ABSENT; PAGE]));
        }
        if let Some(place) = self.pages.get_mut(at / PAGE).and_then(|page| Arc::make_mut(page).get_mut(at % PAGE)) {
            *place = entry;
        }
    }

    /// Forgets a transcript.
    pub fn clear(&mut self, key: u32) {
        if self.get(key).is_some() {
            self.set(key, ABSENT);
        }
    }

    /// All that are there, by key.
    pub fn iter(&self) -> impl Iterator<Item = (u32, &Entry)> {
        self.pages
            .iter()
            .flat_map(|page| page.iter())
            .zip(0u32..)
            .map(|(entry, key)| (key, entry))
            .filter(|(_, entry)| entry.slot != NOWHERE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_older_copy_keeps_its_own() {
        let mut now = Entries::default();
        now.set(5_000, Entry { slot: 0, doc: 1, folder: 2, words: 3 });
        let before = now.clone();
        now.set(5_000, Entry { slot: 1, doc: 1, folder: 2, words: 3 });
        now.set(3, Entry { slot: 1, doc: 7, folder: 2, words: 3 });
        assert_eq!((before.get(5_000).map(|e| e.slot), before.get(3)), (Some(0), None));
        assert_eq!(now.iter().map(|(key, _)| key).collect::<Vec<_>>(), [3, 5_000]);
        now.clear(3);
        assert_eq!(now.get(3), None);
    }
}
