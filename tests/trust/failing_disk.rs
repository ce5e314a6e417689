//! A disk that fails: the nth write, flush, rename, opening … of the real server fails, for n = 1, 2, … until none is left.
//!
//! A small library preloaded into the process counts its calls on files of the data folder and lets the chosen one fail
//! ([`shim`]); `syncfs`, which does not go through the C library, is failed by `strace`. Either way a scripted
//! client writes down what it was answered, the server is started again on a sound disk, and must stand where the
//! answers say.
use crate::counts;
use crate::script::{self, Told};
use crate::support::Server;
use serde_json::json;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, OnceLock};
use std::time::{Duration, Instant};

/// Kinds of calls, in the order of the report.
const KINDS: [&str; 10] = ["write", "sync", "rename", "create", "open", "truncate", "unlink", "mkdir", "link", "read"];

/// What a call that is to fail does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum How {
    /// Fails once with `EIO`; a write has written half.
    Once,
    /// Fails from then on.
    EverAfter,
    /// Writes half and says so.
    Short,
    /// Fails from then on for want of room: `ENOSPC`.
    Full,
    /// The same by a quota: `EDQUOT`.
    Quota,
}

/// One fault of one run.
#[derive(Clone, Copy, Debug)]
struct Fault {
    kind: &'static str,
    at: u64,
    how: How,
}

fn hows(kind: &str) -> &'static [How] {
    match kind {
        "write" => &[How::Once, How::EverAfter, How::Short, How::Full, How::Quota],
        "create" | "mkdir" => &[How::Once, How::EverAfter, How::Full],
        _ => &[How::Once, How::EverAfter],
    }
}

/// The preloaded library; none where there is no C compiler.
fn shim() -> Option<&'static Path> {
    static BUILT: OnceLock<Option<PathBuf>> = OnceLock::new();
    let build = || {
        let dir = tempfile::Builder::new().prefix("linernotes-failing").tempdir().ok()?.keep();
        let (source, library) = (dir.join("failing.c"), dir.join("failing.so"));
        std::fs::write(&source, include_str!("failing.c")).ok()?;
        let mut cc = Command::new("cc");
        cc.args(["-O1", "-shared", "-fPIC", "-o"]).arg(&library).arg(&source).arg("-ldl");
        cc.output().is_ok_and(|done| done.status.success()).then_some(library)
    };
    BUILT.get_or_init(build).as_deref()
}

/// What the library counted and did.
struct Seen {
    counts: [u64; KINDS.len()],
    fired: u64,
    what: String,
}

impl Seen {
    fn read(path: &Path) -> Self {
        let bytes = std::fs::read(path).unwrap();
        let number = |at: usize| u64::from_ne_bytes(bytes[at * 8..at * 8 + 8].try_into().unwrap());
        let rest = &bytes[(KINDS.len() + 1) * 8..];
        let end = rest.iter().position(|byte| *byte == 0).unwrap_or(0);
        let what = String::from_utf8_lossy(&rest[..end]).into_owned();
        Self { counts: std::array::from_fn(number), fired: number(KINDS.len()), what }
    }
}

/// A run of the script with one fault (or none, to count); what the library saw.
fn run(template: &Path, fault: Option<Fault>) -> Seen {
    let mut scratch = tempfile::Builder::new().prefix("linernotes-disk").tempdir().unwrap();
    let (own, report) = (scratch.path().join("run"), scratch.path().join("report"));
    script::copy(template, &own);
    let Fault { kind, at, how } = fault.unwrap_or(Fault { kind: "none", at: 0, how: How::Once });
    let number = match how {
        How::Once | How::EverAfter => 5,
        How::Short => 0,
        How::Full => 28,
        How::Quota => 122,
    };
    let (at, number) = (at.to_string(), number.to_string());
    let mut environment = vec![
        ("LD_PRELOAD", shim().unwrap().to_str().unwrap()),
        ("FAIL_FOLDER", own.to_str().unwrap()),
        ("FAIL_REPORT", report.to_str().unwrap()),
        ("FAIL_KIND", kind),
        ("FAIL_AT", &at),
        ("FAIL_WITH", &number),
    ];
    if !matches!(how, How::Once | How::Short) {
        environment.push(("FAIL_EVER_AFTER", "1"));
    }
    // What a run that fails leaves is looked at.
    scratch.disable_cleanup(true);
    script::against(&own, &[], &environment, &format!("{fault:?}"));
    scratch.disable_cleanup(false);
    Seen::read(&report)
}

/// Runs all of them, two at a time; what became of each.
fn run_all(template: &Path, faults: &[Fault]) -> BTreeMap<&'static str, (u64, u64)> {
    let (next, tally) = (AtomicUsize::new(0), Mutex::new(BTreeMap::new()));
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while let Some(fault) = faults.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let seen = run(template, Some(*fault));
                    let mut tally = tally.lock().unwrap();
                    let (runs, fired) = tally.entry(fault.kind).or_insert((0, 0));
                    *runs += 1;
                    *fired += u64::from(seen.fired > 0);
                    if counts::everything() {
                        eprintln!("{fault:?}: {} ({} failed)", seen.what, seen.fired);
                    }
                }
            });
        }
    });
    tally.into_inner().unwrap()
}

#[test]
fn whatever_call_fails_answers_keep_their_word_and_the_next_start_works() {
    if shim().is_none() {
        eprintln!("SKIPPED: no C compiler to build the failing disk with");
        return;
    }
    let scratch = tempfile::tempdir().unwrap();
    let template = script::template(&scratch.path().join("template"));
    let counted = run(&template, None).counts;
    assert!(counted.iter().all(|count| *count > 0), "a kind of call is never made: {counted:?}");
    // Timing moves the counts from run to run: some more than were counted, so that the last ones are met too.
    // Every call fails once; the other ways of failing begin at every seventh.
    let all = KINDS.iter().zip(counted).flat_map(|(kind, count)| {
        let each = |how: &How| {
            let step = if *how == How::Once { 1 } else { 7 };
            (1..=count + count / 8 + 2).step_by(step).map(|at| Fault { kind, at, how: *how }).collect::<Vec<_>>()
        };
        hows(kind).iter().flat_map(each).collect::<Vec<_>>()
    });
    let mut faults: Vec<Fault> = all.collect();
    let wanted = usize::try_from(counts::rounds("FAILING_DISK", 28, u64::MAX)).unwrap_or(usize::MAX);
    match std::env::var("LINERNOTES_TRUST_FAULT") {
        Ok(named) => faults.retain(|fault| format!("{} {:?} {}", fault.kind, fault.how, fault.at).starts_with(&named)),
        Err(_) => thin_out(&mut faults, wanted),
    }
    let tally = run_all(&template, &faults);
    eprintln!("calls of a run {KINDS:?} {counted:?}; by kind (runs, runs in which one failed): {tally:?}");
    assert!(tally.values().map(|(_, fired)| fired).sum::<u64>() > 0, "nothing ever failed");
}

/// Keeps some of each kind and each way of failing, by a fixed seed.
fn thin_out(faults: &mut Vec<Fault>, wanted: usize) {
    if faults.len() <= wanted {
        return;
    }
    let mut state = std::env::var("LINERNOTES_TRUST_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(7_u64);
    let mut draw = |below: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from((state >> 33) % below as u64).unwrap()
    };
    let mut kept: Vec<Fault> = Vec::new();
    let mut groups: BTreeMap<String, Vec<Fault>> = BTreeMap::new();
    for fault in faults.drain(..) {
        groups.entry(format!("{}{:?}", fault.kind, fault.how)).or_default().push(fault);
    }
    while kept.len() < wanted {
        for group in groups.values_mut().filter(|group| !group.is_empty()) {
            kept.push(group.swap_remove(draw(group.len())));
        }
    }
    kept.truncate(wanted);
    *faults = kept;
}

/// Whether `strace` may inject faults here.
fn strace_works() -> bool {
    let inject = ["-f", "-qq", "-o", "/dev/null", "-e", "trace=syncfs", "-e", "inject=syncfs:error=EIO:when=1", "true"];
    Command::new("strace").args(inject).output().is_ok_and(|done| done.status.success())
}

#[test]
fn after_a_failed_flush_of_the_whole_file_system_nothing_is_answered() {
    if !strace_works() {
        eprintln!("SKIPPED: strace cannot inject faults here (not installed, or ptrace is not allowed)");
        return;
    }
    let scratch = tempfile::tempdir().unwrap();
    let template = script::template(&scratch.path().join("template"));
    for at in 1..=counts::rounds("FAILING_SYNCFS", 2, 12) {
        let own = scratch.path().join(format!("run{at}"));
        script::copy(&template, &own);
        // The server is the started process itself, so that signals reach it; counted thread by thread.
        let inject = format!("inject=syncfs:error=EIO:when={at}");
        let wrapper = ["strace", "-D", "-f", "-qq", "-o", "/dev/null", "-e", "trace=syncfs", "-e", &inject];
        let told = script::against(&own, &wrapper, &[], &inject);
        assert!(at > 1 || told != Told::Stopped, "the first flush of all files did not end the process");
    }
}

/// A folder on which nothing may be flushed answers no write at all.
#[test]
fn a_disk_that_never_flushes_answers_no_edit() {
    let Some(shim) = shim() else {
        eprintln!("SKIPPED: no C compiler to build the failing disk with");
        return;
    };
    let scratch = tempfile::tempdir().unwrap();
    let (data, report) = (scratch.path().join("data"), scratch.path().join("report"));
    let environment = [
        ("LD_PRELOAD", shim.to_str().unwrap()),
        ("FAIL_FOLDER", data.to_str().unwrap()),
        ("FAIL_REPORT", report.to_str().unwrap()),
        ("FAIL_KIND", "sync"),
        ("FAIL_AT", "1"),
        ("FAIL_EVER_AFTER", "1"),
    ];
    let mut server = Server::idle(&data, &[]);
    if server.try_spawn(&[], &environment).is_ok() {
        panic!("it started, although its first flush failed: {}", server.log());
    }
    assert!(server.log().contains("I/O error"), "{}", server.log());
    server.spawn();
    server.stop_and_verify();
}

/// A flush that takes long holds up who waits for it and nobody else, also where one client edits alone.
#[test]
fn while_a_flush_takes_long_others_are_answered() {
    let Some(shim) = shim() else {
        eprintln!("SKIPPED: no C compiler to build the failing disk with");
        return;
    };
    let scratch = tempfile::tempdir().unwrap();
    let (data, report) = (scratch.path().join("data"), scratch.path().join("report"));
    let mut server = Server::idle(&data, &[]);
    let log = data.join("main.db-wal");
    let environment = [
        ("LD_PRELOAD", shim.to_str().unwrap()),
        ("FAIL_FOLDER", log.to_str().unwrap()),
        ("FAIL_REPORT", report.to_str().unwrap()),
        ("FAIL_KIND", "sync"),
        ("FAIL_AT", "150"),
        ("FAIL_DELAY_SECONDS", "8"),
    ];
    server.try_spawn(&[], &environment).expect("it starts");
    server.make_acme();
    server.put("/transcripts/Acme/Acme-Sales/t1?folder=Inbound", &json!({"utterances": [{"text": "hello"}]})).ok(201);
    server.settle();
    let (answered, over) = (AtomicUsize::new(0), AtomicBool::new(false));
    let stalled = || Seen::read(&report).fired > 0;
    assert!(!stalled(), "too early: {}", Seen::read(&report).what);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !over.load(Ordering::SeqCst) {
                let number = answered.load(Ordering::SeqCst);
                server.patch("/metadata/Acme/Acme-Sales/t1", &json!({"queue": format!("q{number}")})).ok(200);
                answered.fetch_add(1, Ordering::SeqCst);
            }
        });
        let begun = Instant::now();
        while !stalled() && begun.elapsed() < Duration::from_secs(60) {
            std::thread::park_timeout(Duration::from_millis(5));
        }
        over.store(true, Ordering::SeqCst);
        let before = answered.load(Ordering::SeqCst);
        // Each on a connection of its own, so that every thread that serves is asked.
        for path in ["/livez", "/metadata/Acme/Acme-Sales/t1", "/search/Acme/Acme-Sales?q=hello"].repeat(8) {
            assert_eq!(server.get(path).status, 200, "{path}");
        }
        assert!(stalled() && before > 20, "{before} edits before the flush");
        assert_eq!(answered.load(Ordering::SeqCst), before, "others waited as long as the edit");
    });
    server.stop_and_verify();
}
