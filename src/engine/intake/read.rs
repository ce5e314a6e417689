//! `GET /transcripts/…`: the whole JSON, body and metadata of one moment.
use crate::base::clock::Timestamp;
use crate::domain::access::Right;
use crate::domain::identity::{Key, OrgId, Place, Revision};
use crate::domain::refusal::{Code, Refusal};
use crate::domain::transcript::read::whole;
use crate::engine::access::Caller;
use crate::engine::core::Core;
use crate::engine::edit::current::{Current, facts};
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

/// What became of a read with a bound.
pub enum Read<T> {
    /// It is there.
    Whole(T),
    /// The body has so many bytes, more than was allowed; it was not read.
    Long(u64),
}

/// Bytes of bodies that one answer of several transcripts holds.
const TOGETHER: u64 = 64 << 20;

/// The whole transcript, if its body has at most `most` bytes. Blocking: it reads a file.
///
/// # Errors
/// `not_found`, `right_missing`, or the stores'.
pub fn transcript(core: &Core, caller: &Caller, place: &Place, most: u64) -> Result<Read<TranscriptView>> {
    let world = core.world.load_full();
    let org = caller.org(&world.catalogue, &place.company, &place.org)?.id;
    caller.demand(Right::Read)?;
    match parts_up_to(core, caller, org, place, most)? {
        Read::Long(bytes) => Ok(Read::Long(bytes)),
        Read::Whole(parts) => {
            let metadata = parts.current.shown(&parts.home.folder);
            joined(&parts, &metadata, place).map(Read::Whole)
        }
    }
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
    match parts_up_to(core, caller, org, place, u64::MAX)? {
        Read::Whole(parts) => Ok(parts),
        Read::Long(_) => Err(missing(place)),
    }
}

fn missing(place: &Place) -> Error {
    Error::Store(StoreError::plain(Store::Archive, Kind::Corrupt, format!("the body of {place} is missing")))
}

fn parts_up_to(core: &Core, caller: &Caller, org: OrgId, place: &Place, most: u64) -> Result<Read<Parts>> {
    for tries in 0..TRIES {
        if tries > 2 {
            std::thread::sleep(PAUSE);
        }
        // The newest: what goes with its folder is absent, not damaged.
        let world = core.world.load_full();
        let (current, home) = visible(core, caller, &world, org, place)?;
        if most < u64::MAX {
            let bytes = facts(&current.facts)?.body_bytes;
            if bytes > most {
                return Ok(Read::Long(bytes));
            }
        }
        let Some(body) = core.stores.archive.body(place, current.key, current.words_revision)? else {
            // Erased or replaced between the two reads: look again.
            core.cache.forget(org, &place.tid);
            continue;
        };
        // A body replaced between the two reads does not belong to this metadata.
        if words_now(core, org, place)? == Some((current.key, current.words_revision)) {
            return Ok(Read::Whole(Parts { current, home, body }));
        }
    }
    Err(missing(place))
}

/// What the transcripts of one page have together: their answer is made in memory.
#[derive(Debug, Default)]
pub struct Together {
    transcripts: usize,
    bytes: u64,
}

impl Together {
    /// Counts one more; a single one is never too much. `instead` is what else may be asked for.
    ///
    /// # Errors
    /// `parameter_invalid`.
    pub fn add(&mut self, bytes: u64, instead: &str) -> Result<()> {
        self.transcripts += 1;
        self.bytes = self.bytes.saturating_add(bytes);
        if self.bytes <= TOGETHER || self.transcripts < 2 {
            return Ok(());
        }
        let detail = format!(
            "the first {} transcripts of this page have more than {} MiB, and no more is answered together. Ask for fewer \
             with `size`, or for {instead}",
            self.transcripts,
            TOGETHER >> 20
        );
        Err(Refusal::at(Code::ParameterInvalid, "size", detail).into())
    }
}

/// Which body is the newest that may have its name: the cache learns of a new one before it gets its name, and may be a
/// commit behind the database.
fn words_now(core: &Core, org: OrgId, place: &Place) -> Result<Option<(Key, Revision)>> {
    if let Some(current) = core.cache.find(org, &place.tid) {
        return Ok(Some((current.key, current.words_revision)));
    }
    Ok(core.stores.database.load(org, &place.tid)?.map(|row| (row.key, row.words_revision)))
}
