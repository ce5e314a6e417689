//! NDJSON in, verdicts out: lines go to the engine in batches while the body still arrives, verdicts go back at once.
//!
//! *Decision:* an answer that begins before the body has ended costs the connection; so verdicts are held, up to
//! [`HELD_BYTES`], for a sender that has said how much it sends, and for [`HELD`] for one that sends steadily; most
//! uploads keep their connection. After that a task of its own reads on, so that a client that sends everything before it reads anything is not stopped by verdicts nobody
//! takes; up to [`BACKLOG`] batches and [`BACKLOG_BYTES`] of verdicts wait in memory.
use crate::base::json::push_string;
use crate::domain::identity::{CompanyName, OrgName};
use crate::domain::refusal::{Code, Refusal};
use crate::engine::bulk::lines::Manner;
use crate::engine::types::{EditVerdict, IngestOptions, Ingested, LineEdited, Verdict, Wait};
use crate::engine::{Caller, Engine};
use crate::http::batches::Batches;
use crate::http::body;
use crate::http::error::{self, Answer, Failure, push_failure};
use crate::http::ndjson::{Content, Line, Splitter};
use crate::http::respond::push_list;
use actix_web::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use actix_web::web::{Bytes, Payload};
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder, ResponseError as _};
use futures_util::stream;
use std::convert::Infallible;
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tracing::Instrument as _;

/// Batches of verdicts that may wait for a client that does not read.
const BACKLOG: usize = 4_096;
/// Bytes of them: a verdict may name a thousand fields.
const BACKLOG_BYTES: u32 = 32 << 20;

/// Where verdicts wait for the client, with the room they take.
type Sender = mpsc::Sender<(Bytes, OwnedSemaphorePermit)>;

/// Verdicts held back while the body still arrives, bytes.
const HELD_BYTES: usize = 4 << 20;
/// How long they are held back.
const HELD: Duration = Duration::from_secs(5);

/// How far the summary waits.
pub struct Waiting {
    /// For which store.
    pub wait: Wait,
    /// How long at most.
    pub timeout: Duration,
}

/// What becomes of a line.
#[derive(Clone, Debug)]
pub enum Task {
    /// It is a transcript.
    Bring(IngestOptions),
    /// It is an edit.
    Edit(Manner),
}

/// What became of a line.
enum Told {
    Brought(Verdict),
    Edited(EditVerdict),
}

impl Task {
    /// What is counted besides failures.
    fn tallies(&self) -> [(&'static str, u64); 2] {
        match self {
            Task::Bring(_) => [("created", 0), ("replaced", 0)],
            Task::Edit(_) => [("changed", 0), ("unchanged", 0)],
        }
    }
}

/// One request that brings lines.
pub struct Intake {
    /// The engine.
    pub engine: Engine,
    /// Who brings them.
    pub caller: Caller,
    /// Into which company.
    pub company: CompanyName,
    /// Into which organisation.
    pub org: OrgName,
    /// What becomes of a line.
    pub task: Task,
    /// Longest line, bytes; with `atomic` all of them together.
    pub longest: usize,
    /// How far the summary waits.
    pub waiting: Waiting,
}

/// All or nothing: the body is read whole, so that nothing is stored when a line fails.
///
/// # Errors
/// `body_too_large`, and what concerns all lines: company, organisation, folder, right.
pub async fn atomic(intake: Intake, request: &HttpRequest, mut payload: Payload) -> Answer {
    let body = body::whole(request, &mut payload, intake.longest).await?;
    let mut splitter = Splitter::new(intake.longest);
    let mut lines = Vec::new();
    splitter.push(&body, |line| lines.push(line));
    lines.extend(splitter.finish());
    // A line that is no text goes as an empty one, which fails all of them; its verdict then says what it was.
    let (faults, texts): (Vec<_>, Vec<_>) = lines
        .into_iter()
        .map(|line| {
            let (text, fault) = taken(line.content);
            ((line.number, fault), text.unwrap_or_default())
        })
        .unzip();
    let Intake { engine, caller, company, org, task, .. } = &intake;
    let verdicts: Vec<Told> = match task {
        Task::Bring(options) => {
            let verdicts = engine.ingest_atomic(caller, company, org, options, texts).await?;
            verdicts.into_iter().map(Told::Brought).collect()
        }
        Task::Edit(manner) => {
            let verdicts = engine.desk().edit_lines(caller, (company, org), *manner, texts).await?;
            verdicts.into_iter().map(Told::Edited).collect()
        }
    };
    let mut report = Report::of(task);
    for ((number, fault), verdict) in faults.into_iter().zip(verdicts) {
        report.told(number, fault.map_or(verdict, |refusal| Told::Brought(Err((None, refusal)))));
    }
    intake.close(&mut report, None).await;
    Ok(ndjson().body(report.out))
}

/// Line by line: bad lines fail alone.
///
/// # Errors
/// What concerns all lines: company, organisation, folder, right. Later failures stand in the summary.
pub async fn streamed(intake: Intake, request: &HttpRequest, payload: Payload) -> Answer {
    let declared = request.headers().contains_key(CONTENT_LENGTH);
    let mut batches = Batches::new(payload, intake.longest);
    let mut report = Report::of(&intake.task);
    let first = batches.next().await?;
    intake.store(first, &mut report).await?;
    let begun = Instant::now();
    loop {
        if batches.at_end() {
            intake.close(&mut report, None).await;
            return Ok(ndjson().body(report.out));
        }
        let steady = declared || begun.elapsed() < HELD && batches.arrives().await;
        if report.out.len() > HELD_BYTES || !steady {
            break;
        }
        if !step(&intake, &mut batches, &mut report).await {
            return Ok(ndjson().body(report.out));
        }
    }
    let (sender, mut receiver) = mpsc::channel(BACKLOG);
    actix_web::rt::spawn(follow(intake, batches, report, sender).in_current_span());
    let verdicts = stream::poll_fn(move |context| {
        // The room a batch took is free once it is taken from here.
        receiver.poll_recv(context).map(|next| next.map(|(bytes, _room)| Ok::<_, Infallible>(bytes)))
    });
    Ok(ndjson().streaming(verdicts))
}

fn ndjson() -> HttpResponseBuilder {
    let mut answer = HttpResponse::Ok();
    answer.insert_header((CONTENT_TYPE, "application/x-ndjson"));
    answer
}

/// Reads on after the first batch. Ends early when nobody is there to take the verdicts.
async fn follow(intake: Intake, mut batches: Batches<Payload>, mut report: Report, sender: Sender) {
    let room = Arc::new(Semaphore::new(BACKLOG_BYTES as usize));
    loop {
        if !report.out.is_empty() && !hand_over(&sender, &room, report.take()).await {
            return;
        }
        if step(&intake, &mut batches, &mut report).await {
            continue;
        }
        // A client that has gone misses only words.
        let _ = hand_over(&sender, &room, report.take()).await;
        return;
    }
}

/// Takes one batch to the engine; `false` after the last, the summary then written.
async fn step(intake: &Intake, batches: &mut Batches<Payload>, report: &mut Report) -> bool {
    let failure = match batches.next().await {
        Ok(batch) if batch.is_empty() => None,
        Ok(batch) => {
            let numbers: Vec<_> = batch.iter().map(|line| line.number).collect();
            match intake.store(batch, report).await {
                Ok(()) => return true,
                Err(failure) => {
                    error::log(&failure, failure.status_code());
                    numbers.iter().for_each(|number| report.failed(*number, None, |out| push_failure(out, &failure)));
                    Some(failure)
                }
            }
        }
        Err(failure) => Some(failure),
    };
    intake.close(report, failure.as_ref()).await;
    false
}

/// Queues verdicts once there is room for them; whether somebody is there to take them. A client that leaves drops what
/// is queued, which makes room, and is then found gone.
async fn hand_over(sender: &Sender, room: &Arc<Semaphore>, verdicts: Bytes) -> bool {
    let bytes = u32::try_from(verdicts.len()).unwrap_or(u32::MAX).min(BACKLOG_BYTES);
    let Ok(taken) = room.clone().acquire_many_owned(bytes).await else { return false };
    sender.send((verdicts, taken)).await.is_ok()
}

impl Intake {
    /// Hands one batch to the engine and writes its verdicts.
    async fn store(&self, batch: Vec<Line>, report: &mut Report) -> Result<(), Failure> {
        let mut texts = Vec::with_capacity(batch.len());
        let mut faults = Vec::with_capacity(batch.len());
        for line in batch {
            let (text, fault) = taken(line.content);
            texts.extend(text);
            faults.push((line.number, fault));
        }
        let Self { engine, caller, company, org, task, .. } = self;
        let verdicts: Vec<Told> = match task {
            Task::Bring(options) => {
                engine.ingest(caller, company, org, options, texts).await?.into_iter().map(Told::Brought).collect()
            }
            Task::Edit(manner) => {
                let verdicts = engine.desk().edit_lines(caller, (company, org), *manner, texts).await?;
                verdicts.into_iter().map(Told::Edited).collect()
            }
        };
        let mut verdicts = verdicts.into_iter();
        for (number, fault) in faults {
            match fault {
                Some(refusal) => report.told(number, Told::Brought(Err((None, refusal)))),
                None => report.told(number, verdicts.next().ok_or(Failure::Defect("a line has no verdict"))?),
            }
        }
        Ok(())
    }

    /// Waits as far as asked and writes the summary.
    async fn close(&self, report: &mut Report, failure: Option<&Failure>) {
        let mut pending = None;
        if self.waiting.wait != Wait::Commit && !report.mark.is_empty() {
            let Waiting { wait, timeout } = self.waiting;
            if !self.engine.settle(&report.mark, (&self.company, &self.org), wait, timeout).await {
                pending = Some(if wait == Wait::Archive { "archive" } else { "search" });
            }
        }
        report.summary(pending, failure);
    }
}

/// The text of a line, or why it is none.
fn taken(content: Content) -> (Option<String>, Option<Refusal>) {
    match content {
        Content::Text(text) => (Some(text), None),
        Content::NotUtf8 => (None, Some(Refusal::new(Code::JsonInvalid, "the line is not UTF-8"))),
        Content::TooLong => {
            (None, Some(Refusal::new(Code::BodyTooLarge, "the line is longer than a transcript may be")))
        }
    }
}

/// Verdict lines not yet sent, and the counts of the summary.
#[derive(Default)]
struct Report {
    out: String,
    lines: u64,
    tallies: [(&'static str, u64); 2],
    failed: u64,
    mark: String,
}

impl Report {
    fn take(&mut self) -> Bytes {
        Bytes::from(std::mem::take(&mut self.out))
    }

    fn of(task: &Task) -> Self {
        Self { tallies: task.tallies(), ..Self::default() }
    }

    fn told(&mut self, number: u64, told: Told) {
        let (tid, refusal) = match told {
            Told::Brought(Ok(done)) => return self.stored(number, done),
            Told::Edited(Ok(done)) => return self.edited(number, done),
            Told::Brought(Err(refused)) | Told::Edited(Err(refused)) => refused,
        };
        self.failed(number, tid.as_deref(), |out| error::push_refusal(out, &refusal));
    }

    /// The first of the two tallies, or the second.
    fn tally(&mut self, first: bool) -> &'static str {
        let [one, other] = &mut self.tallies;
        let (status, count) = if first { one } else { other };
        *count += 1;
        status
    }

    fn edited(&mut self, number: u64, done: LineEdited) {
        self.lines += 1;
        let status = self.tally(done.changed);
        self.begin(number, done.tid.as_str(), status, done.revision.0);
        push_list(&mut self.out, "unindexed", &done.unindexed);
        push_list(&mut self.out, "notes", &done.notes);
        self.out.push_str("}\n");
        if !done.mark.is_empty() {
            self.mark = done.mark;
        }
    }

    fn begin(&mut self, number: u64, tid: &str, status: &str, revision: u64) {
        let _ = write!(self.out, "{{\"line\":{number},\"tid\":");
        push_string(&mut self.out, tid);
        let _ = write!(self.out, ",\"status\":\"{status}\",\"revision\":{revision}");
    }

    fn stored(&mut self, number: u64, done: Ingested) {
        self.lines += 1;
        let status = self.tally(done.created);
        self.begin(number, done.tid.as_str(), status, done.revision.0);
        push_list(&mut self.out, "unindexed", &done.unindexed);
        push_list(&mut self.out, "notes", &done.notes);
        self.out.push_str("}\n");
        self.mark = done.mark;
    }

    fn failed(&mut self, number: u64, tid: Option<&str>, error: impl FnOnce(&mut String)) {
        self.lines += 1;
        self.failed += 1;
        let _ = write!(self.out, "{{\"line\":{number},");
        if let Some(tid) = tid {
            self.out.push_str("\"tid\":");
            push_string(&mut self.out, tid);
            self.out.push(',');
        }
        self.out.push_str("\"status\":\"failed\",\"error\":");
        error(&mut self.out);
        self.out.push_str("}\n");
    }

    fn summary(&mut self, pending: Option<&str>, failure: Option<&Failure>) {
        let Self { lines, tallies: [(one, ones), (other, others)], failed, .. } = self;
        let _ = write!(
            self.out,
            "{{\"summary\":{{\"lines\":{lines},\"{one}\":{ones},\"{other}\":{others},\"failed\":{failed}"
        );
        if !self.mark.is_empty() {
            self.out.push_str(",\"mark\":");
            push_string(&mut self.out, &self.mark);
        }
        if let Some(store) = pending {
            let _ = write!(self.out, ",\"pending\":\"{store}\"");
        }
        if let Some(failure) = failure {
            self.out.push_str(",\"error\":");
            push_failure(&mut self.out, failure);
        }
        self.out.push_str("}}\n");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::clock::Timestamp;
    use crate::domain::identity::{Revision, Tid};

    #[test]
    fn verdicts_and_summary_are_json_lines() {
        let mut report = Report::of(&Task::Bring(IngestOptions::default()));
        let done = Ingested {
            tid: Tid::parse("a\"b").unwrap(),
            created: true,
            revision: Revision(1),
            last_modified: Timestamp(0),
            mark: "m2".into(),
            unindexed: vec!["colour".into()],
            notes: vec!["kept `tid`".into()],
            pending: None,
        };
        report.told(1, Told::Brought(Ok(done)));
        report.told(3, Told::Edited(Err((Some("x".into()), Refusal::at(Code::TooDeep, "/a", "too deep")))));
        report.failed(4, None, |out| push_failure(out, &Failure::BodyCut("gone".into())));
        report.summary(Some("search"), None);
        let read: Vec<serde_json::Value> = report.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let expected = serde_json::json!([
            {"line": 1, "tid": "a\"b", "status": "created", "revision": 1, "unindexed": ["colour"],
                "notes": ["kept `tid`"]},
            {"line": 3, "tid": "x", "status": "failed", "error": {"code": "json_too_deep", "detail": "too deep",
                "errors": [{"pointer": "/a", "code": "json_too_deep", "detail": "too deep"}]}},
            {"line": 4, "status": "failed", "error": {"code": "body_incomplete",
                "detail": "the body did not arrive whole: gone"}},
            {"summary": {"lines": 3, "created": 1, "replaced": 0, "failed": 2, "mark": "m2", "pending": "search"}},
        ]);
        assert_eq!(serde_json::Value::from(read), expected);
    }
}
