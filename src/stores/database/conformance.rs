//! What every database does, as a list of cases: each is run on a fresh store of every backend.
pub mod administration;
pub mod samples;
pub mod sinks;
pub mod transcripts;

use super::Database;

/// A case: what must be so, and the proof on an empty store.
pub type Case = (&'static str, fn(&dyn Database));

/// All cases.
pub const CASES: &[Case] = &[
    ("a created transcript is loaded as it was given", transcripts::a_created_transcript_is_loaded_as_given),
    ("a stale write changes nothing", transcripts::a_stale_write_changes_nothing),
    ("writes of one batch see each other in order", transcripts::writes_of_one_batch_see_each_other),
    ("an edit leaves body, folder and ingest alone", transcripts::an_edit_leaves_the_body_alone),
    ("a new body may move to another folder", transcripts::a_new_body_may_move),
    ("an existing id is not created again", transcripts::an_existing_id_is_not_created_again),
    ("one id lives once in each organisation", transcripts::one_id_lives_once_in_each_organisation),
    ("an erased id leaves a tombstone and may come back", transcripts::an_erased_id_may_come_back),
    ("scans give pages in key order", transcripts::scans_give_pages_in_key_order),
    ("keys are loaded in the order asked", transcripts::keys_are_loaded_in_the_order_asked),
    (
        "of many keys as many are loaded as there is room for",
        transcripts::of_many_keys_as_many_are_loaded_as_there_is_room_for,
    ),
    ("back-fills find what is behind", transcripts::back_fills_find_what_is_behind),
    ("a back-fill keeps revision and time", transcripts::a_back_fill_keeps_revision_and_time),
    ("settles only rise", sinks::settles_only_rise),
    ("the archive drops the copy at the right revision", sinks::the_archive_drops_the_copy_at_the_right_revision),
    ("a row whose values are all metadata has it", sinks::a_row_whose_values_are_all_metadata_has_it),
    ("a settle of what is not there is stale", sinks::a_settle_of_what_is_not_there_is_stale),
    ("exactly what is unsettled is owed", sinks::exactly_what_is_unsettled_is_owed),
    ("a folder's own count of versions is settled", sinks::a_folders_own_count_of_versions_is_settled),
    ("everything can be owed to the index again", sinks::everything_can_be_owed_again),
    ("what is owed comes in pages", sinks::what_is_owed_comes_in_pages),
    ("idempotency keys are remembered until they expire", administration::keys_are_remembered_until_they_expire),
    ("refused writes remember nothing", administration::refused_writes_remember_nothing),
    ("configuration changes in one piece", administration::configuration_changes_in_one_piece),
    ("tokens come and go", administration::tokens_come_and_go),
    ("jobs come, move on and go", administration::jobs_come_and_go),
    ("ended jobs are remembered, the newest of each kind", administration::ended_jobs_are_remembered),
    ("names seen are told once, until their folder goes", administration::names_seen_are_told_once),
    ("the identity stays and the numbers grow", administration::the_identity_stays),
    ("upkeep finds nothing wrong", administration::upkeep_finds_nothing_wrong),
];

/// Runs every case on a store of its own.
pub fn run<D: Database>(backend: &str, fresh: impl Fn() -> D) {
    for (name, case) in CASES {
        println!("{backend}: {name}");
        case(&fresh());
    }
}
