//! What jobs there are to do, and the list of those that are not done.
use crate::base::clock::Clock;
use crate::base::digest;
use crate::domain::identity::{CompanyName, FolderId, FolderName, Key, OrgId, OrgName, Place, Revision, Tid};
use crate::stores::database::Job;
use parking_lot::{Condvar, Mutex};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What a job does.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum Task {
    /// One transcript's files, index entries and bytes.
    Erase {
        /// Incarnation.
        key: Key,
        /// Organisation.
        org: OrgId,
        /// Names.
        company: CompanyName,
        /// Names.
        org_name: OrgName,
        /// Id.
        tid: Tid,
        /// Revision of its body, which may still lie under its staged name.
        #[serde(default)]
        words: Option<Revision>,
        /// Where it lay: a token that keeps to that folder sees the job.
        #[serde(default)]
        in_folder: Option<FolderName>,
    },
    /// All transcripts of a deleted folder.
    EraseFolder {
        /// The folder.
        folder: FolderId,
        /// Its organisation.
        org: OrgId,
        /// Names.
        company: CompanyName,
        /// Names.
        org_name: OrgName,
        /// Whether the whole organisation goes: then its files went as one folder.
        whole_org: bool,
    },
    /// Every value of a metadata field.
    EraseField(FieldErasure),
    /// The files of a deleted organisation, set aside as one.
    DiscardOrg {
        /// Names.
        company: CompanyName,
        /// Names.
        org_name: OrgName,
    },
}

/// A field being erased, and how far that is. It is written down after every piece of the work.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FieldErasure {
    /// Organisation.
    pub org: OrgId,
    /// Names.
    pub company: CompanyName,
    /// Names.
    pub org_name: OrgName,
    /// Only this folder of it.
    #[serde(default)]
    pub folder: Option<(FolderId, FolderName)>,
    /// The field, in any spelling.
    pub field: String,
    /// Where the walk through the transcripts stands.
    #[serde(default)]
    pub after: Option<Key>,
    /// Transcripts looked at.
    #[serde(default)]
    pub looked: u64,
    /// Those that held it.
    #[serde(default)]
    pub erased: u64,
    /// company/org/tid of those whose metadata cannot be read.
    #[serde(default)]
    pub unread: Vec<String>,
    /// Whether the walk is over.
    #[serde(default)]
    pub walked: bool,
}

/// Unfinished jobs.
#[derive(Default)]
pub struct Jobs {
    state: Mutex<State>,
    bell: Condvar,
}

#[derive(Default)]
struct State {
    jobs: BTreeMap<String, Job>,
    closed: bool,
}

impl Jobs {
    /// A job that is durable is to be run.
    pub fn add(&self, job: Job) {
        self.state.lock().jobs.insert(job.id.clone(), job);
        self.bell.notify_all();
    }

    /// Unfinished ones.
    pub fn len(&self) -> usize {
        self.state.lock().jobs.len()
    }

    /// Whether all are done.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// All unfinished ones.
    pub fn all(&self) -> Vec<Job> {
        self.state.lock().jobs.values().cloned().collect()
    }

    /// One unfinished job.
    pub fn get(&self, id: &str) -> Option<Job> {
        self.state.lock().jobs.get(id).cloned()
    }

    /// Ends the worker.
    pub fn close(&self) {
        self.state.lock().closed = true;
        self.bell.notify_all();
    }

    /// Deleted organisations whose files may still lie in the archive: the job's id and the names.
    pub fn discards(&self) -> Vec<(String, CompanyName, OrgName)> {
        let state = self.state.lock();
        let discards = state.jobs.values().filter_map(|job| match serde_json::from_str(&job.body) {
            Ok(Task::DiscardOrg { company, org_name }) => Some((job.id.clone(), company, org_name)),
            _ => None,
        });
        discards.collect()
    }

    /// All unfinished jobs, as soon as there is one; `None` when closed.
    pub fn next(&self) -> Option<Vec<Job>> {
        let mut state = self.state.lock();
        while state.jobs.is_empty() && !state.closed {
            self.bell.wait(&mut state);
        }
        (!state.closed).then(|| state.jobs.values().cloned().collect())
    }

    /// A job has moved on: what it needs is another text now.
    pub fn moved_on(&self, job: &Job) {
        if let Some(known) = self.state.lock().jobs.get_mut(&job.id) {
            known.body.clone_from(&job.body);
        }
    }

    /// A job is done.
    pub fn done(&self, id: &str) {
        self.state.lock().jobs.remove(id);
    }
}

/// A job of that task.
pub fn job(task: &Task) -> Job {
    let id = digest::hex(digest::random().get(..8).unwrap_or_default());
    let mut body = serde_json::to_value(task).unwrap_or_default();
    if let Some(body) = body.as_object_mut() {
        body.insert("created".to_owned(), Clock::system().now().0.into());
    }
    let body = body.to_string();
    Job { id: format!("job-{id}"), kind: "erase".to_owned(), body }
}

/// When a job was asked for, microseconds; 0 when that is not known.
pub fn created(job: &Job) -> i64 {
    let body = serde_json::from_str::<serde_json::Value>(&job.body).unwrap_or_default();
    body.get("created").and_then(serde_json::Value::as_i64).unwrap_or(0)
}

/// The job after some of its work.
pub fn moved(job: &Job, task: &Task) -> Job {
    let mut body = serde_json::to_value(task).unwrap_or_default();
    if let Some(body) = body.as_object_mut() {
        body.insert("created".to_owned(), created(job).into());
    }
    Job { body: body.to_string(), ..job.clone() }
}

/// The job that erases one transcript.
pub fn erasure((key, org, words): (Key, OrgId, Revision), place: &Place, in_folder: Option<FolderName>) -> Job {
    job(&Task::Erase {
        key,
        org,
        company: place.company.clone(),
        org_name: place.org.clone(),
        tid: place.tid.clone(),
        words: Some(words),
        in_folder,
    })
}
