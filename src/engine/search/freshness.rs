//! `after=MARK`: a search waits until it sees the write named (contract section 6).
use crate::domain::identity::{Mark, OrgId};
use crate::domain::refusal::{Code, Refusal};
use crate::engine::core::Core;
use crate::engine::error::Result;
use std::time::Duration;

/// Waits until everything at or below the mark is searchable in the organisations.
///
/// # Errors
/// `mark_unknown`; `not_yet_visible` when the time is over.
pub async fn after(core: &Core, mark: &str, orgs: &[OrgId], timeout: Duration) -> Result<()> {
    let mark = Mark::verify(mark, &core.identity.secret, core.identity.epoch)?;
    let seen = core.index.until(timeout, |p| orgs.iter().all(|org| p.has_all(*org, mark.commit))).await;
    if seen {
        return Ok(());
    }
    let detail = format!("the write is not searchable after {} ms; the write itself stands", timeout.as_millis());
    Err(Refusal::new(Code::NotYetVisible, detail).into())
}
