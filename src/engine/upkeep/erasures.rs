//! Erasures that run or are done, for the work and for all who ask how far they are. What runs is known over restarts
//! (its job is durable), what is done until the next one.
use crate::base::clock::Timestamp;
use crate::domain::identity::{FolderId, OrgId, Place};
use crate::engine::workers::jobs::list::{FieldErasure, Task};
use crate::stores::database::Job;
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// Erasures that are remembered when they are done.
const KEPT: usize = 1_000;

/// How far an erasure is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Erasing {
    /// Its job, as `Linernotes-Job` names it.
    pub job: String,
    /// Whether it still runs.
    pub running: bool,
    /// The field, in the spelling asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// The folder, when it is one folder's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub folder: Option<String>,
    /// company/org/tid, when a transcript is erased.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transcript: Option<String>,
    /// Transcripts there were when it was asked how far it is.
    #[serde(default)]
    pub transcripts: u64,
    /// Those looked at.
    #[serde(default)]
    pub looked: u64,
    /// Those from which something was erased.
    #[serde(default)]
    pub erased: u64,
    /// Those whose metadata cannot be read, company/org/tid: their files may still hold it.
    #[serde(default)]
    pub unread: Vec<String>,
    /// Files set aside by a repair that were removed, by their place in the data folder.
    #[serde(default)]
    pub removed: Vec<String>,
    /// When it was done, RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub done: Option<String>,
    /// Backups that may still hold it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backups: Option<Vec<OldBackup>>,
}

/// A backup made before an erasure.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OldBackup {
    /// Its folder.
    pub dir: String,
    /// The moment it shows; none when it cannot be read.
    pub made: Option<String>,
}

/// An erasure with what it concerns.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The organisation.
    pub org: OrgId,
    /// The folder, when it is one folder's.
    pub folder: Option<FolderId>,
    /// The transcript, when it is one.
    pub place: Option<Place>,
    /// How far it is.
    pub erasing: Erasing,
}

/// All of them, oldest first.
#[derive(Debug, Default)]
pub struct Board(Mutex<VecDeque<Entry>>);

impl Board {
    /// One is asked for, or goes on after a restart; jobs of other kinds are left out.
    pub fn resumed(&self, job: &Job) {
        if let Ok(task) = serde_json::from_str::<Task>(&job.body)
            && let Some(entry) = entry(&job.id, &task)
        {
            self.keep(entry);
        }
    }

    /// A field's erasure has come so far.
    pub fn moved_on(&self, job: &str, field: &FieldErasure) {
        let mut all = self.0.lock();
        if let Some(entry) = all.iter_mut().find(|entry| entry.erasing.job == job) {
            count(&mut entry.erasing, field);
        }
    }

    /// One is done.
    pub fn finished(&self, job: &str, task: &Task, removed: &[String], now: Timestamp) {
        let Some(mut entry) = entry(job, task) else { return };
        entry.erasing.running = false;
        entry.erasing.done = Some(now.rfc3339());
        entry.erasing.removed = removed.to_vec();
        if let Some(known) = self.0.lock().iter().find(|known| known.erasing.job == job) {
            // What was read last is in the memory, not in the text the job was given.
            let Erasing { looked, erased, unread, .. } = known.erasing.clone();
            entry.erasing = Erasing { looked, erased: erased.max(entry.erasing.erased), unread, ..entry.erasing };
        }
        self.keep(entry);
    }

    /// Those of an organisation.
    pub fn of(&self, org: OrgId) -> Vec<Entry> {
        self.0.lock().iter().filter(|entry| entry.org == org).cloned().collect()
    }

    fn keep(&self, entry: Entry) {
        let mut all = self.0.lock();
        match all.iter_mut().find(|known| known.erasing.job == entry.erasing.job) {
            Some(known) => *known = entry,
            None => all.push_back(entry),
        }
        while all.len() > KEPT {
            let Some(oldest) = all.iter().position(|entry| !entry.erasing.running) else { break };
            all.remove(oldest);
        }
    }
}

fn count(erasing: &mut Erasing, field: &FieldErasure) {
    erasing.looked = field.looked;
    erasing.erased = field.erased;
    erasing.unread.clone_from(&field.unread);
}

fn entry(job: &str, task: &Task) -> Option<Entry> {
    let mut erasing = Erasing { job: job.to_owned(), running: true, ..Erasing::default() };
    match task {
        Task::EraseField(field) => {
            erasing.field = Some(field.field.clone());
            erasing.folder = field.folder.as_ref().map(|(_, name)| name.to_string());
            count(&mut erasing, field);
            Some(Entry { org: field.org, folder: field.folder.as_ref().map(|(id, _)| *id), place: None, erasing })
        }
        Task::Erase { org, company, org_name, tid, .. } => {
            let place = Place { company: company.clone(), org: org_name.clone(), tid: tid.clone() };
            erasing.transcript = Some(place.to_string());
            (erasing.transcripts, erasing.looked, erasing.erased) = (1, 1, 1);
            Some(Entry { org: *org, folder: None, place: Some(place), erasing })
        }
        Task::EraseFolder { .. } | Task::DiscardOrg { .. } => None,
    }
}
