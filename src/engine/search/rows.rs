//! One database row as one flat row of a search answer (contract section 6). Pure.
//!
//! *Decisions* where the contract is open: `datetime` is shown in the organisation's time zone as RFC 3339 with its
//! offset, a fraction only when there is one; `last_modified` in UTC with six decimals; a row holds exactly what
//! `fields` asks for; the order is `tid, folder, requestid, …, score`, the other built-ins by name, then the configured
//! fields as the transcript's metadata has them. Values of `pii` fields read `"***"` without the right.
//!
//! *Decision:* a row is spelled straight into the text that is sent, and what a member's name means is found once for
//! all rows of a page: with a string for every name and value, rows cost more than finding them.
use super::judged::judged;
use super::masked::MASKED;
use crate::base::clock::Timestamp;
use crate::base::json::{self, push_string};
use crate::domain::catalogue::{Folder, Org};
use crate::domain::fields::ConfiguredField;
use crate::domain::identity::FieldName;
use crate::engine::types::ResultRow;
use crate::query::columns::Columns;
use crate::query::facets::number;
use crate::query::resolved::Moment;
use crate::stores::database::Row;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt::Write as _;
use std::sync::Arc;

/// Where a transcript lies, and what the caller may see of it.
#[derive(Clone, Copy, Debug)]
pub struct Setting<'a> {
    /// Its organisation: for its time zone.
    pub org: &'a Org,
    /// Its folder: for the fields configured.
    pub folder: &'a Folder,
    /// Whether values of fields marked `pii` are shown.
    pub pii: bool,
}

/// How the rows of one folder are shown.
pub struct Form<'a> {
    setting: Setting<'a>,
    columns: &'a Columns,
    known: Known,
    /// Whether values of the folder need a second look, whatever the row.
    moving: bool,
    /// Whether rows show what the database keeps of them as it is.
    verbatim: bool,
}

/// The member names met so far.
#[derive(Default)]
struct Known {
    names: Vec<(String, Member)>,
    at: HashMap<String, usize>,
    /// Rows of a folder name their members in much the same order: where the next is expected.
    next: usize,
}

/// What becomes of a member of that name.
enum Member {
    /// It was not asked for.
    Hidden,
    /// It is shown behind this: its name as configured, and a colon.
    Shown(String),
    /// So, but without the value.
    Masked(String),
}

/// [`crate::domain::builtins::Builtins`], texts as spelled; what rows never show is not read.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Builtins<'r> {
    datetime: i64,
    duration: Option<f64>,
    #[serde(borrow)]
    filename: Option<&'r RawValue>,
    #[serde(borrow)]
    agentid: Option<&'r RawValue>,
    #[serde(borrow)]
    requestid: Option<&'r RawValue>,
    #[serde(borrow)]
    attributes: Option<&'r RawValue>,
}

impl<'a> Form<'a> {
    /// For the rows of `setting`.
    pub fn new(setting: Setting<'a>, columns: &'a Columns) -> Self {
        let mut fields = setting.folder.schema.fields.iter();
        let moving = fields.any(|field| field.next.is_some() || !field.definition.renamed.is_empty());
        // A row that was projected with the folder's fields as they are names these alone, in their spelling.
        let as_kept = |field: &Arc<ConfiguredField>| {
            let shown = columns.field(&field.name).is_some_and(|column| column.shown() == field.name.shown());
            shown && (setting.pii || !field.definition.pii)
        };
        let verbatim = !moving && setting.folder.schema.fields.iter().all(as_kept);
        Self { setting, columns, known: Known::default(), moving, verbatim }
    }

    /// The row of an answer; members that have no value are left out.
    ///
    /// # Errors
    /// When the JSON that the database keeps is damaged.
    pub fn row(&mut self, row: &Row, score: f64, moments: Option<Vec<Moment>>) -> Result<ResultRow, serde_json::Error> {
        let builtins: Builtins<'_> = serde_json::from_str(&row.builtins)?;
        let attributes = match builtins.attributes {
            Some(attributes) => json::members(attributes.get())?.0,
            None => Vec::new(),
        };
        let mut out = String::with_capacity(256 + row.values.len());
        for name in self.columns.builtins() {
            let before = out.len();
            if before > 0 {
                out.push(',');
            }
            // Names of built-ins are plain words.
            out.push('"');
            out.push_str(name);
            out.push_str("\":");
            let attribute = || attributes.iter().find(|(own, _)| own == name).map(|(_, value)| value.get());
            if !push_builtin(&mut out, name, row, &builtins, attribute, (self.setting, score)) {
                out.truncate(before);
            }
        }
        let Self { setting, columns, known, moving, verbatim } = self;
        let settled = row.schema_version == setting.folder.schema.version;
        if settled
            && *verbatim
            && let Some(kept) = row.values.strip_prefix('{').and_then(|rest| rest.strip_suffix('}'))
        {
            if !out.is_empty() && !kept.is_empty() {
                out.push(',');
            }
            out.push_str(kept);
            return Ok(ResultRow { members: out, moments });
        }
        known.next = 0;
        json::each_member(&row.values, |name, value| {
            let member = known.member(name, *setting, columns);
            let plain = settled && !*moving;
            let home = (setting.org, setting.folder);
            let judged = if plain { Some(Cow::Borrowed(value)) } else { judged(name, value, settled, home) };
            let (head, value) = match (member, &judged) {
                (Member::Hidden, _) | (_, None) => return,
                (Member::Shown(head), Some(value)) => (head, value.as_ref()),
                (Member::Masked(head), Some(_)) => (head, MASKED),
            };
            if !out.is_empty() {
                out.push(',');
            }
            out.push_str(head);
            out.push_str(value);
        })?;
        Ok(ResultRow { members: out, moments })
    }
}

impl Known {
    fn member(&mut self, name: &str, setting: Setting<'_>, columns: &Columns) -> &Member {
        let expected = self.names.get(self.next).is_some_and(|(own, _)| own == name);
        let at = match self.at.get(name) {
            _ if expected => self.next,
            Some(at) => *at,
            None => {
                self.names.push((name.to_owned(), Member::of(name, setting, columns)));
                self.at.insert(name.to_owned(), self.names.len() - 1);
                self.names.len() - 1
            }
        };
        self.next = at + 1;
        self.names.get(at).map_or(&Member::Hidden, |(_, member)| member)
    }
}

impl Member {
    fn of(name: &str, setting: Setting<'_>, columns: &Columns) -> Self {
        let name = FieldName::lenient(name);
        let (Some(column), Some(field)) = (columns.field(&name), setting.folder.schema.field(&name)) else {
            return Self::Hidden;
        };
        let mut head = String::new();
        push_string(&mut head, column.shown());
        head.push(':');
        if field.definition.pii && !setting.pii { Self::Masked(head) } else { Self::Shown(head) }
    }
}

/// Appends a built-in as JSON; false when it has no value.
fn push_builtin<'r>(
    out: &mut String,
    name: &str,
    row: &Row,
    builtins: &Builtins<'r>,
    attribute: impl Fn() -> Option<&'r str>,
    (setting, score): (Setting<'_>, f64),
) -> bool {
    let text = match name {
        "requestid" => builtins.requestid.map(RawValue::get),
        "filename" => builtins.filename.map(RawValue::get),
        "agentid" => builtins.agentid.map(RawValue::get),
        "tid" => {
            push_string(out, row.tid.as_str());
            return true;
        }
        "folder" => {
            push_string(out, setting.folder.name.as_str());
            return true;
        }
        "datetime" | "last_modified" => {
            out.push('"');
            if name == "datetime" {
                Timestamp(builtins.datetime).push_rfc3339_in(&setting.org.zone, out);
            } else {
                Timestamp(row.last_modified).push_rfc3339(out);
            }
            out.push('"');
            return true;
        }
        "duration" | "score" => {
            let value = if name == "score" { Some(score) } else { builtins.duration };
            // Writing to a string cannot fail.
            return value.is_some_and(|value| write!(out, "{}", number(value)).is_ok());
        }
        _ => attribute().filter(|value| *value != "null"),
    };
    out.push_str(text.unwrap_or_default());
    text.is_some()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::fields::{Definition, FieldType, FolderSchema, OnMismatch, SpeakerMap};
    use crate::domain::identity::{FieldId, FolderId, FolderName, Key, OrgId, OrgName, Revision, Tid};
    use jiff::tz::TimeZone;
    use std::collections::BTreeMap;

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
            deleted: Default::default(),
            barred: Default::default(),
            fields: Vec::new(),
            apps: BTreeMap::new(),
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
            whole: false,
            indexed: Default::default(),
            archived: Default::default(),
        }
    }

    fn shown(columns: &Columns, pii: bool) -> String {
        let (org, folder) = (org(), folder());
        let mut form = Form::new(Setting { org: &org, folder: &folder, pii }, columns);
        let first = form.row(&row(), 1.5, None).unwrap();
        assert_eq!(form.row(&row(), 1.5, None).unwrap(), first);
        let whole = first.json();
        let members = json::members(&whole).unwrap().0;
        members.iter().map(|(name, value)| format!("{name}={}", value.get())).collect::<Vec<_>>().join(" ")
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
    fn members_may_come_in_any_order_in_each_row() {
        let (org, folder) = (org(), folder());
        let columns = Columns::new(Vec::new(), ["Queue", "note"].map(FieldName::lenient).into());
        let mut form = Form::new(Setting { org: &org, folder: &folder, pii: true }, &columns);
        let mut shown = |values: &str| form.row(&Row { values: values.into(), ..row() }, 0.0, None).unwrap().members;
        assert_eq!(shown(r#"{"queue":1,"PIN":2,"note":3}"#), r#""Queue":1,"note":3"#);
        assert_eq!(shown(r#"{"note":4,"QUEUE":5}"#), r#""note":4,"Queue":5"#);
        assert_eq!(shown(r#"{"PIN":6}"#), "");
        assert_eq!(shown(r#"{"queue":7,"note":8}"#), r#""Queue":7,"note":8"#);
        assert!(form.row(&Row { values: "{".into(), ..row() }, 0.0, None).is_err());
    }

    #[test]
    fn a_row_of_all_fields_in_their_spelling_is_shown_as_it_is_kept() {
        let (org, folder) = (org(), folder());
        let setting = Setting { org: &org, folder: &folder, pii: true };
        let all = |queue| Columns::new(vec!["tid"], [queue, "PIN", "note"].map(FieldName::lenient).into());
        let kept = Row { values: r#"{"Queue":{"a": 1.10},"note":" \u00e9"}"#.into(), ..row() };
        let whole = r#""tid":"t1","Queue":{"a": 1.10},"note":" \u00e9""#;
        assert_eq!(Form::new(setting, &all("Queue")).row(&kept, 0.0, None).unwrap().members, whole);
        // Another folder's spelling heads the column; values are hidden; the row is of other fields.
        assert!(!Form::new(setting, &all("QUEUE")).verbatim);
        let hidden = all("Queue");
        let mut form = Form::new(Setting { pii: false, ..setting }, &hidden);
        let secret = Row { values: r#"{"PIN":"0314"}"#.into(), ..row() };
        assert_eq!(form.row(&secret, 0.0, None).unwrap().members, r#""tid":"t1","PIN":"***""#);
        let before = Row { values: r#"{"gone":1,"note":"b"}"#.into(), schema_version: 0, ..row() };
        assert_eq!(
            Form::new(setting, &all("Queue")).row(&before, 0.0, None).unwrap().members,
            r#""tid":"t1","note":"b""#
        );
        let none = Row { values: "{}".into(), ..row() };
        assert_eq!(Form::new(setting, &all("Queue")).row(&none, 0.0, None).unwrap().members, r#""tid":"t1""#);
    }

    #[test]
    fn fractions_of_seconds_are_kept() {
        assert_eq!(Timestamp(1_500_000).rfc3339_in(&TimeZone::UTC), "1970-01-01T00:00:01.5+00:00");
    }
}
