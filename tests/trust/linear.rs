//! Edits of the same transcripts by many clients at once are in one order that agrees with real time (contract section 3).
//! `LINERNOTES_TRUST_EDITS=N` edits. Requests that are checked: edits of all kinds, conditional ones, reads.
use crate::counts::{figure, rounds, seed};
use crate::rounds::{House, Size, until_done};
use crate::support::Server;
use crate::writers::Mix;
use std::time::Duration;

const SIZE: Size = Size { writers: 64, shared: 1_000, hot: 20, own: 0, wordy: false };

const MIX: Mix = Mix {
    patch: 60,
    remove: 6,
    replace: 6,
    bring: 3,
    batch: 0,
    own: 0,
    read: 25,
    configure: 0,
    keyed: 5,
    conditional: 30,
    receipts: 30,
};

/// Edits between two comparisons: what has been compared is forgotten.
const ROUND: u64 = 20_000;

#[test]
fn edits_by_64_clients_are_in_one_order_that_agrees_with_real_time() {
    let edits = rounds("EDITS", 10_000, 1_000_000);
    let mut house = House::new(Server::start(), SIZE, MIX, seed("linearizable edits"));
    let begun = std::time::Instant::now();
    let mut rounds = 0_u64;
    while house.totals.edits < edits {
        let left = (edits - house.totals.edits).min(ROUND);
        let round = house.round(left, |_, _, quota| until_done(quota, Duration::from_secs(600)));
        assert!(!round.broken, "a client lost its connection");
        house.judge(round);
        house.demand(&format!("round {rounds}"));
        rounds += 1;
        if rounds.is_multiple_of(10) {
            report(&house, "linearizable edits, so far", begun.elapsed());
        }
    }
    report(&house, "linearizable edits", begun.elapsed());
    house.server.stop_and_verify();
}

#[test]
fn the_order_holds_across_a_kill_too() {
    let kills = rounds("EDITS_KILLS", 2, 50);
    let mut house = House::new(Server::start(), SIZE, MIX, seed("linearizable edits with kills"));
    let begun = std::time::Instant::now();
    for kill in 1..=kills {
        let moment = Duration::from_millis(300 + u64::from(house.chance.below(1_500)));
        let round = house.round(u64::from(u32::MAX), |server, _, _| {
            std::thread::park_timeout(moment);
            server.kill();
        });
        house.server.spawn();
        house.judge(round);
        house.demand(&format!("kill {kill}"));
    }
    report(&house, &format!("linearizable edits across {kills} kills"), begun.elapsed());
    house.server.stop_and_verify();
}

fn report(house: &House, name: &str, took: Duration) {
    let t = &house.totals;
    let words = format!(
        "{} edits answered by {} clients on {} transcripts, {} refused with 412, {} reads, {} without an answer of which {} \
         had taken effect, {} told to come again; {} violations; {} s",
        t.edits,
        house.size.writers,
        house.size.shared,
        t.refused,
        t.reads,
        t.open,
        t.applied,
        t.busy,
        t.wrong.len(),
        took.as_secs()
    );
    figure(name, &words);
}
