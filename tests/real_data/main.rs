//! The six real collections and the odd cases, as an analyst meets them: imported both ways, read back, asked, edited.
//!
//! The data lie beside the project (`../shared/data`, or below the folder `LINERNOTES_SHARED` names); without them this
//! is skipped and says so. A debug build takes part of the longest collections, all with `LINERNOTES_TEST_WHOLE=1`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "a test that meets the unexpected fails with its place named"
)]
#[path = "../api/support/mod.rs"]
#[allow(dead_code, unused_imports, reason = "the harness serves other tests too")]
mod support;

mod analyst;
mod asking;
mod collections;
mod edits;
mod promoted;
mod scan;
mod world;

use std::io::Write as _;
use world::World;

#[test]
fn real_data_survive_are_found_and_can_be_edited() {
    let Some(folder) = collections::folder() else {
        // Written to the stream itself: the test runner hides what a test that passes prints.
        let why = "SKIPPED: there is no ../shared/data beside the project, and LINERNOTES_SHARED names none";
        writeln!(std::io::stderr(), "{why}").unwrap();
        return;
    };
    let mut world = World::import(&folder);
    timed("read back", || world.every_transcript_reads_as_imported());
    timed("odd values", || analyst::odd_values_are_found(&world));
    timed("questions", || analyst::questions_are_answered_as_a_plain_scan_does(&world));
    timed("facets", || analyst::facets_count_as_a_plain_scan_does(&world));
    timed("sorts", || analyst::rows_come_in_order(&world));
    analyst::the_rest_is_answered_as_a_plain_scan_does(&world);
    timed("edits", || edits::odd_names_are_edited_and_found(&world));
    timed("a field more", || edits::a_field_configured_later_is_found(&world));
    timed("verify", || world.server.stop_and_verify());
}

#[test]
fn real_data_brought_without_configuration_are_typed_afterwards() {
    let Some(folder) = collections::folder() else {
        let why = "SKIPPED: there is no ../shared/data beside the project, and LINERNOTES_SHARED names none";
        writeln!(std::io::stderr(), "{why}").unwrap();
        return;
    };
    timed("typed afterwards", || promoted::collections_are_typed_after_the_import(&folder));
}

fn timed(what: &str, step: impl FnOnce()) {
    let begun = std::time::Instant::now();
    step();
    eprintln!("{what}: {:.1} s", begun.elapsed().as_secs_f64());
}
