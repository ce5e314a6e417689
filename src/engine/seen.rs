//! Names that metadata of a folder has without their being configured there: what tells a field that is not searchable
//! yet from one that nobody ever sent (contract section 6). Names only, never values; kept in the database too. Names of
//! members inside objects are part of an unconfigured value, which the database must not hold: they are not remembered.
use crate::domain::identity::{FieldName, FolderId};
use crate::stores::database::Write;
use parking_lot::RwLock;
use std::collections::{HashMap, HashSet};

/// Names remembered for one folder; further ones count as never seen.
const MOST: usize = 5_000;

/// The names, folded, by folder.
#[derive(Debug, Default)]
pub struct Seen(RwLock<HashMap<FolderId, HashSet<String>>>);

impl Seen {
    /// What the database remembers.
    pub fn new(stored: Vec<(FolderId, String)>) -> Self {
        let mut folders: HashMap<FolderId, HashSet<String>> = HashMap::new();
        for (folder, name) in stored {
            folders.entry(folder).or_default().insert(name);
        }
        Self(RwLock::new(folders))
    }

    /// The write that remembers those of the names that are new; `None`, and nothing allocated, when all are known.
    pub fn news<'n>(&self, folder: FolderId, names: impl Iterator<Item = &'n FieldName>) -> Option<Write> {
        let folders = self.0.read();
        let known = folders.get(&folder);
        let room = MOST.saturating_sub(known.map_or(0, HashSet::len));
        let fresh = names.filter(|name| known.is_none_or(|known| !known.contains(name.folded())));
        let fresh: Vec<String> = fresh.take(room).map(|name| name.folded().to_owned()).collect();
        if fresh.is_empty() { None } else { Some(Write::Seen(folder, fresh)) }
    }

    /// Takes in names that are durable now.
    pub fn keep(&self, folder: FolderId, names: &[String]) {
        self.0.write().entry(folder).or_default().extend(names.iter().cloned());
    }

    /// All names seen in the folders.
    pub fn of(&self, folders: impl Iterator<Item = FolderId>) -> HashSet<String> {
        let all = self.0.read();
        folders.filter_map(|folder| all.get(&folder)).flatten().cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_news_once_for_each_folder_and_in_any_case() {
        let seen = Seen::new(vec![(FolderId(1), "queue".into())]);
        let news = |folder, name: &str| seen.news(FolderId(folder), std::iter::once(&FieldName::lenient(name)));
        assert!(news(1, "Queue").is_none());
        let Some(Write::Seen(folder, names)) = news(2, "Queue") else { panic!("news") };
        assert_eq!((folder, names.as_slice()), (FolderId(2), &["queue".to_owned()][..]));
        seen.keep(folder, &names);
        assert!(news(2, "QUEUE").is_none());
        assert!(seen.of([FolderId(2), FolderId(3)].into_iter()).contains("queue"));
        assert!(seen.of([FolderId(3)].into_iter()).is_empty());
    }

    #[test]
    fn a_folder_remembers_a_bounded_number_of_names() {
        let seen = Seen::new((0..MOST).map(|n| (FolderId(1), n.to_string())).collect());
        assert!(seen.news(FolderId(1), std::iter::once(&FieldName::lenient("one more"))).is_none());
    }
}
