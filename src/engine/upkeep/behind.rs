//! Whether the database has lost commits: a log that was cut, or an older file put back, leaves rows behind the index,
//! which never runs ahead of the database. Served like that, new edits would take revisions that the archive has given
//! already, and would not be archived.
use crate::domain::identity::{Key, Place};
use crate::engine::admin::stored;
use crate::engine::error::Result;
use crate::engine::workers::rebuild;
use crate::engine::world::World;
use crate::stores::Stores;
use crate::stores::database::Write;
use crate::stores::index::tid_digest;
use std::collections::HashMap;

/// Rows read at once.
const CHUNK: usize = 10_000;
/// Transcripts that are named.
const NAMED: usize = 5;

/// Transcripts whose index entry is newer than their row, or than any row, or is of another transcript: how many, and a
/// few of them by name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Behind {
    /// How many.
    pub transcripts: usize,
    /// company/org/tid of the first ones.
    pub named: Vec<String>,
}

impl Behind {
    fn note(&mut self, name: impl FnOnce() -> Option<String>) {
        self.transcripts += 1;
        if self.named.len() < NAMED {
            self.named.extend(name());
        }
    }
}

/// Compares the rows with the index, if that came with its contents. Blocking; a few microseconds a row. Of stores that
/// no engine works on yet: its jobs would give keys away that the index knows as those of other transcripts.
///
/// # Errors
/// The stores'.
pub fn behind_index(stores: &Stores) -> Result<Behind> {
    let entries: HashMap<Key, (u64, u64)> =
        stores.index.entries()?.into_iter().map(|entry| (entry.key, (entry.revision, entry.tid))).collect();
    let (mut behind, mut after) = (Behind::default(), None);
    if entries.is_empty() {
        return Ok(behind);
    }
    let identity = stores.database.identity()?;
    let world = World::new(stored::from_stored(stores.database.objects()?, identity.last_object)?);
    // A key is durable before the index hears of it.
    for key in entries.keys().filter(|key| key.0 > identity.last_key) {
        behind.note(|| Some(format!("key {}", key.0)));
    }
    loop {
        let rows = stores.database.scan(None, after, CHUNK)?;
        let Some(last) = rows.last() else { return Ok(behind) };
        after = Some(last.key);
        for row in &rows {
            let Some((revision, tid)) = entries.get(&row.key) else { continue };
            if *revision > row.revision.0 || *tid != tid_digest(row.tid.as_str()) {
                behind.note(|| {
                    let (company, org) = world.org(row.org)?;
                    Some(
                        Place { company: company.name.clone(), org: org.name.clone(), tid: row.tid.clone() }
                            .to_string(),
                    )
                });
            }
        }
    }
}

/// Lets the next engine on these stores begin the index anew if the database has lost commits: what is repaired gets keys
/// and revisions that the index would take for those it has. Durable on return; whether it is so.
///
/// # Errors
/// The stores'.
pub fn forget_index_ahead(stores: &Stores) -> Result<bool> {
    let ahead = behind_index(stores)?.transcripts > 0;
    if ahead {
        stores.database.commit(&[Write::PutJob(rebuild::asked_note())])?;
    }
    Ok(ahead)
}
