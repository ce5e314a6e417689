//! `GET /transcripts/…`: the whole JSON, body and metadata of one moment.
use crate::base::clock::Timestamp;
use crate::domain::access::Right;
use crate::domain::identity::{OrgId, Place};
use crate::domain::transcript::read::whole;
use crate::engine::access::Caller;
use crate::engine::core::Core;
use crate::engine::edit::transcript::visible;
use crate::engine::error::{Error, Result};
use crate::engine::types::TranscriptView;
use crate::stores::error::{Kind, Store, StoreError};

/// The whole transcript. Blocking: it reads a file of any size.
///
/// # Errors
/// `not_found`, `right_missing`, or the stores'.
pub fn transcript(core: &Core, caller: &Caller, place: &Place) -> Result<TranscriptView> {
    let world = core.world.load_full();
    let org = caller.org(&world.catalogue, &place.company, &place.org)?.id;
    caller.demand(Right::Read)?;
    view(core, caller, org, place)
}

/// [`transcript`] for who has judged the organisation already.
///
/// # Errors
/// As there.
pub fn view(core: &Core, caller: &Caller, org: OrgId, place: &Place) -> Result<TranscriptView> {
    let world = core.world.load_full();
    for _ in 0..5 {
        let (current, home) = visible(core, caller, &world, org, place)?;
        let Some(body) = core.stores.archive.body(place, current.key, current.words_revision)? else {
            // Erased or replaced between the two reads: look again.
            core.cache.forget(org, &place.tid);
            continue;
        };
        // A body replaced between the two reads does not belong to this metadata.
        let now = core.stores.database.load(org, &place.tid)?.map(|row| (row.key, row.words_revision));
        if now != Some((current.key, current.words_revision)) {
            continue;
        }
        let last_modified = Timestamp(current.last_modified);
        let metadata = current.shown(&home.folder);
        let json = whole(&body, &metadata, place.tid.as_str(), &last_modified.rfc3339()).map_err(|e| {
            StoreError::new(Store::Archive, Kind::Corrupt, format!("the body of {place} is no JSON object"), e)
        })?;
        return Ok(TranscriptView { json, revision: current.revision, last_modified });
    }
    Err(Error::Store(StoreError::plain(Store::Archive, Kind::Corrupt, format!("the body of {place} is missing"))))
}
