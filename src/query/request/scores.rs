//! `app.name=APP&app.PATH=LEVEL`: the scores that applications gave (V-Spark 4.3), several paths of one application.
//!
//! *Decisions* where V-Spark's pages are open: `Medium` has no upper end, so it includes `High`; `Low` is above 0 up to
//! 0.33; `None` is a score of 0, not the lack of one; `app.` with nothing behind the dot is the application's own score.
use super::reading::{invalid, one_of};
use crate::base::fold::fold;
use crate::domain::refusal::Refusal;

/// How high a score is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// Above 0.
    All,
    /// Above 0.66.
    High,
    /// Above 0.33.
    Medium,
    /// Above 0, at most 0.33.
    Low,
    /// 0.
    None,
}

/// One end of a range and whether it belongs to it.
type End = Option<(f64, bool)>;

impl Level {
    /// The scores of that level: lower and upper end.
    pub fn range(self) -> (End, End) {
        match self {
            Level::All => (Some((0.0, false)), None),
            Level::High => (Some((0.66, false)), None),
            Level::Medium => (Some((0.33, false)), None),
            Level::Low => (Some((0.0, false)), Some((0.33, true))),
            Level::None => (Some((0.0, true)), Some((0.0, true))),
        }
    }
}

/// What was asked of applications.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scores {
    /// `app.name`, as written.
    pub app: Option<String>,
    /// Paths of categories, as written, and the levels asked for.
    pub paths: Vec<(String, Level)>,
}

impl Scores {
    /// Takes `app.…`, named without `app.`.
    ///
    /// # Errors
    /// `parameter_invalid`.
    pub fn take(&mut self, name: &str, text: &str) -> Result<(), Refusal> {
        if fold(name) == "name" {
            self.app = Some(text.trim().to_owned()).filter(|app| !app.is_empty());
            return Ok(());
        }
        let levels = [
            ("all", Level::All),
            ("high", Level::High),
            ("medium", Level::Medium),
            ("low", Level::Low),
            ("none", Level::None),
        ];
        let parameter = format!("app.{name}");
        let level = one_of(&parameter, &fold(text.trim()), &levels)
            .map_err(|_| invalid(&parameter, "is one of: All, High, Medium, Low, None"))?;
        self.paths.push((name.to_owned(), level));
        Ok(())
    }

    /// Whether application and paths came together.
    ///
    /// # Errors
    /// `parameter_invalid`.
    pub fn check(&self) -> Result<(), Refusal> {
        match (&self.app, self.paths.first()) {
            (None, Some((path, _))) => Err(invalid(&format!("app.{path}"), "needs `app.name`, the application")),
            (Some(_), None) => {
                Err(invalid("app.name", "needs a category and a level, such as `app.Call Drivers.Billing=High`"))
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pairs: &[(&str, &str)]) -> Result<Scores, Refusal> {
        let mut scores = Scores::default();
        for (name, text) in pairs {
            scores.take(name, text)?;
        }
        scores.check().map(|()| scores)
    }

    #[test]
    fn an_application_and_levels_of_its_categories() {
        let scores = read(&[("Billing.Late fee", "high"), ("name", " Call Drivers "), ("x", "NONE")]).unwrap();
        assert_eq!(scores.app.as_deref(), Some("Call Drivers"));
        assert_eq!(scores.paths, [("Billing.Late fee".into(), Level::High), ("x".into(), Level::None)]);
        assert!(read(&[]).is_ok());
        assert!(read(&[("name", "a")]).unwrap_err().detail.contains("needs a category"));
        assert!(read(&[("x", "All")]).unwrap_err().detail.contains("needs `app.name`"));
        assert!(read(&[("x", "huge"), ("name", "a")]).unwrap_err().detail.contains("All, High, Medium, Low, None"));
    }

    #[test]
    fn levels_are_ranges_of_scores() {
        let within = |level: Level, score: f64| {
            let (low, high) = level.range();
            low.is_none_or(|(end, with)| score > end || (with && score == end))
                && high.is_none_or(|(end, with)| score < end || (with && score == end))
        };
        let all = [Level::All, Level::High, Level::Medium, Level::Low, Level::None];
        let of = |score| all.map(|level| within(level, score));
        assert_eq!(of(0.0), [false, false, false, false, true]);
        assert_eq!(of(0.33), [true, false, false, true, false]);
        assert_eq!(of(0.5), [true, false, true, false, false]);
        assert_eq!(of(0.66), [true, false, true, false, false]);
        assert_eq!(of(1.0), [true, true, true, false, false]);
    }
}
