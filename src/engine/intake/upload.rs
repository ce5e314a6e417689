//! `POST /transcribe/{org}/{folder}`: V-Spark's way in (contract section 7). The path names no company, so the
//! organisation is looked up among what the token sees.
//!
//! *Decisions* where the contract is open. An upload is read through before anything is stored; one file that cannot be
//! taken in refuses all of them, by name. A transcript's id is its `tid`, else the metadata file's, else one made of
//! folder and file name: so the same file sent again replaces its transcript, metadata sent later finds it, and an upload
//! that was cut off can simply be sent again. The upload's id becomes the `requestid` of its transcripts (one they had
//! stays as `original_requestid`), and the file's name their `source`, where they have none.
use super::lines::run_wave;
use super::package::{Content, Package, Sent};
use super::read;
use super::requests::Ongoing;
use super::target::{Target, find_org};
use super::wave::Item;
use crate::base::digest;
use crate::base::json::push_string;
use crate::domain::identity::{CompanyName, FolderName, OrgName, Revision, Tid};
use crate::domain::refusal::{Code, Refusal};
use crate::domain::transcript::read::{read as receive, top_level_id, with};
use crate::domain::transcript::{Received, Sidecar};
use crate::engine::access::Caller;
use crate::engine::blocking::{blocking, whole};
use crate::engine::core::Core;
use crate::engine::error::{Error, Result};
use crate::engine::types::{IngestOptions, MetadataMode, Precondition, Upload, Uploaded};
use std::collections::HashMap;
use std::sync::Arc;
use uuid::Uuid;

/// Transcripts of one wave.
const WAVE: usize = 100;
/// Bytes of one wave.
const WAVE_BYTES: usize = 16 << 20;
/// How often metadata is joined anew to a transcript that changes meanwhile.
const TRIES: usize = 10;

/// One upload on its way in.
struct Intake {
    core: Arc<Core>,
    caller: Caller,
    target: Target,
    folder: FolderName,
    requestid: String,
}

/// Takes an upload in.
///
/// # Errors
/// `not_found`, `org_ambiguous`, `right_missing`, `upload_invalid` and what concerns single transcripts, each naming the
/// file; or the stores'.
pub async fn upload(
    core: &Arc<Core>,
    caller: &Caller,
    (org, folder): (&OrgName, &FolderName),
    upload: Upload,
) -> Result<Uploaded> {
    let target = target(core, caller, org, folder)?;
    let requestid = Uuid::new_v4().to_string();
    let intake = Intake {
        core: core.clone(),
        caller: caller.clone(),
        target,
        folder: folder.clone(),
        requestid: requestid.clone(),
    };
    // To its end, also when the client goes away: half an upload helps nobody.
    let mark = whole(async move { intake.run(upload).await }).await?;
    Ok(Uploaded { requestid, mark })
}

/// The id of a transcript that has none: the same file name in the same folder is the same transcript.
pub fn id_of_name((company, org, folder): (&CompanyName, &OrgName, &FolderName), stem: &str) -> String {
    // No name holds a slash.
    let place = [company.as_str(), org.as_str(), folder.as_str(), stem].join("/");
    let sum = digest::sha256(place.as_bytes());
    let mut bytes = [0; 16];
    bytes.iter_mut().zip(sum).for_each(|(byte, of_sum)| *byte = of_sum);
    uuid::Builder::from_custom_bytes(bytes).into_uuid().to_string()
}

/// Where an upload goes, as far as the caller may see and write it.
///
/// # Errors
/// `not_found`, `org_ambiguous`, `right_missing`.
pub fn target(core: &Core, caller: &Caller, org: &OrgName, folder: &FolderName) -> Result<Target> {
    let (company, org_name) = {
        let world = core.world();
        let (company, org) = find_org(&world, caller, org)?;
        (company.name.clone(), org.name.clone())
    };
    let options = IngestOptions { folder: Some(folder.clone()), ..IngestOptions::default() };
    Target::resolve(core, caller, &company, &org_name, &options).map_err(|error| match error {
        Error::Refused(refusal) if refusal.code == Code::NotFound => {
            Error::refused(Code::NotFound, format!("Folder {} not found", folder.as_str()))
        }
        other => other,
    })
}

impl Intake {
    async fn run(self, upload: Upload) -> Result<String> {
        let shared = Arc::new(self);
        let Target { company, org_name, .. } = &shared.target;
        let ongoing = Ongoing::begin(&shared.core, &shared.requestid, (company, org_name, &shared.folder));
        let intake = shared.clone();
        let package = blocking(move || intake.checked(upload)).await??;
        let done = shared.stored(package, &ongoing).await;
        let noted = ongoing.end(done.as_ref().err()).await;
        let mark = done?;
        noted.map(|()| mark)
    }

    /// Stores what was read; the mark of the last write.
    async fn stored(self: &Arc<Self>, mut package: Package, ongoing: &Ongoing) -> Result<String> {
        let shared = self;
        let mut mark = String::new();
        let (mut at, mut stored) = (0, 0);
        ongoing.at(0, package.len());
        while at < package.len() {
            let intake = shared.clone();
            let (back, gathered) = blocking(move || {
                let mut package = package;
                let gathered = intake.gather(&mut package, at);
                (package, gathered)
            })
            .await?;
            package = back;
            let gathered = gathered?;
            at += gathered.parts;
            stored += shared.store(gathered, stored, &mut mark).await?;
            ongoing.at(stored, package.len());
        }
        Ok(mark)
    }

    /// Reads everything once and stores nothing.
    fn checked(&self, upload: Upload) -> Result<Package> {
        let mut package = Package::open(&upload.name, upload.file, &self.core.settings.limits)?;
        let mut names: HashMap<Tid, String> = HashMap::with_capacity(package.len());
        for at in 0..package.len() {
            let sent = package.read(at)?;
            let tid = self.tid(&sent)?;
            match &sent.content {
                Content::Transcript(text) => drop(self.received(&sent, text)?),
                Content::Metadata(sidecar) => drop(self.joined(&sent, sidecar, &tid)?),
            }
            if let Some(other) = names.insert(tid, sent.name.clone()) {
                return Err(Error::refused(
                    Code::UploadInvalid,
                    format!("{other} and {} are the same transcript: their ids are the same", sent.name),
                ));
            }
        }
        package.again();
        Ok(package)
    }

    /// The id of a transcript.
    fn tid(&self, sent: &Sent) -> Result<Tid> {
        let own = match &sent.content {
            Content::Transcript(text) => top_level_id(text, "tid"),
            Content::Metadata(sidecar) => sidecar.tid.clone(),
        };
        let Target { company, org_name, .. } = &self.target;
        let made = || id_of_name((company, org_name, &self.folder), &sent.stem);
        Ok(Tid::parse(&own.unwrap_or_else(made)).map_err(|refusal| about(&sent.name, refusal))?)
    }

    /// A transcript with the upload's id and the file's name.
    fn received(&self, sent: &Sent, text: &str) -> Result<Received> {
        let quoted = |text: &str| {
            let mut out = String::new();
            push_string(&mut out, text);
            out
        };
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let mut set = vec![("requestid", quoted(&self.requestid))];
        let kept = top_level_id(text, "original_requestid").is_some();
        if let Some(before) = top_level_id(text, "requestid").filter(|_| !kept) {
            set.push(("original_requestid", quoted(&before)));
        }
        if top_level_id(text, "source").is_none() {
            let ending = sent.name.rsplit(['/', '\\']).next().unwrap_or_default();
            set.push(("source", quoted(ending)));
        }
        let set: Vec<(&str, &str)> = set.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let limits = &self.core.settings.limits;
        // What is no object is judged, in words, where transcripts are read.
        let dressed = with(text, &set).unwrap_or_else(|_| text.to_owned());
        Ok(receive(&dressed, limits).map_err(|refusal| about(&sent.name, refusal))?)
    }

    /// A transcript that is there, with metadata that came later, and the revision that was seen.
    fn joined(&self, sent: &Sent, sidecar: &Sidecar, tid: &Tid) -> Result<(Received, Revision)> {
        let place = self.target.place(tid);
        let parts = read::parts(&self.core, &self.caller, self.target.org, &place);
        let parts = parts
            .and_then(|parts| if parts.home.folder.name == self.folder { Ok(parts) } else { Err(Error::absent()) });
        let parts = parts.map_err(|error| match error {
            Error::Refused(refusal) if refusal.code == Code::NotFound => {
                let detail = format!(
                    "{}: there is no transcript in folder {} that this metadata belongs to; send {}.json with it",
                    sent.name,
                    self.folder.as_str(),
                    sent.stem
                );
                Error::refused(Code::UploadInvalid, detail)
            }
            other => other,
        })?;
        let limits = &self.core.settings.limits;
        let text = with(&parts.body, &[("client_data", &sidecar.metadata)]).unwrap_or_else(|_| parts.body.clone());
        let received = receive(&text, limits).map_err(|refusal| about(&sent.name, refusal))?;
        Ok((received, parts.current.revision))
    }

    /// The next wave.
    fn gather(&self, package: &mut Package, from: usize) -> Result<Gathered> {
        let mut gathered = Gathered::default();
        let mut bytes = 0;
        while from + gathered.parts < package.len() && gathered.parts < WAVE && bytes < WAVE_BYTES {
            let sent = package.read(from + gathered.parts)?;
            gathered.parts += 1;
            let tid = self.tid(&sent)?;
            match &sent.content {
                Content::Transcript(text) => {
                    bytes += text.len();
                    let received = self.received(&sent, text)?;
                    let item = Item { at: gathered.items.len(), tid, received, precondition: Precondition::None };
                    gathered.items.push((sent.name, item));
                }
                Content::Metadata(_) => gathered.metadata.push((sent, tid)),
            }
        }
        Ok(gathered)
    }

    /// Stores a wave; how many transcripts it had.
    async fn store(self: &Arc<Self>, gathered: Gathered, before: usize, mark: &mut String) -> Result<usize> {
        let count = gathered.parts;
        let (names, items): (Vec<_>, Vec<_>) = gathered.items.into_iter().unzip();
        let done = run_wave(&self.core, &self.caller, &self.target, items, false).await;
        for (name, (_, verdict)) in names.iter().zip(done) {
            *mark = verdict.map_err(|error| cut_short(name, before, error))?.0.mark;
        }
        for (sent, tid) in gathered.metadata {
            let name = sent.name.clone();
            *mark = self.update(sent, tid).await.map_err(|error| cut_short(&name, before, error))?;
        }
        Ok(count)
    }

    /// Joins metadata to a transcript that is there; one that changes meanwhile is looked at again.
    async fn update(self: &Arc<Self>, sent: Sent, tid: Tid) -> Result<String> {
        let options = IngestOptions { metadata: Some(MetadataMode::Merge), ..IngestOptions::default() };
        let target = Target { folder: None, options, ..self.target.clone() };
        let sent = Arc::new(sent);
        let mut tries = 0;
        loop {
            let (intake, shared, id) = (self.clone(), sent.clone(), tid.clone());
            let (received, seen) = blocking(move || match &shared.content {
                Content::Metadata(sidecar) => intake.joined(&shared, sidecar, &id),
                Content::Transcript(_) => Err(Error::absent()),
            })
            .await??;
            let precondition = Precondition::Revisions(vec![seen.0]);
            let item = Item { at: 0, tid: tid.clone(), received, precondition };
            let mut done = run_wave(&self.core, &self.caller, &target, vec![item], false).await;
            match done.pop().map(|(_, verdict)| verdict) {
                Some(Ok((ingested, _))) => return Ok(ingested.mark),
                Some(Err(Error::Refused(refusal))) if refusal.code == Code::RevisionMismatch && tries < TRIES => {
                    tries += 1;
                }
                Some(Err(error)) => return Err(error),
                None => return Err(Error::refused(Code::Overloaded, "no answer")),
            }
        }
    }
}

/// A wave read, not stored yet.
#[derive(Default)]
struct Gathered {
    parts: usize,
    items: Vec<(String, Item)>,
    metadata: Vec<(Sent, Tid)>,
}

/// A refusal that names the file.
fn about(name: &str, refusal: Refusal) -> Refusal {
    Refusal { detail: format!("{name}: {}", refusal.detail), ..refusal }
}

/// What was checked and then could not be stored: too busy, no room, or changed meanwhile.
fn cut_short(name: &str, stored: usize, error: Error) -> Error {
    match error {
        Error::Refused(refusal) => {
            let refusal = about(name, refusal);
            let detail = format!("{}; {stored} files before it are stored, send the upload again", refusal.detail);
            Error::Refused(Refusal { detail, ..refusal })
        }
        other => other,
    }
}
