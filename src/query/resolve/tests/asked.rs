//! Order and figures bound to the small configuration.
use super::*;
use crate::query::intervals::{Every, Interval};
use crate::query::resolved::{SortBy, SortKey, Source};

fn detail(pairs: &[(&str, &str)]) -> String {
    ask(true, pairs).unwrap_err().detail
}

#[test]
fn several_sort_keys_have_their_directions() {
    let search =
        ask(false, &[("sort", "Queue:desc,score,\"hold time\",datetime:asc"), ("sortdir", "asc")]).unwrap().search;
    let field = |id, storage| {
        let only = [FolderId(11)];
        Source { targets: vec![Target::Field(FieldId(id), storage)], only_folders: Some(only[..].into()) }
    };
    let by = |source, descending| SortKey { by: SortBy::Values(source), descending };
    assert_eq!(
        search.order,
        [
            by(field(1, Storage::Keyword), true),
            SortKey::score(false),
            by(field(2, Storage::Number), false),
            by(Source::of(Target::Builtin(builtin("datetime").unwrap())), false),
        ]
    );
    assert_eq!(ask(false, &[]).unwrap().search.order, ResolvedSearch::new(search.scope, Node::All).order);
}

#[test]
fn personal_data_is_neither_ordered_nor_counted_without_the_right() {
    for pair in [("sort", "tid,secret"), ("facets", "Secret"), ("stats", "secret"), ("histogram", "secret:1")] {
        assert_eq!(ask(false, &[pair]).unwrap_err().code, Code::RightMissing, "{pair:?}");
        assert_eq!(ask(false, &[pair, ("output", "count")]).unwrap_err().code, Code::RightMissing, "{pair:?}");
    }
}

#[test]
fn figures_go_with_the_types_they_are_of() {
    let asked = ask(
        false,
        &[
            ("facets", "queue:3:\" Smith\"*,paid:t*"),
            ("stats", "hold time,paid,called,folder"),
            ("histogram", "hold time:0.5,called:1M,datetime:6h"),
        ],
    );
    let resolved = asked.unwrap();
    let prefixes: Vec<_> = resolved.search.facets.iter().map(|facet| facet.prefix.as_deref()).collect();
    assert_eq!(prefixes, [Some("smith"), Some("t")]);
    let kinds: Vec<_> = resolved.stats.iter().map(|plan| (plan.name.as_str(), plan.storage)).collect();
    assert_eq!(
        kinds,
        [
            ("hold time", Storage::Number),
            ("paid", Storage::Keyword),
            ("called", Storage::Instant),
            ("folder", Storage::Keyword)
        ]
    );
    assert_eq!(resolved.search.stats.len(), 4);
    let berlin = TimeZone::get("Europe/Berlin").unwrap();
    let intervals: Vec<_> = resolved.search.histograms.into_iter().map(|asked| asked.interval).collect();
    assert_eq!(
        intervals,
        [
            Interval::Step(0.5),
            Interval::Time(Every::Month, berlin.clone()),
            Interval::Time(Every::Seconds(21_600), berlin)
        ]
    );
    assert!(resolved.warnings.is_empty());
    for (pair, why) in [
        (("facets", "hold time:3*"), "has no text values"),
        (("histogram", "folder:1"), "has neither numbers nor dates"),
        (("histogram", "hold time:1d"), "\"1d\" is no interval for \"hold time\"; it is a number above 0"),
        (("histogram", "hold time:0"), "is no interval"),
        (("histogram", "called:30"), "\"30\" is no interval for \"called\""),
        (("histogram", "called:7h"), "in a count that divides a day"),
        (("stats", "note"), "is a text field"),
        (("histogram", "note:1"), "is a text field"),
        (("stats", "score"), "knows a field"),
    ] {
        let refused = detail(&[pair]);
        assert!(refused.contains(why), "{refused}");
    }
}

#[test]
fn organisations_that_differ_are_counted_in_utc_or_not_at_all() {
    let both = ask(true, &[("histogram", "datetime:1d,called:1d"), ("stats", "datetime,tid")]).unwrap();
    let zones: Vec<_> = both.search.histograms.iter().map(|asked| &asked.interval).collect();
    assert_eq!(zones[0], &Interval::Time(Every::Day, TimeZone::UTC));
    let berlin = TimeZone::get("Europe/Berlin").unwrap();
    assert_eq!(zones[1], &Interval::Time(Every::Day, berlin), "only one organisation has the field");
    assert_eq!(
        both.warnings,
        ["the organisations searched have different time zones: \"datetime\" is counted in UTC"],
        "said once"
    );
    assert_eq!(both.unconfigured[0].0, "called");
    for pair in [("stats", "queue"), ("histogram", "queue:1"), ("sort", "queue"), ("facets", "queue:1:a*")] {
        assert!(ask(true, &[pair]).is_err(), "{pair:?}");
    }
}

#[test]
fn archives_show_no_figures_but_refuse_what_makes_no_sense() {
    let figures = [("facets", "queue"), ("stats", "queue"), ("histogram", "datetime:1d")];
    for output in ["count", "zip"] {
        let search = ask(false, &[&figures[..], &[("output", output)]].concat()).unwrap().search;
        assert_eq!((search.facets.len(), search.stats.len(), search.histograms.len()), (0, 0, 0));
        assert!(ask(false, &[("stats", "elsewhere"), ("output", output)]).is_err());
    }
}

#[test]
fn scores_are_ranges_of_numbers_of_their_own() {
    let asked = [("app.name", "Calls"), ("app.A.b", "High"), ("app.C", "None"), ("q", "hi")];
    let score = |path: &str, low, high| {
        let target = Target::Score(score_id("calls", path));
        Node::Values(ValueTest { target, only_folders: None, test: Test::Numbers(low, high) })
    };
    let zero = Some((0.0, true));
    let parts = vec![phrase(Speaker::Anyone, "hi"), score("a.B", Some((0.66, false)), None), score("c", zero, zero)];
    assert_eq!(ask(false, &asked).unwrap().search.root, Node::And(parts));
}
