//! Applying a batch: turns before records, so that no record is shown whose words are not there; on erasure records
//! before turns, so that none is shown whose words are gone.
use super::documents;
use super::half::{Half, Payload};
use super::schema::key_term;
use super::snapshot::Snapshot;
use crate::domain::record::Record;
use crate::domain::transcript::Turn;
use crate::stores::error::Result;
use crate::stores::index::IndexWrite;
use std::collections::{HashMap, HashSet};
use tantivy::indexer::UserOperation;

/// What a batch comes to once older states of the same transcript are left out.
#[derive(Default)]
struct Batch {
    records: HashMap<u32, Record>,
    turns: HashMap<u32, (Record, Vec<Turn>)>,
    erased: HashSet<u32>,
}

impl Batch {
    fn of(writes: Vec<IndexWrite>, snapshot: &Snapshot) -> Result<Self> {
        let mut batch = Self::default();
        for write in writes {
            match write {
                IndexWrite::Erase(key, _) => {
                    batch.records.remove(&key.0);
                    batch.turns.remove(&key.0);
                    batch.erased.insert(key.0);
                }
                IndexWrite::Record(record) => batch.take(*record, None, snapshot)?,
                IndexWrite::Whole(record, turns) => batch.take(*record, Some(turns), snapshot)?,
            }
        }
        Ok(batch)
    }

    fn take(&mut self, record: Record, turns: Option<Vec<Turn>>, snapshot: &Snapshot) -> Result<()> {
        let key = record.key.0;
        let held = match self.records.get(&key) {
            Some(own) => Some((own.revision.0, own.schema_version)),
            None if self.erased.contains(&key) => None,
            None => snapshot.held(key)?.map(|held| (held.revision, held.schema_version)),
        };
        if held.is_some_and(|held| held >= (record.revision.0, record.schema_version)) {
            return Ok(());
        }
        if let Some(turns) = turns {
            let written = match self.turns.get(&key) {
                Some((own, _)) => Some(own.words_revision.0),
                None if self.erased.contains(&key) => None,
                None => snapshot.held(key)?.map(|held| held.words_revision),
            };
            if written != Some(record.words_revision.0) {
                self.turns.insert(key, (record.clone(), turns));
            }
        }
        self.records.insert(key, record);
        Ok(())
    }
}

/// The two writers at work, and what their last commits said.
pub struct Writer {
    /// Turns.
    pub turns: Half,
    /// Records.
    pub records: Half,
    /// What the last commit of the records says.
    pub payload: Payload,
}

impl Writer {
    /// Applies the writes durably and answers the state after them.
    pub fn apply(&mut self, writes: Vec<IndexWrite>, number: u64, before: &Snapshot) -> Result<Snapshot> {
        let batch = Batch::of(writes, before)?;
        let erased: Vec<u32> = batch.erased.iter().copied().filter(|key| !batch.records.contains_key(key)).collect();
        let changes_turns = !batch.turns.is_empty() || !batch.erased.is_empty();
        let turns_batch = if changes_turns { number } else { self.payload.turns_batch };
        let payload = Payload::new(self.payload.epoch, number, turns_batch);
        if !batch.erased.is_empty() {
            // The payload may run ahead: whoever restarts here asks for the same erasure again.
            let before_turns = Payload::new(self.payload.epoch, number, self.payload.turns_batch);
            self.delete_records(before, &batch.erased)?;
            self.records.commit(before_turns)?;
            self.payload = before_turns;
        }
        if changes_turns {
            self.write_turns(before, batch.turns, &batch.erased)?;
            self.turns.commit(payload)?;
        }
        if batch.erased.is_empty() || !batch.records.is_empty() {
            self.write_records(before, batch.records.into_values())?;
            self.records.commit(payload)?;
            self.payload = payload;
        }
        self.show(before, &erased)
    }

    /// Rewrites every segment that holds deleted documents, and answers the state after that.
    pub fn purge(&mut self, before: &Snapshot) -> Result<Snapshot> {
        self.turns.purge()?;
        self.records.purge()?;
        self.show(before, &[])
    }

    /// The state after `before` if merges have changed the segments since it was read; else `None`.
    pub fn refresh(&mut self, before: &Snapshot) -> Result<Option<Snapshot>> {
        let turns: HashSet<_> = before.turns.iter().map(|segment| segment.cache.id()).collect();
        let records: HashSet<_> = before.records.iter().flatten().map(|segment| segment.cache.id()).collect();
        if self.turns.segment_ids()? == turns && self.records.segment_ids()? == records {
            return Ok(None);
        }
        self.turns.mark_changed();
        self.records.mark_changed();
        self.show(before, &[]).map(Some)
    }

    /// The state after `before` as both readers see it now.
    pub fn show(&mut self, before: &Snapshot, erased: &[u32]) -> Result<Snapshot> {
        let turns = self.turns.reload()?;
        let records = match self.records.reload() {
            Ok(records) => records.unwrap_or_else(|| self.records.segments()),
            Err(error) => {
                self.turns.mark_changed();
                return Err(error);
            }
        };
        let next = before.next(turns.as_deref(), &records, erased);
        if next.is_err() {
            self.turns.mark_changed();
            self.records.mark_changed();
        }
        next
    }

    /// Gives up what is not committed: the next batch begins with new writers.
    pub fn abandon(&mut self) {
        self.turns.abandon();
        self.records.abandon();
        self.turns.mark_changed();
        self.records.mark_changed();
    }

    fn delete_records(&mut self, snapshot: &Snapshot, erased: &HashSet<u32>) -> Result<()> {
        let writer = self.records.writer()?;
        for key in erased {
            writer.delete_term(key_term(snapshot.record_fields.key, *key));
        }
        Ok(())
    }

    /// All turns of a transcript go in one operation, behind the deletion of the former ones, so that they stand side
    /// by side in one segment and stay so through merges: scores and totals stream over them.
    fn write_turns(
        &mut self,
        snapshot: &Snapshot,
        whole: HashMap<u32, (Record, Vec<Turn>)>,
        erased: &HashSet<u32>,
    ) -> Result<()> {
        let fields = &snapshot.turn_fields;
        let writer = self.turns.writer()?;
        for key in erased {
            writer.delete_term(key_term(fields.key, *key));
        }
        let mut ordered: Vec<_> = whole.into_values().collect();
        ordered.sort_by_key(|(record, _)| record.key);
        for (record, turns) in ordered {
            let mut operations = Vec::with_capacity(turns.len() + 1);
            operations.push(UserOperation::Delete(key_term(fields.key, record.key.0)));
            operations.extend(
                turns.into_iter().map(|turn| UserOperation::Add(documents::turn(fields, record.key, record.org, turn))),
            );
            self.turns.run(operations, "write the turns of a transcript")?;
        }
        Ok(())
    }

    fn write_records(&mut self, snapshot: &Snapshot, records: impl Iterator<Item = Record>) -> Result<()> {
        let fields = &snapshot.record_fields;
        let mut ordered: Vec<Record> = records.collect();
        ordered.sort_by_key(|record| record.key);
        for record in ordered {
            let operations = vec![
                UserOperation::Delete(key_term(fields.key, record.key.0)),
                UserOperation::Add(documents::record(fields, &record)),
            ];
            self.records.run(operations, "write a record")?;
        }
        Ok(())
    }
}
