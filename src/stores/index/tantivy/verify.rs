//! What the index holds, for comparison with the other stores.
use super::failure::corrupt;
use super::snapshot::Snapshot;
use crate::domain::identity::{Key, OrgId};
use crate::stores::error::Result;
use crate::stores::index::{IndexEntry, IndexFigures};

/// Every transcript, in key order.
pub fn entries(snapshot: &Snapshot) -> Result<Vec<IndexEntry>> {
    let mut turns = vec![0u32; snapshot.bound as usize];
    for segment in &snapshot.turns {
        for run in segment.cache.runs.iter() {
            let alive = match segment.alive() {
                None => run.to - run.from,
                Some(alive) => {
                    u32::try_from((run.from..run.to).filter(|doc| alive.is_alive(*doc)).count()).unwrap_or(u32::MAX)
                }
            };
            if let Some(count) = turns.get_mut(run.key as usize) {
                *count = count.saturating_add(alive);
            }
        }
    }
    let mut all = Vec::with_capacity(usize::try_from(snapshot.live).unwrap_or(0));
    let mut tids = Vec::with_capacity(snapshot.records.len());
    for segment in &snapshot.records {
        tids.push(segment.as_ref().map_or_else(|| Ok(Vec::new()), |segment| segment.cache.tid_digests())?);
    }
    for (key, entry) in snapshot.entries.iter() {
        let Some(segment) = snapshot.segment(entry.slot) else { continue };
        let tid = tids.get(entry.slot as usize).zip(usize::try_from(segment.cache.tid_ordinal(entry.doc)?).ok());
        let tid = tid.and_then(|(tids, ordinal)| tids.get(ordinal)).ok_or_else(|| corrupt("read a transcript id"))?;
        let held = segment.cache.held(entry.doc)?;
        all.push(IndexEntry {
            key: Key(key),
            org: OrgId(u32::try_from(held.org).unwrap_or(u32::MAX)),
            tid: *tid,
            revision: held.revision,
            schema_version: held.schema_version,
            words_revision: held.words_revision,
            turns: turns.get(key as usize).copied().unwrap_or(0),
        });
    }
    Ok(all)
}

/// Figures.
pub fn figures(snapshot: &Snapshot) -> IndexFigures {
    IndexFigures {
        turn_segments: snapshot.turns.len(),
        record_segments: snapshot.records.iter().flatten().count(),
        turns: snapshot.turns.iter().map(|segment| segment.len()).sum(),
        records: snapshot.live,
        value_bytes: snapshot.records.iter().flatten().map(|segment| segment.cache.bytes() as u64).sum(),
    }
}
