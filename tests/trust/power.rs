//! The power goes at any moment: what was answered is on the disk (contract section 2). `LINERNOTES_TRUST_CUTS=N` cuts.
//! Needs root, loop devices and `mkfs.xfs` or `mkfs.btrfs`; skips visibly without.
use crate::counts::{figure, rounds, seed};
use crate::history::{Moment, Timeline, Violation, held};
use crate::images::{Disk, run};
use crate::rounds::{House, Size, observe};
use crate::support::Server;
use crate::writers::Mix;
use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

const SIZE: Size = Size { writers: 8, shared: 40, hot: 8, own: 3, wordy: false };

const MIX: Mix = Mix {
    patch: 46,
    remove: 7,
    replace: 7,
    bring: 12,
    batch: 6,
    own: 16,
    read: 5,
    configure: 1,
    keyed: 20,
    conditional: 10,
    receipts: 20,
};

/// Cuts while one round of load goes on.
const CUTS_A_ROUND: u64 = 5;

/// A copy of the disk, and the times between which it was made.
struct Cut {
    image: PathBuf,
    between: (u64, u64),
}

/// What the cuts came to.
#[derive(Default)]
struct Came {
    cuts: u64,
    transcripts: u64,
    lost: u64,
    wrong: Vec<String>,
    slowest: Duration,
}

#[test]
fn nothing_answered_is_lost_when_the_power_goes_under_load() {
    let cuts = rounds("CUTS", 3, 200);
    let Some(disk) = disk() else { return };
    let server = Server::at(&disk.folder());
    let mut house = House::new(server, SIZE, MIX, seed("power cut"));
    disk.flush();
    let mut came = Came::default();
    while came.cuts < cuts {
        let many = CUTS_A_ROUND.min(cuts - came.cuts);
        let (taken, timelines) = cut_under_load(&mut house, &disk, many);
        house.demand("the server whose disk is copied");
        for cut in taken {
            if let Err(panic) = examine(&disk, &cut, &timelines, &mut came) {
                std::panic::resume_unwind(panic);
            }
            let first: Vec<_> = came.wrong.iter().take(5).collect();
            assert!(first.is_empty(), "cut {}: {} lost, {first:#?}", came.cuts, came.lost);
        }
        if came.cuts % 50 == 0 {
            report(&house, "power cut, so far", &came);
        }
    }
    report(&house, "power cut", &came);
    house.server.stop_and_verify();
}

/// The harness would see a loss: a server whose flushes do nothing, as with `synchronous` off, loses answered edits.
#[test]
fn without_flushes_the_same_cuts_lose_answered_edits() {
    let cuts = rounds("CUTS_WITHOUT_FLUSH", 3, 10);
    let Some(disk) = disk() else { return };
    let library = match idle_flushes(&disk) {
        Ok(library) => library,
        Err(missing) => return eprintln!("SKIPPED: no negative control of power cuts: {missing}"),
    };
    let server = Server::at_with(&disk.folder(), &[("LD_PRELOAD", library.to_str().unwrap())]);
    let mut house = House::new(server, SIZE, MIX, seed("power cut without flushes"));
    let (mut came, mut broken) = (Came::default(), 0);
    // A copy on which no server starts says nothing of edits: then there are some more.
    while came.cuts < cuts || (came.lost == 0 && came.cuts < 4 * cuts) {
        house.server.settle();
        // What is lost is of this round only: everything before is on the disk.
        disk.flush();
        let (taken, timelines) = cut_under_load(&mut house, &disk, 1);
        house.demand("the server whose disk is copied");
        for cut in taken {
            // A server that does not even start, or stores that differ, are what one may expect here.
            broken += u64::from(examine(&disk, &cut, &timelines, &mut came).is_err());
        }
    }
    report(&house, &format!("power cut without flushes (must lose; {broken} copies unusable)"), &came);
    assert!(came.lost > 0, "nothing was lost without flushes: these cuts prove nothing");
}

fn disk() -> Option<Disk> {
    match Disk::new() {
        Ok(disk) => Some(disk),
        Err(missing) => {
            eprintln!("SKIPPED: no power cuts here: {missing}");
            None
        }
    }
}

/// Clients write, and the disk is copied at random moments meanwhile; then the ways of all transcripts are known.
fn cut_under_load(house: &mut House, disk: &Disk, many: u64) -> (Vec<Cut>, BTreeMap<u32, Timeline>) {
    let pauses: Vec<u32> = (0..many).map(|_| 100 + house.chance.below(900)).collect();
    let mut cuts = Vec::new();
    let round = house.round(u64::from(u32::MAX), |_, clock, _| {
        let now = || u64::try_from(clock.elapsed().as_nanos()).unwrap();
        for (number, pause) in pauses.iter().enumerate() {
            std::thread::park_timeout(Duration::from_millis(u64::from(*pause)));
            let begun = now();
            let image = disk.cut(number as u64).expect("the image can be copied");
            cuts.push(Cut { image, between: (begun, now()) });
        }
    });
    assert!(!round.broken, "a client lost its connection");
    let timelines = house.judge(round);
    (cuts, timelines)
}

/// Starts a server on the copy, compares every transcript, its words too, and all stores; then the copy goes. `Err` with
/// what panicked.
fn examine(disk: &Disk, cut: &Cut, timelines: &BTreeMap<u32, Timeline>, came: &mut Came) -> std::thread::Result<()> {
    came.cuts += 1;
    let mounted = disk.recover(&cut.image).expect("the copy can be mounted");
    let compared = std::panic::catch_unwind(AssertUnwindSafe(|| compare(&mounted.at, cut, timelines, came)));
    drop(mounted);
    std::fs::remove_file(&cut.image).expect("the copy can be removed");
    compared
}

fn compare(at: &Path, cut: &Cut, timelines: &BTreeMap<u32, Timeline>, came: &mut Came) {
    let begun = Instant::now();
    let mut server = Server::at(&at.join("data"));
    came.slowest = came.slowest.max(begun.elapsed());
    for (tid, known) in observe(&server, timelines.keys().copied()) {
        came.transcripts += 1;
        let mut state = known.state;
        let timeline = &timelines[&tid];
        if !state.there {
            // Nobody is told the revision of what is not there: any erasure of the way is meant.
            let gone = |moment: &&Moment| !moment.state.there && moment.invoked < cut.between.1;
            state.revision = timeline.iter().rev().find(gone).map_or(0, |moment| moment.state.revision);
        }
        match held(timeline, cut.between, &state) {
            Ok(()) => {}
            Err(Violation::Lost(count, words)) => {
                came.lost += count;
                came.wrong.push(format!("t{tid}: {words}"));
            }
            Err(Violation::Wrong(words)) => came.wrong.push(format!("t{tid}: {words}")),
        }
    }
    server.stop_and_verify();
}

/// A library in whose presence flushes do nothing and succeed.
fn idle_flushes(disk: &Disk) -> Result<PathBuf, String> {
    let folder = disk.folder();
    let folder = folder.parent().ok_or("no folder")?;
    let (source, library) = (folder.join("idle.c"), folder.join("idle.so"));
    let calls = "int fsync(int f) { return 0; }\nint fdatasync(int f) { return 0; }\nint syncfs(int f) { return 0; }\n\
        int msync(void *a, unsigned long n, int f) { return 0; }\n\
        int sync_file_range(int f, long a, long n, unsigned m) { return 0; }\n";
    std::fs::write(&source, calls).map_err(|error| error.to_string())?;
    run(Command::new("cc").args(["-shared", "-fPIC", "-o"]).arg(&library).arg(&source))?;
    Ok(library)
}

fn report(house: &House, name: &str, came: &Came) {
    figure(
        name,
        &format!(
            "{} cuts, {} edits answered meanwhile, {} transcripts compared, {} edits lost, {} transcripts that cannot be so, \
             ready again after {} ms at most",
            came.cuts,
            house.totals.edits,
            came.transcripts,
            came.lost,
            came.wrong.len(),
            came.slowest.as_millis()
        ),
    );
}
