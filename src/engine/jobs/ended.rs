//! Accounts of jobs that others do: erasures, back-fills, a rebuild of the index, uploads. What is remembered of an erasure
//! does not say which transcript it was.
use super::account::{Account, State};
use super::work::Work;
use crate::domain::identity::{CompanyName, FolderName, OrgName};
use crate::engine::core::Core;
use crate::stores::database::{Job, Write};
use serde_json::Value;

/// The account of an unfinished job of the erasing worker. Read as plain JSON, so that every task there is, or will be,
/// has one.
pub fn erasing(job: &Job) -> Account {
    let body: Value = serde_json::from_str(&job.body).unwrap_or_default();
    let text = |name: &str| body.get(name).and_then(Value::as_str);
    let kind = match text("what") {
        Some("discard_org") => "erase_org",
        Some(what) => what,
        None => job.kind.as_str(),
    };
    Account {
        id: job.id.clone(),
        kind: kind.to_owned(),
        state: State::Running,
        company: text("company").and_then(|name| CompanyName::parse(name).ok()),
        org: text("org_name").and_then(|name| OrgName::parse(name).ok()),
        folder: text("in_folder").and_then(|name| FolderName::parse(name).ok()),
        total: u64::from(kind == "erase"),
        created: body.get("created").and_then(Value::as_i64).unwrap_or(0),
        ..Account::default()
    }
}

/// What is written when such a job is done.
pub fn done(core: &Core, mut account: Account) -> Write {
    account.done = account.total;
    ended(core, account, State::Done)
}

/// What is written when a job is over.
pub fn ended(core: &Core, mut account: Account, state: State) -> Write {
    let now = core.clock.now().0;
    account.state = state;
    account.started = account.started.or(Some(account.created).filter(|at| *at > 0));
    account.finished = Some(now);
    Write::EndJob(Work { account, ..Work::default() }.past())
}
