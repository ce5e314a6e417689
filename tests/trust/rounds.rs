//! A server, its transcripts as they must be, and rounds: clients write, something happens meanwhile, everything is compared.
use crate::history::{Act, Change, Done, FIELDS, Known, NEVER, State, Timeline, Violation, check};
use crate::requests::{FOLDER, ORG, again, answered, moment, names, revision, transcript, values, words};
use crate::support::Server;
use crate::wire::{Chance, Wire};
use crate::writers::{Load, Mix, Notes, Writer};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU32, Ordering};
use std::time::{Duration, Instant};

/// How many clients and transcripts.
#[derive(Clone, Copy, Debug)]
pub struct Size {
    pub writers: u32,
    /// Transcripts all of them write.
    pub shared: u32,
    /// Those that half of the requests go to.
    pub hot: u32,
    /// Transcripts each has for itself.
    pub own: u32,
    /// Whether each of the shared has 120 to 180 words and all fields at first.
    pub wordy: bool,
}

/// What the rounds came to.
#[derive(Clone, Debug, Default)]
pub struct Totals {
    pub edits: u64,
    pub reads: u64,
    pub refused: u64,
    pub busy: u64,
    /// Requests without an answer, and how many of them had taken effect.
    pub open: u64,
    pub applied: u64,
    /// Requests made again under their key, and how many of them had been made before.
    pub repeats: u64,
    pub replayed: u64,
    pub lost: u64,
    pub wrong: Vec<String>,
}

/// A server with transcripts under load.
pub struct House {
    pub server: Server,
    pub size: Size,
    pub mix: Mix,
    pub totals: Totals,
    pub chance: Chance,
    pub clock: Instant,
    known: Vec<Known>,
    values: AtomicU32,
    /// Lists of configured fields that may be in force: the last one answered, or one posted without an answer.
    lists: Vec<u16>,
}

/// What happened in a round, by transcript.
pub struct Round {
    histories: BTreeMap<u32, Vec<Done>>,
    /// Whether a client lost its connection.
    pub broken: bool,
}

impl House {
    /// Furnishes an empty server.
    pub fn new(server: Server, size: Size, mix: Mix, seed: u64) -> Self {
        server.post("/config", &json!({"Acme": {}})).ok(200);
        let fields = json!({"f0": {"type": "number"}, "f11": {"type": "text"}});
        server.post("/config/Acme/orgs", &json!({"Acme-Sales": {"fields": fields}})).ok(200);
        let list = 0b1000_0111_1111;
        server.post(&format!("/config/{ORG}/folders"), &json!({FOLDER: {"custom_meta": names(list)}})).ok(200);
        let known = vec![Known::default(); (size.shared + size.writers * size.own) as usize];
        let (values, chance, totals) = (AtomicU32::new(1), Chance(seed), Totals::default());
        let mut house =
            Self { server, size, mix, totals, chance, clock: Instant::now(), known, values, lists: vec![list] };
        house.furnish();
        house
    }

    /// Brings the shared transcripts in, 500 a request over four connections.
    fn furnish(&mut self) {
        let tids: Vec<u32> = (0..self.size.shared).collect();
        let (addr, token, wordy) = (&self.server.addr, &self.server.token, self.size.wordy);
        for (tid, known) in tids.iter().zip(&mut self.known) {
            known.state = first(*tid).apply(State::default()).unwrap();
        }
        std::thread::scope(|scope| {
            for part in tids.chunks(tids.len().div_ceil(4)) {
                let mut chance = Chance(self.chance.next());
                scope.spawn(move || {
                    let mut wire = Wire::new(addr, token);
                    for lines in part.chunks(500) {
                        let line = |tid: &u32| {
                            let mut line = transcript(Some(*tid), &first(*tid));
                            if wordy {
                                line["utterances"].as_array_mut().unwrap().extend(chatter(&mut chance));
                            }
                            line.to_string() + "\n"
                        };
                        let body: String = lines.iter().map(line).collect();
                        let path = format!("/transcripts/{ORG}?folder={FOLDER}");
                        let answer = wire.send("POST", &path, &[], Some(&body)).expect("an answer");
                        assert!(answer.text().contains("\"failed\":0"), "{}", answer.text());
                    }
                });
            }
        });
        self.values.store(self.size.shared + 1, Ordering::Relaxed);
    }

    /// Lets the clients work, at most `edits` edits, while `meanwhile` happens; after that they stop.
    pub fn round(&mut self, edits: u64, meanwhile: impl FnOnce(&mut Server, Instant, &AtomicI64)) -> Round {
        let (addr, token) = (self.server.addr.clone(), self.server.token.clone());
        let (stop, quota) = (AtomicBool::new(false), AtomicI64::new(i64::try_from(edits).unwrap()));
        let Size { writers, shared, hot, own, .. } = self.size;
        let seeds: Vec<u64> = (0..writers).map(|_| self.chance.next()).collect();
        let load = Load {
            addr: &addr,
            token: &token,
            clock: self.clock,
            values: &self.values,
            mix: &self.mix,
            shared,
            hot,
            stop: &stop,
            quota: &quota,
            known: &self.known,
        };
        let server = &mut self.server;
        let notes: Vec<Notes> = std::thread::scope(|scope| {
            let load = &load;
            let clients: Vec<_> = (0..writers)
                .map(|n| {
                    let (own, seed) = ((shared + n * own..shared + (n + 1) * own).collect(), seeds[n as usize]);
                    scope.spawn(move || Writer::new(load, n, own, seed).run())
                })
                .collect();
            meanwhile(server, load.clock, &quota);
            stop.store(true, Ordering::Relaxed);
            clients.into_iter().map(|client| client.join().expect("a client meets nothing unexpected")).collect()
        });
        self.gather(notes)
    }

    fn gather(&mut self, notes: Vec<Notes>) -> Round {
        let mut round = Round { histories: BTreeMap::new(), broken: false };
        for notes in notes {
            round.broken |= notes.broken;
            self.totals.busy += notes.busy;
            self.totals.repeats += notes.repeats;
            self.totals.replayed += notes.repeats;
            for (list, answered) in notes.lists {
                if answered {
                    self.lists.clear();
                }
                self.lists.push(list);
            }
            for (tid, done) in notes.done {
                match done.act {
                    Act::Edit(_) if done.open() => self.totals.open += 1,
                    Act::Edit(_) => self.totals.edits += 1,
                    Act::Read => self.totals.reads += 1,
                    Act::Refused => self.totals.refused += 1,
                }
                round.histories.entry(tid).or_default().push(done);
            }
        }
        round
    }

    /// Compares what is there with what happened: the ways all transcripts went. What cannot have happened is in
    /// [`Totals`]. Then everything is quiet, and what is there is what must be there next time.
    pub fn judge(&mut self, round: Round) -> BTreeMap<u32, Timeline> {
        let Round { mut histories, .. } = round;
        let few = self.known.len() <= 5_000;
        let tids: BTreeSet<u32> =
            if few { (0..self.known.len() as u32).collect() } else { histories.keys().copied().collect() };
        let found = observe(&self.server, tids.iter().copied());
        let later = self.repeat(&mut histories, &found);
        let mut timelines = BTreeMap::new();
        for (tid, mut finish) in found {
            let done = histories.remove(&tid).unwrap_or_default();
            let base = self.known[tid as usize];
            if !finish.state.there {
                // Nobody is told the revision of what is not there.
                finish.state.revision = done.iter().map(|d| d.revision).fold(base.state.revision, u64::max);
            }
            let mut settled = finish;
            match check(&base, &done, &finish, tid >= self.size.shared) {
                Ok(timeline) => {
                    self.totals.applied += timeline.iter().filter(|m| m.returned == NEVER).count() as u64;
                    timelines.insert(tid, timeline);
                }
                Err(violation) => self.violation(tid, violation),
            }
            for done in later.iter().filter(|(other, _)| *other == tid).map(|(_, done)| done) {
                let Act::Edit(change) = &done.act else { continue };
                let after = change.apply(settled.state).unwrap();
                if after.revision != done.revision || done.seen != Some(after.fields) {
                    self.violation(tid, Violation::Wrong(format!("{after:?} was to come from {done:?}")));
                }
                settled = Known { state: after, modified: 0 };
            }
            self.known[tid as usize] = settled;
        }
        self.list_in_force();
        timelines
    }

    pub fn violation(&mut self, tid: u32, violation: Violation) {
        let words = match violation {
            Violation::Lost(count, words) => {
                self.totals.lost += count;
                format!("t{tid}: {count} lost: {words}")
            }
            Violation::Wrong(words) => format!("t{tid}: {words}"),
        };
        self.totals.wrong.push(words);
    }

    /// Makes again, under their keys, what got no answer and the last thing of each transcript that got one. What had
    /// been made before is told its revision; the others are made now, and come back.
    fn repeat(&mut self, histories: &mut BTreeMap<u32, Vec<Done>>, found: &BTreeMap<u32, Known>) -> Vec<(u32, Done)> {
        let mut wire = Wire::new(&self.server.addr, &self.server.token);
        let mut later = Vec::new();
        for (tid, history) in histories {
            let last = history.iter().rposition(|done| done.key > 0 && !done.open());
            let mut kept = Vec::new();
            for (at, done) in history.drain(..).enumerate() {
                if done.key == 0 || (!done.open() && Some(at) != last) {
                    kept.push(done);
                    continue;
                }
                let (answer, replayed) = again(&mut wire, *tid, &done).expect("an answer");
                self.totals.repeats += 1;
                self.totals.replayed += u64::from(replayed.is_some());
                match replayed {
                    Some(revision) if done.open() => kept.push(Done { revision, ..done }),
                    Some(revision) if revision == done.revision => kept.push(done),
                    None if done.open() => later.push((*tid, answered(done, &answer, false))),
                    _ => {
                        let words = format!("{done:?} was made again: {replayed:?}, was {:?}", found.get(tid));
                        self.totals.wrong.push(words);
                        kept.push(done);
                    }
                }
            }
            *history = kept;
        }
        later
    }

    fn list_in_force(&mut self) {
        let folder = self.server.get(&format!("/config/{ORG}/{FOLDER}")).ok(200);
        let shown = find(&folder, "custom_meta").cloned().unwrap_or(json!([]));
        let Some(list) = self.lists.iter().copied().find(|list| json!(names(*list)) == shown) else {
            self.totals.wrong.push(format!("{shown} is configured, not one of {:?}", self.lists));
            return;
        };
        self.lists = vec![list];
    }

    /// Searches for the words of some transcripts and for some that are gone, once the index has caught up.
    pub fn sample_search(&mut self) {
        for _ in 0..4 {
            let tid = self.chance.below(self.known.len() as u32);
            let state = self.known[tid as usize].state;
            if state.there {
                let found = self.server.ids(&format!("q=word{}", state.words));
                if found != [format!("t{tid}")] {
                    self.totals.wrong.push(format!("t{tid} has word{}, found in {found:?}", state.words));
                }
            }
        }
    }

    /// Fails when anything happened that cannot happen.
    #[track_caller]
    pub fn demand(&self, place: &str) {
        let first: Vec<&String> = self.totals.wrong.iter().take(5).collect();
        assert!(first.is_empty(), "{place}: {} violations, among them {first:#?}", self.totals.wrong.len());
    }
}

/// How every transcript is now.
pub fn observe(server: &Server, tids: impl Iterator<Item = u32>) -> BTreeMap<u32, Known> {
    let mut wire = Wire::new(&server.addr, &server.token);
    tids.map(|tid| (tid, look(&mut wire, tid))).collect()
}

fn look(wire: &mut Wire, tid: u32) -> Known {
    let answer = wire.send("GET", &format!("/transcripts/{ORG}/t{tid}"), &[], None).expect("an answer");
    if answer.status == 404 {
        return Known::default();
    }
    assert_eq!(answer.status, 200, "t{tid}: {}", answer.text());
    let whole = answer.json();
    let fields = whole.get("client_data").map(values).unwrap_or_default();
    let state = State { revision: revision(&answer), there: true, words: words(&whole), fields };
    Known { state, modified: moment(&whole["last_modified"]) }
}

/// How a shared transcript is brought in first.
fn first(tid: u32) -> Change {
    let value = tid + 1;
    let fields = (0..FIELDS).map(|field| (u8::try_from(field).unwrap(), value)).collect();
    Change::Bring { words: value, fields: Some(fields) }
}

/// Turns of 120 to 180 words together, some words frequent, most rare.
fn chatter(chance: &mut Chance) -> Vec<Value> {
    let mut left = 120 + chance.below(61);
    let mut turns = Vec::new();
    while left > 0 {
        let count = left.min(8 + chance.below(12));
        left -= count;
        let mut word = || {
            let among = 1 << (4 + chance.below(11));
            format!("w{}", chance.below(among))
        };
        let text = (0..count).map(|_| word()).collect::<Vec<_>>().join(" ");
        let start = turns.len() as f64 * 6.0 + 6.0;
        turns.push(json!({"start": start, "end": start + 5.0, "speaker": "client", "text": text}));
    }
    turns
}

/// The first member of that name, at any depth.
fn find<'v>(value: &'v Value, name: &str) -> Option<&'v Value> {
    let object = value.as_object()?;
    object.get(name).or_else(|| object.values().find_map(|inner| find(inner, name)))
}

/// Waits until the clients have used up their quota, at most so long.
pub fn until_done(quota: &AtomicI64, most: Duration) {
    let begun = Instant::now();
    while quota.load(Ordering::Relaxed) > 0 {
        assert!(begun.elapsed() < most, "{} edits are left", quota.load(Ordering::Relaxed));
        std::thread::park_timeout(Duration::from_millis(5));
    }
}
