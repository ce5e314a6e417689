//! Conditions over values, looked up in each segment's columns before they are evaluated: how much each would match is
//! known first, so that a conjunction begins with the smallest and only tests what is left against the others.
use super::deadline::Deadline;
use super::texts;
use crate::base::fold;
use crate::domain::fields::definition::Storage;
use crate::query::glob::{Glob, Piece};
use crate::query::pattern::Pattern;
use crate::query::resolved::{ResolvedSearch, Target, Test, ValueTest};
use crate::stores::error::Result;
use crate::stores::index::tantivy::bits::Bits;
use crate::stores::index::tantivy::columns::keywords::Keywords;
use crate::stores::index::tantivy::columns::numbers::{Numbers, Scale, from_double, to_double};
use crate::stores::index::tantivy::columns::{Column, Kind, is_tid};
use crate::stores::index::tantivy::records::RecordCache;
use crate::stores::index::tantivy::schema;
use crate::stores::index::tantivy::snapshot::Snapshot;
use crate::stores::index::tantivy::spelling;
use std::ops::Range;
use std::sync::Arc;

/// How many values are compared between two looks at the time.
const STEP: usize = 256;

/// A condition looked up in every segment.
pub struct Condition {
    /// By slot.
    slots: Vec<Lookup>,
    /// The transcripts beside these never match.
    only: Option<Bits>,
}

/// A condition in one segment.
pub enum Lookup {
    /// No document.
    Nothing,
    /// Documents with one of these values: ascending ranges.
    Values(Arc<Column>, Vec<Range<u32>>),
    /// These documents, ascending.
    Docs(Vec<u32>),
}

impl Condition {
    /// Looks the condition up.
    pub fn new(snapshot: &Snapshot, search: &ResolvedSearch, test: &ValueTest, deadline: &Deadline) -> Result<Self> {
        if let Test::Folders(folders) = &test.test {
            let keys = snapshot.scope(folders.iter().map(|folder| folder.0));
            return Ok(Self::of_keys(snapshot, test, keys));
        }
        if matches!(test.target, Target::Builtin(builtin) if builtin.name == schema::FOLDER) {
            let names = search.folder_names.iter();
            let meant = names.filter(|(_, name)| holds(&test.test, &fold::fold_value(name.as_str())));
            let keys = snapshot.scope(meant.map(|(folder, _)| folder.0));
            return Ok(Self::of_keys(snapshot, test, keys));
        }
        let infix = matches!(test.target, Target::Field(id, _) if search.infix.contains(&id));
        let mut slots = Vec::with_capacity(snapshot.records.len());
        for segment in &snapshot.records {
            deadline.check()?;
            slots.push(match segment {
                None => Lookup::Nothing,
                Some(segment) if matches!(test.test, Test::Words(_)) => {
                    let reader = segment.cache.texts(&snapshot.record_fields)?;
                    let count = u32::try_from(segment.cache.keys.len()).unwrap_or(u32::MAX);
                    let (fields, most) = (&snapshot.record_fields, search.expansions);
                    Lookup::Docs(texts::matching((&reader, count), fields, test, most, deadline)?)
                }
                Some(segment) => lookup(column(&segment.cache, test.target, deadline)?, test, infix, deadline)?,
            });
        }
        Ok(Self { slots, only: only(snapshot, test) })
    }

    /// A condition that is a set of transcripts already: every document, but only these.
    fn of_keys(snapshot: &Snapshot, test: &ValueTest, mut keys: Bits) -> Self {
        if let Some(only) = only(snapshot, test) {
            keys.keep(&only);
        }
        Self { slots: Vec::new(), only: Some(keys) }
    }

    /// Whether it is a set of transcripts and nothing else.
    pub fn is_keys(&self) -> bool {
        self.slots.is_empty() && self.only.is_some()
    }

    /// The transcripts beside which none matches, when there are such.
    pub fn only(&self) -> Option<&Bits> {
        self.only.as_ref()
    }

    /// What was looked up in a slot.
    pub fn lookup(&self, slot: usize) -> Option<&Lookup> {
        self.slots.get(slot)
    }

    /// The values of a column in a slot beside which no document matches, where the condition is about that column.
    pub fn hull(&self, slot: usize, column: &Arc<Column>) -> Option<Range<u32>> {
        match self.slots.get(slot)? {
            Lookup::Values(own, ranges) if Arc::ptr_eq(own, column) => Some(ranges.first()?.start..ranges.last()?.end),
            _ => None,
        }
    }
}

impl Lookup {
    /// How many documents match; several times where a document has several values.
    pub fn most(&self) -> u64 {
        self.docs().map(|docs| docs.len() as u64).sum()
    }

    /// The documents that match, in pieces.
    pub fn docs<'c>(&'c self) -> impl Iterator<Item = &'c [u32]> {
        let (values, docs) = match self {
            Lookup::Nothing => (None, None),
            Lookup::Values(column, ranges) => (Some((column, ranges)), None),
            Lookup::Docs(docs) => (None, Some(docs.as_slice())),
        };
        let of_values = |(column, ranges): (&'c Arc<Column>, &'c Vec<Range<u32>>)| {
            ranges.iter().map(|range| column.docs(range.clone()))
        };
        values.into_iter().flat_map(of_values).chain(docs)
    }

    /// Whether a document matches.
    #[inline]
    pub fn matches(&self, doc: u32) -> bool {
        match self {
            Lookup::Nothing => false,
            Lookup::Values(column, ranges) => column.of(doc).iter().any(|entry| {
                let value = column.value(entry);
                let at = ranges.partition_point(|range| range.end <= value);
                ranges.get(at).is_some_and(|range| range.contains(&value))
            }),
            Lookup::Docs(docs) => docs.binary_search(&doc).is_ok(),
        }
    }
}

/// The values of a field, read if there is time for that.
///
/// # Errors
/// `TooExpensive`; `Corrupt` or `Unavailable`.
pub fn column(cache: &RecordCache, target: Target, deadline: &Deadline) -> Result<Arc<Column>> {
    if !cache.is_at_hand(target) {
        deadline.before_reading()?;
    }
    cache.column(target)
}

fn only(snapshot: &Snapshot, test: &ValueTest) -> Option<Bits> {
    test.only_folders.as_ref().map(|folders| snapshot.scope(folders.iter().map(|folder| folder.0)))
}

/// Whether a folded keyword passes.
fn holds(test: &Test, folded: &str) -> bool {
    match test {
        Test::OneOf(values) => values.iter().any(|value| value == folded),
        Test::Like(pattern) => pattern.matches(folded),
        Test::Between(low, high) => !below(folded, low.as_ref()) && within(folded, high.as_ref()),
        Test::Exists => true,
        _ => false,
    }
}

/// `infix` says that substrings of this field are to be found fast.
fn lookup(column: Arc<Column>, test: &ValueTest, infix: bool, deadline: &Deadline) -> Result<Lookup> {
    let ranges = match column.kind() {
        Kind::Keywords(keywords) => keyword_ranges(keywords, test, infix, deadline)?,
        Kind::Numbers(numbers) => number_range(&column, numbers, test).into_iter().collect(),
    };
    Ok(if ranges.is_empty() { Lookup::Nothing } else { Lookup::Values(column, ranges) })
}

/// Ascending ranges of the folded values that pass.
fn keyword_ranges(column: &Keywords, test: &ValueTest, infix: bool, deadline: &Deadline) -> Result<Vec<Range<u32>>> {
    let (folded, tid) = (column.folded(), is_tid(test.target));
    let number = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
    let mut values: Vec<u32> = match &test.test {
        Test::OneOf(asked) => asked
            .iter()
            .filter_map(|value| if tid { folded.position(value) } else { folded.position(&spelling::kept(value)) })
            .map(number)
            .collect(),
        Test::Like(pattern) if tid => like_id(column, pattern, deadline)?,
        Test::Like(pattern) => like(column, pattern, infix, deadline)?,
        Test::Between(low, high) => {
            let from = folded.partition(|value| below(value, low.as_ref()));
            let to = folded.partition(|value| within(value, high.as_ref()));
            return Ok((from < to).then(|| number(from)..number(to)).into_iter().collect());
        }
        Test::Exists => return Ok((folded.len() > 0).then(|| 0..number(folded.len())).into_iter().collect()),
        _ => Vec::new(),
    };
    values.sort_unstable();
    values.dedup();
    let mut ranges: Vec<Range<u32>> = Vec::new();
    for value in values {
        match ranges.last_mut() {
            Some(last) if last.end == value => last.end = value + 1,
            _ => ranges.push(value..value + 1),
        }
    }
    Ok(ranges)
}

/// The ids a pattern matches: they compare exactly elsewhere, so they are kept unfolded.
fn like_id(column: &Keywords, pattern: &Pattern, deadline: &Deadline) -> Result<Vec<u32>> {
    let mut found = Vec::new();
    for (value, number) in column.folded().iter().zip(0u32..) {
        if (number as usize).is_multiple_of(STEP) {
            deadline.tick()?;
        }
        if pattern.matches(&fold::fold(value)) {
            found.push(number);
        }
    }
    Ok(found)
}

/// The folded values a pattern matches.
fn like(column: &Keywords, pattern: &Pattern, infix: bool, deadline: &Deadline) -> Result<Vec<u32>> {
    let folded = column.folded();
    let prefix = pattern.prefix();
    if let Pattern::Glob(glob) = pattern {
        if let [Piece::Any] | [Piece::Literal(_), Piece::Any] = glob.pieces.as_slice() {
            let (from, to) = beginning(column, prefix);
            return Ok((from..to).collect());
        }
        if infix && prefix.is_empty() && !column.has_candidates_at_hand() {
            deadline.before_reading()?;
        }
        if infix
            && prefix.is_empty()
            && let Some(candidates) = column.candidates(&literals(glob))
        {
            return verified(column, candidates.into_iter(), |value| glob.matches(value), deadline);
        }
        if let Some(part) = glob.substring() {
            return Ok(folded.holding(part));
        }
        if prefix.is_empty()
            && let Some(longest) = literals(glob).into_iter().max_by_key(|part| part.len())
        {
            // One pass over the buffer leaves few to compare.
            return verified(column, folded.holding(longest).into_iter(), |value| glob.matches(value), deadline);
        }
    }
    let (from, to) = beginning(column, prefix);
    if let Pattern::Fuzzy(fuzzy) = pattern {
        // Words that differ too much in length need no closer look; a letter takes one to four bytes.
        let (letters, edits) = (fuzzy.word().chars().count(), usize::from(fuzzy.edits()));
        let lengths = letters.saturating_sub(edits)..=(letters + edits) * 4;
        let near = |value: &str| lengths.contains(&value.len()) && fuzzy.matches(value);
        return verified(column, from..to, near, deadline);
    }
    verified(column, from..to, |value| pattern.matches(value), deadline)
}

/// The values that begin so.
fn beginning(column: &Keywords, prefix: &str) -> (u32, u32) {
    let number = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
    let folded = column.folded();
    let from = folded.partition(|value| value < prefix);
    let to = folded.partition(|value| value < prefix || value.starts_with(prefix));
    (number(from), number(to))
}

/// Those of these values that match.
fn verified(
    column: &Keywords,
    candidates: impl Iterator<Item = u32>,
    matches: impl Fn(&str) -> bool,
    deadline: &Deadline,
) -> Result<Vec<u32>> {
    let mut found = Vec::new();
    for (number, at) in candidates.zip(1usize..) {
        if at.is_multiple_of(STEP) {
            deadline.tick()?;
        }
        if matches(column.folded().get(number as usize)) {
            found.push(number);
        }
    }
    Ok(found)
}

/// What every value that matches holds.
fn literals(glob: &Glob) -> Vec<&str> {
    fn literal(piece: &Piece) -> Option<&str> {
        match piece {
            Piece::Literal(text) => Some(text),
            _ => None,
        }
    }
    glob.pieces.iter().filter_map(literal).collect()
}

/// Whether a value is too small.
fn below(value: &str, low: Option<&(String, bool)>) -> bool {
    low.is_some_and(|(end, inclusive)| if *inclusive { value < end.as_str() } else { value <= end.as_str() })
}

/// Whether a value is not too great.
fn within(value: &str, high: Option<&(String, bool)>) -> bool {
    high.is_none_or(|(end, inclusive)| if *inclusive { value <= end.as_str() } else { value < end.as_str() })
}

/// The values of a column that pass.
fn number_range(column: &Column, numbers: &Numbers, test: &ValueTest) -> Option<Range<u32>> {
    let scale = numbers.scale();
    let partition = |before: &dyn Fn(i64) -> bool| {
        let at = numbers.values().partition_point(|value| before(*value));
        u32::try_from(at).unwrap_or(u32::MAX)
    };
    let range = match &test.test {
        Test::Exists => 0..column.values(),
        Test::Numbers(..) | Test::Instants(..) if matches!(test.target.storage(), Storage::Words | Storage::Vector) => {
            return None;
        }
        Test::Numbers(low, high) => {
            let value = |whole: i64| match scale {
                Scale::Double => to_double(whole),
                Scale::Whole => whole as f64,
            };
            let from = partition(&|own| {
                low.is_some_and(|(end, inclusive)| if inclusive { value(own) < end } else { value(own) <= end })
            });
            let to = partition(&|own| {
                high.is_none_or(|(end, inclusive)| if inclusive { value(own) <= end } else { value(own) < end })
            });
            from..to
        }
        Test::Instants(low, high) => {
            let end = |micros: i64| match scale {
                Scale::Double => from_double(micros as f64),
                Scale::Whole => micros,
            };
            let from = partition(&|own| low.is_some_and(|low| own < end(low)));
            from..partition(&|own| high.is_none_or(|high| own <= end(high)))
        }
        _ => return None,
    };
    (range.start < range.end).then_some(range)
}
