//! Rules an edit is read and applied under, and the judgement of names.
use super::map::Metadata;
use super::tree::{equal, is_null};
use crate::domain::fields::reserved::is_reserved;
use crate::domain::identity::FieldName;
use crate::domain::identity::field_name::NameRules;
use crate::domain::limits::Limits;
use crate::domain::refusal::{Code, Item, Refusal, pointer_token};
use serde_json::value::RawValue;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// Places named in one refusal; more would make the answer larger than the request.
const ITEMS_MAX: usize = 1_000;

/// Rules an edit is read and applied under.
#[derive(Clone, Copy, Debug)]
pub struct EditRules<'a> {
    /// The bounds.
    pub limits: &'a Limits,
    /// V-Spark's rule on `:` and `=`.
    pub names: NameRules,
    /// `[compat] dash_to_hash`: a leading `-` of a string value becomes `#`.
    pub dash_to_hash: bool,
}

/// Why edits (other than a PUT that repeats it) may not name `name`; `None` when they may.
pub fn problem(name: &FieldName, rules: NameRules) -> Option<(Code, String)> {
    if is_reserved(name) {
        let detail = format!("the field name {:?} is reserved and can not be edited; use another name", name.shown());
        return Some((Code::NameReserved, detail));
    }
    FieldName::parse(name.shown(), rules).err().map(|refusal| (refusal.code, refusal.detail))
}

/// Takes names one by one and gathers everything wrong with them.
pub struct Names {
    rules: Option<NameRules>,
    seen: HashSet<FieldName>,
    twice: Vec<Item>,
    barred: Vec<Item>,
}

impl Names {
    /// Judges duplicates and, when `rules` are given, reserved and rule-breaking names.
    pub fn judged_by(rules: Option<NameRules>) -> Self {
        Self { rules, seen: HashSet::new(), twice: Vec::new(), barred: Vec::new() }
    }

    /// Takes a name that stands at `pointer` of the request.
    pub fn take(&mut self, text: &str, pointer: impl FnOnce() -> String) -> FieldName {
        let name = FieldName::lenient(text);
        if !self.seen.insert(name.clone()) {
            let detail =
                format!("the field {:?} is named twice (names that differ only in case are one field)", short(text));
            push(&mut self.twice, Item { pointer: pointer(), code: Code::DuplicateField, detail });
        } else if let Some((code, detail)) = self.rules.and_then(|rules| problem(&name, rules)) {
            push(&mut self.barred, Item { pointer: pointer(), code, detail });
        }
        name
    }

    /// The verdict: duplicates first, for such a request can not be understood at all.
    ///
    /// # Errors
    /// `duplicate_field`, `name_reserved`, `name_invalid`: the code of the first; every place is an item.
    pub fn verdict(self) -> Result<(), Refusal> {
        let items = if self.twice.is_empty() { self.barred } else { self.twice };
        Refusal::of(items).map_or(Ok(()), Err)
    }
}

/// The beginning of a text of the request, as refusals show it.
pub fn short(text: &str) -> String {
    text.chars().take(80).collect()
}

/// Adds an item unless there are enough.
pub fn push(items: &mut Vec<Item>, item: Item) {
    if items.len() < ITEMS_MAX {
        items.push(item);
    }
}

/// The pointer of a top-level name in a body that is an object.
pub fn pointer_to(name: &str) -> String {
    format!("/{}", pointer_token(name))
}

/// PUT: all metadata becomes `body`, whose names are distinct; `null` means absent. Known names keep place and
/// spelling. Names that no edit may set can be left out or repeated with their stored value (equal as JSON), which
/// then stays as it is.
///
/// # Errors
/// `name_reserved`, `name_invalid`, naming each such name that would be added or changed.
pub fn replaced<V: AsRef<RawValue>>(
    current: &Metadata,
    body: &[(FieldName, V)],
    rules: NameRules,
) -> Result<Metadata, Refusal> {
    let stored: HashMap<&FieldName, &Arc<RawValue>> = current.iter().collect();
    let mut given: HashMap<&FieldName, Arc<RawValue>> = HashMap::with_capacity(body.len());
    let mut items = Vec::new();
    for (name, value) in body {
        let value = value.as_ref();
        if is_null(value) {
            continue;
        }
        let before = stored.get(name);
        let kept = match problem(name, rules) {
            None => before.filter(|before| before.get() == value.get()),
            Some((code, detail)) => match before {
                Some(before) if equal(before, value) => Some(before),
                Some(_) => {
                    let detail = format!("{detail} (PUT may repeat it with the value it has, or leave it out)");
                    push(&mut items, Item { pointer: pointer_to(name.shown()), code, detail });
                    continue;
                }
                None => {
                    push(&mut items, Item { pointer: pointer_to(name.shown()), code, detail });
                    continue;
                }
            },
        };
        given.insert(name, kept.map_or_else(|| value.to_owned().into(), |kept| Arc::clone(kept)));
    }
    if let Some(refusal) = Refusal::of(items) {
        return Err(refusal);
    }
    let mut entries = Vec::with_capacity(given.len());
    entries.extend(current.iter().filter_map(|(name, _)| Some((name.clone(), given.remove(name)?))));
    entries.extend(body.iter().filter_map(|(name, _)| Some((name.clone(), given.remove(name)?))));
    Ok(Metadata::from_distinct(entries))
}
