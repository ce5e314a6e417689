//! `POST /imports/{company}/{org}`: an import is declared. Fields it brings with a definition are configured first.
//!
//! *Decision:* a plain name is taken as it is, configured or not; an object `{"name","type",…}` is to be configured in
//! the folder named, or in all that the token sees: where it is not, that needs the right `config`. A type other than
//! the configured one is refused: retyping is a step of its own.
use super::lookup::is_key;
use crate::base::digest;
use crate::domain::access::Right;
use crate::domain::catalogue::{Folder, Org};
use crate::domain::fields::Definition;
use crate::domain::identity::{CompanyName, FieldName, FolderName, OrgName};
use crate::domain::metadata::rules::Names;
use crate::domain::refusal::{Code, Refusal, pointer_token};
use crate::engine::access::Caller;
use crate::engine::admin::{self, ConfigPath};
use crate::engine::core::Core;
use crate::engine::edit::committer::Request;
use crate::engine::error::{Error, Result};
use crate::engine::jobs::account::{Account, Counts, State};
use crate::engine::jobs::work::{By, Declared, Import, What, Work};
use crate::stores::database::Write;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::sync::Arc;

/// How often a configuration that changes meanwhile is read again.
const TRIES: usize = 5;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    key: Option<String>,
    fields: Vec<Value>,
    #[serde(default)]
    folder: Option<FolderName>,
    #[serde(default)]
    atomic: bool,
    #[serde(default)]
    dry_run: bool,
}

/// Declares an import; it waits for its rows.
///
/// # Errors
/// `not_found`, `right_missing`; what is wrong with the declaration.
pub async fn declare(
    core: &Arc<Core>,
    caller: &Caller,
    (company, org): (&CompanyName, &OrgName),
    body: &str,
) -> Result<Work> {
    let world = core.world.load_full();
    let found = caller.org(&world.catalogue, company, org)?;
    caller.demand(Right::Write)?;
    let asked: Asked = serde_json::from_str(body).map_err(|error| match serde_json::from_str::<Value>(body) {
        Ok(_) => Error::refused(Code::BodyShape, format!("the declaration is not understood: {error}")),
        Err(_) => Error::refused(Code::JsonInvalid, format!("the body is not valid JSON: {error}")),
    })?;
    let folder = asked.folder.as_ref().map(|name| caller.folder(found, name)).transpose()?;
    let fields = declared(core, &asked.fields)?;
    let key = asked.key.clone().unwrap_or_else(|| "tid".to_owned());
    if key != "tid" && !is_key(core, found.id, &key) {
        let detail =
            format!("{key:?} is no key: it is `tid`, requestid, filename or a configured field that is no text");
        return Err(Refusal::at(Code::FieldNotConfigured, "/key", detail).into());
    }
    if fields.iter().any(|field| FieldName::lenient(&field.name) == FieldName::lenient(&key)) {
        return Err(
            Refusal::at(Code::DuplicateField, "/key", "the key of an import can not be one of its fields").into()
        );
    }
    let wanted: Vec<&Declared> = fields.iter().filter(|field| field.definition.is_some()).collect();
    same_types(found, &wanted)?;
    let folders: Vec<&Arc<Folder>> = match folder {
        Some(only) => vec![only],
        None => found.folders.values().filter(|folder| caller.sees_folder(folder)).collect(),
    };
    for folder in folders {
        let missing = |field: &&Declared| folder.schema.field(&FieldName::lenient(&field.name)).is_none();
        if wanted.iter().copied().any(|field| missing(&field)) {
            caller.demand(Right::Config)?;
            if !asked.dry_run {
                configure(core, caller, (company, org), &folder.name, &wanted).await?;
            }
        }
    }
    let work = Work {
        account: Account {
            id: format!("imp-{}", digest::hex(digest::random().get(..8).unwrap_or_default())),
            kind: "import".to_owned(),
            state: State::Open,
            company: Some(company.clone()),
            org: Some(org.clone()),
            // A token that keeps to a folder sees its own imports.
            folder: asked.folder.clone().or_else(|| caller.scope().folder.clone()),
            name: asked.name.map(|name| name.chars().take(200).collect()),
            counts: Some(Counts::default()),
            created: core.clock.now().0,
            ..Account::default()
        },
        by: By::of(caller),
        org: found.id,
        folder: folder.map(|folder| folder.id),
        what: What::Import(Import { key, fields, atomic: asked.atomic, dry_run: asked.dry_run, ..Import::default() }),
        ..Work::default()
    };
    core.committer.commit(Request::plain(vec![Write::PutJob(work.job())])).await?;
    core.board.put(work.clone());
    Ok(work)
}

/// Reads the list of fields.
fn declared(core: &Core, fields: &[Value]) -> Result<Vec<Declared>> {
    if fields.is_empty() {
        return Err(Refusal::at(Code::BodyShape, "/fields", "an import brings at least one field").into());
    }
    let mut judge = Names::judged_by(Some(core.settings.edit_rules().names));
    let mut all = Vec::with_capacity(fields.len());
    for (at, field) in fields.iter().enumerate() {
        let place = || format!("/fields/{at}");
        let (name, definition) = match field {
            Value::String(name) => (name.as_str(), None),
            Value::Object(body) => {
                let name = body
                    .get("name")
                    .and_then(Value::as_str)
                    .ok_or_else(|| Refusal::at(Code::BodyShape, place(), "a field has a \"name\""))?;
                let mut rest: Map<String, Value> = body.clone();
                rest.remove("name");
                rest.entry("type").or_insert_with(|| json!("varchar"));
                let definition: Definition = serde_json::from_value(Value::Object(rest)).map_err(|error| {
                    Refusal::at(
                        Code::ConfigInvalid,
                        format!("{}/{}", place(), pointer_token("type")),
                        error.to_string(),
                    )
                })?;
                (name, Some(definition))
            }
            _ => {
                let detail = "a field is its name, or an object {\"name\",\"type\",…}";
                return Err(Refusal::at(Code::BodyShape, place(), detail).into());
            }
        };
        let name = judge.take(name, place);
        all.push(Declared { name: name.shown().to_owned(), definition });
    }
    judge.verdict()?;
    Ok(all)
}

fn same_types(org: &Org, wanted: &[&Declared]) -> Result<()> {
    for field in wanted {
        let name = FieldName::lenient(&field.name);
        let known = org.fields.iter().find(|known| known.name == name);
        if let (Some(known), Some(definition)) = (known, &field.definition)
            && known.definition.kind != definition.kind
        {
            let detail = format!(
                "the field {:?} is configured as {}, not {}; retype it first, or name it without a type",
                field.name,
                known.definition.kind.text(),
                definition.kind.text()
            );
            return Err(Refusal::at(Code::ConfigInvalid, "/fields", detail).into());
        }
    }
    Ok(())
}

/// Adds fields to what a folder lists; what others change meanwhile stays.
async fn configure(
    core: &Arc<Core>,
    caller: &Caller,
    (company, org): (&CompanyName, &OrgName),
    folder: &FolderName,
    wanted: &[&Declared],
) -> Result<()> {
    let path = ConfigPath {
        company: Some(company.clone()),
        org: Some(org.clone()),
        folder: Some(folder.clone()),
        ..ConfigPath::default()
    };
    for _ in 0..TRIES {
        let (_, etag) = admin::service::read(core, caller, &path)?;
        let listed = {
            let world = core.world();
            let found = caller.org(&world.catalogue, company, org)?;
            let own = caller.folder(found, folder)?;
            let mut listed: Vec<Value> = own.custom_meta.iter().map(|name| json!(name.shown())).collect();
            for field in wanted {
                let name = FieldName::lenient(&field.name);
                if own.schema.field(&name).is_some() {
                    continue;
                }
                let defined = found.fields.iter().any(|known| known.name == name);
                listed.push(if defined { json!(field.name) } else { spelled(field) });
            }
            listed
        };
        let body = json!({"custom_meta": listed}).to_string();
        match admin::service::change(core, caller, &path, &body, (Some(&etag), false)).await {
            Err(Error::Refused(refusal)) if refusal.code == Code::RevisionMismatch => {}
            Err(error) => return Err(error),
            Ok(_) => return Ok(()),
        }
    }
    Err(Error::refused(Code::Overloaded, "the configuration of the folder keeps changing"))
}

fn spelled(field: &Declared) -> Value {
    let mut body = match serde_json::to_value(&field.definition) {
        Ok(Value::Object(body)) => body,
        _ => Map::new(),
    };
    body.insert("name".to_owned(), json!(field.name));
    Value::Object(body)
}
