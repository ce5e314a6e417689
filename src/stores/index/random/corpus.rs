//! Random transcripts and what happens to them.
use super::Random;
use crate::base::fold::fold_value;
use crate::domain::fields::TypedValue;
use crate::domain::identity::{FieldId, FolderId, Key, OrgId};
use crate::domain::record::Record;
use crate::domain::words;
use crate::query::evaluate::Document;
use crate::stores::index::IndexWrite;
use crate::stores::index::conformance::world::{CALLED, GIST, HOLD, NOTE, QUEUE, record, turns};
use std::collections::BTreeMap;

pub(super) const WORDS: [&str; 12] =
    ["a", "b", "cancel", "cancels", "cancle", "plan", "plane", "Zürich", "ΣΊΓΜΑ", "don't", "42", "北京"];
pub(super) const VALUES: [&str; 7] = ["Billing", "sales", "Über", "x y", "2026", "*", "1.5"];
pub(super) const LABELS: [&str; 5] = ["agent", "client", "Wizard", "User", "Dr X"];
pub(super) const PLACES: [(u32, u32); 3] = [(1, 11), (1, 12), (2, 21)];

/// The second organisation's own fields of the same names.
pub(super) const QUEUE_2: FieldId = FieldId(201);
pub(super) const HOLD_2: FieldId = FieldId(202);
pub(super) const CALLED_2: FieldId = FieldId(203);
pub(super) const GIST_2: FieldId = FieldId(205);

/// Half a day before the clocks change in Berlin, microseconds.
const DATE: i64 = 1_774_700_000_000_000;

/// What the index should hold.
#[derive(Default)]
pub(super) struct Model {
    pub(super) documents: BTreeMap<Key, Document>,
    keys: u32,
    batches: u64,
}

impl Model {
    /// The number of the next batch of writes.
    pub(super) fn batch(&mut self) -> u64 {
        self.batches += 1;
        self.batches
    }

    /// Up to so many changes, made here already.
    pub(super) fn changes(&mut self, random: &mut Random, most: usize) -> Vec<IndexWrite> {
        (0..=random.below(most)).map(|_| self.change(random)).collect()
    }

    fn change(&mut self, random: &mut Random) -> IndexWrite {
        let keys: Vec<Key> = self.documents.keys().copied().collect();
        let kind = random.below(10);
        if keys.is_empty() || kind < 4 {
            let (org, folder) = random.one(&PLACES);
            self.keys += 1;
            let key = self.keys;
            let record = record(key, org, folder, &format!("{}{key}", random.one(&["t", "T", "é"])), 0);
            return self.whole(random, record);
        }
        let key = random.one(&keys);
        let mut record = self.documents[&key].record.clone();
        match kind {
            4 => {
                self.documents.remove(&key);
                return IndexWrite::Erase(key, record.org);
            }
            5 => {
                record.revision.0 += 1;
                record.words_revision = record.revision;
                return self.whole(random, record);
            }
            6 => record.schema_version += 1,
            _ => record.revision.0 += 1,
        }
        if kind == 7 && record.org == OrgId(1) {
            record.folder = FolderId(random.one(&[11, 12]));
        }
        fill(random, &mut record);
        self.documents.get_mut(&key).unwrap().record = record.clone();
        IndexWrite::Record(Box::new(record))
    }

    fn whole(&mut self, random: &mut Random, mut record: Record) -> IndexWrite {
        let said: Vec<(&str, String)> = random.several(5, |random| {
            let text = random.several(7, |random| random.one(&WORDS)).join(random.one(&[" ", ", ", "… "]));
            (random.one(&LABELS), text)
        });
        let said: Vec<(&str, &str)> = said.iter().map(|(label, text)| (*label, text.as_str())).collect();
        let mut turns = turns(&said);
        for turn in &mut turns {
            // Out of order, between whole seconds, or not known.
            turn.start = (!random.chance(4)).then(|| random.below(9) as f64 * 2.5);
        }
        record.words = turns.iter().map(|turn| u32::try_from(words::tokens(&turn.text).len()).unwrap()).sum();
        fill(random, &mut record);
        self.documents.insert(record.key, Document { record: record.clone(), turns: turns.clone() });
        IndexWrite::Whole(Box::new(record), turns)
    }
}

/// New values; one transcript never has one keyword in two spellings.
fn fill(random: &mut Random, record: &mut Record) {
    record.last_modified += 1 + random.below(3) as i64;
    record.builtins.datetime = DATE + random.below(8) as i64 * 18_000_000_000;
    record.builtins.duration = (!random.chance(4)).then(|| random.below(10) as f64 * 2.5);
    record.builtins.agentid = (!random.chance(3)).then(|| random.one(&VALUES).to_owned());
    let loud = random.chance(4);
    let mut queues: Vec<TypedValue> = random.several(2, |random| keyword(random.one(&VALUES), loud));
    queues.dedup();
    let [queue, hold, called, gist] = match record.org {
        OrgId(1) => [QUEUE, HOLD, CALLED, GIST],
        _ => [QUEUE_2, HOLD_2, CALLED_2, GIST_2],
    };
    let values = [
        (queue, queues),
        (hold, random.several(2, |random| TypedValue::Number(random.below(6) as f64 - 2.5))),
        (called, random.several(1, |random| TypedValue::Instant(random.below(5) as i64 * 1_000 - 2_000))),
        (NOTE, random.several(2, |random| TypedValue::Words(random.several(3, |random| random.one(&WORDS)).join(" ")))),
        (gist, random.several(1, |random| TypedValue::Vector(direction(random).into()))),
    ];
    record.values = values.into_iter().filter(|(_, values)| !values.is_empty()).collect();
}

/// Few enough that several transcripts have the same.
pub(super) fn direction(random: &mut Random) -> [f32; 3] {
    let mut numbers = [0.0; 3].map(|_: f32| random.below(4) as f32 - 1.5);
    numbers[random.below(3)] *= random.one(&[1.0, 1.0, 0.1, 30.0]);
    numbers
}

fn keyword(text: &str, loud: bool) -> TypedValue {
    let shown = if loud { text.to_uppercase() } else { text.to_owned() };
    TypedValue::Keyword { folded: fold_value(&shown), shown }
}
