//! One database row as one flat row of a search answer (contract section 6). Pure.
//!
//! *Decisions* where the contract is open: `datetime` is shown in the organisation's time zone as RFC 3339 with its
//! offset, a fraction only when there is one; `last_modified` in UTC with six decimals; a row holds exactly what
//! `fields` asks for; the order is `tid, folder, requestid, …, score`, the other built-ins by name, then the configured
//! fields as the transcript's metadata has them. Values of `pii` fields read `"***"` without the right.
use super::masked::MASKED;
use crate::base::clock::Timestamp;
use crate::base::json::{self, quoted};
use crate::domain::builtins::Builtins;
use crate::domain::catalogue::{Folder, Org};
use crate::domain::fields::Definition;
use crate::domain::fields::value::{ValueBounds, coerce};
use crate::domain::identity::FieldName;
use crate::engine::types::ResultRow;
use crate::query::columns::Columns;
use crate::query::facets::number;
use crate::query::resolved::Moment;
use crate::stores::database::Row;
use serde_json::Value;
use serde_json::value::RawValue;

/// Where a transcript lies, and what the caller may see of it.
#[derive(Clone, Copy, Debug)]
pub struct Setting<'a> {
    /// Its organisation: for the time zone.
    pub org: &'a Org,
    /// Its folder: for the fields configured.
    pub folder: &'a Folder,
    /// Whether values of fields marked `pii` are shown.
    pub pii: bool,
}

/// The row of an answer; members that have no value are left out.
///
/// # Errors
/// When the JSON that the database keeps is damaged.
pub fn result_row(
    row: &Row,
    setting: Setting<'_>,
    columns: &Columns,
    score: f64,
    moments: Option<Vec<Moment>>,
) -> Result<ResultRow, serde_json::Error> {
    let builtins: Builtins = serde_json::from_str(&row.builtins)?;
    let mut members = Vec::with_capacity(columns.builtins().len() + 8);
    for name in columns.builtins() {
        if let Some(value) = builtin_value(name, row, &builtins, setting, score) {
            members.push(((*name).to_owned(), value));
        }
    }
    for (name, raw) in json::members(&row.values)?.0 {
        let name = FieldName::lenient(&name);
        let (Some(column), Some(field)) = (columns.field(&name), setting.folder.schema.field(&name)) else { continue };
        // A row of an older schema, or in the middle of a retype, may hold what another definition let in.
        let settled = row.schema_version == setting.folder.schema.version && field.next.is_none();
        if !settled && !fits(&field.definition, raw, setting) {
            continue;
        }
        let shown =
            if field.definition.pii && !setting.pii { MASKED.to_owned() } else { named(&field.definition, raw) };
        members.push((column.shown().to_owned(), shown));
    }
    Ok(ResultRow { members, moments })
}

/// Whether a stored value is one in the eyes of the definition that searches go by.
fn fits(definition: &Definition, raw: &RawValue, setting: Setting<'_>) -> bool {
    let bounds = ValueBounds { value_bytes: usize::MAX, text_bytes: usize::MAX };
    coerce(definition, raw, &setting.org.zone, bounds).is_ok_and(|values| !values.is_empty())
}

/// A value as sent; former spellings of an enum's options give way to the present ones.
fn named(definition: &Definition, raw: &RawValue) -> String {
    let renamed = |value: &mut Value| {
        if let Value::String(text) = value
            && let Some(now) = definition.option(text).filter(|now| definition.is_renamed(text, now))
        {
            now.clone_into(text);
        }
    };
    if definition.renamed.is_empty() {
        return raw.get().to_owned();
    }
    match serde_json::from_str::<Value>(raw.get()) {
        Ok(Value::Array(mut values)) => {
            values.iter_mut().for_each(renamed);
            Value::Array(values).to_string()
        }
        Ok(mut value @ Value::String(_)) => {
            renamed(&mut value);
            value.to_string()
        }
        _ => raw.get().to_owned(),
    }
}

/// A built-in as JSON text.
fn builtin_value(name: &str, row: &Row, builtins: &Builtins, setting: Setting<'_>, score: f64) -> Option<String> {
    match name {
        "tid" => Some(quoted(row.tid.as_str())),
        "folder" => Some(quoted(setting.folder.name.as_str())),
        "requestid" => builtins.requestid.as_deref().map(quoted),
        "filename" => builtins.filename.as_deref().map(quoted),
        "agentid" => builtins.agentid.as_deref().map(quoted),
        "datetime" => Some(quoted(&Timestamp(builtins.datetime).rfc3339_in(&setting.org.zone))),
        "duration" => builtins.duration.map(|seconds| number(seconds).to_string()),
        "last_modified" => Some(quoted(&Timestamp(row.last_modified).rfc3339())),
        "score" => Some(number(score).to_string()),
        attribute => builtins.attributes.get(attribute).filter(|value| !value.is_null()).map(ToString::to_string),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::fields::{ConfiguredField, Definition, FieldType, FolderSchema, OnMismatch, SpeakerMap};
    use crate::domain::identity::{FieldId, FolderId, FolderName, Key, OrgId, OrgName, Revision, Tid};
    use jiff::tz::TimeZone;
    use std::collections::BTreeMap;
    use std::sync::Arc;

    fn folder() -> Folder {
        let field = |id, name: &str, pii| {
            let definition = Definition { pii, ..Definition::of(FieldType::Varchar) };
            Arc::new(ConfiguredField::new(FieldId(id), FieldName::lenient(name), definition))
        };
        let fields = vec![field(1, "Queue", false), field(2, "PIN", true), field(3, "note", false)];
        Folder {
            id: FolderId(1),
            org: OrgId(1),
            name: FolderName::parse("In \"A\"").unwrap(),
            settings: Default::default(),
            secrets: Default::default(),
            custom_meta: fields.iter().map(|field| field.name.clone()).collect(),
            on_mismatch: OnMismatch::Refuse,
            speakers: SpeakerMap::default(),
            schema: Arc::new(FolderSchema::new(FolderId(1), 1, TimeZone::UTC, OnMismatch::Refuse, fields)),
            version: 1,
        }
    }

    fn org() -> Org {
        Org {
            id: OrgId(1),
            name: OrgName::parse("Acme-Sales").unwrap(),
            settings: Default::default(),
            timezone: "Europe/Berlin".into(),
            zone: TimeZone::get("Europe/Berlin").unwrap(),
            fields: Vec::new(),
            apps: BTreeMap::new(),
            deleted: Vec::new(),
            barred: Arc::default(),
            folders: BTreeMap::new(),
            version: 1,
        }
    }

    fn row() -> Row {
        Row {
            key: Key(1),
            org: OrgId(1),
            folder: FolderId(1),
            tid: Tid::parse("t1").unwrap(),
            revision: Revision(1),
            words_revision: Revision(1),
            schema_version: 1,
            last_modified: 1_768_467_600_000_001,
            ingested: 0,
            facts: "{}".into(),
            builtins: r#"{"datetime":1768467600000000,"duration":12.5,"attributes":{"silence":0.25,"overtalk":null}}"#
                .into(),
            values: r#"{"PIN":"0314","queue":{"a": 1.10},"gone":1}"#.into(),
            unarchived: None,
            indexed: Default::default(),
            archived: Default::default(),
        }
    }

    fn shown(columns: &Columns, pii: bool) -> String {
        let (org, folder) = (org(), folder());
        let row = result_row(&row(), Setting { org: &org, folder: &folder, pii }, columns, 1.5, None).unwrap();
        row.members.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn rows_are_flat_and_leave_out_what_is_not_set() {
        let names =
            ["score", "silence", "overtalk", "datetime", "tid", "folder", "agentid", "duration", "last_modified"];
        let fields = ["Queue", "PIN", "note", "gone"].map(FieldName::lenient).into();
        assert_eq!(
            shown(&Columns::new(names.into(), fields), false),
            r#"tid="t1" folder="In \"A\"" datetime="2026-01-15T10:00:00+01:00" duration=12.5 last_modified="2026-01-15T09:00:00.000001Z" score=1.5 silence=0.25 PIN="***" Queue={"a": 1.10}"#
        );
    }

    #[test]
    fn rows_hold_what_was_asked_for() {
        let pin = Columns::new(Vec::new(), vec![FieldName::lenient("pin")]);
        assert_eq!(shown(&pin, true), r#"pin="0314""#);
        assert_eq!(shown(&Columns::new(vec!["score"], Vec::new()), true), "score=1.5");
        assert_eq!(shown(&Columns::default(), true), "");
    }

    #[test]
    fn fractions_of_seconds_are_kept() {
        assert_eq!(Timestamp(1_500_000).rfc3339_in(&TimeZone::UTC), "1970-01-01T00:00:01.5+00:00");
    }
}
