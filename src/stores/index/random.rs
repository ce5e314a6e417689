//! Random transcripts, edits and queries, the same for the same seed: any index must answer as the oracle does.
use super::conformance::asking::glob;
use super::conformance::world::{CALLED, HOLD, NOTE, QUEUE, everything, record, turns};
use super::{IndexWrite, SearchIndex};
use crate::base::fold::fold_value;
use crate::domain::builtins::builtin;
use crate::domain::fields::TypedValue;
use crate::domain::fields::definition::Storage;
use crate::domain::identity::{FieldId, FolderId, Key, OrgId};
use crate::domain::record::Record;
use crate::domain::transcript::{Role, Turn};
use crate::domain::words;
use crate::query::evaluate::{self, Document};
use crate::query::resolved::{
    FacetAsked, Hit, Node, Phrase, ResolvedSearch, Said, SearchPage, SortKey, Source, Speaker, Target, Test, ValueTest,
    Word,
};
use std::collections::BTreeMap;
use std::time::Duration;

const WORDS: [&str; 8] = ["a", "b", "cancel", "plan", "Zürich", "ΣΊΓΜΑ", "don't", "42"];
const VALUES: [&str; 6] = ["Billing", "sales", "Über", "x y", "2026", "*"];
const LABELS: [&str; 5] = ["agent", "client", "Wizard", "User", "Dr X"];
const PLACES: [(u32, u32); 3] = [(1, 11), (1, 12), (2, 21)];

/// Marsaglia's xorshift of 64 bits.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from((self.0 >> 11) % bound as u64).unwrap()
    }

    fn one<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())]
    }

    fn chance(&mut self, of: usize) -> bool {
        self.below(of) == 0
    }

    fn several<T>(&mut self, most: usize, mut make: impl FnMut(&mut Self) -> T) -> Vec<T> {
        (0..self.below(most + 1)).map(|_| make(self)).collect()
    }
}

/// Makes a corpus, changes it again and again, and asks `cases` random searches in between. The index must be empty.
pub(crate) fn compare(index: &dyn SearchIndex, seed: u64, cases: usize) {
    let mut random = Random(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
    let mut model: BTreeMap<Key, Document> = BTreeMap::new();
    let mut next_key = 1;
    for case in 0..cases {
        let writes = (0..=random.below(12)).map(|_| change(&mut random, &mut model, &mut next_key)).collect();
        index.apply(writes, case as u64 + 1).unwrap();
        for _ in 0..4 {
            let search = search(&mut random);
            let expected = evaluate::search(model.values(), &search);
            let answered = index.search(&search, Duration::from_secs(30)).unwrap();
            agree(&answered, &expected, &search, &model).unwrap_or_else(|why| {
                panic!("seed {seed}, case {case}: {why}\n{search:#?}\nanswered {answered:#?}\nexpected {expected:#?}")
            });
        }
    }
    let held: Vec<Key> = index.entries().unwrap().iter().map(|entry| entry.key).collect();
    assert_eq!(held, model.keys().copied().collect::<Vec<_>>(), "seed {seed}");
}

/// Equal, but for the last bits of scores: transcripts with one sort value whose scores are that near may change places.
fn agree(
    answered: &SearchPage,
    expected: &SearchPage,
    search: &ResolvedSearch,
    model: &BTreeMap<Key, Document>,
) -> Result<(), String> {
    const CLOSE: f64 = 1e-9;
    if answered.total != expected.total || answered.hits.len() != expected.hits.len() {
        return Err(format!("{} found instead of {}", answered.total, expected.total));
    }
    let facets = |page: &SearchPage| {
        let shown = |list: &Vec<_>| list.iter().map(shown_facet).collect::<Vec<_>>();
        page.facets.iter().map(shown).collect::<Vec<_>>()
    };
    if facets(answered) != facets(expected) {
        return Err("facets differ".to_owned());
    }
    let sorted_by = |hit: &Hit| model.get(&hit.key).map(|own| evaluate::order::sort_values(&own.record, search));
    let cut = search.offset > 0 || answered.total > answered.hits.len() as u64;
    for (place, (own, other)) in answered.hits.iter().zip(&expected.hits).enumerate() {
        if (own.score - other.score).abs() > CLOSE {
            return Err(format!("the score of row {place} differs"));
        }
        if own.key == other.key {
            if own.moments != other.moments {
                return Err(format!("the moments of row {place} differ"));
            }
            continue;
        }
        let elsewhere = cut || answered.hits.iter().any(|hit| hit.key == other.key);
        if other.score == 0.0 || !elsewhere || sorted_by(own) != sorted_by(other) {
            return Err(format!("row {place} is another transcript"));
        }
    }
    Ok(())
}

/// Numbers by their value, whatever their spelling.
fn shown_facet(facet: &crate::query::resolved::FacetValue) -> (String, u64) {
    let shown = facet.value.as_f64().map_or_else(|| facet.value.to_string(), |number| number.to_string());
    (shown, facet.count)
}

fn change(random: &mut Random, model: &mut BTreeMap<Key, Document>, next_key: &mut u32) -> IndexWrite {
    let keys: Vec<Key> = model.keys().copied().collect();
    let kind = random.below(10);
    if keys.is_empty() || kind < 4 {
        let (org, folder) = random.one(&PLACES);
        let key = *next_key;
        *next_key += 1;
        let record = record(key, org, folder, &format!("{}{key}", random.one(&["t", "T", "é"])), 0);
        return whole(random, model, record);
    }
    let key = random.one(&keys);
    let mut record = model[&key].record.clone();
    match kind {
        4 => {
            model.remove(&key);
            return IndexWrite::Erase(key, record.org);
        }
        5 => {
            record.revision.0 += 1;
            record.words_revision = record.revision;
            return whole(random, model, record);
        }
        6 => record.schema_version += 1,
        _ => record.revision.0 += 1,
    }
    if kind == 7 && record.org == OrgId(1) {
        record.folder = FolderId(random.one(&[11, 12]));
    }
    fill(random, &mut record);
    model.get_mut(&key).unwrap().record = record.clone();
    IndexWrite::Record(Box::new(record))
}

fn whole(random: &mut Random, model: &mut BTreeMap<Key, Document>, mut record: Record) -> IndexWrite {
    let said: Vec<(&str, String)> = random.several(5, |random| {
        let text = random.several(6, |random| random.one(&WORDS)).join(random.one(&[" ", ", ", "… "]));
        (random.one(&LABELS), text)
    });
    let said: Vec<(&str, &str)> = said.iter().map(|(label, text)| (*label, text.as_str())).collect();
    let turns: Vec<Turn> = turns(&said);
    record.words = turns.iter().map(|turn| u32::try_from(words::tokens(&turn.text).len()).unwrap()).sum();
    fill(random, &mut record);
    model.insert(record.key, Document { record: record.clone(), turns: turns.clone() });
    IndexWrite::Whole(Box::new(record), turns)
}

/// New values; one transcript never has one keyword in two spellings.
fn fill(random: &mut Random, record: &mut Record) {
    record.last_modified += 1 + random.below(3) as i64;
    record.builtins.datetime = random.below(8) as i64 * 1_000_000;
    record.builtins.duration = (!random.chance(4)).then(|| random.below(5) as f64 / 2.0);
    record.builtins.agentid = (!random.chance(3)).then(|| random.one(&VALUES).to_owned());
    let mut queues: Vec<TypedValue> = random.several(2, |random| keyword(random.one(&VALUES)));
    queues.dedup();
    let values = [
        (QUEUE, queues),
        (HOLD, random.several(2, |random| TypedValue::Number(random.below(6) as f64 - 2.5))),
        (CALLED, random.several(1, |random| TypedValue::Instant(random.below(5) as i64 * 1_000 - 2_000))),
        (NOTE, random.several(2, |random| TypedValue::Words(random.several(3, |random| random.one(&WORDS)).join(" ")))),
    ];
    record.values = values.into_iter().filter(|(_, values)| !values.is_empty()).collect();
}

fn keyword(text: &str) -> TypedValue {
    TypedValue::Keyword { shown: text.to_owned(), folded: fold_value(text) }
}

fn search(random: &mut Random) -> ResolvedSearch {
    let mut search = everything(node(random, 3));
    search.order = vec![order(random)];
    search.moments = random.below(3);
    if random.chance(3) {
        (search.offset, search.size) = (random.below(4), random.below(6));
    }
    if random.chance(3) {
        let (org, folder) = random.one(&PLACES);
        search.scope.orgs = vec![OrgId(org)];
        search.scope.folders = vec![FolderId(folder)];
    }
    search.facets = random.several(2, |random| FacetAsked {
        source: Source {
            targets: vec![random.one(&[
                Target::Field(QUEUE, Storage::Keyword),
                Target::Field(HOLD, Storage::Number),
                Target::Builtin(builtin("agentid").unwrap()),
                Target::Builtin(builtin("folder").unwrap()),
            ])],
            only_folders: only(random),
        },
        size: 1 + random.below(10),
        prefix: None,
    });
    search
}

fn order(random: &mut Random) -> SortKey {
    let descending = random.chance(2);
    let built_in = |name| SortKey::value(Target::Builtin(builtin(name).unwrap()), descending);
    let field = |id, storage| SortKey::value(Target::Field(id, storage), descending);
    match random.below(9) {
        0 => SortKey::score(descending),
        1 => field(QUEUE, Storage::Keyword),
        2 => field(HOLD, Storage::Number),
        3 => field(CALLED, Storage::Instant),
        4 => built_in("duration"),
        5 => built_in("agentid"),
        6 => built_in("tid"),
        7 => built_in("last_modified"),
        _ => built_in("datetime"),
    }
}

fn only(random: &mut Random) -> Option<std::sync::Arc<[FolderId]>> {
    random.chance(4).then(|| random.several(2, |random| FolderId(random.one(&[11, 12, 21]))).into())
}

fn node(random: &mut Random, depth: usize) -> Node {
    if depth > 0 && random.chance(2) {
        let mut parts: Vec<Node> = (0..2).map(|_| node(random, depth - 1)).collect();
        return match random.below(3) {
            0 => Node::And(parts),
            1 => Node::Or(parts),
            _ => Node::Not(Box::new(parts.remove(0))),
        };
    }
    match random.below(8) {
        0 => random.one(&[Node::All, Node::Nothing].each_ref()).clone(),
        1..=3 => said(random),
        _ => value_test(random),
    }
}

fn said(random: &mut Random) -> Node {
    let by = match random.below(5) {
        0 => Speaker::Role(random.one(&[Role::Agent, Role::Client])),
        1 => Speaker::Label(fold_value(random.one(&LABELS))),
        _ => Speaker::Anyone,
    };
    let words: Vec<String> = (0..=random.below(2)).map(|_| crate::base::fold::fold(random.one(&WORDS))).collect();
    Node::Said(Said::exact(by, words))
}

fn value_test(random: &mut Random) -> Node {
    let field = |id: FieldId, storage, test| (Target::Field(id, storage), test);
    let number = |random: &mut Random| (!random.chance(3)).then(|| (random.below(6) as f64 - 2.5, random.chance(2)));
    let (target, test) = match random.below(9) {
        0 => field(QUEUE, Storage::Keyword, Test::OneOf(vec![fold_value(random.one(&VALUES)), "none".to_owned()])),
        1 => {
            let pattern = random.one(&["*", "b*", "*s", "*l*", "?ber", "x?y", "20??", "*i*i*"]);
            field(QUEUE, Storage::Keyword, Test::Like(glob(pattern)))
        }
        2 => {
            let end =
                |random: &mut Random| random.chance(2).then(|| (fold_value(random.one(&VALUES)), random.chance(2)));
            field(QUEUE, Storage::Keyword, Test::Between(end(random), end(random)))
        }
        3 => field(HOLD, Storage::Number, Test::Numbers(number(random), number(random))),
        4 => {
            let end = |random: &mut Random| random.chance(2).then(|| random.below(5) as i64 * 1_000 - 2_000);
            field(CALLED, Storage::Instant, Test::Instants(end(random), end(random)))
        }
        5 => field(NOTE, Storage::Words, Test::Words(Phrase::exact([crate::base::fold::fold(random.one(&WORDS))]))),
        6 => {
            let pattern = random.one(&["c*", "*n*", "?", "z*ch"]);
            let phrase = Phrase { words: vec![Word::Like(glob(pattern))], ..Phrase::exact([""]) };
            field(NOTE, Storage::Words, Test::Words(phrase))
        }
        7 => match random.below(3) {
            0 => field(QUEUE, Storage::Keyword, Test::Exists),
            1 => field(HOLD, Storage::Number, Test::Exists),
            _ => field(NOTE, Storage::Words, Test::Exists),
        },
        _ => {
            let folder = FolderId(random.one(&[11, 12, 21]));
            (Target::Builtin(builtin("folder").unwrap()), Test::Folders(vec![folder]))
        }
    };
    Node::Values(ValueTest { target, only_folders: only(random), test })
}
