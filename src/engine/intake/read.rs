//! `GET /transcripts/…`: the whole JSON, body and metadata of one moment.
use crate::base::clock::Timestamp;
use crate::domain::access::Right;
use crate::domain::identity::{Key, OrgId, Place, Revision};
use crate::domain::transcript::read::whole;
use crate::engine::access::Caller;
use crate::engine::core::Core;
use crate::engine::edit::current::Current;
use crate::engine::edit::transcript::visible;
use crate::engine::error::{Error, Result};
use crate::engine::types::TranscriptView;
use crate::engine::world::Home;
use crate::stores::error::{Kind, Store, StoreError};
use std::sync::Arc;
use std::time::Duration;

/// How often is looked again when a transcript is replaced between the reading of its metadata and of its body.
const TRIES: usize = 20;

/// How long is waited between later tries.
const PAUSE: Duration = Duration::from_millis(1);

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
fn view(core: &Core, caller: &Caller, org: OrgId, place: &Place) -> Result<TranscriptView> {
    let parts = parts(core, caller, org, place)?;
    let metadata = parts.current.shown(&parts.home.folder);
    joined(&parts, &metadata, place)
}

/// The whole transcript with `metadata`, JSON, as it is to be shown.
///
/// # Errors
/// The archive's.
pub fn joined(parts: &Parts, metadata: &str, place: &Place) -> Result<TranscriptView> {
    let Parts { current, body, .. } = parts;
    let last_modified = Timestamp(current.last_modified);
    let json = whole(body, metadata, place.tid.as_str(), &last_modified.rfc3339()).map_err(|e| {
        StoreError::new(Store::Archive, Kind::Corrupt, format!("the body of {place} is no JSON object"), e)
    })?;
    Ok(TranscriptView { json, revision: current.revision, last_modified })
}

/// A transcript's body and metadata of one moment.
pub struct Parts {
    /// The metadata.
    pub current: Arc<Current>,
    /// Where it lies.
    pub home: Home,
    /// The transcript as received, less `client_data`.
    pub body: String,
}

/// Reads body and metadata of one moment. Blocking; for who has judged the organisation already.
///
/// # Errors
/// As [`transcript`].
pub fn parts(core: &Core, caller: &Caller, org: OrgId, place: &Place) -> Result<Parts> {
    for tries in 0..TRIES {
        if tries > 2 {
            std::thread::sleep(PAUSE);
        }
        // The newest: what goes with its folder is absent, not damaged.
        let world = core.world.load_full();
        let (current, home) = visible(core, caller, &world, org, place)?;
        let Some(body) = core.stores.archive.body(place, current.key, current.words_revision)? else {
            // Erased or replaced between the two reads: look again.
            core.cache.forget(org, &place.tid);
            continue;
        };
        // A body replaced between the two reads does not belong to this metadata.
        if words_now(core, org, place)? == Some((current.key, current.words_revision)) {
            return Ok(Parts { current, home, body });
        }
    }
    Err(Error::Store(StoreError::plain(Store::Archive, Kind::Corrupt, format!("the body of {place} is missing"))))
}

/// Which body is the newest that may have its name: the cache learns of a new one before it gets its name, and may be a
/// commit behind the database.
fn words_now(core: &Core, org: OrgId, place: &Place) -> Result<Option<(Key, Revision)>> {
    if let Some(current) = core.cache.find(org, &place.tid) {
        return Ok(Some((current.key, current.words_revision)));
    }
    Ok(core.stores.database.load(org, &place.tid)?.map(|row| (row.key, row.words_revision)))
}
