//! The demo world: some companies, folders and a few dozen real transcripts, loaded through the engine like anybody's.
//!
//! `Co-Short` / `Org-Short` is the company of V-Spark's own examples of `/metadata`, so that those can be pasted as they
//! stand. Sources and licences: `LICENCES.md` beside this file.
pub mod curl;
pub mod world;

use crate::domain::identity::{CompanyName, OrgName};
use crate::engine::admin::{Collection, ConfigPath};
use crate::engine::types::{IngestOptions, Wait};
use crate::engine::{Caller, Engine};
use anyhow::{Context, Result, anyhow};
use serde_json::{Value, json};
use std::time::Duration;
use world::{FOLDERS, Folder};

/// How long the start waits for the demo to be searchable.
const SEARCHABLE_WITHIN: Duration = Duration::from_secs(60);

/// What became of the demo world.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was loaded now.
    Loaded {
        /// Transcripts brought in.
        transcripts: usize,
        /// Whether searches see them all already.
        searchable: bool,
    },
    /// An earlier start loaded it; it was left as it is.
    Kept,
    /// The folder holds somebody's own companies; nothing was loaded.
    Foreign,
}

/// Loads the demo world if there is no company at all.
///
/// # Errors
/// When the engine refuses a part of it.
pub async fn load(engine: &Engine) -> Result<Outcome> {
    let owner = Caller::owner();
    let companies = engine.list(&owner, &ConfigPath::default()).await?;
    let names: Vec<&str> =
        companies.as_array().map(|all| all.iter().filter_map(Value::as_str).collect()).unwrap_or_default();
    if !names.is_empty() {
        return Ok(if names.contains(&curl::COMPANY) { Outcome::Kept } else { Outcome::Foreign });
    }
    let (mut transcripts, mut searchable) = (0, true);
    for folder in FOLDERS {
        let (count, seen) = load_folder(engine, &owner, folder)
            .await
            .with_context(|| format!("cannot load the demo folder {folder}"))?;
        transcripts += count;
        searchable &= seen;
    }
    Ok(Outcome::Loaded { transcripts, searchable })
}

async fn load_folder(engine: &Engine, owner: &Caller, folder: &Folder) -> Result<(usize, bool)> {
    let (company, org) = (CompanyName::parse(folder.company)?, OrgName::parse(folder.org)?);
    configure(engine, owner, folder, &company, &org).await?;
    let options = IngestOptions {
        folder: Some(crate::domain::identity::FolderName::parse(folder.name)?),
        id_key: folder.id_key.map(str::to_owned),
        ..IngestOptions::default()
    };
    let lines: Vec<String> = folder.lines().map(str::to_owned).collect();
    let count = lines.len();
    let verdicts = engine.ingest(owner, &company, &org, &options, lines).await?;
    let mut mark = None;
    for verdict in verdicts {
        let stored = verdict.map_err(|(tid, refusal)| anyhow!("{}: {refusal}", tid.unwrap_or_default()))?;
        mark = Some(stored.mark);
    }
    let seen = match mark {
        Some(mark) => engine.settle(&mark, (&company, &org), Wait::Search, SEARCHABLE_WITHIN).await,
        None => true,
    };
    Ok((count, seen))
}

/// Company, organisation and folder, level by level; what exists stays.
async fn configure(
    engine: &Engine,
    owner: &Caller,
    folder: &Folder,
    company: &CompanyName,
    org: &OrgName,
) -> Result<()> {
    let root = ConfigPath::default();
    let orgs = ConfigPath { company: Some(company.clone()), collection: Some(Collection::Orgs), ..root.clone() };
    let folders = ConfigPath {
        company: Some(company.clone()),
        org: Some(org.clone()),
        collection: Some(Collection::Folders),
        ..root.clone()
    };
    let steps = [
        (root, json!({ folder.company: {} })),
        (orgs, json!({ folder.org: { "timezone": folder.timezone } })),
        (folders, json!({ folder.name: folder.configuration()? })),
    ];
    for (path, body) in steps {
        engine.change_config(owner, &path, &body.to_string(), None, false).await?;
    }
    Ok(())
}
