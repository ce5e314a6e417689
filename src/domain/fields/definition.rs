//! A field's definition: type and options (contract section 5).
use crate::base::fold::fold_value;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The type of a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FieldType {
    /// `true` or `false`.
    Boolean,
    /// An instant; kept as microseconds since 1970 UTC.
    Datetime,
    /// A number, compared as IEEE 754 double.
    #[serde(alias = "float")]
    Number,
    /// A UUID in any of its spellings.
    Uuid,
    /// A whole value of at most 8,192 characters.
    #[serde(alias = "string")]
    Varchar,
    /// Words.
    #[serde(alias = "long_string")]
    Text,
    /// One of the options listed.
    Enum,
    /// A URL.
    Link,
    /// Milliseconds into the recording: moments of interest.
    Keyframes,
    /// A vector of so many numbers, to be compared by direction.
    Embedding,
}

impl FieldType {
    /// As it is spelled in JSON.
    pub fn text(self) -> &'static str {
        match self {
            FieldType::Boolean => "boolean",
            FieldType::Datetime => "datetime",
            FieldType::Number => "number",
            FieldType::Uuid => "uuid",
            FieldType::Varchar => "varchar",
            FieldType::Text => "text",
            FieldType::Enum => "enum",
            FieldType::Link => "link",
            FieldType::Keyframes => "keyframes",
            FieldType::Embedding => "embedding",
        }
    }

    /// How values of the type are compared and kept in an index.
    pub fn storage(self) -> Storage {
        match self {
            FieldType::Boolean | FieldType::Uuid | FieldType::Varchar | FieldType::Enum | FieldType::Link => {
                Storage::Keyword
            }
            FieldType::Datetime => Storage::Instant,
            FieldType::Number | FieldType::Keyframes => Storage::Number,
            FieldType::Text => Storage::Words,
            FieldType::Embedding => Storage::Vector,
        }
    }
}

/// The ways a value is kept for searching.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Storage {
    /// A folded string, compared as a whole, by code point.
    Keyword,
    /// A double.
    Number,
    /// Microseconds since 1970.
    Instant,
    /// Words with positions.
    Words,
    /// Single-precision numbers.
    Vector,
}

/// A field's definition as the organisation's `fields` show it. Keys we do not use are kept and shown.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Definition {
    /// The type.
    #[serde(rename = "type")]
    pub kind: FieldType,
    /// `embedding`: how many numbers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<u16>,
    /// `enum`: the options.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<String>,
    /// `enum`: options that stored values may have and edits may not bring any more.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub retired: Vec<String>,
    /// `enum`: former spellings of options, and what they count as now.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub renamed: BTreeMap<String, String>,
    /// `enum`: whether a transcript may have several.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub multi: bool,
    /// Makes substring matches fast.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub substring: bool,
    /// Personal data: masked without the right `pii`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub pii: bool,
    /// A name for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// What it means.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}

impl Definition {
    /// A definition with the type alone.
    pub fn of(kind: FieldType) -> Self {
        Self {
            kind,
            size: None,
            values: Vec::new(),
            retired: Vec::new(),
            renamed: BTreeMap::new(),
            multi: false,
            substring: false,
            pii: false,
            label: None,
            description: None,
        }
    }

    /// An `embedding` of so many numbers.
    pub fn embedding(size: u16) -> Self {
        Self { size: Some(size), ..Self::of(FieldType::Embedding) }
    }

    /// How many numbers an `embedding` has.
    pub fn numbers(&self) -> usize {
        self.size.map_or(0, usize::from)
    }

    /// The option that a value of an `enum` counts as, whatever its case: one in use, one retired, or the new name of a
    /// former one.
    pub fn option(&self, text: &str) -> Option<&String> {
        let folded = fold_value(text);
        let mut own = self.values.iter().chain(&self.retired);
        if let Some(option) = own.find(|option| fold_value(option) == folded) {
            return Some(option);
        }
        self.renamed.iter().find(|(old, _)| fold_value(old) == folded).map(|(_, new)| new)
    }

    /// Whether `text` is a former spelling that counts as the option `now`.
    pub fn is_renamed(&self, text: &str, now: &str) -> bool {
        fold_value(text) != fold_value(now)
    }

    /// Whether an option stands among the retired ones.
    pub fn is_retired(&self, option: &str) -> bool {
        let folded = fold_value(option);
        self.retired.iter().any(|retired| fold_value(retired) == folded)
    }

    /// Whether every value that fits `former` is the same value here, so that what stands under it may stand.
    pub fn extends(&self, former: &Definition) -> bool {
        let keeps = |option: &String| self.option(option).is_some_and(|now| now == option);
        self.kind == former.kind
            && self.size == former.size
            && (self.multi || !former.multi)
            && former.values.iter().chain(&former.retired).all(keeps)
            && former.renamed.iter().all(|(old, new)| self.option(old) == Some(new))
            && self.renamed.keys().all(|old| former.option(old).is_none_or(|was| self.option(old) == Some(was)))
    }
}
