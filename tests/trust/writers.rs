//! Clients that write and read, each on a connection of its own, and note every request with its answer before the next.
use crate::history::{Act, Change, Done, FIELDS, Known, NEVER};
use crate::requests::{Asked, FOLDER, ORG, again, answered, names, revision, send, transcript, values, verdicts};
use crate::wire::{Chance, Wire};
use serde_json::json;
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU32, Ordering};
use std::time::Instant;

/// How often each kind of request is made, as weights; then percentages.
#[derive(Clone, Debug)]
pub struct Mix {
    pub patch: u32,
    pub remove: u32,
    pub replace: u32,
    pub bring: u32,
    /// NDJSON of several lines.
    pub batch: u32,
    /// Create, erase, create anew, edit, of transcripts that one client has for itself.
    pub own: u32,
    pub read: u32,
    /// Other lists of configured fields; the first client only.
    pub configure: u32,
    /// Of the patches, those under an idempotency key.
    pub keyed: u32,
    /// Of the patches, those with `If-Match`.
    pub conditional: u32,
    /// Of the patches, those that ask for a receipt.
    pub receipts: u32,
}

/// What all clients of one round share.
pub struct Load<'r> {
    pub addr: &'r str,
    pub token: &'r str,
    pub clock: Instant,
    /// The next value nobody has sent.
    pub values: &'r AtomicU32,
    pub mix: &'r Mix,
    /// Transcripts all write: those from 0 on.
    pub shared: u32,
    /// Every second request goes to the first of them.
    pub hot: u32,
    pub stop: &'r AtomicBool,
    /// Edits that may still be made.
    pub quota: &'r AtomicI64,
    /// How the transcripts were before.
    pub known: &'r [Known],
}

/// What one client noted.
#[derive(Debug, Default)]
pub struct Notes {
    pub done: Vec<(u32, Done)>,
    /// Lists of configured fields that were posted, and whether they were answered.
    pub lists: Vec<(u16, bool)>,
    /// Answers 503: nothing was done.
    pub busy: u64,
    /// Repeats of answered requests under their key.
    pub repeats: u64,
    /// Whether the connection broke; no request was made after that.
    pub broken: bool,
}

/// One client.
pub struct Writer<'r> {
    load: &'r Load<'r>,
    first: bool,
    own: Vec<u32>,
    chance: Chance,
    wire: Wire,
    /// Newest revision seen, by transcript; whether the own ones are there.
    seen: HashMap<u32, u64>,
    there: HashMap<u32, bool>,
    notes: Notes,
}

impl<'r> Writer<'r> {
    pub fn new(load: &'r Load<'r>, number: u32, own: Vec<u32>, seed: u64) -> Self {
        let there = own.iter().map(|tid| (*tid, load.known[*tid as usize].state.there)).collect();
        let wire = Wire::new(load.addr, load.token);
        let (chance, seen, notes) = (Chance(seed), HashMap::new(), Notes::default());
        Self { load, first: number == 0, own, chance, wire, seen, there, notes }
    }

    /// Until told to stop, until nothing is left to do, or until the connection breaks.
    pub fn run(mut self) -> Notes {
        while !self.notes.broken && !self.load.stop.load(Ordering::Relaxed) {
            if self.load.quota.load(Ordering::Relaxed) <= 0 {
                break;
            }
            self.request();
        }
        self.notes
    }

    fn request(&mut self) {
        let mix = self.load.mix;
        let kinds = [mix.patch, mix.remove, mix.replace, mix.bring, mix.batch, mix.own, mix.read, mix.configure];
        let mut left = self.chance.below(kinds.iter().sum());
        let kind = kinds.iter().position(|weight| {
            let hit = left < *weight;
            left = left.saturating_sub(*weight);
            hit
        });
        let tid = self.shared();
        match kind.unwrap_or(0) {
            1 => {
                let fields = self.fields(2);
                self.edit(tid, Change::Remove(fields), None, 0);
            }
            2 => {
                let pairs = self.pairs(5);
                self.edit(tid, Change::Replace(pairs), None, 0);
            }
            3 => {
                let change = self.bring();
                self.edit(tid, change, None, 0);
            }
            4 => self.batch(),
            5 if !self.own.is_empty() => self.own(),
            6 => self.read(tid),
            7 if self.first => self.configure(),
            _ => self.patch(tid),
        }
    }

    fn now(&self) -> u64 {
        u64::try_from(self.load.clock.elapsed().as_nanos()).unwrap()
    }

    fn value(&self) -> u32 {
        self.load.values.fetch_add(1, Ordering::Relaxed)
    }

    fn shared(&mut self) -> u32 {
        let among = if self.chance.percent(50) { self.load.hot } else { self.load.shared };
        self.chance.below(among)
    }

    /// Some different fields.
    fn fields(&mut self, most: u32) -> Vec<u8> {
        let count = 1 + self.chance.below(most);
        let mut fields: Vec<u8> = (0..count).map(|_| u8::try_from(self.chance.below(FIELDS as u32)).unwrap()).collect();
        fields.sort_unstable();
        fields.dedup();
        fields
    }

    fn pairs(&mut self, most: u32) -> Vec<(u8, u32)> {
        let value = self.value();
        self.fields(most).into_iter().map(|field| (field, value)).collect()
    }

    fn bring(&mut self) -> Change {
        let fields = if self.chance.percent(60) { Some(self.pairs(5)) } else { None };
        Change::Bring { words: self.value(), fields }
    }

    fn patch(&mut self, tid: u32) {
        let mut pairs = self.pairs(3);
        if self.chance.percent(20) && pairs.len() > 1 {
            pairs[0].1 = 0;
        }
        let expected = if self.chance.percent(self.load.mix.conditional) { self.expected(tid) } else { None };
        let keyed = expected.is_none() && self.chance.percent(self.load.mix.keyed);
        let key = if keyed { self.value() } else { 0 };
        self.edit(tid, Change::Set(pairs), expected, key);
        if keyed && !self.notes.broken && self.chance.percent(10) {
            self.repeat(key);
        }
    }

    /// The revision last seen, usually.
    fn expected(&mut self, tid: u32) -> Option<u64> {
        let seen = *self.seen.get(&tid)?;
        Some(if self.chance.percent(90) { seen } else { seen + 1 - u64::from(self.chance.below(3)) })
    }

    /// One line a transcript, several transcripts.
    fn batch(&mut self) {
        let count = 5.min(self.load.shared);
        let first = self.shared();
        let lines: Vec<(u32, Change)> = (0..count).map(|n| ((first + n) % self.load.shared, self.bring())).collect();
        let body: String =
            lines.iter().map(|(tid, change)| transcript(Some(*tid), change).to_string() + "\n").collect();
        let invoked = self.now();
        let answer = self.wire.send("POST", &format!("/transcripts/{ORG}?folder={FOLDER}"), &[], Some(&body));
        let returned = if answer.is_some() { self.now() } else { NEVER };
        if answer.as_ref().is_some_and(|answer| answer.status == 503) {
            self.notes.busy += 1;
            return;
        }
        let verdicts = answer.map(|answer| verdicts(&answer));
        for (n, (tid, change)) in lines.into_iter().enumerate() {
            let revision = verdicts.as_ref().map_or(0, |all| all[n]);
            self.note(tid, Done { revision, ..done(Act::Edit(change), invoked, returned) });
        }
        self.load.quota.fetch_sub(i64::from(count), Ordering::Relaxed);
    }

    fn own(&mut self) {
        let tid = self.own[self.chance.below(self.own.len() as u32) as usize];
        let change = match (self.there[&tid], self.chance.below(8)) {
            (false, _) => Change::Bring { words: self.value(), fields: Some(self.pairs(5)) },
            (true, 0) => Change::Erase,
            (true, 1) => self.bring(),
            (true, 2) => Change::Replace(self.pairs(4)),
            (true, _) => Change::Set(self.pairs(3)),
        };
        self.there.insert(tid, !matches!(change, Change::Erase));
        self.edit(tid, change, None, 0);
    }

    fn read(&mut self, tid: u32) {
        let invoked = self.now();
        let answer = self.wire.send("GET", &format!("/metadata/{ORG}/t{tid}"), &[], None);
        let Some(answer) = answer else {
            self.notes.broken = true;
            return;
        };
        let returned = self.now();
        assert_eq!(answer.status, 200, "t{tid}: {}", answer.text());
        let seen = Some(values(&answer.json()));
        self.note(tid, Done { revision: revision(&answer), seen, ..done(Act::Read, invoked, returned) });
    }

    fn configure(&mut self) {
        let mask = u16::try_from(self.chance.below(1 << FIELDS)).unwrap();
        let body = json!({"custom_meta": names(mask)}).to_string();
        let answer = self.wire.send("POST", &format!("/config/{ORG}/{FOLDER}"), &[], Some(&body));
        self.notes.broken = answer.is_none();
        self.notes.lists.push((mask, answer.is_some()));
        if let Some(answer) = answer {
            assert_eq!(answer.status, 200, "{}", answer.text());
        }
    }

    fn edit(&mut self, tid: u32, change: Change, expected: Option<u64>, key: u32) {
        let receipt = matches!(change, Change::Set(_)) && self.chance.percent(self.load.mix.receipts);
        self.load.quota.fetch_sub(1, Ordering::Relaxed);
        let invoked = self.now();
        let answer = send(&mut self.wire, tid, &change, Asked { expected, key, receipt });
        let returned = if answer.is_some() { self.now() } else { NEVER };
        let erases = matches!(change, Change::Erase);
        let made = Done { expected, key, ..done(Act::Edit(change), invoked, returned) };
        match answer {
            None => self.note(tid, made),
            Some(answer) if answer.status == 503 => self.notes.busy += 1,
            Some(answer) if answer.status == 412 && expected.is_some() => {
                self.note(tid, Done { act: Act::Refused, ..made });
            }
            Some(answer) if erases => {
                assert_eq!(answer.status, 200, "t{tid}: {}", answer.text());
                self.note(tid, made);
            }
            Some(answer) => self.note(tid, answered(made, &answer, receipt)),
        }
    }

    /// The last request once more, under its key: nothing changes, and its revision is told.
    fn repeat(&mut self, key: u32) {
        let Some((tid, last)) = self.notes.done.last().filter(|(_, done)| done.key == key).cloned() else { return };
        let Some((_, answer)) = again(&mut self.wire, tid, &last) else {
            self.notes.broken = true;
            return;
        };
        assert_eq!(answer, Some(last.revision), "t{tid}: a repeat under its key is told the first revision");
        self.notes.repeats += 1;
    }

    fn note(&mut self, tid: u32, done: Done) {
        self.notes.broken |= done.returned == NEVER;
        if done.revision > 0 {
            let seen = self.seen.entry(tid).or_default();
            *seen = (*seen).max(done.revision);
        }
        self.notes.done.push((tid, done));
    }
}

fn done(act: Act, invoked: u64, returned: u64) -> Done {
    Done { act, invoked, returned, revision: 0, expected: None, seen: None, modified: 0, key: 0 }
}
