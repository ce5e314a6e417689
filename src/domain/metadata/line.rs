//! Edits as bulk requests spell them: `{"tid","set"?,"unset"?,"if_match"?}`.
use super::edit::Edit;
use super::rules::{EditRules, Names};
use crate::base::json::{Members, Raw, depth, members, raw_from};
use crate::domain::identity::{FieldName, Tid};
use crate::domain::refusal::{Code, Refusal, pointer_token};
use serde_json::value::RawValue;

/// What a line demands of the transcript's revision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Demand {
    /// Nothing.
    None,
    /// That it is there: `"*"`.
    Any,
    /// One revision.
    Revision(u64),
}

/// One edit of one transcript.
#[derive(Clone, Debug)]
pub struct EditLine {
    /// Which.
    pub tid: Tid,
    /// `if_match`.
    pub demand: Demand,
    /// What changes.
    pub edit: Edit,
}

/// A line that is refused, with the id it named as far as it could be read.
pub type Refused = (Option<String>, Refusal);

impl EditLine {
    /// Reads one line.
    ///
    /// # Errors
    /// As [`Edit::read_flat`]; `tid_missing`, `name_invalid` for the id; `parameter_invalid` for `if_match`.
    pub fn read(text: &str, rules: EditRules<'_>) -> Result<Self, Refused> {
        let members = object(text, rules).map_err(|refusal| (None, refusal))?;
        let (mut tid, mut set, mut unset, mut demand) = (None, None, None, Demand::None);
        let mut wrong = None;
        for (name, raw) in &members.0 {
            match &**name {
                "tid" => tid = Some(*raw),
                "set" => set = Some(*raw),
                "unset" => unset = Some(*raw),
                "if_match" => match read_demand(raw) {
                    Some(read) => demand = read,
                    None => {
                        let detail = "`if_match` is a revision: a number, \"3\", or \"*\"";
                        wrong = wrong.or(Some(Refusal::at(Code::ParameterInvalid, "/if_match", detail)));
                    }
                },
                "query" => {
                    let detail = "a line names one transcript by `tid`; an edit by query is a POST of application/json";
                    wrong = wrong.or(Some(Refusal::at(Code::BodyShape, "/query", detail)));
                }
                other => {
                    let detail = format!("a line has tid, set, unset and if_match; there is no {:?}", short(other));
                    wrong = wrong.or(Some(Refusal::at(Code::BodyShape, pointer(other), detail)));
                }
            }
        }
        let text: Option<String> = tid.and_then(|raw| serde_json::from_str(raw.get()).ok());
        if let Some(refusal) = wrong {
            return Err((text, refusal));
        }
        let Some(text) = text else {
            let detail = "a line names its transcript: \"tid\": \"…\"";
            return Err((None, Refusal::at(Code::TidMissing, "/tid", detail)));
        };
        match (Tid::parse(&text), Edit::changing(set, unset, rules)) {
            (Ok(tid), Ok(edit)) => Ok(Self { tid, demand, edit }),
            (Err(refusal), _) | (Ok(_), Err(refusal)) => Err((Some(text), refusal)),
        }
    }
}

impl Edit {
    /// An edit that sets the members of `set` (`null` removes) and removes the names in `unset`.
    ///
    /// # Errors
    /// As [`Edit::read_flat`]; `body_shape` when both are missing.
    pub fn changing(set: Option<&RawValue>, unset: Option<&RawValue>, rules: EditRules<'_>) -> Result<Self, Refusal> {
        if set.is_none() && unset.is_none() {
            return Err(Refusal::new(Code::BodyShape, "nothing is to be changed: `set` and `unset` are both missing"));
        }
        let mut judge = Names::judged_by(Some(rules.names));
        let mut changes: Vec<(FieldName, Raw)> = Vec::new();
        if let Some(set) = set {
            let given: Members<'_> = members(set.get())
                .map_err(|_| Refusal::at(Code::BodyShape, "/set", "`set` is one object of field names and values"))?;
            for (name, value) in given.0 {
                let place = || format!("/set/{}", pointer_token(&name));
                changes.push((judge.take(&name, place), value.to_owned()));
            }
        }
        if let Some(unset) = unset {
            let names: Vec<String> = serde_json::from_str(unset.get())
                .map_err(|_| Refusal::at(Code::BodyShape, "/unset", "`unset` is an array of field names"))?;
            for (at, name) in names.iter().enumerate() {
                changes.push((judge.take(name, || format!("/unset/{at}")), null()?));
            }
        }
        judge.verdict()?;
        Ok(Self::Flat(changes))
    }

    /// An edit of values whose names were judged before.
    pub fn of(changes: Vec<(FieldName, Raw)>) -> Self {
        Self::Flat(changes)
    }
}

fn null() -> Result<Raw, Refusal> {
    raw_from("null").map_err(|error| Refusal::new(Code::JsonInvalid, error.to_string()))
}

fn object<'a>(text: &'a str, rules: EditRules<'_>) -> Result<Members<'a>, Refusal> {
    let found = depth(text.as_bytes());
    if found > rules.limits.json_depth {
        let detail = format!("the line is nested {found} deep; allowed are {}", rules.limits.json_depth);
        return Err(Refusal::new(Code::TooDeep, detail));
    }
    let members = members(text).map_err(|error| match serde_json::from_str::<&RawValue>(text) {
        Ok(_) => Refusal::new(Code::BodyShape, "the line is JSON, but not an object"),
        Err(_) => Refusal::new(Code::JsonInvalid, format!("the line is not valid JSON: {error}")),
    })?;
    let mut seen = std::collections::HashSet::new();
    match members.0.iter().find(|(name, _)| !seen.insert(name.clone())) {
        Some((name, _)) => {
            Err(Refusal::at(Code::DuplicateField, pointer(name), format!("{:?} stands twice", short(name))))
        }
        None => Ok(members),
    }
}

fn read_demand(raw: &RawValue) -> Option<Demand> {
    let text = raw.get();
    if text == "null" {
        return Some(Demand::None);
    }
    let text: String = if text.starts_with('"') { serde_json::from_str(text).ok()? } else { text.to_owned() };
    let bare = text.trim().trim_matches('"');
    if bare == "*" { Some(Demand::Any) } else { bare.parse().ok().map(Demand::Revision) }
}

fn pointer(name: &str) -> String {
    format!("/{}", pointer_token(&short(name)))
}

fn short(text: &str) -> String {
    text.chars().take(80).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::identity::field_name::NameRules;
    use crate::domain::limits::Limits;
    use crate::domain::metadata::Metadata;

    fn read(text: &str) -> Result<EditLine, Refused> {
        let limits = Limits::default();
        EditLine::read(text, EditRules { limits: &limits, names: NameRules::VSpark, dash_to_hash: false })
    }

    fn code(text: &str) -> (Option<String>, Code) {
        let (tid, refusal) = read(text).unwrap_err();
        (tid, refusal.code)
    }

    #[test]
    fn a_line_sets_and_removes_in_one_edit() {
        let line = read(r#"{"tid":"a","set":{"Queue":"x","n":1.10},"unset":["old"],"if_match":"\"3\""}"#).unwrap();
        assert_eq!((line.tid.as_str(), line.demand), ("a", Demand::Revision(3)));
        let limits = Limits::default();
        let rules = EditRules { limits: &limits, names: NameRules::VSpark, dash_to_hash: false };
        let before = Metadata::lenient(r#"{"old":1,"queue":"y"}"#).unwrap();
        assert_eq!(line.edit.apply(&before, rules).unwrap().metadata.to_json(), r#"{"queue":"x","n":1.10}"#);
        assert_eq!(read(r#"{"tid":"a","unset":[],"if_match":"*"}"#).unwrap().demand, Demand::Any);
        assert_eq!(read(r#"{"tid":"a","set":{},"if_match":7}"#).unwrap().demand, Demand::Revision(7));
    }

    #[test]
    fn each_wrong_line_is_told_with_its_id() {
        let own = |code| (Some("a".to_owned()), code);
        assert_eq!(code("{"), (None, Code::JsonInvalid));
        assert_eq!(code("[]"), (None, Code::BodyShape));
        assert_eq!(code(r#"{"set":{}}"#), (None, Code::TidMissing));
        assert_eq!(code(r#"{"tid":5,"set":{}}"#), (None, Code::TidMissing));
        assert_eq!(code(r#"{"tid":"a"}"#), own(Code::BodyShape));
        assert_eq!(code(r#"{"tid":"a","set":[]}"#), own(Code::BodyShape));
        assert_eq!(code(r#"{"tid":"a","unset":{"x":1}}"#), own(Code::BodyShape));
        assert_eq!(code(r#"{"tid":"a","put":{}}"#), own(Code::BodyShape));
        assert_eq!(code(r#"{"tid":"a","set":{"Q":1},"unset":["q"]}"#), own(Code::DuplicateField));
        assert_eq!(code(r#"{"tid":"a","set":{"tid":1}}"#), own(Code::NameReserved));
        assert_eq!(code(r#"{"tid":"a","set":{},"if_match":[1]}"#), own(Code::ParameterInvalid));
        assert_eq!(code(r#"{"tid":"a","tid":"b","set":{}}"#), (None, Code::DuplicateField));
    }
}
