//! `/status` and `/sysinfo`: how folders and the server stand, where V-Spark's clients look for it.
//!
//! *Decision:* V-Spark's folders tell of recognisers, which there are none of here: `servers` and `jobmgr` are empty, and
//! `queued` counts what a folder's back-fill has still to do. Nothing waits for recognition.
use crate::domain::access::Right;
use crate::domain::catalogue::Folder;
use crate::engine::access::Caller;
use crate::engine::admin::visible::{Object, demand_sight, entries};
use crate::engine::admin::{Collection, ConfigPath};
use crate::engine::core::Core;
use crate::engine::error::{Error, Result};
use serde_json::{Map, Value, json};

/// How one folder stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FolderStanding {
    /// Company, organisation and folder.
    pub names: [String; 3],
    /// `mode` of its configuration.
    pub mode: String,
    /// `OK`, or what runs.
    pub status: String,
    /// Transcripts in it.
    pub transcripts: u64,
    /// Of these, still to be projected with its configuration.
    pub queued: u64,
}

/// The folders below a path, in the order of names. Blocking: transcripts are counted.
///
/// # Errors
/// `not_found`, `right_missing`, or the database's.
pub fn folders(core: &Core, caller: &Caller, path: &ConfigPath) -> Result<Vec<FolderStanding>> {
    let path = ConfigPath { collection: path.folder.is_none().then_some(Collection::Folders), ..path.clone() };
    if path.item.is_some() {
        return Err(Error::absent());
    }
    let world = core.world.load_full();
    let found = entries(&world.catalogue, caller, &path)?;
    demand_sight(caller)?;
    let mut all = Vec::new();
    for entry in found {
        if let Some(Object::Folder(company, org, folder)) = entry.object {
            let names = [company.name.as_str(), org.name.as_str(), folder.name.as_str()].map(str::to_owned);
            all.push(standing(core, names, folder)?);
        }
    }
    Ok(all)
}

fn standing(core: &Core, names: [String; 3], folder: &Folder) -> Result<FolderStanding> {
    let counted = core.stores.database.count(folder.id, folder.schema.version)?;
    Ok(FolderStanding {
        names,
        mode: folder.settings.get("mode").and_then(Value::as_str).unwrap_or_default().to_owned(),
        status: core.backfills.status(folder.id).unwrap_or_else(|| "OK".to_owned()),
        transcripts: counted.transcripts,
        queued: counted.behind,
    })
}

impl FolderStanding {
    /// As V-Spark shows a folder, and with what it holds.
    pub fn json(&self) -> Value {
        json!({
            "mode": self.mode, "status": self.status, "servers": {}, "jobmgr": {},
            "queued": {"count": self.queued}, "transcripts": self.transcripts,
        })
    }
}

/// Folders nested by company and organisation, the first `dropped` levels left out.
pub fn nested(folders: &[FolderStanding], dropped: usize) -> Value {
    let mut root = Value::Object(Map::new());
    for folder in folders {
        let mut place = &mut root;
        for name in folder.names.iter().skip(dropped) {
            if !place.is_object() {
                *place = Value::Object(Map::new());
            }
            let Value::Object(members) = place else { break };
            place = members.entry(name.as_str()).or_insert(Value::Null);
        }
        *place = folder.json();
    }
    root
}

/// What this server is, and how it stands. Configuration and figures are for who may look after everything.
///
/// # Errors
/// `right_missing`.
pub fn system(core: &Core, caller: &Caller) -> Result<Value> {
    demand_sight(caller)?;
    let (stands, since) = (crate::engine::open::ready(core), core.started);
    let seconds = core.clock.now().0.saturating_sub(since.0).max(0) / 1_000_000;
    let mut shown = json!({
        "name": "linernotes", "version": env!("CARGO_PKG_VERSION"),
        "status": stands.err().unwrap_or_else(|| "OK".to_owned()),
        "started": since.rfc3339(), "uptime_seconds": seconds,
    });
    if caller.demand_everything(Right::Admin).is_ok()
        && let Some(members) = shown.as_object_mut()
    {
        let now = super::figures::figures(core);
        let spelled = |value: serde_json::Result<Value>| value.unwrap_or_default();
        let configuration = json!({
            "limits": spelled(serde_json::to_value(&core.settings.limits)),
            "compat": spelled(serde_json::to_value(&core.settings.compat)),
            "workers": spelled(serde_json::to_value(&core.settings.workers)),
        });
        let figures = json!({
            "edits": now.edits, "ingested": now.ingested, "searches": now.searches, "transcripts": now.index.records,
            "turns": now.index.turns, "owed_index": now.owed_index, "owed_archive": now.owed_archive,
            "quarantined": now.quarantined, "jobs": now.jobs, "backfill": now.backfill,
        });
        members.insert("configuration".to_owned(), configuration);
        members.insert("figures".to_owned(), figures);
    }
    Ok(shown)
}
