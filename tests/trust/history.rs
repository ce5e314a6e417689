//! What happened to one transcript, and whether that can have happened: a checker of linearizability.
//!
//! Revisions make it cheap. An answered edit says which place it took; so the order is known, and what is left to prove is
//! that every answer is the fold of the edits up to its place, that no place is taken twice or left out, and that the
//! order agrees with real time: whatever was seen before a request began lies before that request. Requests without an
//! answer (the server was killed) may have taken a place or none; the few gaps are filled with them by search.
use std::collections::{BTreeMap, HashMap};

/// Metadata names a transcript of these harnesses has at most.
pub const FIELDS: usize = 12;

/// Values of all fields, 0 for none. Every value names the one request that sent it.
pub type Fields = [u32; FIELDS];

/// A transcript at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct State {
    /// Of the last accepted write; stays when it is erased.
    pub revision: u64,
    pub there: bool,
    /// Which request brought the words.
    pub words: u32,
    pub fields: Fields,
}

/// A state that was read, with its moment as a number that grows with it (0 unknown).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Known {
    pub state: State,
    pub modified: u64,
}

/// A change of one transcript. The value 0 removes.
#[derive(Clone, Debug)]
pub enum Change {
    Set(Vec<(u8, u32)>),
    Remove(Vec<u8>),
    Replace(Vec<(u8, u32)>),
    /// Comes (again), with metadata or without: then that stays.
    Bring {
        words: u32,
        fields: Option<Vec<(u8, u32)>>,
    },
    Erase,
}

impl Change {
    /// What becomes of a transcript; `None` when there is none to change.
    pub fn apply(&self, mut state: State) -> Option<State> {
        if !state.there && !matches!(self, Self::Bring { .. }) {
            return None;
        }
        match self {
            Self::Set(pairs) => put(&mut state.fields, pairs),
            Self::Remove(fields) => fields.iter().for_each(|field| state.fields[usize::from(*field)] = 0),
            Self::Replace(pairs) => {
                state.fields = Fields::default();
                put(&mut state.fields, pairs);
            }
            Self::Bring { words, fields } => {
                if let Some(pairs) = fields {
                    state.fields = Fields::default();
                    put(&mut state.fields, pairs);
                }
                state.words = *words;
                state.there = true;
            }
            Self::Erase => return Some(State { revision: state.revision, ..State::default() }),
        }
        state.revision += 1;
        Some(state)
    }
}

fn put(fields: &mut Fields, pairs: &[(u8, u32)]) {
    for (field, value) in pairs {
        fields[usize::from(*field)] = *value;
    }
}

/// What a request was.
#[derive(Clone, Debug)]
pub enum Act {
    Edit(Change),
    Read,
    /// An edit refused with 412.
    Refused,
}

/// No answer came.
pub const NEVER: u64 = u64::MAX;

/// One request and its answer. Times are nanoseconds of one clock.
#[derive(Clone, Debug)]
pub struct Done {
    pub act: Act,
    pub invoked: u64,
    /// [`NEVER`] when no answer came.
    pub returned: u64,
    /// What the answer said; 0 when it does not say.
    pub revision: u64,
    /// `If-Match`.
    pub expected: Option<u64>,
    pub seen: Option<Fields>,
    /// `last_modified`; 0 when the answer does not say.
    pub modified: u64,
    /// Number of the idempotency key; 0 without.
    pub key: u32,
}

impl Done {
    pub fn open(&self) -> bool {
        self.returned == NEVER && self.revision == 0
    }

    fn change(&self) -> Option<&Change> {
        if let Act::Edit(change) = &self.act { Some(change) } else { None }
    }
}

/// A transcript from one request on.
#[derive(Clone, Copy, Debug)]
pub struct Moment {
    pub state: State,
    pub invoked: u64,
    pub returned: u64,
}

/// All states a transcript went through, the one before first.
pub type Timeline = Vec<Moment>;

/// What cannot have happened.
#[derive(Clone, Debug)]
pub enum Violation {
    /// Answered edits that are not there.
    Lost(u64, String),
    /// Anything else: values nobody sent, a wrong order, a stale read …
    Wrong(String),
}

/// Checks what happened between two quiet moments. `ordered`: one client made all requests, one after the other (only such
/// a transcript may be erased, since that takes no revision).
///
/// # Errors
/// The first thing that cannot have happened.
pub fn check(base: &Known, done: &[Done], finish: &Known, ordered: bool) -> Result<Timeline, Violation> {
    let mut answered: Vec<&Done> = done.iter().filter(|d| d.change().is_some() && !d.open()).collect();
    if !ordered {
        answered.sort_by_key(|d| d.revision);
    }
    let lost = answered.iter().filter(|d| d.revision > finish.state.revision).count() as u64;
    if lost > 0 {
        return Err(Violation::Lost(lost, told(base, &answered, finish)));
    }
    let open: Vec<&Done> = done.iter().filter(|d| d.change().is_some() && d.open()).collect();
    let seen = seen_at(done).map_err(Violation::Wrong)?;
    let floor = Floor::of(base.state.revision, done);
    let refused = refused(base, done, &floor);
    let fold = Fold { answered: &answered, open: &open, finish: finish.state, seen: &seen, floor: &floor, refused };
    let mut timeline = vec![Moment { state: base.state, invoked: 0, returned: 0 }];
    // Several orders of edits without an answer may explain the rest: one that explains the refusals too is wanted.
    let any = Fold {
        refused: Vec::new(),
        answered: &answered,
        open: &open,
        finish: finish.state,
        seen: &seen,
        floor: &floor,
    };
    if !fold.walk(base.state, 0, 0, &mut timeline) && !any.walk(base.state, 0, 0, &mut timeline) {
        let words = format!("no order of the edits explains the answers: {}", told(base, &answered, finish));
        return Err(Violation::Wrong(words));
    }
    in_real_time(done, &floor, finish).map_err(Violation::Wrong)?;
    refusals(&fold.refused, &timeline).map_err(Violation::Wrong)?;
    grows(base, done, finish).map_err(Violation::Wrong)?;
    Ok(timeline)
}

/// What a copy of everything, begun and ended at these times, must hold of this transcript.
///
/// # Errors
/// When it lacks what was answered before, or holds what was never so.
pub fn held(timeline: &[Moment], (begun, ended): (u64, u64), copy: &State) -> Result<(), Violation> {
    let least = timeline.iter().rposition(|moment| moment.returned < begun).unwrap_or(0);
    let may = |moment: &Moment| moment.state == *copy && moment.invoked < ended;
    if timeline[least..].iter().any(may) {
        return Ok(());
    }
    let (wanted, words) = (timeline[least].state, format!("{:?} or later, found {copy:?}", timeline[least].state));
    match timeline[..least].iter().rposition(|moment| moment.state == *copy) {
        Some(stale) => Err(Violation::Lost((least - stale) as u64, words)),
        None if copy.revision < wanted.revision => Err(Violation::Lost(wanted.revision - copy.revision, words)),
        None => Err(Violation::Wrong(words)),
    }
}

/// What was seen at each revision; two answers that differ cannot both be right.
fn seen_at(done: &[Done]) -> Result<HashMap<u64, Fields>, String> {
    let mut seen: HashMap<u64, Fields> = HashMap::new();
    for (revision, fields) in done.iter().filter_map(|d| d.seen.map(|fields| (d.revision, fields))) {
        let first = seen.entry(revision).or_insert(fields);
        if *first != fields {
            return Err(format!("revision {revision} was answered as {first:?} and as {fields:?}"));
        }
    }
    Ok(seen)
}

/// The greatest revision that was seen before a moment.
struct Floor {
    base: u64,
    /// When an answer came, and the greatest revision seen until then.
    steps: Vec<(u64, u64)>,
}

impl Floor {
    fn of(base: u64, done: &[Done]) -> Self {
        let told = |d: &&Done| d.returned != NEVER && d.revision > 0;
        let mut steps: Vec<(u64, u64)> = done.iter().filter(told).map(|d| (d.returned, d.revision)).collect();
        steps.sort_unstable();
        let mut most = base;
        for step in &mut steps {
            most = most.max(step.1);
            step.1 = most;
        }
        Self { base, steps }
    }

    fn before(&self, moment: u64) -> u64 {
        let earlier = self.steps.partition_point(|step| step.0 < moment);
        if earlier == 0 { self.base } else { self.steps[earlier - 1].1 }
    }
}

/// The search for an order: answered edits stand at their revisions, open ones may fill the gaps.
struct Fold<'d> {
    answered: &'d [&'d Done],
    open: &'d [&'d Done],
    finish: State,
    seen: &'d HashMap<u64, Fields>,
    floor: &'d Floor,
    /// Refusals of a revision that had been seen as the newest: they want an edit after it that had begun.
    refused: Vec<&'d Done>,
}

impl Fold<'_> {
    /// From `state` with the answered edits from `at` on; `used` marks the open ones that have a place.
    fn walk(&self, mut state: State, mut at: usize, used: u64, timeline: &mut Timeline) -> bool {
        let mark = timeline.len();
        while let Some(next) = self.answered.get(at) {
            let erases = matches!(next.act, Act::Edit(Change::Erase));
            if !erases && next.revision != state.revision + 1 {
                break;
            }
            let Some(after) = self.step(state, next) else {
                timeline.truncate(mark);
                return false;
            };
            timeline.push(Moment { state: after, invoked: next.invoked, returned: next.returned });
            state = after;
            at += 1;
        }
        if at == self.answered.len() && state == self.finish {
            return true;
        }
        for (n, open) in self.open.iter().enumerate().filter(|(n, _)| used & (1 << n) == 0) {
            let Some(after) = self.step(state, open) else { continue };
            let late = after.revision > state.revision && self.floor.before(open.invoked) >= after.revision;
            let unexplained =
                self.refused.iter().any(|d| d.expected == Some(state.revision) && open.invoked > d.returned);
            if late || unexplained || after.revision > self.finish.revision {
                continue;
            }
            timeline.push(Moment { state: after, invoked: open.invoked, returned: NEVER });
            if self.walk(after, at, used | (1 << n), timeline) {
                return true;
            }
            timeline.pop();
        }
        timeline.truncate(mark);
        false
    }

    /// The state after an edit, if it may come here and what was seen agrees.
    fn step(&self, state: State, done: &Done) -> Option<State> {
        if done.expected.is_some_and(|revision| revision != state.revision) {
            return None;
        }
        let after = done.change()?.apply(state)?;
        let agrees = !after.there || self.seen.get(&after.revision).is_none_or(|fields| *fields == after.fields);
        agrees.then_some(after)
    }
}

/// Nothing is older than what was seen before it began; an edit is newer.
fn in_real_time(done: &[Done], floor: &Floor, finish: &Known) -> Result<(), String> {
    for d in done.iter().filter(|d| d.revision > 0) {
        let before = floor.before(d.invoked);
        match &d.act {
            Act::Edit(Change::Erase) | Act::Refused => {}
            Act::Edit(_) if d.revision > before => {}
            Act::Read if d.revision >= before && d.revision <= finish.state.revision => {}
            _ => return Err(format!("revision {before} had been seen before {d:?} began")),
        }
    }
    Ok(())
}

/// Refusals of a revision that was the newest seen before they began.
fn refused<'d>(base: &Known, done: &'d [Done], floor: &Floor) -> Vec<&'d Done> {
    let current = |d: &&Done| {
        let expected = d.expected.unwrap_or_default();
        expected >= base.state.revision && expected == floor.before(d.invoked)
    };
    done.iter().filter(|d| matches!(d.act, Act::Refused)).filter(current).collect()
}

/// 412 only when the revision named was not current all the while.
fn refusals(refused: &[&Done], timeline: &[Moment]) -> Result<(), String> {
    let made = |revision: u64| timeline.iter().find(|moment| moment.state.revision == revision);
    for d in refused {
        let expected = d.expected.unwrap_or_default();
        if made(expected + 1).is_none_or(|moment| moment.invoked > d.returned) {
            let last = timeline.last().map_or(0, |moment| moment.state.revision);
            return Err(format!("revision {expected} was current (the last is {last}), yet refused: {d:?}"));
        }
    }
    Ok(())
}

/// `last_modified` grows strictly with the revision.
fn grows(base: &Known, done: &[Done], finish: &Known) -> Result<(), String> {
    let mut at: BTreeMap<u64, u64> = BTreeMap::new();
    let ends = [(base.state.revision, base.modified), (finish.state.revision, finish.modified)];
    for (revision, modified) in done.iter().map(|d| (d.revision, d.modified)).chain(ends) {
        if modified > 0 && *at.entry(revision).or_insert(modified) != modified {
            return Err(format!("revision {revision} has two moments"));
        }
    }
    let mut moments = at.iter().map(|(revision, modified)| (*modified, *revision));
    let Some(mut last) = moments.next() else { return Ok(()) };
    for next in moments {
        if next.0 <= last.0 {
            return Err(format!("(last_modified, revision) {last:?} is followed by {next:?}"));
        }
        last = next;
    }
    Ok(())
}

fn told(base: &Known, answered: &[&Done], finish: &Known) -> String {
    let from = answered.len().saturating_sub(12);
    let last: Vec<String> = answered[from..].iter().map(|d| format!("\n  {} {:?}", d.revision, d.act)).collect();
    format!("from {:?} to {:?} by{}", base.state, finish.state, last.concat())
}
