//! Whether a turn begins when a clause says.
use crate::domain::builtins::builtin;
use crate::query::resolved::{Edge, Target, When};
use crate::stores::error::Result;
use crate::stores::index::tantivy::columns::Column;
use crate::stores::index::tantivy::columns::numbers::to_double;
use crate::stores::index::tantivy::snapshot::Snapshot;
use crate::stores::index::tantivy::turns::TurnSegment;
use std::sync::Arc;
use tantivy::columnar::Column as Stored;

/// The conditions on a segment's turns.
pub struct Clock<'a> {
    when: &'a [When],
    starts: Option<&'a Stored<f64>>,
    /// By slot of the records.
    durations: Vec<Option<Arc<Column>>>,
}

impl<'a> Clock<'a> {
    /// Reads the columns the conditions need.
    pub fn new(snapshot: &Snapshot, segment: &'a TurnSegment, when: &'a [When]) -> Result<Self> {
        let mut durations = Vec::new();
        if when.iter().any(|when| when.from == Edge::End)
            && let Some(duration) = builtin("duration").map(Target::Builtin)
        {
            for records in &snapshot.records {
                durations.push(records.as_ref().map(|records| records.cache.column(duration)).transpose()?);
            }
        }
        let starts = if when.is_empty() { None } else { segment.cache.starts()? };
        Ok(Self { when, starts, durations })
    }

    /// Whether a turn of a transcript begins then.
    #[inline]
    pub fn holds(&self, snapshot: &Snapshot, doc: u32, key: u32) -> bool {
        if self.when.is_empty() {
            return true;
        }
        let Some(start) = self.starts.and_then(|column| column.first(doc)) else { return false };
        let duration = if self.durations.is_empty() { None } else { self.duration(snapshot, key) };
        self.when.iter().all(|when| when.holds(Some(start), duration))
    }

    fn duration(&self, snapshot: &Snapshot, key: u32) -> Option<f64> {
        let entry = snapshot.entries.get(key)?;
        let column = self.durations.get(entry.slot as usize)?.as_deref()?;
        let value = column.end(entry.doc, false)?;
        column.numbers().map(|numbers| to_double(numbers.get(value)))
    }
}
