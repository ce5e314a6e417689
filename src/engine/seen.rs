//! Names seen in metadata although their folder does not have them configured: what tells a search for a field that
//! could be configured from one for a field that never was. Names only; values stay in the archive.
use super::edit::committer::Committer;
use crate::domain::identity::{FieldName, FolderId};
use crate::stores::database::Write;
use parking_lot::RwLock;
use std::collections::{HashMap, HashSet};

/// Names remembered of one folder; data that makes up names would fill the memory otherwise.
const NAMES_MAX: usize = 10_000;

/// The names by folder, folded.
#[derive(Default)]
pub struct Seen(RwLock<HashMap<FolderId, HashSet<String>>>);

impl Seen {
    /// As the database remembers them.
    pub fn new(stored: Vec<(FolderId, String)>) -> Self {
        let mut names: HashMap<FolderId, HashSet<String>> = HashMap::new();
        for (folder, name) in stored {
            names.entry(folder).or_default().insert(name);
        }
        Self(RwLock::new(names))
    }

    /// Whether the folder has transcripts with that name.
    pub fn has(&self, folder: FolderId, name: &FieldName) -> bool {
        self.0.read().get(&folder).is_some_and(|names| names.contains(name.folded()))
    }

    /// Remembers names of a transcript that was stored; new ones go to the database with its next commit.
    pub fn note<'n>(&self, folder: FolderId, names: impl Iterator<Item = &'n str>, committer: &Committer) {
        let fresh: Vec<String> = {
            let known = self.0.read();
            let of_folder = known.get(&folder);
            let folded = names.map(crate::base::fold::fold);
            folded.filter(|name| of_folder.is_none_or(|own| own.len() < NAMES_MAX && !own.contains(name))).collect()
        };
        if fresh.is_empty() {
            return;
        }
        self.0.write().entry(folder).or_default().extend(fresh.iter().cloned());
        committer.settle([Write::Seen(folder, fresh)]);
    }
}
