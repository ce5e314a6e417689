//! One client, everything in random order, checked after every answer and at quiet points.
use crate::house::{COMPANY, House, ORG, PATIENCE, code, company, ingest, org, place, transcript};
use crate::invariants;
use crate::plain::{Change, Folder, Mode, Plain};
use crate::random::Random;
use linernotes::domain::identity::Tid;
use linernotes::domain::metadata::Edit;
use linernotes::domain::refusal::Refusal;
use linernotes::engine::Engine;
use linernotes::engine::types::{EditOptions, Idempotency, MetadataMode, Precondition};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, VecDeque};

pub const TIDS: [&str; 9] = ["t0", "t1", "t2", "t3", "t4", "t5", "t6", "t 7", "t:8"];
const FOLDERS: [&str; 3] = ["A", "B", "C"];
const FIELDS: [&str; 6] = ["queue", "rating", "vip", "note", "color", "extra"];
const WORDS: [&str; 4] = ["cancel", "refund", "hello", "weather"];
const MODES: [(Mode, Option<MetadataMode>); 4] = [
    (Mode::Unsaid, None),
    (Mode::Keep, Some(MetadataMode::Keep)),
    (Mode::Merge, Some(MetadataMode::Merge)),
    (Mode::Replace, Some(MetadataMode::Replace)),
];

/// A run of one seed.
pub struct Run {
    pub house: House,
    pub plain: Plain,
    pub random: Random,
    seed: u64,
    /// The last operations.
    log: VecDeque<String>,
    pub operations: u64,
}

/// Prints what led to a failure.
impl Drop for Run {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("seed {}; the last of {} operations:", self.seed, self.operations);
            self.log.iter().for_each(|line| eprintln!("  {line}"));
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_one_client_does_the_engine_does_what_the_contract_says() {
    for seed in crate::seeds(12) {
        let mut run = Run::of(seed).await;
        for _ in 0..120 {
            run.step().await;
        }
        run.check().await;
        assert!(run.house.engine.drain(PATIENCE).await);
    }
}

impl Run {
    pub async fn of(seed: u64) -> Self {
        let (house, plain) = (House::furnished().await, Plain::furnished());
        Self { house, plain, random: Random(seed), seed, log: VecDeque::new(), operations: 0 }
    }

    async fn step(&mut self) {
        match self.random.below(100) {
            0..91 => self.change_something().await,
            91..94 => self.restart().await,
            _ => self.check().await,
        }
    }

    /// One thing a client may do.
    pub async fn change_something(&mut self) {
        match self.random.below(91) {
            0..40 => self.edit().await,
            40..62 => self.put().await,
            62..72 => self.lines().await,
            72..80 => self.configure().await,
            80..88 => self.erase().await,
            _ => self.delete_folder().await,
        }
    }

    pub fn note(&mut self, line: String) {
        self.operations += 1;
        if self.log.len() == 25 {
            self.log.pop_front();
        }
        self.log.push_back(line);
    }

    fn tid(&mut self) -> &'static str {
        self.random.pick::<&str>(&TIDS)
    }

    fn value(&mut self, field: &str) -> Value {
        let all = match field {
            "queue" => vec![json!("billing"), json!("sales"), json!("")],
            "rating" => vec![json!(1), json!("2"), json!(3), json!("many")],
            "vip" => vec![json!(true), json!(false), json!("perhaps")],
            "note" => vec![json!("calm"), json!("angry caller")],
            "color" => vec![json!("teal"), json!("red"), json!(7)],
            _ => vec![json!("plain"), json!({"deep": {"er": 1}, "b": 2}), json!({"deep": {"other": 2}})],
        };
        self.random.pick(&all).clone()
    }

    fn values(&mut self, nulls: bool) -> Map<String, Value> {
        let mut all = Map::new();
        for _ in 0..self.random.below(4) {
            let field = *self.random.pick(&FIELDS);
            let value = if nulls && self.random.once_in(4) { Value::Null } else { self.value(field) };
            all.insert(field.to_owned(), value);
        }
        all
    }

    fn change(&mut self) -> Change {
        match self.random.below(5) {
            0 => Change::Flat(self.values(true)),
            1 => Change::Merge(self.values(true)),
            2 => {
                let operations = self.values(true).into_iter().map(|(n, v)| (n, Some(v).filter(|v| !v.is_null())));
                Change::Patch(operations.collect())
            }
            3 => Change::Replace(self.values(false)),
            _ => Change::Remove(self.values(false).into_iter().map(|(name, _)| name).collect()),
        }
    }

    async fn edit(&mut self) {
        let (tid, change) = (self.tid(), self.change());
        self.note(format!("edit {tid} {change:?}"));
        let edit = read(&self.house.engine, &change).unwrap();
        let mut options = EditOptions::default();
        let stands = self.plain.docs.get(tid).map(|doc| doc.revision);
        let lost = self.random.once_in(10);
        if lost || self.random.once_in(10) {
            options.precondition = Precondition::Revisions(vec![stands.unwrap_or(1) + u64::from(lost)]);
        }
        options.dry_run = self.random.once_in(12);
        if self.random.once_in(6) {
            let key = self.operations.to_string();
            options.idempotency = Some(Idempotency { request: format!("PATCH {tid}"), key, body: [1; 32] });
        }
        let mut wanted = self.plain.clone();
        let mut expected = wanted.edit(tid, &change);
        if lost && stands.is_some() {
            expected = Err("revision_mismatch");
        }
        let place = place(tid);
        let answer = self.house.engine.edit(&self.house.owner, &place, edit.clone(), options.clone()).await;
        if self.fell(&answer) {
            let done = expected.is_ok() && !options.dry_run;
            return self.either(wanted, done, &[tid]).await;
        }
        assert_eq!(code(&answer), expected.err().unwrap_or("ok"), "edit of {tid}");
        let Ok(answer) = answer else { return };
        let doc = &wanted.docs[tid];
        assert_eq!((answer.view.revision.0, parsed(&answer.view.metadata)), (doc.revision, doc.metadata.clone()));
        if options.dry_run {
            return;
        }
        self.plain = wanted;
        if options.idempotency.is_some() {
            let again = self.house.engine.edit(&self.house.owner, &place, edit, options).await;
            if self.fell(&again) {
                return self.stand_up().await;
            }
            let again = again.unwrap();
            let revision = self.plain.docs[tid].revision;
            assert_eq!((again.replayed.map(|r| r.0), again.view.revision.0), (Some(revision), revision));
        }
        self.read(tid).await;
    }

    /// (6) A read that starts after an answer sees it.
    pub async fn read(&self, tid: &str) {
        let seen = self.house.engine.read_metadata(&self.house.owner, &place(tid)).await;
        if self.fell(&seen) {
            return;
        }
        let Some(doc) = self.plain.docs.get(tid) else { return assert_eq!(code(&seen), "not_found", "{tid}") };
        let seen = seen.unwrap();
        assert_eq!((seen.revision.0, parsed(&seen.metadata)), (doc.revision, doc.metadata.clone()), "read of {tid}");
        let whole = self.house.engine.read_transcript(&self.house.owner, &place(tid)).await;
        if self.fell(&whole) {
            return;
        }
        let whole = whole.unwrap();
        let json: Value = serde_json::from_str(&whole.json).unwrap();
        assert_eq!(json["utterances"][0]["text"], doc.word.as_str(), "words of {tid}");
        assert_eq!(whole.revision.0, doc.revision);
    }

    fn folder(&mut self) -> Option<String> {
        let folders: Vec<String> = self.plain.folders.keys().cloned().collect();
        (!folders.is_empty() && !self.random.once_in(3)).then(|| self.random.pick(&folders).clone())
    }

    fn client_data(&mut self) -> Option<Map<String, Value>> {
        (!self.random.once_in(3)).then(|| self.values(false))
    }

    async fn put(&mut self) {
        let (tid, word, folder) = (self.tid(), *self.random.pick(&WORDS), self.folder());
        let ((mode, sent_mode), data) = (*self.random.pick(&MODES), self.client_data());
        self.note(format!("put {tid} {word} {folder:?} {mode:?} {data:?}"));
        let mut wanted = self.plain.clone();
        let expected = wanted.put(tid, folder.as_deref(), mode, (word, data.as_ref()));
        let text = transcript(word, data.map(Value::Object).as_ref());
        let answer = self.house.put(tid, folder.as_deref(), sent_mode, &text).await;
        if self.fell(&answer) {
            return self.either(wanted, expected.is_ok(), &[tid]).await;
        }
        self.plain = wanted;
        assert_eq!(code(&answer), expected.err().unwrap_or("ok"), "put of {tid}");
        if let Ok(answer) = answer {
            assert_eq!((answer.created, answer.revision.0), (expected == Ok(true), self.plain.docs[tid].revision));
        }
        self.read(tid).await;
    }

    async fn lines(&mut self) {
        let (atomic, folder) = (self.random.once_in(2), self.folder());
        let ((mode, sent_mode), count) = (*self.random.pick(&MODES), 1 + self.random.below(6));
        let mut wanted = self.plain.clone();
        let (mut lines, mut expected, mut seen) = (Vec::new(), Vec::new(), Vec::new());
        let mut steps = vec![wanted.clone()];
        for _ in 0..count {
            if self.random.once_in(10) {
                lines.push("{\"tid\": ".to_owned());
                expected.push(Err("json_invalid"));
                continue;
            }
            let (tid, word, data) = (self.tid(), *self.random.pick(&WORDS), self.client_data());
            let mut line: Value =
                serde_json::from_str(&transcript(word, data.clone().map(Value::Object).as_ref())).unwrap();
            line["tid"] = json!(tid);
            lines.push(line.to_string());
            let twice = atomic && seen.contains(&tid);
            seen.push(tid);
            expected.push(match twice {
                true => Err("transcript_shape"),
                false => wanted.put(tid, folder.as_deref(), mode, (word, data.as_ref())),
            });
            steps.push(wanted.clone());
        }
        self.note(format!("lines atomic={atomic} folder={folder:?} {mode:?} {lines:?}"));
        let (options, company, org) = (ingest(folder.as_deref(), sent_mode), company(), org());
        let engine = &self.house.engine;
        let verdicts = match atomic {
            true => engine.ingest_atomic(&self.house.owner, &company, &org, &options, lines).await,
            false => engine.ingest(&self.house.owner, &company, &org, &options, lines).await,
        };
        if self.house.faults.is_dead() {
            let answered = verdicts.is_ok_and(|all| all.iter().all(Result::is_ok));
            return self.some_of(steps, atomic, answered).await;
        }
        let verdicts = verdicts.unwrap();
        assert_eq!(verdicts.len(), expected.len());
        let failed = expected.iter().any(Result::is_err);
        for (verdict, expected) in verdicts.iter().zip(&expected) {
            match (verdict, expected) {
                (Ok(done), Ok(created)) if !(atomic && failed) => assert_eq!(done.created, *created),
                (Err((_, refusal)), Err(_)) if !atomic => assert_eq!(Some(refusal.code.text()), expected.err()),
                (Err(_), _) if atomic && failed => {}
                other => panic!("{other:?}"),
            }
        }
        if !(atomic && failed) {
            self.plain = wanted;
        }
        for tid in seen {
            self.read(tid).await;
        }
    }

    async fn configure(&mut self) {
        let folder = *self.random.pick(&FOLDERS);
        if self.random.once_in(5) {
            return self.retype().await;
        }
        let fields: Vec<&str> = FIELDS.iter().copied().filter(|_| self.random.once_in(2)).collect();
        let stores_misfits = self.random.once_in(2);
        let mismatch = if stores_misfits { "store" } else { "refuse" };
        self.note(format!("configure {folder} {fields:?} {mismatch}"));
        let body = json!({folder: {"custom_meta": fields, "on_mismatch": mismatch}}).to_string();
        let mut answer = self.house.configure("Acme/Acme-Sales/folders", &body).await;
        while self.fell(&answer) {
            // Whether it was done does not matter: it is done again.
            self.stand_up_whatever_is_configured().await;
            answer = self.house.configure("Acme/Acme-Sales/folders", &body).await;
        }
        answer.unwrap();
        let fields = fields.into_iter().map(str::to_owned).collect();
        self.plain.folders.insert(folder.to_owned(), Folder { fields, stores_misfits });
    }

    /// Edits are judged by the new type at once; searches follow when it is quiet, whatever fails until then.
    async fn retype(&mut self) {
        let kind = *self.random.pick(&["number", "varchar"]);
        self.note(format!("rating becomes {kind}"));
        let mut answer = self.house.retype("rating", kind).await;
        while self.fell(&answer) {
            self.stand_up_whatever_is_configured().await;
            answer = self.house.retype("rating", kind).await;
        }
        if answer.is_ok() {
            self.plain.types.insert("rating".to_owned(), kind);
        }
    }

    async fn erase(&mut self) {
        if self.random.once_in(4) {
            return self.erase_many().await;
        }
        let tid = self.tid();
        self.note(format!("erase {tid}"));
        let mut wanted = self.plain.clone();
        let expected = wanted.erase(tid);
        let answer = self.house.engine.erase(&self.house.owner, &place(tid), Precondition::None).await;
        if self.fell(&answer) {
            return self.either(wanted, expected.is_ok(), &[tid]).await;
        }
        self.plain = wanted;
        assert_eq!(code(&answer), expected.err().unwrap_or("ok"), "erasure of {tid}");
        self.read(tid).await;
    }

    async fn erase_many(&mut self) {
        let tids = [self.tid(), self.tid()];
        self.note(format!("erase {tids:?}"));
        let parsed = tids.map(|tid| Tid::parse(tid).unwrap());
        let answer = self.house.engine.erase_many(&self.house.owner, &company(), &org(), None, &parsed).await;
        let there = tids.iter().all(|tid| self.plain.docs.contains_key(*tid));
        if self.fell(&answer) {
            let mut wanted = self.plain.clone();
            let _twice = there.then(|| tids.map(|tid| wanted.erase(tid)));
            return self.either(wanted, there, &tids).await;
        }
        assert_eq!(code(&answer), if there { "ok" } else { "not_found" }, "erasure of {tids:?}");
        if there {
            let _twice = tids.map(|tid| self.plain.erase(tid));
        }
    }

    async fn delete_folder(&mut self) {
        let folder = *self.random.pick(&FOLDERS);
        self.note(format!("delete folder {folder}"));
        let mut answer = self.house.delete(&format!("{COMPANY}/{ORG}/{folder}")).await;
        let mut there = self.plain.folders.contains_key(folder);
        while self.fell(&answer) {
            self.stand_up_whatever_is_configured().await;
            answer = self.house.delete(&format!("{COMPANY}/{ORG}/{folder}")).await;
            if code(&answer) == "not_found" && there {
                // It was done before the end.
                self.plain.delete_folder(folder);
                there = false;
            }
        }
        assert_eq!(code(&answer), if there { "ok" } else { "not_found" });
        if there {
            self.plain.delete_folder(folder);
        }
    }

    async fn restart(&mut self) {
        let (crash, loses) = (self.random.once_in(2), self.random.once_in(2));
        self.note(format!("restart crash={crash} loses the index={loses}"));
        if loses {
            self.house.lose_index();
        }
        if crash {
            self.house.crash().await;
        } else {
            self.house.restart().await;
        }
    }

    /// Everything, at a quiet point.
    pub async fn check(&mut self) {
        self.note("check".to_owned());
        if self.house.faults.disarm() {
            self.stand_up().await;
        }
        self.house.quiet().await;
        let (stores, plain) = (&self.house.stores, &self.plain);
        invariants::quiet_means_level(stores);
        let rows: BTreeMap<String, _> =
            invariants::rows(stores).into_iter().map(|row| (row.tid.as_str().to_owned(), row)).collect();
        assert!(rows.keys().eq(plain.docs.keys()), "{:?} in the database", rows.keys());
        for (tid, doc) in &plain.docs {
            let (row, place) = (&rows[tid], place(tid));
            assert_eq!(row.revision.0, doc.revision, "revision of {tid} in the database");
            invariants::database_holds(row, &plain.values(doc));
            invariants::archive_holds(stores, &place, doc.revision, &Value::Object(doc.metadata.clone()), &doc.word);
            invariants::older_is_a_no_op(stores, &place);
            self.read(tid).await;
        }
        for word in WORDS {
            assert_eq!(self.house.find(word).await.unwrap(), plain.with_word(word), "with the word {word}");
        }
        let conditions = [("queue", "billing"), ("rating", "2"), ("rating", "3"), ("color", "teal"), ("vip", "true")];
        for (field, value) in conditions {
            let found = self.house.find(&format!("{field}:{value}")).await;
            if plain.configured(field) {
                assert_eq!(found.unwrap(), plain.with_value(field, value), "{field}:{value}");
            } else {
                assert!(found.is_err(), "{field} is not configured");
            }
        }
        let report = self.house.engine.verify(true).await.unwrap();
        assert_eq!(report.differences, [], "verify");
    }
}

fn parsed(metadata: &str) -> Map<String, Value> {
    invariants::folded(&serde_json::from_str(metadata).unwrap()).as_object().unwrap().clone()
}

/// A change as an edit of the engine.
pub fn read(engine: &Engine, change: &Change) -> Result<Edit, Refusal> {
    let rules = engine.settings().edit_rules();
    let object = |all: &Map<String, Value>| serde_json::to_vec(all).unwrap();
    match change {
        Change::Flat(all) => Edit::read_flat(&object(all), rules),
        Change::Merge(all) => Edit::read_merge(&object(all), rules),
        Change::Patch(all) => {
            let operation = |(name, value): &(String, Option<Value>)| match value {
                Some(value) => json!({"op": "add", "path": format!("/{name}"), "value": value}),
                None => json!({"op": "remove", "path": format!("/{name}")}),
            };
            Edit::read_patch(json!(all.iter().map(operation).collect::<Vec<_>>()).to_string().as_bytes(), rules)
        }
        Change::Replace(all) => Edit::read_replace(&object(all), rules),
        Change::Remove(names) => Edit::read_remove(json!(names).to_string().as_bytes(), rules),
    }
}
