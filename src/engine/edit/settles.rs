//! What the sinks have done and the database does not know yet. It only matters after a crash, when the sinks would do it
//! again; so it waits while edits want to be written, and of several settles of one row only the newest is kept.
use crate::domain::identity::Key;
use crate::stores::database::{Sink, Write};
use std::collections::{HashMap, VecDeque};

/// Settles waiting to be written, oldest row first, and lazy writes of other kinds.
#[derive(Default)]
pub struct Settles {
    newest: HashMap<(Sink, Key), Write>,
    order: VecDeque<(Sink, Key)>,
    others: Vec<Write>,
}

impl Settles {
    /// One more. Of two settles of a row by a sink the one of the higher revision stays; of equal ones the later.
    pub fn add(&mut self, write: Write) {
        let Write::Settle { sink, key, revision, .. } = &write else {
            self.others.push(write);
            return;
        };
        match self.newest.get_mut(&(*sink, *key)) {
            Some(Write::Settle { revision: known, .. }) if *known > *revision => {}
            Some(known) => *known = write,
            None => {
                self.order.push_back((*sink, *key));
                self.newest.insert((*sink, *key), write);
            }
        }
    }

    /// Takes at most `most` settles, and all other writes.
    pub fn take(&mut self, most: usize) -> Vec<Write> {
        let mut taken = std::mem::take(&mut self.others);
        for _ in 0..most {
            let Some(at) = self.order.pop_front() else { break };
            taken.extend(self.newest.remove(&at));
        }
        taken
    }

    /// Rows waiting, and other writes.
    pub fn len(&self) -> usize {
        self.order.len() + self.others.len()
    }

    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::identity::Revision;

    fn settle(sink: Sink, key: u32, revision: u64) -> Write {
        let (key, revision) = (Key(key), Revision(revision));
        Write::Settle { sink, key, revision, schema_version: 1, words_revision: Revision(1) }
    }

    #[test]
    fn only_the_newest_settle_of_a_row_is_written() {
        let mut settles = Settles::default();
        for (sink, key, revision) in
            [(Sink::Index, 1, 2), (Sink::Index, 2, 1), (Sink::Archive, 1, 1), (Sink::Index, 1, 5), (Sink::Index, 1, 4)]
        {
            settles.add(settle(sink, key, revision));
        }
        settles.add(Write::IndexBatch(7));
        assert_eq!(settles.len(), 4);
        let first = settles.take(1);
        assert!(matches!(first.as_slice(), [Write::IndexBatch(7), Write::Settle { revision: Revision(5), .. }]));
        assert_eq!(settles.take(9).len(), 2);
        assert!(settles.is_empty());
    }
}
