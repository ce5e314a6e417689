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

/// *Decision:* figure by figure, not entry by entry: a score reads the words of thousands of transcripts and nothing
/// else of them.
#[derive(Clone, Debug)]
struct Page {
    places: Vec<(u32, u32)>,
    folders: Vec<u32>,
    words: Vec<u32>,
}

impl Page {
    fn new() -> Self {
        let places = vec![(ABSENT.slot, ABSENT.doc); PAGE];
        Self { places, folders: vec![ABSENT.folder; PAGE], words: vec![ABSENT.words; PAGE] }
    }
}

/// Entries by key.
#[derive(Clone, Debug, Default)]
pub struct Entries {
    pages: Vec<Arc<Page>>,
}

impl Entries {
    /// The entry of a transcript that is there.
    #[inline]
    pub fn get(&self, key: u32) -> Option<Entry> {
        let at = key as usize % PAGE;
        let page = self.pages.get(key as usize / PAGE)?;
        let (slot, doc) = *page.places.get(at)?;
        if slot == NOWHERE {
            return None;
        }
        Some(Entry { slot, doc, folder: *page.folders.get(at)?, words: *page.words.get(at)? })
    }

    /// Where the record of a transcript stands: its segment, and which document of it.
    #[inline]
    pub fn place(&self, key: u32) -> Option<(u32, u32)> {
        let page = self.pages.get(key as usize / PAGE)?;
        page.places.get(key as usize % PAGE).copied().filter(|(slot, _)| *slot != NOWHERE)
    }

    /// The words of a transcript; 0 when it is not there.
    #[inline]
    pub fn words(&self, key: u32) -> u32 {
        let page = self.pages.get(key as usize / PAGE);
        page.and_then(|page| page.words.get(key as usize % PAGE)).copied().unwrap_or(0)
    }

    /// Sets an entry, copying its page when another snapshot holds it too.
    pub fn set(&mut self, key: u32, entry: Entry) {
        let at = key as usize;
        while self.pages.len() <= at / PAGE {
            self.pages.push(Arc::new(Page::new()));
        }
        let Some(page) = self.pages.get_mut(at / PAGE).map(Arc::make_mut) else { return };
        if let Some(place) = page.places.get_mut(at % PAGE) {
            *place = (entry.slot, entry.doc);
        }
        if let Some(folder) = page.folders.get_mut(at % PAGE) {
            *folder = entry.folder;
        }
        if let Some(words) = page.words.get_mut(at % PAGE) {
            *words = entry.words;
        }
    }

    /// Forgets a transcript.
    pub fn clear(&mut self, key: u32) {
        if self.get(key).is_some() {
            self.set(key, ABSENT);
        }
    }

    /// All that are there, by key.
    pub fn iter(&self) -> impl Iterator<Item = (u32, Entry)> {
        let keys = 0..u32::try_from(self.pages.len() * PAGE).unwrap_or(u32::MAX);
        keys.filter_map(|key| Some((key, self.get(key)?)))
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
        assert_eq!((now.place(5_000), now.place(3), now.place(u32::MAX)), (Some((1, 1)), None, None));
        assert_eq!((now.get(3), now.words(3), now.words(5_000), now.words(u32::MAX)), (None, 0, 3, 0));
    }
}
