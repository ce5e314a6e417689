//! What each write does to the reference model.
use super::state::State;
use crate::domain::identity::{Key, Revision};
use crate::stores::database::Sink;
use crate::stores::database::rows::{Job, ObjectKind, PAST_JOBS, PastJob, Row, Settled};
use crate::stores::database::writes::{Outcome, Remembered, Stored, Write};

/// Applies one write.
pub fn apply(state: &mut State, write: &Write) -> Outcome {
    match write {
        Write::Create(stored) => create(state, stored),
        Write::Edit(stored, expected) => {
            let outcome = change(state, stored.key, *expected, |row| edit(row, stored));
            remember(state, stored, outcome)
        }
        Write::Replace(stored, expected) => {
            let outcome = change(state, stored.key, *expected, |row| {
                edit(row, stored);
                row.folder = stored.folder;
                row.words_revision = stored.words_revision;
                row.facts = stored.facts.clone();
            });
            remember(state, stored, outcome)
        }
        Write::Erase { key, org, tid, expected, job } => {
            let outcome = change(state, *key, *expected, |_| ());
            if outcome == Outcome::Done {
                state.rows.remove(key);
                let id = (*org, tid.clone());
                state.ids.remove(&id);
                let grave = state.tombstones.entry(id).or_default();
                *grave = expected.0.max(*grave);
                put_jobs(state, job.as_slice());
            }
            outcome
        }
        Write::Reproject { key, expected, schema_version, builtins, values, whole } => {
            change(state, *key, *expected, |row| {
                if row.schema_version <= *schema_version {
                    row.schema_version = *schema_version;
                    row.builtins = builtins.clone();
                    row.values = values.clone();
                    row.whole = *whole;
                }
            })
        }
        Write::Settle { sink, key, revision, schema_version, words_revision } => {
            let words_revision = words_revision.0;
            settle(
                state,
                *sink,
                *key,
                Settled { revision: revision.0, schema_version: *schema_version, words_revision },
            )
        }
        _ => {
            administer(state, write);
            Outcome::Done
        }
    }
}

/// Writes that are never refused.
fn administer(state: &mut State, write: &Write) {
    match write {
        Write::Configure { put, delete, last_object, jobs } => {
            for object in delete {
                state.objects.remove(object);
                state.seen.retain(|(folder, _)| *object != (ObjectKind::Folder, folder.0));
            }
            state.objects.extend(put.iter().map(|object| ((object.kind, object.id), object.clone())));
            state.identity.last_object = state.identity.last_object.max(*last_object);
            put_jobs(state, jobs);
        }
        Write::PutToken(token) => drop(state.tokens.insert(token.id.clone(), token.clone())),
        Write::DeleteToken(id) => drop(state.tokens.remove(id)),
        Write::PutJob(job) => put_jobs(state, std::slice::from_ref(job)),
        Write::IndexBatch(batch) => state.identity.index_batch = state.identity.index_batch.max(*batch),
        Write::DeleteJob(id) => drop(state.jobs.remove(id)),
        Write::EndJob(past) => end_job(state, past),
        Write::ForgetJob(id) => drop(state.past_jobs.remove(id)),
        Write::Seen(folder, names) => state.seen.extend(names.iter().map(|name| (*folder, name.clone()))),
        _ => (),
    }
}

fn create(state: &mut State, new: &Stored) -> Outcome {
    // A refused key was given too: a body may lie under it.
    state.identity.last_key = state.identity.last_key.max(new.key.0);
    let id = (new.org, new.tid.clone());
    if let Some(key) = state.ids.get(&id) {
        return Outcome::Stale(state.rows.get(key).map(|row| row.revision));
    }
    state.ids.insert(id, new.key);
    let row = Row {
        key: new.key,
        org: new.org,
        folder: new.folder,
        tid: new.tid.clone(),
        revision: new.revision,
        words_revision: new.words_revision,
        schema_version: new.schema_version,
        last_modified: new.last_modified,
        ingested: new.ingested,
        facts: new.facts.clone(),
        builtins: new.builtins.clone(),
        values: new.values.clone(),
        unarchived: Some(new.metadata.clone()),
        whole: new.is_whole(),
        indexed: Settled::default(),
        archived: Settled::default(),
    };
    state.rows.insert(new.key, row);
    remember(state, new, Outcome::Done)
}

fn edit(row: &mut Row, new: &Stored) {
    row.revision = new.revision;
    row.schema_version = new.schema_version;
    row.last_modified = new.last_modified;
    row.builtins = new.builtins.clone();
    row.values = new.values.clone();
    row.unarchived = Some(new.metadata.clone());
    row.whole = new.is_whole();
}

/// Lets `with` change a row that stands at `expected`.
fn change(state: &mut State, key: Key, expected: Revision, with: impl FnOnce(&mut Row)) -> Outcome {
    match state.rows.get_mut(&key) {
        Some(row) if row.revision == expected => {
            with(row);
            Outcome::Done
        }
        other => Outcome::Stale(other.map(|row| row.revision)),
    }
}

fn settle(state: &mut State, sink: Sink, key: Key, pushed: Settled) -> Outcome {
    let Some(row) = state.rows.get_mut(&key) else { return Outcome::Stale(None) };
    if pushed.revision > row.revision.0 {
        return Outcome::Stale(Some(row.revision));
    }
    let settled = match sink {
        Sink::Index => &mut row.indexed,
        Sink::Archive => &mut row.archived,
    };
    if pushed.revision < settled.revision {
        return Outcome::Done;
    }
    let schema_version = match sink {
        Sink::Archive => 0,
        Sink::Index if pushed.revision > settled.revision => pushed.schema_version,
        Sink::Index => pushed.schema_version.max(settled.schema_version),
    };
    let words_revision = pushed.words_revision.max(settled.words_revision);
    *settled = Settled { revision: pushed.revision, schema_version, words_revision };
    if sink == Sink::Archive && pushed.revision == row.revision.0 && words_revision >= row.words_revision.0 {
        row.unarchived = None;
    }
    Outcome::Done
}

fn remember(state: &mut State, new: &Stored, outcome: Outcome) -> Outcome {
    if let (Outcome::Done, Some(key)) = (&outcome, &new.idempotency) {
        let remembered = Remembered { body: key.body, revision: new.revision, commit: state.identity.commit };
        state.remembered.insert(key.digest, (remembered, key.until));
    }
    outcome
}

fn put_jobs(state: &mut State, jobs: &[Job]) {
    state.jobs.extend(jobs.iter().map(|job| (job.id.clone(), job.clone())));
}

fn end_job(state: &mut State, past: &PastJob) {
    state.jobs.remove(&past.id);
    state.past_jobs.insert(past.id.clone(), past.clone());
    let mut same: Vec<(i64, String)> = state
        .past_jobs
        .values()
        .filter(|one| one.kind == past.kind)
        .map(|one| (one.finished, one.id.clone()))
        .collect();
    same.sort();
    let beyond = same.len().saturating_sub(PAST_JOBS);
    for (_, id) in same.into_iter().take(beyond) {
        state.past_jobs.remove(&id);
    }
}
