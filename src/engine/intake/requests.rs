//! `GET /request/{org}/status`: what became of an upload (contract section 7). An upload that is being taken in is told
//! from memory, one that is over from the jobs that have ended; where those are forgotten, or a transcript brought its
//! `requestid` along another way, the transcripts that carry it prove that it is done.
use super::target::find_org;
use crate::base::fold::fold_value;
use crate::domain::builtins::builtin;
use crate::domain::identity::{CompanyName, FolderName, OrgName};
use crate::domain::refusal::Code;
use crate::engine::access::Caller;
use crate::engine::core::Core;
use crate::engine::edit::committer::Request;
use crate::engine::error::{Error, Result};
use crate::engine::jobs::account::{Account, State};
use crate::engine::jobs::ended::ended;
use crate::engine::jobs::show::judge;
use crate::engine::jobs::work::Work;
use crate::engine::search::run::{admitted, refused};
use crate::query::resolved::{Node, ResolvedSearch, Scope, Target, Test, ValueTest};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

/// As `/jobs` calls an upload.
pub const KIND: &str = "transcribe";

/// An upload that is being taken in; forgotten when it is dropped.
pub struct Ongoing {
    core: Arc<Core>,
    id: String,
}

impl Ongoing {
    /// Begins to tell of an upload.
    pub fn begin(core: &Arc<Core>, id: &str, (company, org, folder): (&CompanyName, &OrgName, &FolderName)) -> Self {
        let now = core.clock.now().0;
        let account = Account {
            id: id.to_owned(),
            kind: KIND.to_owned(),
            state: State::Running,
            company: Some(company.clone()),
            org: Some(org.clone()),
            folder: Some(folder.clone()),
            created: now,
            started: Some(now),
            ..Account::default()
        };
        core.uploads.lock().insert(id.to_owned(), account);
        Self { core: core.clone(), id: id.to_owned() }
    }

    /// So many of so many files are stored.
    pub fn at(&self, done: usize, total: usize) {
        if let Some(account) = self.core.uploads.lock().get_mut(&self.id) {
            (account.done, account.total) = (done as u64, total as u64);
        }
    }

    /// It is over: durable before the upload is answered. One of which nothing was stored leaves nothing to ask for.
    ///
    /// # Errors
    /// The database's.
    pub async fn end(self, failure: Option<&Error>) -> Result<()> {
        let Some(mut account) = self.core.uploads.lock().get(&self.id).cloned() else { return Ok(()) };
        let state = if failure.is_some() { State::Failed } else { State::Done };
        if state == State::Failed && account.done == 0 {
            return Ok(());
        }
        if let Some(Error::Refused(refusal)) = failure {
            account.reason = Some(refusal.code.text().to_owned());
        }
        let write = ended(&self.core, account, state);
        self.core.committer.commit(Request::plain(vec![write])).await.map(drop)
    }
}

impl Drop for Ongoing {
    fn drop(&mut self) {
        self.core.uploads.lock().remove(&self.id);
    }
}

/// What became of an upload.
///
/// # Errors
/// `not_found` for an organisation or an id that is not there or hidden; `org_ambiguous`; `right_missing` without `read`
/// and `write`; `index_rebuilding` while only the index could tell.
pub async fn status(core: &Arc<Core>, caller: &Caller, org: &OrgName, requestid: &str) -> Result<Account> {
    let (company, org_id, folders) = {
        let world = core.world();
        let (company, org) = find_org(&world, caller, org)?;
        let folders = org.folders.values().filter(|folder| caller.sees_folder(folder)).map(|folder| folder.id);
        (company.name.clone(), org.id, folders.collect::<Vec<_>>())
    };
    judge(caller)?;
    if let Some(known) = known(core, requestid)?
        && known.is_seen(caller.scope())
        && (known.company.as_ref(), known.org.as_ref()) == (Some(&company), Some(org))
    {
        return Ok(known);
    }
    if !core.index_ready.load(Relaxed) {
        return Err(Error::refused(Code::IndexRebuilding, "the search index is being rebuilt"));
    }
    let absent = || Error::refused(Code::NotFound, "RequestId not found");
    let target = Target::Builtin(builtin("requestid").ok_or_else(absent)?);
    let test = Test::OneOf(vec![fold_value(requestid)]);
    let node = Node::Values(ValueTest { target, only_folders: None, test });
    let search = ResolvedSearch { size: 0, ..ResolvedSearch::new(Scope { orgs: vec![org_id], folders }, node) };
    let budget = Duration::from_millis(core.settings.limits.search_timeout_ms);
    let found = admitted(core, budget, move |core| {
        let page = core.stores.index.search(&search, budget);
        Ok(page.map_err(|error| refused(&core, error, "requestid", budget))?.total)
    })
    .await?;
    if found == 0 {
        return Err(absent());
    }
    Ok(Account {
        id: requestid.to_owned(),
        kind: KIND.to_owned(),
        state: State::Done,
        company: Some(company),
        org: Some(org.clone()),
        done: found,
        total: found,
        ..Account::default()
    })
}

/// The upload of that id that runs or is remembered.
fn known(core: &Core, requestid: &str) -> Result<Option<Account>> {
    if let Some(running) = core.uploads.lock().get(requestid) {
        return Ok(Some(running.clone()));
    }
    let past = core.stores.database.past_job(requestid)?.filter(|past| past.kind == KIND);
    Ok(past.as_ref().and_then(Work::read_past).map(|work| work.account))
}
