//! RFC 6902 JSON Patch over metadata; values no operation touches stay as spelled.
use super::document::{Document, Fault, Work};
use super::map::Metadata;
use super::pointer::{Pointer, Target};
use super::rules::{EditRules, Names, problem, push, replaced, short};
use super::tree::{Node, equal};
use crate::base::json::{depth, members};
use crate::domain::identity::FieldName;
use crate::domain::identity::field_name::NameRules;
use crate::domain::refusal::{Code, Item, Refusal};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// What reading all metadata into names costs, in readings of its text.
const WHOLE_READINGS: usize = 16;

/// A well-formed patch that names nothing it may not.
#[derive(Clone, Debug)]
pub struct JsonPatch {
    operations: Vec<Operation>,
}

#[derive(Clone, Debug)]
struct Operation {
    action: Action,
    path: Pointer,
}

#[derive(Clone, Debug)]
enum Action {
    Add(Arc<RawValue>),
    Remove,
    Replace(Arc<RawValue>),
    Move(Pointer),
    Copy(Pointer),
    Test(Arc<RawValue>),
}

impl Action {
    fn word(&self) -> &'static str {
        match self {
            Action::Add(_) => "add",
            Action::Remove => "remove",
            Action::Replace(_) => "replace",
            Action::Move(_) => "move",
            Action::Copy(_) => "copy",
            Action::Test(_) => "test",
        }
    }
}

impl JsonPatch {
    /// Reads the elements of a patch.
    ///
    /// # Errors
    /// `patch_invalid` for the first operation that is not well formed; `name_reserved` and `name_invalid` for all
    /// names that operations would set or remove (reading them, by `test` and as the source of `copy`, is allowed).
    pub fn read(elements: &[&RawValue], rules: EditRules<'_>) -> Result<Self, Refusal> {
        let mut operations = Vec::with_capacity(elements.len());
        for (at, element) in elements.iter().enumerate() {
            let operation = Operation::read(element).map_err(|why| {
                Refusal::at(Code::PatchInvalid, format!("/{at}"), format!("operation {at} of the JSON Patch {why}"))
            })?;
            operations.push(operation);
        }
        let mut items = Vec::new();
        for (at, operation) in operations.iter().enumerate() {
            operation.judge_names(at, rules.names, &mut items);
        }
        Refusal::of(items).map_or(Ok(Self { operations }), Err)
    }

    /// The metadata after all operations, and the names they set or removed, each once, in order.
    ///
    /// # Errors
    /// `patch_path_missing`, `patch_test_failed`, `json_too_deep`, `body_too_large` (the patch costs too much),
    /// `patch_invalid`, `name_reserved` and `name_invalid` (all metadata is replaced by what it may not be).
    pub fn apply(&self, current: &Metadata, rules: EditRules<'_>) -> Result<(Metadata, Vec<FieldName>), Refusal> {
        let mut state = State {
            document: Document::of(current),
            work: Work::new(rules.limits.metadata_body_bytes, rules.limits.json_depth),
            rules: rules.names,
            touched: Touched::default(),
        };
        for (at, operation) in self.operations.iter().enumerate() {
            state.apply(operation).map_err(|fault| refusal(at, operation, fault))?;
        }
        let metadata = state.document.to_metadata().map_err(|_| unreadable())?;
        Ok((metadata, state.touched.names))
    }
}

impl Operation {
    /// Reads one; the error completes the sentence "operation N of the JSON Patch …".
    fn read(element: &RawValue) -> Result<Self, String> {
        let members = members(element.get()).map_err(|_| "is not an object".to_owned())?.0;
        let (mut op, mut path, mut from, mut value) = (None, None, None, None);
        for (name, raw) in members {
            let slot = match &*name {
                "op" => &mut op,
                "path" => &mut path,
                "from" => &mut from,
                "value" => &mut value,
                _ => continue,
            };
            if slot.replace(raw).is_some() {
                return Err(format!("has two members {name:?}"));
            }
        }
        let text = |member: &str, raw: Option<&RawValue>| -> Result<String, String> {
            let raw = raw.ok_or_else(|| format!("has no {member:?}"))?;
            serde_json::from_str(raw.get()).map_err(|_| format!("has a {member:?} that is not a string"))
        };
        let pointer = |member: &str, raw: Option<&RawValue>| -> Result<Pointer, String> {
            Pointer::parse(text(member, raw)?).ok_or_else(|| {
                format!("has a {member:?} that is not a JSON pointer: it begins with `/`, and `~` is `~0`, `/` is `~1`")
            })
        };
        let given = || value.map(|raw| Arc::from(raw.to_owned())).ok_or_else(|| "has no \"value\"".to_owned());
        let action = match text("op", op)?.as_str() {
            "add" => Action::Add(given()?),
            "remove" => Action::Remove,
            "replace" => Action::Replace(given()?),
            "move" => Action::Move(pointer("from", from)?),
            "copy" => Action::Copy(pointer("from", from)?),
            "test" => Action::Test(given()?),
            other => return Err(format!("is {:?}; known are add, remove, replace, move, copy and test", short(other))),
        };
        let operation = Self { action, path: pointer("path", path)? };
        operation.check_whole()?;
        Ok(operation)
    }

    /// What can not be done to all metadata at once, or with a place and one inside it.
    fn check_whole(&self) -> Result<(), String> {
        match &self.action {
            Action::Remove if self.path.target == Target::Whole => {
                Err("removes the whole document, which is always an object; replace it by {} instead".to_owned())
            }
            Action::Move(from) if from.target == Target::Whole || from.holds(&self.path) => {
                Err("moves a place into itself".to_owned())
            }
            _ => Ok(()),
        }
    }

    fn judge_names(&self, at: usize, rules: NameRules, items: &mut Vec<Item>) {
        let mut judge = |pointer: &Pointer, member: &str| {
            if let Some((code, detail)) = pointer.name().and_then(|name| problem(name, rules)) {
                push(items, Item { pointer: format!("/{at}/{member}"), code, detail });
            }
        };
        if let Action::Move(from) = &self.action {
            judge(from, "from");
        }
        if !matches!(self.action, Action::Test(_)) {
            judge(&self.path, "path");
        }
    }
}

#[derive(Default)]
struct Touched {
    names: Vec<FieldName>,
    known: HashSet<FieldName>,
}

impl Touched {
    fn add(&mut self, name: &FieldName) {
        if self.known.insert(name.clone()) {
            self.names.push(name.clone());
        }
    }
}

/// A patch at work.
struct State {
    document: Document,
    work: Work,
    rules: NameRules,
    touched: Touched,
}

impl State {
    fn apply(&mut self, operation: &Operation) -> Result<(), Fault> {
        let path = &operation.path;
        match &operation.action {
            Action::Test(expected) => return self.test(path, expected),
            Action::Remove => {
                self.document.take(path, &mut self.work)?;
            }
            Action::Add(value) => self.put(path, Node::Leaf(value.clone()))?,
            Action::Replace(value) if path.target == Target::Whole => self.put(path, Node::Leaf(value.clone()))?,
            Action::Replace(value) => self.document.replace(path, Node::Leaf(value.clone()), &mut self.work)?,
            Action::Copy(from) => {
                let value = self.document.value(from, &mut self.work)?;
                self.work.spend_copy(value.get().len())?;
                self.put(path, Node::Leaf(value))?;
            }
            Action::Move(from) if from.target == path.target => {
                // Taking it away and putting it back would only change the order.
                self.document.value(from, &mut self.work)?;
            }
            Action::Move(from) => {
                let node = self.document.take(from, &mut self.work)?;
                self.put(path, node)?;
                from.name().into_iter().for_each(|name| self.touched.add(name));
            }
        }
        path.name().into_iter().for_each(|name| self.touched.add(name));
        Ok(())
    }

    fn put(&mut self, path: &Pointer, node: Node) -> Result<(), Fault> {
        match path.target {
            Target::Whole => self.replace_whole(&node.into_raw()?),
            Target::Within { .. } => self.document.add(path, node, &mut self.work),
        }
    }

    /// By PUT's rules.
    fn replace_whole(&mut self, value: &RawValue) -> Result<(), Fault> {
        if !value.get().starts_with('{') {
            let detail = "all metadata together must be an object";
            return Err(Fault::Refused(Refusal::new(Code::PatchInvalid, detail)));
        }
        self.work.spend(value.get().len())?;
        let mut judge = Names::judged_by(None);
        let members = members(value.get())?.0.into_iter();
        let body: Vec<_> = members.map(|(name, value)| (judge.take(&name, String::new), value.to_owned())).collect();
        judge.verdict().map_err(Fault::Refused)?;
        let before = self.document.to_metadata()?;
        self.work.spend(before.iter().map(|(_, value)| value.get().len()).sum())?;
        let after = replaced(&before, &body, self.rules).map_err(Fault::Refused)?;
        body.iter().for_each(|(name, _)| self.touched.add(name));
        before.iter().for_each(|(name, _)| self.touched.add(name));
        self.document = Document::of(&after);
        Ok(())
    }

    fn test(&mut self, path: &Pointer, expected: &Arc<RawValue>) -> Result<(), Fault> {
        let found = match self.document.value(path, &mut self.work) {
            // Nothing equals a value: for the client a race lost, like any other failed test.
            Err(Fault::Missing) => return Err(Fault::Different),
            found => found?,
        };
        // A comparison reads the text once for each level that both have; all metadata is read into names besides.
        let readings = match path.target {
            Target::Whole => WHOLE_READINGS + depth(expected.get().as_bytes()),
            Target::Within { .. } => 1 + depth(expected.get().as_bytes()),
        };
        self.work.spend((found.get().len() + expected.get().len()).saturating_mul(readings))?;
        let same = match path.target {
            Target::Whole => whole_equal(&found, expected),
            Target::Within { .. } => equal(&found, expected),
        };
        if same { Ok(()) } else { Err(Fault::Different) }
    }
}

/// Equality of all metadata: top-level names without case.
fn whole_equal(found: &RawValue, expected: &RawValue) -> bool {
    let (Ok(found), Ok(expected)) = (Metadata::lenient(found.get()), Metadata::lenient(expected.get())) else {
        return false;
    };
    let found_values: HashMap<_, _> = found.iter().collect();
    found.len() == expected.len()
        && expected.iter().all(|(name, value)| found_values.get(name).is_some_and(|found| equal(found, value)))
}

fn unreadable() -> Refusal {
    let detail = "a value on the way has a member whose name is not text (half a surrogate pair); replace it whole";
    Refusal::new(Code::JsonInvalid, detail)
}

/// The refusal of the whole patch for what is wrong with operation `at`.
fn refusal(at: usize, operation: &Operation, fault: Fault) -> Refusal {
    let places: Cow<'_, str> = match &operation.action {
        Action::Move(from) | Action::Copy(from) => {
            format!("{:?} to {:?}", short(&from.text), short(&operation.path.text)).into()
        }
        _ => format!("{:?}", short(&operation.path.text)).into(),
    };
    let what = format!("operation {at} of the JSON Patch ({} {places})", operation.action.word());
    let (code, why) = match fault {
        Fault::Refused(mut refusal) => {
            refusal.detail = format!("{what}: {}", refusal.detail);
            for item in &mut refusal.items {
                item.pointer = format!("/{at}/value{}", item.pointer);
            }
            return refusal;
        }
        Fault::Missing => (Code::PatchPathMissing, "names a place that does not exist".to_owned()),
        Fault::Different => (Code::PatchTestFailed, "found another value, or none".to_owned()),
        Fault::Deep => (Code::TooDeep, "would nest the metadata too deeply".to_owned()),
        Fault::Unreadable => (Code::JsonInvalid, unreadable().detail),
        Fault::Costly => (
            Code::BodyTooLarge,
            "is too much: the patch copies, compares and moves too many bytes; use a merge patch or PUT".to_owned(),
        ),
    };
    Refusal::at(code, format!("/{at}"), format!("{what} {why}"))
}

#[cfg(test)]
mod tests;
