//! The tree bound to a configuration: what an index is asked. Every value has its type, every field its number.
use super::intervals::Interval;
use super::pattern::Pattern;
use super::score::Statistics;
use crate::domain::builtins::{Builtin, builtin};
use crate::domain::fields::SpeakerMap;
use crate::domain::fields::definition::Storage;
use crate::domain::identity::{FieldId, FolderId, FolderName, Key, OrgId};
use crate::domain::limits::Limits;
use crate::domain::transcript::Role;
use serde::{Deserialize, Serialize};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// A condition over one transcript.
#[derive(Clone, Debug, PartialEq)]
pub enum Node {
    /// Every transcript in scope.
    All,
    /// None.
    Nothing,
    /// All of them (never empty).
    And(Vec<Node>),
    /// Any of them (never empty).
    Or(Vec<Node>),
    /// Not it.
    Not(Box<Node>),
    /// Words said in one turn.
    Said(Said),
    /// A condition on values.
    Values(ValueTest),
}

/// Words in one turn of a given speaker.
#[derive(Clone, Debug, PartialEq)]
pub struct Said {
    /// Who says them.
    pub by: Speaker,
    /// What is said.
    pub phrase: Phrase,
    /// When the turn begins: all of these hold.
    pub when: Vec<When>,
}

impl Said {
    /// Words that stand side by side.
    pub fn exact(by: Speaker, words: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self { by, phrase: Phrase::exact(words), when: Vec::new() }
    }
}

/// Words and how they stand.
///
/// A match is a choice of one place (word of the turn) for each of `words`, all places different, so that each matches
/// and the places stand as `how` says. With `first` one of the places is the turn's first word, with `last` one of them
/// is its last.
#[derive(Clone, Debug, PartialEq)]
pub struct Phrase {
    /// At least one.
    pub words: Vec<Word>,
    /// How they stand.
    pub how: Arrangement,
    /// The match begins with the turn.
    pub first: bool,
    /// The match ends with the turn.
    pub last: bool,
}

impl Phrase {
    /// Folded words that stand side by side.
    pub fn exact(words: impl IntoIterator<Item = impl Into<String>>) -> Self {
        let words = words.into_iter().map(|word| Word::Exact(word.into())).collect();
        Self { words, how: Arrangement::Adjacent, first: false, last: false }
    }

    /// The words, when they are exact, side by side, anywhere in the turn: what postings alone answer.
    pub fn plain(&self) -> Option<Vec<&str>> {
        if self.first || self.last || (self.how != Arrangement::Adjacent && self.words.len() > 1) {
            return None;
        }
        self.words
            .iter()
            .map(|word| match word {
                Word::Exact(word) => Some(word.as_str()),
                Word::Like(_) => None,
            })
            .collect()
    }
}

/// One word of a phrase.
#[derive(Clone, Debug, PartialEq)]
pub enum Word {
    /// This word, folded as [`crate::domain::words`] does.
    Exact(String),
    /// Any word that matches.
    Like(Pattern),
}

impl Word {
    /// Whether a folded word is meant.
    pub fn matches(&self, folded: &str) -> bool {
        match self {
            Word::Exact(word) => word == folded,
            Word::Like(pattern) => pattern.matches(folded),
        }
    }
}

/// How the words of a phrase stand in a turn.
///
/// How often a phrase stands in a turn (for scores): side by side, every place where it begins; `Within`, every place at
/// which a match begins; `SameTurn`, once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arrangement {
    /// Side by side, in order.
    Adjacent,
    /// In any order, with at most so many other words between the first and the last of them.
    Within(u32),
    /// Anywhere in the turn, in any order.
    SameTurn,
}

/// When a turn begins. A turn without a start never matches; from the end, neither does a transcript without duration.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct When {
    /// Counted from the beginning, or from the end (the built-in `duration`).
    pub from: Edge,
    /// Nearer to it than so many seconds, or (`false`) as far or farther.
    pub within: bool,
    /// Seconds.
    pub seconds: f64,
}

/// An end of the recording.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Edge {
    /// Its beginning.
    Start,
    /// Its end.
    End,
}

impl When {
    /// Whether a turn that begins at `start` in a recording of `duration` seconds is meant.
    pub fn holds(&self, start: Option<f64>, duration: Option<f64>) -> bool {
        let distance = match self.from {
            Edge::Start => start,
            Edge::End => duration.zip(start).map(|(duration, start)| duration - start),
        };
        distance.is_some_and(|distance| (distance < self.seconds) == self.within)
    }
}

/// Who says it.
#[derive(Clone, Debug, PartialEq)]
pub enum Speaker {
    /// Anyone.
    Anyone,
    /// Whoever has this role in the transcript's folder.
    Role(Role),
    /// The speaker with this label, folded.
    Label(String),
}

/// A condition on the values of one field or built-in. A transcript matches if any of its values does.
#[derive(Clone, Debug, PartialEq)]
pub struct ValueTest {
    /// Which values.
    pub target: Target,
    /// Where the field is configured, when that is not every folder searched: elsewhere it has no value.
    pub only_folders: Option<Arc<[FolderId]>>,
    /// The condition.
    pub test: Test,
}

/// Which values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Target {
    /// A configured field.
    Field(FieldId, Storage),
    /// A built-in. (`folder` conditions are resolved into [`Test::Folders`], `tid` ones into [`Test::OneOf`].)
    Builtin(&'static Builtin),
    /// The score an application gave ([`crate::domain::transcript::scores::score_id`]).
    Score(u64),
}

impl Target {
    /// How its values are kept.
    pub fn storage(self) -> Storage {
        match self {
            Target::Field(_, storage) => storage,
            Target::Builtin(builtin) => builtin.storage,
            Target::Score(_) => Storage::Number,
        }
    }
}

/// The condition; which one goes with which storage is said beside each.
#[derive(Clone, Debug, PartialEq)]
pub enum Test {
    /// Keyword: the folded value is one of these.
    OneOf(Vec<String>),
    /// Keyword: the folded value matches.
    Like(Pattern),
    /// Keyword: the folded value lies between, by code point. `(value, inclusive)`.
    Between(Option<(String, bool)>, Option<(String, bool)>),
    /// Number, or instant in microseconds: the value lies between. `(value, inclusive)`.
    Numbers(Option<(f64, bool)>, Option<(f64, bool)>),
    /// Instants: microseconds, both ends inclusive, either open.
    Instants(Option<i64>, Option<i64>),
    /// Words: the phrase stands in the value (one element of a list); side by side, anywhere.
    Words(Phrase),
    /// Any value at all.
    Exists,
    /// The transcript lies in one of these folders.
    Folders(Vec<FolderId>),
}

/// Which folders of which organisations are searched.
#[derive(Clone, Debug, PartialEq)]
pub struct Scope {
    /// The organisations.
    pub orgs: Vec<OrgId>,
    /// Their folders searched (all of them listed).
    pub folders: Vec<FolderId>,
}

/// The values behind a name: of several organisations each has a field of its own, and a transcript has values of at
/// most one of them.
#[derive(Clone, Debug, PartialEq)]
pub struct Source {
    /// At least one; all of one [`Storage`], but for facets: there values equal as they compare (folded keywords, numbers,
    /// instants) are one line over all targets, and what is shown alike in several storages is added up, shown as text.
    pub targets: Vec<Target>,
    /// See [`ValueTest::only_folders`].
    pub only_folders: Option<Arc<[FolderId]>>,
}

impl Source {
    /// Of one target, in all folders.
    pub fn of(target: Target) -> Self {
        Self { targets: vec![target], only_folders: None }
    }
}

/// Only those are found whose embedding is most like a vector, of all that the conditions leave: ties go by tid ascending,
/// then key. Their scores are the cosines.
#[derive(Clone, Debug, PartialEq)]
pub struct Near {
    /// The fields, at least one, of which a transcript has a value of at most one.
    pub fields: Vec<FieldId>,
    /// See [`ValueTest::only_folders`].
    pub only_folders: Option<Arc<[FolderId]>>,
    /// As many numbers as the fields' embeddings have; not all zero.
    pub vector: Arc<[f32]>,
    /// At most so many transcripts, at least 1.
    pub k: usize,
}

/// What rows are ordered by. Missing values come last whatever the direction; after all keys, ties go by score
/// descending, then tid ascending, then key.
#[derive(Clone, Debug, PartialEq)]
pub struct SortKey {
    /// By what.
    pub by: SortBy,
    /// Whether descending.
    pub descending: bool,
}

/// What a sort key looks at.
#[derive(Clone, Debug, PartialEq)]
pub enum SortBy {
    /// BM25; with [`Near`] the cosine.
    Score,
    /// A value; of several values the least when ascending, the greatest when descending. Keywords by code point of the
    /// folded value.
    Values(Source),
}

impl SortKey {
    /// By the values of one target.
    pub fn value(target: Target, descending: bool) -> Self {
        Self { by: SortBy::Values(Source::of(target)), descending }
    }

    /// By score.
    pub fn score(descending: bool) -> Self {
        Self { by: SortBy::Score, descending }
    }
}

/// One facet asked for.
#[derive(Clone, Debug, PartialEq)]
pub struct FacetAsked {
    /// Which values.
    pub source: Source,
    /// At most so many values.
    pub size: usize,
    /// Only keywords whose folded value begins so; no other values.
    pub prefix: Option<String>,
}

/// One histogram asked for. A transcript counts once in each bucket its values fall into.
#[derive(Clone, Debug, PartialEq)]
pub struct HistogramAsked {
    /// Which values: numbers or instants.
    pub source: Source,
    /// The buckets.
    pub interval: Interval,
}

/// Where a page ends, for the next one: the rows after it are those that sort after this.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Position {
    /// The last row's value for each sort key but score ones (`None` there too).
    pub values: Vec<Option<SortValue>>,
    /// Its score.
    pub score: f64,
    /// Its id.
    pub tid: String,
    /// Its key.
    pub key: u32,
    /// The statistics its score was computed with: further pages keep them, so that scores do not move while transcripts
    /// come and go.
    pub statistics: Statistics,
    /// For each scored clause in order, how many transcripts of the scope matched it then.
    pub matching: Vec<u64>,
}

/// A value rows are ordered by.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum SortValue {
    /// A folded keyword.
    Text(String),
    /// A number.
    Number(f64),
    /// Microseconds since 1970.
    Instant(i64),
}

/// A search, ready for an index.
#[derive(Clone, Debug)]
pub struct ResolvedSearch {
    /// Where.
    pub scope: Scope,
    /// What.
    pub root: Node,
    /// Only the nearest of them; everything else in the answer is about those.
    pub near: Option<Near>,
    /// In which order; at least one key.
    pub order: Vec<SortKey>,
    /// First row.
    pub offset: usize,
    /// Rows; 0 asks for totals and facets only.
    pub size: usize,
    /// Only rows after this one (totals and facets count all).
    pub after: Option<Position>,
    /// Whether the answer says where the page ends.
    pub paging: bool,
    /// Facets.
    pub facets: Vec<FacetAsked>,
    /// Statistics: of which values.
    pub stats: Vec<Source>,
    /// Histograms.
    pub histograms: Vec<HistogramAsked>,
    /// Turns per row that matched.
    pub moments: usize,
    /// The most different words one pattern may stand for.
    pub expansions: usize,
    /// Who speaks for whom in each folder searched that says so; folders not named use the defaults.
    pub speakers: Arc<HashMap<FolderId, SpeakerMap>>,
    /// Names of the folders searched: for order and facets of the built-in `folder`.
    pub folder_names: Arc<HashMap<FolderId, FolderName>>,
    /// Fields whose definition says `substring`: substrings of their values are found fast however many there are.
    pub infix: Arc<HashSet<FieldId>>,
}

impl ResolvedSearch {
    /// The first 100 by date, newest first, without anything beside them; `expansions` as the limits' default.
    pub fn new(scope: Scope, root: Node) -> Self {
        let newest = builtin("datetime").map(|datetime| SortKey::value(Target::Builtin(datetime), true));
        Self {
            scope,
            root,
            near: None,
            order: newest.into_iter().collect(),
            offset: 0,
            size: 100,
            after: None,
            paging: false,
            facets: Vec::new(),
            stats: Vec::new(),
            histograms: Vec::new(),
            moments: 0,
            expansions: Limits::default().query_expansions,
            speakers: Arc::default(),
            folder_names: Arc::default(),
            infix: Arc::default(),
        }
    }
}

/// What an index answers.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SearchPage {
    /// Matching transcripts, exact.
    pub total: u64,
    /// The page.
    pub hits: Vec<Hit>,
    /// One per facet asked, in that order.
    pub facets: Vec<Vec<FacetValue>>,
    /// One per statistics asked, in that order.
    pub stats: Vec<Stats>,
    /// One per histogram asked, in that order; buckets with transcripts only, ascending.
    pub histograms: Vec<Vec<Bucket>>,
    /// Where the page ends, when asked for and rows follow.
    pub next: Option<Position>,
}

/// Figures over all values of the matching transcripts (every element of a list counts). Without any value there is no
/// least, no greatest and no sum.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Stats {
    /// Values.
    pub count: u64,
    /// Different values (folded).
    pub distinct: u64,
    /// Transcripts without a value.
    pub missing: u64,
    /// The least: numbers and instants.
    pub min: Option<SortValue>,
    /// The greatest.
    pub max: Option<SortValue>,
    /// The sum: numbers.
    pub sum: Option<f64>,
}

/// One bucket of a histogram.
#[derive(Clone, Debug, PartialEq)]
pub struct Bucket {
    /// Where it begins: a number, or microseconds.
    pub key: SortValue,
    /// Transcripts.
    pub count: u64,
}

/// One matching transcript.
#[derive(Clone, Debug, PartialEq)]
pub struct Hit {
    /// Which.
    pub key: Key,
    /// BM25 over the whole transcript's words ([`super::score`]); 0 without word clauses. With [`Near`] the cosine.
    pub score: f64,
    /// Turns that matched, in order of their number.
    pub moments: Vec<Moment>,
}

/// A turn that matched.
#[derive(Clone, Debug, PartialEq)]
pub struct Moment {
    /// Its number.
    pub turn: u32,
    /// Label.
    pub speaker: Option<String>,
    /// Channel.
    pub channel: Option<i64>,
    /// Seconds.
    pub start: Option<f64>,
    /// Seconds.
    pub end: Option<f64>,
    /// The turn's text.
    pub text: String,
    /// Matches as `[from, to)` in characters (Unicode scalar values) of `text`, ascending, not overlapping.
    pub spans: Vec<(usize, usize)>,
}

/// One value of a facet: the most frequent spelling (ties: least by code point) and how many transcripts have it.
#[derive(Clone, Debug, PartialEq)]
pub struct FacetValue {
    /// As JSON: a string for keywords and words, else a number, boolean or RFC 3339 instant.
    pub value: serde_json::Value,
    /// Transcripts.
    pub count: u64,
}
