//! Names that stand in metadata of a folder, or of an organisation, without being configured: with counts, the type their values suggest and
//! samples; and configuring them in one call.
use super::walk::{At, Bounds, walk};
use crate::domain::access::Right;
use crate::domain::catalogue::{Folder, Org};
use crate::domain::fields::Definition;
use crate::domain::fields::guess::Guess;
use crate::domain::fields::reserved::is_reserved;
use crate::domain::identity::{FieldName, FolderName};
use crate::domain::projection::project;
use crate::domain::refusal::Code;
use crate::engine::access::Caller;
use crate::engine::admin::check::{array, below, invalid, text};
use crate::engine::admin::visible::demand_sight;
use crate::engine::admin::{ConfigPath, body, service};
use crate::engine::blocking::blocking;
use crate::engine::core::Core;
use crate::engine::error::{Error, Result};
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Transcripts looked at when nothing else is asked for.
pub const SAMPLE: u64 = 10_000;
/// How long a walk goes on at most.
const PATIENCE: Duration = Duration::from_secs(30);
/// Names kept while walking; further ones are left out.
const NAMES: usize = 5_000;
/// Samples of a name, and the bytes of JSON one may have.
const SAMPLES: usize = 3;
const SAMPLE_BYTES: usize = 200;
/// How often a promotion is tried again because the folder was configured meanwhile.
const TRIES: usize = 5;

#[derive(Default)]
struct Found {
    transcripts: u64,
    guess: Guess,
    samples: Vec<Value>,
    /// Transcripts by folder.
    folders: BTreeMap<FolderName, u64>,
}

#[derive(Default)]
struct Names {
    found: HashMap<FieldName, Found>,
    unread: Vec<String>,
    /// Transcripts there are, and those looked at, by folder.
    folders: BTreeMap<FolderName, (u64, u64)>,
}

/// `GET …/unconfigured` of a folder, or of all folders of an organisation that the caller sees; at most `sample`
/// transcripts of each folder are looked at. Blocking.
///
/// # Errors
/// `not_found`, `right_missing`, or the stores'.
pub fn list(core: &Core, caller: &Caller, at: &At, name: Option<&FolderName>, sample: u64) -> Result<Value> {
    let (org, folders) = {
        let world = core.world();
        let org = caller.org(&world.catalogue, &at.company, &at.org)?;
        let folders: Vec<Arc<Folder>> = match name {
            Some(name) => vec![caller.folder(org, name)?.clone()],
            None => org.folders.values().filter(|folder| caller.sees_folder(folder)).cloned().collect(),
        };
        (org.clone(), folders)
    };
    demand_sight(caller)?;
    let mut names = Names::default();
    let until = Instant::now() + PATIENCE;
    for (at_folder, folder) in (1..).zip(&folders) {
        // None takes the time of those after it.
        let left = u32::try_from(folders.len() + 1 - at_folder).unwrap_or(u32::MAX);
        let own = until.saturating_duration_since(Instant::now()) / left.max(1);
        look(core, at, folder, (sample, own), &mut names)?;
    }
    let (transcripts, looked) = names.folders.values().fold((0, 0), |all, own| (all.0 + own.0, all.1 + own.1));
    let complete = looked >= transcripts;
    let mut found: Vec<(FieldName, Found)> = names.found.into_iter().collect();
    found.sort_by(|(a, of), (b, other)| other.transcripts.cmp(&of.transcripts).then_with(|| a.cmp(b)));
    let of_org = name.is_none();
    let fields: Vec<Value> = found
        .into_iter()
        .map(|(name, found)| {
            let by_folder = of_org.then(|| json!(found.folders));
            let mut told = told(&org, caller, &name, found);
            told.extend(by_folder.map(|counts| ("folders".to_owned(), counts)));
            Value::Object(told)
        })
        .collect();
    let mut answer = Map::new();
    match name {
        Some(_) => answer.extend(folders.first().map(|own| ("folder".to_owned(), own.name.as_str().into()))),
        None => {
            let told = |(name, (transcripts, looked)): (&FolderName, &(u64, u64))| {
                (name.to_string(), json!({"transcripts": transcripts, "looked": looked}))
            };
            answer.insert("org".to_owned(), org.name.as_str().into());
            answer.insert("folders".to_owned(), names.folders.iter().map(told).collect::<Map<_, _>>().into());
        }
    }
    answer.insert("transcripts".to_owned(), transcripts.into());
    answer.insert("looked".to_owned(), looked.into());
    answer.insert("complete".to_owned(), complete.into());
    answer.insert("fields".to_owned(), fields.into());
    if !names.unread.is_empty() && caller.may(Right::Read) {
        answer.insert("unread".to_owned(), names.unread.into());
    }
    Ok(Value::Object(answer))
}

/// Whether a name may be configured in the folder, and is not.
fn is_open(folder: &Folder, name: &FieldName) -> bool {
    folder.schema.field(name).is_none() && !is_reserved(name) && !folder.schema.barred.contains(name)
}

fn told(org: &Org, caller: &Caller, name: &FieldName, found: Found) -> Map<String, Value> {
    let mut told = Map::new();
    told.insert("name".to_owned(), name.shown().into());
    told.insert("transcripts".to_owned(), found.transcripts.into());
    let guessed = found.guess.definition();
    told.insert("type".to_owned(), guessed.as_ref().map_or(Value::Null, |guessed| guessed.kind.text().into()));
    if let Some(size) = guessed.and_then(|guessed| guessed.size) {
        told.insert("size".to_owned(), size.into());
    }
    if caller.scope().folder.is_none()
        && let Some(field) = org.fields.iter().find(|field| field.name == *name)
    {
        told.insert("defined".to_owned(), field.meant().kind.text().into());
    }
    if caller.may(Right::Read) {
        let masked = is_personal(org, name) && !caller.may(Right::Pii);
        let stars = || found.samples.iter().map(|_| Value::from("***")).collect();
        let samples = if masked { stars() } else { found.samples.clone() };
        told.insert("samples".to_owned(), Value::Array(samples));
    }
    told
}

/// Whether a field of that name, or of something inside it, is marked `pii` elsewhere in the organisation, or was.
fn is_personal(org: &Org, name: &FieldName) -> bool {
    let fields = org.fields.iter().chain(org.deleted.iter().map(|gone| &gone.field));
    let mut marked = fields.filter(|field| field.definition.pii || field.meant().pii);
    marked.any(|field| {
        let rest = field.name.folded().strip_prefix(name.folded());
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    })
}

/// Looks at the first transcripts of a folder, for so long at most. Names known from elsewhere are added with no count when
/// not all were looked at.
fn look(
    core: &Core,
    at: &At,
    folder: &Arc<Folder>,
    (sample, patience): (u64, Duration),
    names: &mut Names,
) -> Result<()> {
    let (bounds, zone) = (core.settings.value_bounds(), &folder.schema.zone);
    let found = &mut names.found;
    let limits = Bounds { most: Some(sample), until: Instant::now().checked_add(patience) };
    let walked = walk(core, at, std::slice::from_ref(folder), limits, &mut |folder, _, metadata| {
        let projection = project(metadata, &folder.schema, bounds);
        for name in projection.unindexed().filter(|name| !is_reserved(name)) {
            let Some(raw) = metadata.get(name) else { continue };
            let room = found.len() < NAMES;
            let own = match found.get_mut(name) {
                Some(own) => own,
                None if room => found.entry(name.clone()).or_default(),
                None => continue,
            };
            own.transcripts += 1;
            match own.folders.get_mut(&folder.name) {
                Some(count) => *count += 1,
                None => drop(own.folders.insert(folder.name.clone(), 1)),
            }
            own.guess.see(raw, zone, bounds);
            keep(&mut own.samples, raw);
        }
    })?;
    if walked.looked < walked.transcripts {
        for seen in core.seen.of(std::iter::once(folder.id)) {
            let seen = FieldName::lenient(&seen);
            if is_open(folder, &seen) {
                found.entry(seen).or_default().folders.entry(folder.name.clone()).or_default();
            }
        }
    }
    names.unread.extend(walked.unread);
    names.folders.insert(folder.name.clone(), (walked.transcripts, walked.looked));
    Ok(())
}

/// Keeps a value as a sample, if it is another one and has content.
fn keep(samples: &mut Vec<Value>, raw: &RawValue) {
    if samples.len() >= SAMPLES || matches!(raw.get(), "null" | "[]" | "\"\"") {
        return;
    }
    let value = if raw.get().len() > SAMPLE_BYTES {
        let cut: String = raw.get().trim_start_matches('"').chars().take(SAMPLE_BYTES / 4).collect();
        Value::from(cut + "…")
    } else {
        serde_json::from_str(raw.get()).unwrap_or_default()
    };
    if !samples.contains(&value) {
        samples.push(value);
    }
}

/// `POST …/unconfigured`: adds names to the folder's `custom_meta`, with the type given or guessed.
///
/// # Errors
/// `not_found`, `right_missing`; `config_invalid` for a name without values whose type is not given; those of
/// configuration.
pub async fn promote(core: &Arc<Core>, caller: &Caller, at: &At, name: &FolderName, sent: &str) -> Result<Value> {
    {
        let world = core.world();
        caller.folder(caller.org(&world.catalogue, &at.company, &at.org)?, name)?;
    }
    caller.demand(Right::Config)?;
    let sent = body::read(sent, &core.settings.limits)?;
    let fields =
        sent.get("fields").ok_or_else(|| invalid("", "send {\"fields\": [names, or {\"name\",\"type\",…}]}"))?;
    let asked = asked(fields)?;
    let path = ConfigPath {
        company: Some(at.company.clone()),
        org: Some(at.org.clone()),
        folder: Some(name.clone()),
        ..ConfigPath::default()
    };
    let mut guessed: Option<HashMap<FieldName, Option<Definition>>> = None;
    for _ in 0..TRIES {
        let (_, etag) = service::read(core, caller, &path)?;
        let (org, folder) = {
            let world = core.world();
            let org = caller.org(&world.catalogue, &at.company, &at.org)?;
            (org.clone(), caller.folder(org, name)?.clone())
        };
        let mut list: Vec<Value> = folder.custom_meta.iter().map(|name| name.shown().into()).collect();
        let mut promoted = Vec::new();
        for (pointer, spelled, definition) in &asked {
            let field = FieldName::lenient(spelled);
            if folder.schema.field(&field).is_some() {
                continue;
            }
            let defined = org.fields.iter().find(|own| own.name == field);
            let mut element = definition.clone();
            element.insert("name".to_owned(), spelled.as_str().into());
            if defined.is_none() && !definition.contains_key("type") {
                if guessed.is_none() {
                    guessed = Some(guesses(core, at, &folder).await?);
                }
                let guess = guessed.as_ref().and_then(|all| all.get(&field)).cloned();
                let guess = demanded(guess, spelled, pointer)?;
                element.insert("type".to_owned(), guess.kind.text().into());
                if let Some(size) = guess.size {
                    element.insert("size".to_owned(), size.into());
                }
            }
            let kind = element.get("type").cloned();
            let kind = kind.or_else(|| defined.map(|field| field.meant().kind.text().into()));
            promoted.push(json!({"name": spelled, "type": kind}));
            // A name alone leaves a definition that stands as it is.
            list.push(if element.len() == 1 { spelled.as_str().into() } else { Value::Object(element) });
        }
        if promoted.is_empty() {
            return Ok(json!({"promoted": [], "folder": service::read(core, caller, &path)?.0}));
        }
        let body = json!({"custom_meta": list}).to_string();
        match service::change(core, caller, &path, &body, (Some(&etag), false)).await {
            Ok((folder, _)) => return Ok(json!({"promoted": promoted, "folder": folder})),
            Err(Error::Refused(refusal)) if refusal.code == Code::RevisionMismatch => {}
            Err(error) => return Err(error),
        }
    }
    Err(Error::refused(Code::RevisionMismatch, "the folder is being configured by others all the time; try again"))
}

/// A field asked for: where it stands, its name, its definition.
type AskedField = (String, String, Map<String, Value>);

fn asked(fields: &Value) -> Result<Vec<AskedField>> {
    let elements = array(fields, "/fields")?.iter().enumerate();
    let read = elements.map(|(at, element)| {
        let pointer = below("/fields", &at.to_string());
        match element {
            Value::String(name) => Ok((pointer, name.clone(), Map::new())),
            Value::Object(members) => {
                let place = below(&pointer, "name");
                let name = members.get("name").ok_or_else(|| invalid(&*pointer, "the field has no \"name\""))?;
                Ok((pointer.clone(), text(name, &place)?.to_owned(), members.clone()))
            }
            _ => Err(invalid(pointer, "a field is named, or an object {\"name\",\"type\",…}")),
        }
    });
    read.collect()
}

fn demanded(guess: Option<Option<Definition>>, name: &str, pointer: &str) -> Result<Definition> {
    match guess {
        Some(Some(guess)) => Ok(guess),
        Some(None) => {
            let detail = format!(
                "{name:?} has no values that a type takes (objects, or blanks only); give its type, or configure names \
                 inside its objects, such as {name}.x"
            );
            Err(invalid(pointer, detail))
        }
        None => Err(invalid(pointer, format!("{name:?} was not met in the transcripts looked at; give its type"))),
    }
}

async fn guesses(core: &Arc<Core>, at: &At, folder: &Arc<Folder>) -> Result<HashMap<FieldName, Option<Definition>>> {
    let (core, at, folder) = (core.clone(), at.clone(), folder.clone());
    let names = blocking(move || {
        let mut names = Names::default();
        look(&core, &at, &folder, (SAMPLE, PATIENCE), &mut names).map(|()| names)
    });
    let names = names.await??;
    Ok(names.found.into_iter().map(|(name, found)| (name, found.guess.definition())).collect())
}
