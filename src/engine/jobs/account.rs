//! What is told of a job: the same for every kind, while it runs and after it has ended.
use crate::base::clock::Timestamp;
use crate::domain::access::Scope;
use crate::domain::identity::{CompanyName, FolderName, OrgName};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// Errors that a job shows besides their counts.
const SAMPLES: usize = 10;

/// Where a job stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// Declared; its rows are still to come. It is no job yet.
    Open,
    /// It waits for others.
    #[default]
    Queued,
    /// It runs.
    Running,
    /// It has done all it could; rows may have failed.
    Done,
    /// It could not go on.
    Failed,
    /// Somebody stopped it; what it had done stays.
    Cancelled,
}

impl State {
    /// As it is spelled.
    pub fn text(self) -> &'static str {
        match self {
            State::Open => "open",
            State::Queued => "queued",
            State::Running => "running",
            State::Done => "done",
            State::Failed => "failed",
            State::Cancelled => "cancelled",
        }
    }

    /// Reads one that a job can be in.
    pub fn parse(text: &str) -> Option<Self> {
        [State::Queued, State::Running, State::Done, State::Failed, State::Cancelled]
            .into_iter()
            .find(|state| state.text() == text)
    }

    /// Whether nothing more happens.
    pub fn is_over(self) -> bool {
        matches!(self, State::Done | State::Failed | State::Cancelled)
    }
}

/// What became of the rows or transcripts of a job.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Another now.
    pub changed: u64,
    /// As they were.
    pub unchanged: u64,
    /// Refused.
    pub failed: u64,
}

/// One of the first errors: no values, for they may be personal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sample {
    /// Its row, from 1.
    pub row: u64,
    /// Which transcript.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub tid: Option<String>,
    /// Which field.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub field: Option<String>,
    /// Why.
    pub code: String,
}

/// A job as it is told.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Account {
    /// Its id.
    pub id: String,
    /// `import`, `bulk_edit`, `erase`, `backfill`, `reindex`, …
    pub kind: String,
    /// Where it stands.
    pub state: State,
    /// Whose; none for what concerns the store as a whole.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub company: Option<CompanyName>,
    /// Whose.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub org: Option<OrgName>,
    /// The folder it keeps to.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub folder: Option<FolderName>,
    /// What it is about, in words.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub name: Option<String>,
    /// Rows or transcripts done.
    pub done: u64,
    /// Of how many; 0 while nobody knows.
    pub total: u64,
    /// What became of them, for jobs that edit.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub counts: Option<Counts>,
    /// Errors by code.
    #[serde(default)]
    pub errors: BTreeMap<String, u64>,
    /// The first errors.
    #[serde(default)]
    pub samples: Vec<Sample>,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub reason: Option<String>,
    /// Microseconds; 0 when it is not known.
    #[serde(default)]
    pub created: i64,
    /// Microseconds.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub started: Option<i64>,
    /// Microseconds.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub finished: Option<i64>,
}

impl Account {
    /// Whether a token of that scope may know of it. What concerns the store as a whole is for tokens that reach all.
    pub fn is_seen(&self, scope: &Scope) -> bool {
        let Some(company) = &self.company else { return scope.company.is_none() };
        let Some(org) = &self.org else { return scope.sees_company(company) && scope.org.is_none() };
        match &self.folder {
            Some(folder) => scope.sees_folder(company, org, folder),
            None => scope.sees_org(company, org) && scope.folder.is_none(),
        }
    }

    /// One more error.
    pub fn count_error(&mut self, sample: Sample) {
        *self.errors.entry(sample.code.clone()).or_default() += 1;
        if self.samples.len() < SAMPLES {
            self.samples.push(sample);
        }
    }

    /// As it is answered. `rate` is rows a second while it runs.
    pub fn to_json(&self, rate: Option<f64>) -> Value {
        let mut all = Map::new();
        let mut put = |name: &str, value: Value| drop(all.insert(name.to_owned(), value));
        put("id", json!(self.id));
        put("kind", json!(self.kind));
        put("state", json!(self.state.text()));
        for (name, value) in [
            ("company", self.company.as_ref().map(CompanyName::as_str)),
            ("org", self.org.as_ref().map(OrgName::as_str)),
            ("folder", self.folder.as_ref().map(FolderName::as_str)),
            ("name", self.name.as_deref()),
            ("reason", self.reason.as_deref()),
        ] {
            if let Some(value) = value {
                put(name, json!(value));
            }
        }
        put("progress", json!({"done": self.done, "total": self.total}));
        if let Some(counts) = &self.counts {
            put("counts", json!(counts));
        }
        if let Some(rate) = self.rate(rate) {
            put("rate", json!((rate * 10.0).round() / 10.0));
            if self.state == State::Running && rate > 0.0 {
                #[allow(clippy::cast_precision_loss, reason = "an estimate")]
                let left = self.total.saturating_sub(self.done) as f64 / rate;
                put("remaining_seconds", json!((left * 10.0).round() / 10.0));
            }
        }
        for (name, at) in [
            ("created", Some(self.created).filter(|at| *at > 0)),
            ("started", self.started),
            ("finished", self.finished),
        ] {
            if let Some(at) = at {
                put(name, json!(Timestamp(at).rfc3339()));
            }
        }
        put(
            "errors",
            json!({"total": self.errors.values().sum::<u64>(), "by_code": self.errors, "first": self.samples}),
        );
        Value::Object(all)
    }

    /// Rows a second: as measured while it runs, over all its time once it is over.
    fn rate(&self, measured: Option<f64>) -> Option<f64> {
        if self.state == State::Running {
            return measured;
        }
        let micros = self.finished?.checked_sub(self.started?)?;
        #[allow(clippy::cast_precision_loss, reason = "an estimate")]
        let rate = self.done as f64 * 1e6 / micros.max(1) as f64;
        (self.state.is_over() && micros > 0).then_some(rate)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account() -> Account {
        Account {
            id: "job-1".into(),
            kind: "import".into(),
            company: CompanyName::parse("Acme").ok(),
            org: OrgName::parse("Acme-Sales").ok(),
            done: 50,
            total: 200,
            ..Account::default()
        }
    }

    #[test]
    fn a_running_job_says_how_long_it_will_take() {
        let running = Account { state: State::Running, ..account() }.to_json(Some(25.0));
        assert_eq!((&running["rate"], &running["remaining_seconds"]), (&json!(25.0), &json!(6.0)));
        let over = Account { state: State::Done, started: Some(1), finished: Some(2_000_001), ..account() };
        let over = over.to_json(None);
        assert_eq!((&over["rate"], &over["remaining_seconds"]), (&json!(25.0), &Value::Null));
        assert_eq!(account().to_json(None)["progress"], json!({"done": 50, "total": 200}));
    }

    #[test]
    fn jobs_are_seen_by_tokens_that_reach_all_they_touch() {
        let scope = |company: Option<&str>, org: Option<&str>, folder: Option<&str>| Scope {
            company: company.map(|name| CompanyName::parse(name).unwrap()),
            org: org.map(|name| OrgName::parse(name).unwrap()),
            folder: folder.map(|name| FolderName::parse(name).unwrap()),
        };
        let org = account();
        let folder = Account { folder: FolderName::parse("In").ok(), ..account() };
        let store = Account { company: None, org: None, ..account() };
        let seen = |scope: &Scope| [&org, &folder, &store].map(|one| one.is_seen(scope));
        assert_eq!(seen(&scope(None, None, None)), [true, true, true]);
        assert_eq!(seen(&scope(Some("Acme"), None, None)), [true, true, false]);
        assert_eq!(seen(&scope(Some("Acme"), Some("Acme-Sales"), Some("In"))), [false, true, false]);
        assert_eq!(seen(&scope(Some("Acme"), Some("Acme-Sales"), Some("Out"))), [false, false, false]);
        assert_eq!(seen(&scope(Some("Other"), None, None)), [false, false, false]);
    }
}
