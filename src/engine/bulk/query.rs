//! `POST /metadata/{company}/{org}`: one edit of all transcripts that a search finds. The first call shows what it would
//! do and hands out a token for exactly that set; the second, with the token, has it done by a job.
//!
//! *Decision:* the set is the transcripts (by incarnation), not their revisions: who is edited between the two calls and
//! still matches is edited all the same. A set that is another one by then is refused, and the answer shows the new one.
use super::wave::now;
use crate::base::json::{Raw, members};
use crate::base::{digest, seal};
use crate::domain::access::Right;
use crate::domain::identity::{CompanyName, Key, OrgId, OrgName};
use crate::domain::metadata::Edit;
use crate::domain::projection::project;
use crate::domain::refusal::{Code, Refusal};
use crate::engine::access::Caller;
use crate::engine::blocking::blocking;
use crate::engine::core::Core;
use crate::engine::edit::committer::Request;
use crate::engine::edit::transcript::visible;
use crate::engine::error::{Error, Result};
use crate::engine::imports::take::ROWS_MAX;
use crate::engine::intake::target::Target;
use crate::engine::jobs::account::{Account, Counts, State};
use crate::engine::jobs::work::{BulkEdit, By, KEYS, What, Work};
use crate::engine::search::cursor::Place;
use crate::engine::search::freshness;
use crate::engine::search::run::{admitted, bind, refused};
use crate::engine::types::IngestOptions;
use crate::engine::world::World;
use crate::query::request::SearchRequest;
use crate::query::resolve::Resolved;
use crate::stores::database::Write;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;

/// How long a confirm token is good: microseconds.
const GOOD_FOR: i64 = 15 * 60 * 1_000_000;
/// Transcripts shown before and after.
const SAMPLES: usize = 5;
/// How long is waited for the index to know every answered write.
const PATIENCE: Duration = Duration::from_secs(10);

/// An edit by query, as asked.
#[derive(Clone, Debug)]
pub struct Asked {
    query: SearchRequest,
    query_text: String,
    set: Option<Raw>,
    unset: Option<Raw>,
    confirm: Option<String>,
}

/// What it comes to.
#[derive(Clone, Debug)]
pub enum Answer {
    /// Nothing was changed: what would be.
    Preview(Value),
    /// The job that does it.
    Begun(Box<Work>),
    /// The set is not the one that was confirmed: what it would be now.
    Moved(Value),
}

impl Asked {
    /// Reads a body: `{"query","set"?,"unset"?,"confirm"?}`. The query is a text as `q`, or an object as the body of a
    /// search.
    ///
    /// # Errors
    /// As [`Edit::changing`] and [`SearchRequest::from_json`].
    pub fn read(core: &Core, body: &str) -> Result<Self> {
        let read = members(body).map_err(|error| match serde_json::from_str::<Value>(body) {
            Ok(_) => Refusal::new(Code::BodyShape, "the body is not an object of query, set, unset, confirm"),
            Err(_) => Refusal::new(Code::JsonInvalid, format!("the body is not valid JSON: {error}")),
        })?;
        let (mut query, mut set, mut unset, mut confirm) = (None, None, None, None);
        for (name, raw) in read.0 {
            let slot = match &*name {
                "query" => &mut query,
                "set" => &mut set,
                "unset" => &mut unset,
                "confirm" => &mut confirm,
                other => {
                    let shown: String = other.chars().take(60).collect();
                    let detail = format!("there is no {shown:?} here; known are query, set, unset, confirm");
                    return Err(Refusal::at(Code::BodyShape, format!("/{shown}"), detail).into());
                }
            };
            if slot.replace(raw).is_some() {
                return Err(Refusal::new(Code::DuplicateField, format!("{name:?} stands twice")).into());
            }
        }
        let Some(query) = query else {
            return Err(
                Refusal::at(Code::BodyShape, "/query", "the query is missing; `{}` means every transcript").into()
            );
        };
        Edit::changing(set, unset, core.settings.edit_rules())?;
        whole_set(query.get())?;
        let text = if query.get().starts_with('"') {
            json!({"q": serde_json::from_str::<Value>(query.get()).unwrap_or_default()}).to_string()
        } else {
            query.get().to_owned()
        };
        let request = SearchRequest::from_json(&text, &core.settings.limits)?;
        let confirm = confirm
            .map(|raw| serde_json::from_str(raw.get()))
            .transpose()
            .map_err(|_| Refusal::at(Code::ConfirmUnknown, "/confirm", "`confirm` is the token of a preview"))?;
        Ok(Self {
            query: request,
            query_text: text,
            set: set.map(ToOwned::to_owned),
            unset: unset.map(ToOwned::to_owned),
            confirm,
        })
    }

    fn edit(&self, core: &Core) -> Result<Edit> {
        Ok(Edit::changing(self.set.as_deref(), self.unset.as_deref(), core.settings.edit_rules())?)
    }

    /// What a token goes with: who asks, where, for what.
    fn context(&self, core: &Core, caller: &Caller, org: OrgId) -> [u8; 32] {
        let spelled = |raw: &Option<Raw>| raw.as_ref().map_or("", |raw| raw.get()).to_owned();
        let all = json!([
            "bulk edit",
            core.identity.epoch,
            caller.token_id(),
            org.0,
            self.query_text,
            spelled(&self.set),
            spelled(&self.unset)
        ]);
        digest::sha256(all.to_string().as_bytes())
    }
}

/// Refuses names of a search that would have the answer cut or shaped: an edit takes all that is found, and nobody should
/// believe that `size` bounds it.
fn whole_set(query: &str) -> Result<()> {
    const SHAPING: [&str; 14] = [
        "size",
        "offset",
        "cursor",
        "output",
        "format",
        "fields",
        "sort",
        "sortdir",
        "facets",
        "stats",
        "histogram",
        "moments",
        "explain",
        "zipfiles",
    ];
    let Ok(sent) = members(query) else { return Ok(()) };
    match sent.0.iter().map(|(name, _)| &**name).find(|name| SHAPING.contains(name)) {
        None => Ok(()),
        Some(name) => {
            let detail =
                format!("`{name}` shapes an answer; an edit takes every transcript that the query finds: leave it out");
            Err(Refusal::at(Code::ParameterInvalid, format!("/query/{name}"), detail).into())
        }
    }
}

/// Previews, or begins when the request confirms a preview.
///
/// # Errors
/// `not_found`, `right_missing`; a search's; `confirm_unknown`; `too_many_rows`; `not_yet_visible`.
pub async fn edit(
    core: &Arc<Core>,
    caller: &Caller,
    (company, org): (&CompanyName, &OrgName),
    body: &str,
) -> Result<Answer> {
    let target = Target::resolve(core, caller, company, org, &IngestOptions::default())?;
    let asked = Asked::read(core, body)?;
    if !core.index_ready.load(std::sync::atomic::Ordering::Relaxed) {
        return Err(Error::refused(Code::IndexRebuilding, "the search index is being rebuilt"));
    }
    let written = core.stores.database.identity()?.commit;
    if !core.index.until(PATIENCE, |p| p.has_all(target.org, written)).await {
        let detail = "the index does not know all answered writes yet; try again";
        return Err(Refusal::new(Code::NotYetVisible, detail).into());
    }
    if let Some(mark) = &asked.query.after {
        // All answered writes are there; whether the mark is one of ours is still to be judged.
        freshness::after(core, mark, &[target.org], asked.query.timeout.unwrap_or(PATIENCE)).await?;
    }
    let budget = Duration::from_millis(core.settings.limits.search_timeout_ms);
    let (caller, place) = (caller.clone(), Place::of((company, Some(org), None)));
    let found = {
        let (caller, asked) = (caller.clone(), asked.clone());
        admitted(core, budget, move |core| {
            // The configuration of after the waiting.
            let world = core.world.load_full();
            let resolved = bind(&core, &caller, &world, place.path(), &asked.query)?;
            let keys = core
                .stores
                .index
                .keys(&resolved.search, budget)
                .map_err(|error| refused(&core, error, "query", budget))?;
            Ok((world, resolved, keys))
        })
        .await?
    };
    let core = core.clone();
    blocking(move || decide(&core, &caller, &target, &asked, found)).await?
}

fn decide(
    core: &Arc<Core>,
    caller: &Caller,
    target: &Target,
    asked: &Asked,
    (world, resolved, keys): (Arc<World>, Resolved, Vec<Key>),
) -> Result<Answer> {
    if keys.len() as u64 > ROWS_MAX {
        let detail =
            format!("the query finds {} transcripts; one edit takes at most {ROWS_MAX}: narrow it", keys.len());
        return Err(Error::refused(Code::TooManyRows, detail));
    }
    let bytes: Vec<u8> = keys.iter().flat_map(|key| u64::from(key.0).to_le_bytes()).collect();
    let sum = digest::sha256_hex(&bytes);
    let context = asked.context(core, caller, target.org);
    let preview = || preview(core, (caller, target), asked, (&world, &resolved), (&keys, &sum, &context));
    let Some(confirm) = &asked.confirm else { return Ok(Answer::Preview(preview()?)) };
    let unknown = || {
        let detail = "the token was not made by this store for this edit, or is too old; ask for a preview again";
        Error::from(Refusal::at(Code::ConfirmUnknown, "/confirm", detail))
    };
    let sealed = URL_SAFE_NO_PAD.decode(confirm).map_err(|_| unknown())?;
    let plain = seal::open(&core.identity.secret, &context, &sealed).ok_or_else(unknown)?;
    let (until, confirmed): (i64, String) = serde_json::from_slice(&plain).map_err(|_| unknown())?;
    if until < now(core) {
        return Err(unknown());
    }
    if confirmed != sum {
        return Ok(Answer::Moved(preview()?));
    }
    begin(core, caller, target, asked, &bytes, keys.len() as u64).map(|work| Answer::Begun(Box::new(work)))
}

fn begin(core: &Core, caller: &Caller, target: &Target, asked: &Asked, keys: &[u8], total: u64) -> Result<Work> {
    let mut work = Work {
        account: Account {
            id: format!("edit-{}", digest::hex(digest::random().get(..8).unwrap_or_default())),
            kind: "bulk_edit".to_owned(),
            state: State::Open,
            company: Some(target.company.clone()),
            org: Some(target.org_name.clone()),
            folder: caller.scope().folder.clone(),
            total,
            counts: Some(Counts::default()),
            created: now(core),
            ..Account::default()
        },
        by: By::of(caller),
        org: target.org,
        what: What::BulkEdit(BulkEdit { set: asked.set.clone(), unset: asked.unset.clone() }),
        ..Work::default()
    };
    // On the board before its folder is there: nobody takes the folder for one that was left behind.
    core.board.put(work.clone());
    work.account.state = State::Queued;
    let id = work.account.id.clone();
    let durable = || -> Result<()> {
        let staging = core.staging()?;
        staging.make(&id)?;
        let mut file = staging.append(&id, KEYS, 0)?;
        file.push(keys)?;
        file.finish()?;
        core.committer.commit_blocking(Request::plain(vec![Write::PutJob(work.job())]))?;
        Ok(())
    };
    if let Err(error) = durable() {
        core.board.remove(&id);
        return Err(error);
    }
    core.board.put(work.clone());
    Ok(work)
}

/// What the edit would do.
fn preview(
    core: &Arc<Core>,
    (caller, target): (&Caller, &Target),
    asked: &Asked,
    (world, resolved): (&World, &Resolved),
    (keys, sum, context): (&[Key], &str, &[u8; 32]),
) -> Result<Value> {
    let edit = asked.edit(core)?;
    let until = now(core) + GOOD_FOR;
    let plain = serde_json::to_vec(&(until, sum)).unwrap_or_default();
    let confirm = URL_SAFE_NO_PAD.encode(seal::seal(&core.identity.secret, context, &plain));
    Ok(json!({
        "count": keys.len(),
        "samples": samples(core, caller, target, world, &edit, keys)?,
        "misfits": misfits(core, world, resolved, &edit)?,
        "confirm": confirm,
        "expires": crate::base::clock::Timestamp(until).rfc3339(),
    }))
}

/// Some of the transcripts, spread over the set: what the edit names, before and after.
fn samples(
    core: &Arc<Core>,
    caller: &Caller,
    target: &Target,
    world: &World,
    edit: &Edit,
    keys: &[Key],
) -> Result<Vec<Value>> {
    let every = keys.len().div_ceil(SAMPLES).max(1);
    let picked: Vec<Key> = keys.iter().step_by(every).copied().collect();
    let mut samples = Vec::with_capacity(picked.len());
    for row in core.stores.database.load_keys(&picked)?.into_iter().flatten() {
        let (current, home) = match visible(core, caller, world, target.org, &target.place(&row.tid)) {
            Ok(found) => found,
            Err(Error::Refused(refusal)) if refusal.code == Code::NotFound => continue,
            Err(error) => return Err(error),
        };
        let mut sample =
            json!({"tid": row.tid.as_str(), "folder": home.folder.name.as_str(), "revision": current.revision.0});
        let Some(told) = sample.as_object_mut() else { continue };
        let (mut before, mut after) = (serde_json::Map::new(), serde_json::Map::new());
        match edit.apply(&current.metadata, core.settings.edit_rules()) {
            Ok(edited) => {
                for name in &edited.touched {
                    let pii = home.folder.schema.field(name).is_some_and(|field| field.definition.pii);
                    let hidden = pii && !caller.may(Right::Pii);
                    for (side, metadata) in [(&mut before, &current.metadata), (&mut after, &edited.metadata)] {
                        if let Some(raw) = metadata.get(name) {
                            let value =
                                if hidden { json!("***") } else { serde_json::from_str(raw.get()).unwrap_or_default() };
                            side.insert(name.shown().to_owned(), value);
                        }
                    }
                }
                told.insert("before".to_owned(), before.into());
                told.insert("after".to_owned(), after.into());
            }
            Err(refusal) => {
                told.insert("error".to_owned(), json!({"code": refusal.code.text(), "detail": refusal.detail}));
            }
        }
        samples.push(sample);
    }
    Ok(samples)
}

/// Values that do not fit, folder by folder: they are the same for all transcripts of a folder, so a count each is exact.
fn misfits(core: &Core, world: &World, resolved: &Resolved, edit: &Edit) -> Result<Vec<Value>> {
    let empty = crate::domain::metadata::Metadata::default();
    let Ok(edited) = edit.apply(&empty, core.settings.edit_rules()) else { return Ok(Vec::new()) };
    let budget = Duration::from_millis(core.settings.limits.search_timeout_ms);
    let mut all = Vec::new();
    for id in &resolved.search.scope.folders {
        let Some(home) = world.home(*id) else { continue };
        let projection = project(&edited.metadata, &home.folder.schema, core.settings.value_bounds());
        if projection.misfits.is_empty() {
            continue;
        }
        let mut own = resolved.search.clone();
        own.scope.folders = vec![*id];
        let count = core.stores.index.keys(&own, budget).map_err(|error| refused(core, error, "query", budget))?.len();
        if count == 0 {
            continue;
        }
        let refuses = projection.refuse_misfits(&home.folder.schema, &edited.touched).is_err();
        for misfit in &projection.misfits {
            all.push(json!({
                "folder": home.folder.name.as_str(),
                "field": misfit.name.shown(),
                "detail": misfit.detail,
                "count": count,
                "refused": refuses,
            }));
        }
    }
    Ok(all)
}
