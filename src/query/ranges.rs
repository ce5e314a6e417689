//! Ranges as parameters spell them (`0.6-1.0`, `20260101-20260131`), and instants relative to now.
use crate::base::clock::Timestamp;
use jiff::civil;
use jiff::tz::TimeZone;

/// Both ends of `N-M`, `N-`, `-M`; `N` alone is both.
pub fn ends(text: &str) -> (Option<&str>, Option<&str>) {
    let given = |end: &'_ str| !end.is_empty();
    match text.split_once('-') {
        Some((low, high)) => (Some(low.trim()).filter(|e| given(e)), Some(high.trim()).filter(|e| given(e))),
        None => (Some(text.trim()), Some(text.trim())),
    }
}

/// `START-END`, each `YYYYMMDD` or `YYYYMMDDHHmmss` of a time zone yet unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DateRange {
    /// First and last second, both within.
    Between(Option<civil::DateTime>, Option<civil::DateTime>),
    /// Not a range: nothing lies within, which is no error (as in V-Spark).
    Senseless,
}

impl DateRange {
    /// Reads one.
    pub fn parse(text: &str) -> Self {
        Self::sides(text.trim()).unwrap_or(DateRange::Senseless)
    }

    fn sides(text: &str) -> Option<Self> {
        let (start, end) = text.split_once('-')?;
        let side = |text: &str, time: civil::Time| match text {
            "" => Some(None),
            text => civil_time(text, time).map(Some),
        };
        Some(DateRange::Between(side(start, civil::Time::midnight())?, side(end, civil::time(23, 59, 59, 0))?))
    }

    /// First and last microsecond in a zone, either open; `None` when nothing lies between.
    pub fn instants(self, zone: &TimeZone) -> Option<(Option<i64>, Option<i64>)> {
        let DateRange::Between(start, end) = self else { return None };
        let instant = |at: civil::DateTime| zone.to_timestamp(at).ok().map(|t| t.as_microsecond());
        let from = match start {
            Some(start) => Some(instant(start)?),
            None => None,
        };
        let to = match end {
            Some(end) => Some(instant(end)?.saturating_add(999_999)),
            None => None,
        };
        let empty = matches!((from, to), (Some(from), Some(to)) if from > to);
        (!empty).then_some((from, to))
    }
}

/// `YYYYMMDD` with the time given, or `YYYYMMDDHHmmss`.
fn civil_time(text: &str, time: civil::Time) -> Option<civil::DateTime> {
    if !text.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let number = |from: usize, to: usize| text.get(from..to)?.parse::<i16>().ok();
    let small = |from: usize, to: usize| number(from, to).and_then(|n| i8::try_from(n).ok());
    let date = civil::Date::new(number(0, 4)?, small(4, 6)?, small(6, 8)?).ok()?;
    match text.len() {
        8 => Some(date.to_datetime(time)),
        14 => Some(date.to_datetime(civil::Time::new(small(8, 10)?, small(10, 12)?, small(12, 14)?, 0).ok()?)),
        _ => None,
    }
}

/// `now`, `now-7d`, `now+90m`: microseconds. Units are `s m h d w`, of a fixed length each. `None` when it is none.
pub fn relative(text: &str, now: Timestamp) -> Option<i64> {
    let rest = text.strip_prefix("now")?;
    if rest.is_empty() {
        return Some(now.0);
    }
    let (sign, rest) = match rest.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, rest.strip_prefix('+')?),
    };
    let (unit_at, unit) = rest.char_indices().next_back()?;
    let seconds: i64 = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3_600,
        'd' => 86_400,
        'w' => 7 * 86_400,
        _ => return None,
    };
    let digits = rest.get(..unit_at)?;
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let count: i64 = digits.parse().unwrap_or(i64::MAX);
    Some(now.0.saturating_add(count.saturating_mul(seconds).saturating_mul(1_000_000).saturating_mul(sign)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn number_ranges_may_be_open() {
        assert_eq!(ends("0.6-1.0"), (Some("0.6"), Some("1.0")));
        assert_eq!(ends("5-"), (Some("5"), None));
        assert_eq!(ends("-5"), (None, Some("5")));
        assert_eq!(ends("5"), (Some("5"), Some("5")));
    }

    #[test]
    fn days_are_whole_and_in_the_zone() {
        let berlin = TimeZone::get("Europe/Berlin").unwrap();
        let day = DateRange::parse("20260115-20260115").instants(&berlin).unwrap();
        let start = "2026-01-14T23:00:00Z".parse::<jiff::Timestamp>().unwrap().as_microsecond();
        assert_eq!(day, (Some(start), Some(start + 86_400_000_000 - 1)));
        let second = DateRange::parse("20260115000000-20260115000000").instants(&berlin).unwrap();
        assert_eq!(second, (Some(start), Some(start + 999_999)));
        assert_eq!(DateRange::parse("-").instants(&berlin), Some((None, None)));
        assert_eq!(DateRange::parse("20260115-").instants(&berlin), Some((Some(start), None)));
    }

    #[test]
    fn senseless_ranges_are_empty() {
        for text in ["", "20260115", "20261341-", "2026-01-01", "x-y", "20260201-20260101", "202601150-", "+2026011-"] {
            assert_eq!(DateRange::parse(text).instants(&TimeZone::UTC), None, "{text}");
        }
    }

    #[test]
    fn now_moves_by_units() {
        let now = Timestamp(1_000_000_000_000);
        assert_eq!(relative("now", now), Some(now.0));
        assert_eq!(relative("now-2m", now), Some(now.0 - 120_000_000));
        assert_eq!(relative("now+1w", now), Some(now.0 + 604_800_000_000));
        assert_eq!(relative("now-99999999999999999999d", now), Some(now.0 - i64::MAX));
        for not in ["nowadays", "now-", "now-d", "now-7", "now-7y", "now- 7d", "now-é"] {
            assert_eq!(relative(not, now), None, "{not}");
        }
    }
}
