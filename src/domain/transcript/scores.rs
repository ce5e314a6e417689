//! The scores that V-Spark's applications gave a transcript: `app_data.scorecard`.
//!
//! A scorecard is `{APP: {CATEGORY: {"score": N, "subcategories": {CATEGORY: {…}}}}}`. V-Spark's text also gives the
//! application itself a score and subcategories, its sample does not: both are read, and an application's own score has
//! the empty path. What is odd, too long or too deep is passed over, and so are scores beyond the most there may be.
use super::voci;
use crate::base::digest::sha256;
use crate::base::fold::fold;
use crate::base::json;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

/// Scores of one transcript.
const MOST: usize = 1_000;
/// Characters of the name of an application or a category.
const NAME_CHARS: usize = 256;
/// Names of a path.
const DEPTH: usize = 8;

/// The scores of one transcript: application → path (names of categories, parted by dots; empty for the application
/// itself) → score, a finite number. No two differ by case alone. As JSON the same objects, nothing else.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Scores(BTreeMap<String, BTreeMap<String, f64>>);

impl Scores {
    /// Reads a scorecard; empty when it is none.
    pub fn read(scorecard: &RawValue) -> Self {
        let mut reader = Reader::default();
        for (app, value) in members(scorecard) {
            if named(&app) && !reader.full() {
                reader.app(&app, value);
            }
        }
        let mut scores = Self::default();
        for (app, path, score) in reader.found {
            scores.0.entry(app).or_default().insert(path, score);
        }
        scores
    }

    /// Application, path and score, in the order of the names.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str, f64)> {
        self.0.iter().flat_map(|(app, paths)| paths.iter().map(move |(path, score)| (&**app, &**path, *score)))
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// The number under which an index keeps the scores of an application's path: the first 8 bytes (big-endian) of the
/// SHA-256 of both, without regard to case. It must never change.
pub fn score_id(app: &str, path: &str) -> u64 {
    let [a, b, c, d, e, f, g, h, ..] = sha256(format!("{}\0{}", fold(app), fold(path)).as_bytes());
    u64::from_be_bytes([a, b, c, d, e, f, g, h])
}

fn members(value: &RawValue) -> Vec<(Cow<'_, str>, &RawValue)> {
    json::members(value.get()).map(|read| read.0).unwrap_or_default()
}

fn named(name: &str) -> bool {
    !name.is_empty() && name.chars().nth(NAME_CHARS).is_none()
}

/// The score of an application or a category.
fn score(members: &[(Cow<'_, str>, &RawValue)]) -> Option<f64> {
    let score = voci::member(members, "score").and_then(voci::number)?;
    // Columns tell -0 from 0; people do not.
    Some(if score == 0.0 { 0.0 } else { score })
}

#[derive(Default)]
struct Reader {
    found: Vec<(String, String, f64)>,
    /// Where a folded application and path stand in `found`: of names equal but for case the last score counts.
    places: HashMap<(String, String), usize>,
}

impl Reader {
    fn full(&self) -> bool {
        self.found.len() >= MOST
    }

    fn app(&mut self, app: &str, value: &RawValue) {
        let all = members(value);
        if let Some(own) = score(&all) {
            self.add(app, "", own);
        }
        for (name, value) in &all {
            let inner = if name == "subcategories" { members(value) } else { Vec::new() };
            if inner.is_empty() || score(&inner).is_some() {
                // A category, if need be one of that name.
                self.category(app, (String::new(), 0), name, value);
            } else {
                self.categories(app, ("", 0), &inner);
            }
        }
    }

    /// The categories below a path of so many names.
    fn categories(&mut self, app: &str, (above, names): (&str, usize), all: &[(Cow<'_, str>, &RawValue)]) {
        if names >= DEPTH {
            return;
        }
        for (name, value) in all {
            self.category(app, (above.to_owned(), names), name, value);
        }
    }

    fn category(&mut self, app: &str, (mut path, names): (String, usize), name: &str, value: &RawValue) {
        if self.full() || !named(name) || !value.get().starts_with('{') {
            return;
        }
        if !path.is_empty() {
            path.push('.');
        }
        path.push_str(name);
        let all = members(value);
        if let Some(score) = score(&all) {
            self.add(app, &path, score);
        }
        if let Some(below) = voci::member(&all, "subcategories") {
            self.categories(app, (&path, names + 1), &members(below));
        }
    }

    fn add(&mut self, app: &str, path: &str, score: f64) {
        let place = *self.places.entry((fold(app), fold(path))).or_insert(self.found.len());
        match self.found.get_mut(place) {
            Some(found) => found.2 = score,
            None => self.found.push((app.to_owned(), path.to_owned(), score)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn read(scorecard: &Value) -> String {
        let scores = Scores::read(&json::raw(scorecard).unwrap());
        scores.iter().map(|(app, path, score)| format!("{app}/{path}={score}")).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn a_scorecard_is_read_to_its_depth() {
        let scorecard = json!({
            "Call Drivers": {"Billing": {"score": 1, "subcategories": {
                "Refund": {"score": "0.50", "subcategories": {"Late": {"score": 0.25, "subcategories": {}}}},
                "Fees": {"subcategories": {"Bank": {"score": -0.0}}}}}},
            "Agent": {"score": 0.75, "subcategories": {"Greeting": {"score": 0}}},
        });
        assert_eq!(
            read(&scorecard),
            "Agent/=0.75 Agent/Greeting=0 Call Drivers/Billing=1 Call Drivers/Billing.Fees.Bank=0 \
             Call Drivers/Billing.Refund=0.5 Call Drivers/Billing.Refund.Late=0.25"
        );
        let text = serde_json::to_string(&Scores::read(&json::raw(&scorecard).unwrap())).unwrap();
        assert!(text.starts_with(r#"{"Agent":{"":0.75,"Greeting":0.0},"Call Drivers":{"Billing":1.0,"#), "{text}");
        assert_eq!(serde_json::from_str::<Scores>(&text).unwrap(), Scores::read(&json::raw(&scorecard).unwrap()));
    }

    #[test]
    fn categories_may_be_called_score_or_subcategories() {
        let scorecard = json!({"A": {"score": {"score": 1}, "subcategories": {"score": 2, "subcategories": {}}}});
        assert_eq!(read(&scorecard), "A/score=1 A/subcategories=2");
    }

    #[test]
    fn odd_parts_are_passed_over() {
        for odd in
            [json!(null), json!(1), json!([]), json!({"A": 1}), json!({"A": {"B": {"score": "high"}}}), json!({})]
        {
            assert_eq!(read(&odd), "", "{odd}");
        }
        let odd = json!({"": {"B": {"score": 1}}, "A": {"": {"score": 1}, "B": {"score": 2, "subcategories": [3]},
            "C": {"score": "NaN"}, "x".repeat(257): {"score": 4}}, "x".repeat(257): {"B": {"score": 1}}});
        assert_eq!(read(&odd), "A/B=2");
    }

    #[test]
    fn of_names_equal_but_for_case_the_last_score_counts() {
        assert_eq!(
            read(&json!({"App": {"B": {"score": 1}, "b": {"score": 2}}, "APP": {"B": {"score": 3}}})),
            "App/B=3"
        );
    }

    #[test]
    fn depth_and_number_are_bounded() {
        let deep =
            (0..12).rev().fold(json!({}), |below, n| json!({format!("c{n}"): {"score": n, "subcategories": below}}));
        assert!(read(&json!({"A": deep})).ends_with("A/c0.c1.c2.c3.c4.c5.c6.c7=7"));
        let many: serde_json::Map<_, _> = (0..1_200).map(|n| (format!("c{n}"), json!({"score": n}))).collect();
        assert_eq!(read(&json!({"A": many, "B": {"c": {"score": 1}}})).split(' ').count(), MOST);
    }

    #[test]
    fn an_id_does_not_depend_on_case_and_never_changes() {
        assert_eq!(score_id("Call Drivers", "Billing.Refund"), score_id("call drivers", "BILLING.refund"));
        assert_ne!(score_id("a", "b"), score_id("a.b", ""));
        assert_eq!(score_id("Call Drivers", "Billing"), 10_427_804_043_554_351_315);
    }
}
