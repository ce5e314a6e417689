//! What one commit does with pending edits (`pending.rs`): appends them, settles them, brings them into their rows.
use super::pending::{Changes, Entry, Pending, revision};
use crate::domain::identity::{Key, Revision};
use crate::stores::database::Sink;
use crate::stores::database::rows::Settled;
use crate::stores::database::writes::{Outcome, Stored};
use rusqlite::{Connection, OptionalExtension, Result, params};
use std::collections::VecDeque;
use std::sync::Arc;

/// Bytes of pending edits from which the oldest come into their rows although sinks owe them.
const BYTES_MAX: usize = 48 << 20;
/// Rows of the table from the oldest edit to the newest from which the same is done.
const SPAN_MAX: i64 = 200_000;

/// The table's end, and its entries by age.
#[derive(Default)]
pub struct Journal {
    last: i64,
    order: VecDeque<(i64, Key)>,
}

/// The changes of a commit that is not durable yet.
pub struct Draft<'a> {
    pending: &'a Pending,
    changes: Changes,
    last: i64,
    appended: Vec<(i64, Key)>,
}

/// What an edit finds.
pub enum Found {
    /// It was appended.
    Appended,
    /// The row stands elsewhere, or is gone.
    Elsewhere(Option<Revision>),
    /// The row was projected with another schema version and has all edits: it is to be written itself.
    OtherVersion,
}

impl Journal {
    /// A commit begins.
    pub fn draft<'a>(&self, pending: &'a Pending) -> Draft<'a> {
        Draft { pending, changes: Changes::new(), last: self.last, appended: Vec::new() }
    }

    /// It is durable.
    pub fn accept(&mut self, (changes, last, appended): (Changes, i64, Vec<(i64, Key)>), pending: &Pending) {
        self.last = last;
        self.order.extend(appended);
        pending.accept(changes);
        while self.order.front().is_some_and(|(place, key)| !is_oldest(pending, *place, *key)) {
            self.order.pop_front();
        }
        if self.order.is_empty() {
            self.order.shrink_to(1_024);
        }
    }

    /// Brings the oldest edits into their rows while there are too many, `most` at once.
    pub fn trim(&self, connection: &Connection, draft: &mut Draft<'_>, most: usize) -> Result<()> {
        let Some((first, _)) = self.order.front() else { return Ok(()) };
        if draft.pending.bytes() <= BYTES_MAX && draft.last - first <= SPAN_MAX {
            return Ok(());
        }
        self.order.iter().take(most).try_for_each(|(_, key)| draft.fold(connection, *key))
    }
}

/// Whether the row at `place` is the first that its key has in the table.
fn is_oldest(pending: &Pending, place: i64, key: Key) -> bool {
    pending.find(key).is_some_and(|entry| entry.places.first() == Some(&place))
}

impl Draft<'_> {
    /// What the journal needs of it once it is durable.
    pub fn done(self) -> (Changes, i64, Vec<(i64, Key)>) {
        (self.changes, self.last, self.appended)
    }

    fn find(&self, key: Key) -> Option<Entry> {
        match self.changes.get(&key) {
            Some(changed) => changed.clone(),
            None => self.pending.find(key).map(|entry| Entry::clone(&entry)),
        }
    }

    /// The revision of a pending edit.
    pub fn revision(&self, key: Key) -> Option<Revision> {
        self.find(key).map(|entry| revision(&entry))
    }

    /// Appends an edit of a row that stands at `expected`.
    pub fn edit(&mut self, connection: &Connection, new: &Arc<Stored>, expected: Revision) -> Result<Found> {
        let known = self.find(new.key);
        let entry = match known {
            Some(entry) if revision(&entry) != expected => return Ok(Found::Elsewhere(Some(revision(&entry)))),
            Some(entry) if entry.stored.schema_version != new.schema_version => {
                self.fold(connection, new.key)?;
                return Ok(Found::OtherVersion);
            }
            Some(entry) => Entry { stored: new.clone(), ..entry },
            None => match standing(connection, new)? {
                None => return Ok(Found::Elsewhere(None)),
                Some((at, _, _)) if at != expected => return Ok(Found::Elsewhere(Some(at))),
                Some((_, version, _)) if version != new.schema_version => return Ok(Found::OtherVersion),
                Some((_, _, entry)) => entry,
            },
        };
        self.append(connection, entry)?;
        Ok(Found::Appended)
    }

    fn append(&mut self, connection: &Connection, mut entry: Entry) -> Result<()> {
        self.last += 1;
        let new = &entry.stored;
        connection.prepare_cached(include_str!("sql/pend.sql"))?.execute(params![
            self.last,
            new.key.0,
            new.revision.0,
            new.last_modified,
            new.builtins,
            new.values,
            new.metadata,
        ])?;
        let key = new.key;
        if entry.places.is_empty() {
            self.appended.push((self.last, key));
        }
        entry.places.push(self.last);
        self.changes.insert(key, Some(entry));
        Ok(())
    }

    /// Settles a pending edit, and brings it into its row when nothing is owed any more; `None` when none is pending.
    pub fn settle(
        &mut self,
        connection: &Connection,
        key: Key,
        sink: Sink,
        pushed: Settled,
    ) -> Result<Option<Outcome>> {
        let Some(mut entry) = self.find(key) else { return Ok(None) };
        let outcome = entry.settle(sink, pushed);
        let level = entry.is_level();
        self.changes.insert(key, Some(entry));
        if level {
            self.fold(connection, key)?;
        }
        Ok(Some(outcome))
    }

    /// Brings a pending edit, if there is one, into its row.
    pub fn fold(&mut self, connection: &Connection, key: Key) -> Result<()> {
        let Some(entry) = self.find(key) else { return Ok(()) };
        let (new, indexed, archived) = (&entry.stored, entry.indexed, entry.archived);
        connection.prepare_cached(include_str!("sql/fold.sql"))?.execute(params![
            key.0,
            new.revision.0,
            new.last_modified,
            new.builtins,
            new.values,
            entry.unarchived(),
            indexed.revision,
            indexed.schema_version,
            indexed.words_revision,
            archived.revision,
            archived.words_revision,
            new.is_whole(),
        ])?;
        let mut delete = connection.prepare_cached("DELETE FROM pending WHERE seq = ?1")?;
        for place in &entry.places {
            delete.execute([place])?;
        }
        self.changes.insert(key, None);
        Ok(())
    }
}

/// Revision and schema version of the row itself, and the entry that the edit would make.
fn standing(connection: &Connection, new: &Arc<Stored>) -> Result<Option<(Revision, u64, Entry)>> {
    connection
        .prepare_cached(include_str!("sql/standing.sql"))?
        .query_row([new.key.0], |row| {
            let entry = Entry {
                stored: new.clone(),
                base: Revision(row.get(0)?),
                words_revision: row.get(2)?,
                indexed: Settled { revision: row.get(3)?, schema_version: row.get(4)?, words_revision: row.get(5)? },
                archived: Settled { revision: row.get(6)?, schema_version: 0, words_revision: row.get(7)? },
                places: Vec::new(),
            };
            Ok((entry.base, row.get(1)?, entry))
        })
        .optional()
}

/// Brings what a crash, or another run, left into the rows; to be run in a transaction.
pub fn recover(connection: &Connection) -> Result<()> {
    let mut read = connection
        .prepare(r#"SELECT key, revision, last_modified, builtins, "values", metadata FROM pending ORDER BY seq"#)?;
    let mut write = connection.prepare(include_str!("sql/recover.sql"))?;
    let mut rows = read.query([])?;
    while let Some(row) = rows.next()? {
        let text = |at| -> Result<String> { row.get(at) };
        let (key, revision, modified): (u32, i64, i64) = (row.get(0)?, row.get(1)?, row.get(2)?);
        write.execute(params![key, revision, modified, text(3)?, text(4)?, text(5)?])?;
    }
    connection.execute("DELETE FROM pending", []).map(drop)
}
