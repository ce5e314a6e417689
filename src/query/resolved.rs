//! The tree bound to a configuration: what an index is asked. Every value has its type, every field its number.
use super::glob::Glob;
use crate::domain::builtins::Builtin;
use crate::domain::fields::SpeakerMap;
use crate::domain::fields::definition::Storage;
use crate::domain::identity::{FieldId, FolderId, FolderName, Key, OrgId};
use crate::domain::transcript::Role;
use std::collections::HashMap;
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

/// Consecutive words in one turn of a given speaker.
#[derive(Clone, Debug, PartialEq)]
pub struct Said {
    /// Who says them.
    pub by: Speaker,
    /// The words, folded as [`crate::domain::words`] does, at least one; several are a phrase within one turn.
    pub words: Vec<String>,
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
}

impl Target {
    /// How its values are kept.
    pub fn storage(self) -> Storage {
        match self {
            Target::Field(_, storage) => storage,
            Target::Builtin(builtin) => builtin.storage,
        }
    }
}

/// The condition; which one goes with which storage is said beside each.
#[derive(Clone, Debug, PartialEq)]
pub enum Test {
    /// Keyword: the folded value is one of these.
    OneOf(Vec<String>),
    /// Keyword: the folded value matches.
    Like(Glob),
    /// Keyword: the folded value lies between, by code point. `(value, inclusive)`.
    Between(Option<(String, bool)>, Option<(String, bool)>),
    /// Number, or instant in microseconds: the value lies between. `(value, inclusive)`.
    Numbers(Option<(f64, bool)>, Option<(f64, bool)>),
    /// Instants: microseconds, both ends inclusive, either open.
    Instants(Option<i64>, Option<i64>),
    /// Words: these consecutive words stand in the value (one element of a list).
    Words(Vec<String>),
    /// Words: some word matches.
    WordLike(Glob),
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

/// What rows are ordered by. Missing values come last; ties by score descending, then tid ascending.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Order {
    /// BM25.
    Score,
    /// A value; of several values the least when ascending, the greatest when descending.
    Value(Target),
}

/// One facet asked for.
#[derive(Clone, Debug, PartialEq)]
pub struct FacetAsked {
    /// As it is named in the answer.
    pub name: String,
    /// Which values.
    pub target: Target,
    /// See [`ValueTest::only_folders`].
    pub only_folders: Option<Arc<[FolderId]>>,
    /// At most so many values.
    pub size: usize,
}

/// A search, ready for an index.
#[derive(Clone, Debug)]
pub struct ResolvedSearch {
    /// Where.
    pub scope: Scope,
    /// What.
    pub root: Node,
    /// In which order.
    pub order: Order,
    /// Whether the order is descending.
    pub descending: bool,
    /// First row.
    pub offset: usize,
    /// Rows; 0 asks for totals and facets only.
    pub size: usize,
    /// Facets.
    pub facets: Vec<FacetAsked>,
    /// Turns per row that matched.
    pub moments: usize,
    /// Who speaks for whom in each folder searched that says so; folders not named use the defaults.
    pub speakers: Arc<HashMap<FolderId, SpeakerMap>>,
    /// Names of the folders searched: for order and facets of the built-in `folder`.
    pub folder_names: Arc<HashMap<FolderId, FolderName>>,
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
}

/// One matching transcript.
#[derive(Clone, Debug, PartialEq)]
pub struct Hit {
    /// Which.
    pub key: Key,
    /// BM25 over the whole transcript's words ([`super::score`]); 0 without word clauses.
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
