//! The checker finds what it is there to find: histories with one planted fault each.
use crate::history::{Act, Change, Done, FIELDS, Fields, Known, NEVER, State, Violation, check, held};

fn fields(first: u32) -> Fields {
    let mut fields = [0; FIELDS];
    fields[0] = first;
    fields
}

fn known(revision: u64, first: u32, modified: u64) -> Known {
    Known { state: State { revision, there: true, words: 1, fields: fields(first) }, modified }
}

/// An answered edit that sets field 0.
fn edit(value: u32, (invoked, returned): (u64, u64), revision: u64) -> Done {
    let act = Act::Edit(Change::Set(vec![(0, value)]));
    let seen = (returned != NEVER).then(|| fields(value));
    Done { act, invoked, returned, revision, expected: None, seen, modified: 0, key: 0 }
}

fn open(value: u32, invoked: u64) -> Done {
    edit(value, (invoked, NEVER), 0)
}

fn read(value: u32, (invoked, returned): (u64, u64), revision: u64) -> Done {
    Done { act: Act::Read, ..edit(value, (invoked, returned), revision) }
}

fn holds(done: &[Done], finish: Known) -> bool {
    check(&known(1, 9, 100), done, &finish, false).is_ok()
}

#[test]
fn edits_at_once_may_take_any_order_but_one_after_the_other_only_theirs() {
    assert!(holds(&[edit(5, (10, 50), 3), edit(6, (20, 40), 2)], known(3, 5, 0)));
    assert!(holds(&[edit(5, (10, 20), 2), edit(6, (30, 40), 3)], known(3, 6, 0)));
    assert!(!holds(&[edit(5, (10, 20), 3), edit(6, (30, 40), 2)], known(3, 5, 0)), "the later one came first");
}

#[test]
fn an_answered_edit_that_is_not_there_is_lost() {
    let verdict = check(&known(1, 9, 0), &[edit(5, (1, 2), 2), edit(6, (3, 4), 3)], &known(2, 5, 0), false);
    assert!(matches!(verdict, Err(Violation::Lost(1, _))), "{verdict:?}");
    assert!(!holds(&[edit(5, (1, 2), 2)], known(2, 9, 0)), "its revision is there, its value is not");
}

#[test]
fn values_nobody_sent_and_revisions_nobody_made_are_found() {
    assert!(!holds(&[edit(5, (1, 2), 2)], known(2, 7, 0)));
    assert!(!holds(&[edit(5, (1, 2), 2)], known(3, 5, 0)));
    assert!(!holds(&[edit(5, (1, 2), 2), edit(6, (1, 2), 2)], known(2, 6, 0)), "one place, two edits");
    assert!(!holds(&[edit(5, (1, 2), 2), edit(6, (1, 2), 4)], known(4, 6, 0)), "a place left out");
}

#[test]
fn an_edit_without_an_answer_is_there_once_or_not_at_all() {
    assert!(holds(&[edit(5, (1, 2), 2), open(6, 3)], known(2, 5, 0)));
    assert!(holds(&[edit(5, (1, 2), 2), open(6, 3)], known(3, 6, 0)));
    assert!(holds(&[open(6, 1), edit(5, (1, 9), 3)], known(3, 5, 0)), "it fills the gap before an answered one");
    assert!(!holds(&[edit(5, (1, 2), 3), open(6, 3)], known(3, 5, 0)), "it began too late for the gap");
    assert!(!holds(&[open(6, 3)], known(3, 6, 0)), "applied twice");
    assert!(holds(&[open(6, 3), open(7, 3), open(8, 3)], known(3, 7, 0)));
}

#[test]
fn a_read_shows_at_least_what_was_answered_and_nothing_that_began_after_it() {
    let writes = [edit(5, (10, 20), 2), edit(6, (30, 40), 3)];
    let with = |read: Done| holds(&[&writes[..], &[read]].concat(), known(3, 6, 0));
    assert!(with(read(5, (21, 22), 2)) && with(read(6, (31, 35), 3)) && with(read(5, (31, 35), 2)));
    assert!(!with(read(9, (21, 22), 1)), "stale");
    assert!(!with(read(6, (21, 22), 3)), "from the future");
    assert!(!with(read(8, (21, 22), 2)), "another body");
    let (first, second) = (read(6, (31, 33), 3), read(5, (34, 35), 2));
    assert!(!holds(&[&writes[..], &[first, second]].concat(), known(3, 6, 0)), "time ran backwards");
}

#[test]
fn a_conditional_edit_succeeds_only_when_it_should_and_is_refused_only_when_it_must() {
    let on = |expected, done: Done| Done { expected: Some(expected), ..done };
    let refused = |expected, times| Done { act: Act::Refused, seen: None, ..on(expected, edit(0, times, 0)) };
    assert!(holds(&[on(1, edit(5, (1, 2), 2))], known(2, 5, 0)));
    assert!(!holds(&[on(2, edit(5, (1, 2), 2))], known(2, 5, 0)));
    assert!(holds(&[edit(5, (1, 9), 2), refused(1, (2, 8))], known(2, 5, 0)));
    assert!(!holds(&[edit(5, (5, 9), 2), refused(1, (2, 4))], known(2, 5, 0)));
    assert!(!holds(&[edit(5, (1, 2), 2), refused(2, (3, 4))], known(2, 5, 0)));
}

#[test]
fn moments_grow_with_revisions() {
    let at = |modified, done: Done| Done { modified, ..done };
    let both = |a, b| holds(&[at(a, edit(5, (1, 2), 2)), at(b, edit(6, (3, 4), 3))], known(3, 6, b));
    assert!(both(101, 102) && !both(102, 102) && !both(102, 101) && !both(99, 102));
}

#[test]
fn an_erased_transcript_goes_on_where_its_revisions_stopped_and_stays_away_otherwise() {
    let by = |change, times, revision| Done { act: Act::Edit(change), seen: None, ..edit(0, times, revision) };
    let anew = Change::Bring { words: 7, fields: None };
    let erased = by(Change::Erase, (1, 2), 1);
    let finish = Known { state: State { revision: 2, there: true, words: 7, fields: fields(0) }, modified: 0 };
    let base = known(1, 9, 0);
    assert!(check(&base, &[erased.clone(), by(anew, (3, 4), 2)], &finish, true).is_ok());
    let gone = Known { state: State { revision: 1, ..State::default() }, modified: 0 };
    assert!(check(&base, std::slice::from_ref(&erased), &gone, true).is_ok());
    assert!(check(&base, &[erased], &base, true).is_err(), "it came back");
    let cut = Done { returned: NEVER, ..by(Change::Erase, (1, 2), 0) };
    assert!(check(&base, std::slice::from_ref(&cut), &gone, true).is_ok());
    assert!(check(&base, &[cut], &base, true).is_ok());
}

#[test]
fn a_copy_holds_what_was_answered_before_it_and_nothing_begun_after_it() {
    let done = [edit(5, (10, 20), 2), edit(6, (30, 40), 3)];
    let timeline = check(&known(1, 9, 0), &done, &known(3, 6, 0), false).unwrap();
    let copy = |times, state: Known| held(&timeline, times, &state.state);
    assert!(copy((5, 6), known(1, 9, 0)).is_ok() && copy((15, 35), known(3, 6, 0)).is_ok());
    assert!(copy((25, 26), known(2, 5, 0)).is_ok() && copy((25, 26), known(3, 6, 0)).is_err());
    assert!(matches!(copy((41, 42), known(1, 9, 0)), Err(Violation::Lost(2, _))));
    assert!(matches!(copy((21, 22), known(2, 9, 0)), Err(Violation::Wrong(_))));
}

#[test]
fn a_refusal_is_explained_by_any_order_of_edits_without_an_answer_but_by_none_that_began_later() {
    let sets = |field: u8, value: u32, invoked: u64| Done {
        act: Act::Edit(Change::Set(vec![(field, value)])),
        ..open(value, invoked)
    };
    let refused = Done { act: Act::Refused, expected: Some(2), seen: None, revision: 0, ..edit(0, (10, 20), 0) };
    let mut both = known(4, 6, 0);
    both.state.fields[1] = 7;
    let (early, late) = (sets(0, 6, 3), sets(1, 7, 30));
    assert!(holds(&[edit(5, (1, 2), 2), refused.clone(), late.clone(), early], both));
    let mut one = known(3, 5, 0);
    one.state.fields[1] = 7;
    assert!(!holds(&[edit(5, (1, 2), 2), refused.clone(), late], one), "it had not begun");
    assert!(!holds(&[edit(5, (1, 2), 2), refused], known(2, 5, 0)), "nothing came after it");
}
