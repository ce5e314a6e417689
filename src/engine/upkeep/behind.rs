//! Whether the database has lost commits: a log that was cut, or an older file put back, leaves rows behind the index,
//! which never runs ahead of the database. Served like that, new edits would take revisions that the archive has given
//! already, and would not be archived.
use crate::domain::identity::{Key, Place};
use crate::engine::core::Core;
use crate::stores::error::Result;
use std::collections::HashMap;

/// Rows read at once.
const CHUNK: usize = 10_000;
/// Transcripts that are named.
const NAMED: usize = 5;

/// Transcripts whose index entry is newer than their row, or than any row: how many, and a few of them by name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Behind {
    /// How many.
    pub transcripts: usize,
    /// company/org/tid of the first ones.
    pub named: Vec<String>,
}

/// Compares the rows with the index, if that came with its contents. Blocking; about a microsecond and a half a row.
///
/// # Errors
/// The stores'.
pub fn behind_index(core: &Core) -> Result<Behind> {
    let entries: HashMap<Key, u64> =
        core.stores.index.entries()?.into_iter().map(|entry| (entry.key, entry.revision)).collect();
    let (mut behind, mut after) = (Behind::default(), None);
    // A key is durable before the index hears of it.
    let last_key = core.stores.database.identity()?.last_key;
    for key in entries.keys().filter(|key| key.0 > last_key) {
        behind.transcripts += 1;
        if behind.named.len() < NAMED {
            behind.named.push(format!("key {}", key.0));
        }
    }
    while !entries.is_empty() {
        let rows = core.stores.database.scan(None, after, CHUNK)?;
        let Some(last) = rows.last() else { break };
        after = Some(last.key);
        for row in rows.iter().filter(|row| entries.get(&row.key).is_some_and(|held| *held > row.revision.0)) {
            behind.transcripts += 1;
            if behind.named.len() < NAMED {
                behind.named.extend(core.world().org(row.org).map(|(company, org)| {
                    let place = Place { company: company.name.clone(), org: org.name.clone(), tid: row.tid.clone() };
                    place.to_string()
                }));
            }
        }
    }
    Ok(behind)
}
