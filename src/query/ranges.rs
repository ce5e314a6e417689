//! Ranges as parameters spell them (`0.6-1.0`, `20260101-20260131`), and instants relative to now.
use super::intervals::{Every, floor};
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

/// `now`, `now-7d`, `now+90m`, `now/d`, `now-1M/M`: its first and last microsecond, both within. Units are `s m h d w`,
/// of a fixed length each, and `M y` of the zone's calendar; several may follow each other. `/h /d /w /M /y` makes it the
/// whole hour, day, week, … it lies in. What lies beyond the calendar is its end. `None` when it is none.
pub fn relative(text: &str, now: Timestamp, zone: &TimeZone) -> Option<(i64, i64)> {
    let (mut rest, every) = match text.strip_prefix("now")?.split_once('/') {
        Some((moves, unit)) => (moves, Some(whole(unit)?)),
        None => (text.strip_prefix("now")?, None),
    };
    let mut instant = now.0;
    while !rest.is_empty() {
        let forward = rest.starts_with('+');
        let counted = rest.strip_prefix(['+', '-'])?;
        let digits = counted.find(|c: char| !c.is_ascii_digit()).filter(|digits| *digits > 0)?;
        let (count, unit) = counted.split_at_checked(digits)?;
        let unit_length = unit.chars().next()?.len_utf8();
        let (unit, after) = unit.split_at_checked(unit_length)?;
        let count: i64 = count.parse().unwrap_or(i64::MAX);
        instant = moved(instant, if forward { count } else { -count }, unit, zone)?;
        rest = after;
    }
    match every {
        None => Some((instant, instant)),
        Some(every) => span_of(every, zone, instant),
    }
}

fn whole(unit: &str) -> Option<Every> {
    match unit {
        "h" => Some(Every::Seconds(3_600)),
        "d" => Some(Every::Day),
        "w" => Some(Every::Week),
        "M" => Some(Every::Month),
        "y" => Some(Every::Year),
        _ => None,
    }
}

fn moved(instant: i64, count: i64, unit: &str, zone: &TimeZone) -> Option<i64> {
    let seconds: i64 = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3_600,
        "d" => 86_400,
        "w" => 7 * 86_400,
        "M" | "y" => {
            let end = if count < 0 { i64::MIN } else { i64::MAX };
            let months = count.saturating_mul(if unit == "y" { 12 } else { 1 });
            let moved = jiff::Timestamp::from_microsecond(instant).ok().and_then(|instant| {
                let span = jiff::Span::new().try_months(months).ok()?;
                instant.to_zoned(zone.clone()).checked_add(span).ok()
            });
            return Some(moved.map_or(end, |moved| moved.timestamp().as_microsecond()));
        }
        _ => return None,
    };
    Some(instant.saturating_add(count.saturating_mul(seconds).saturating_mul(1_000_000)))
}

/// First and last microsecond of the hour, day, … that an instant lies in; at an end of the calendar, the instant.
fn span_of(every: Every, zone: &TimeZone, instant: i64) -> Option<(i64, i64)> {
    const HOUR: i64 = 3_600_000_000;
    let Some(begin) = floor(every, zone, instant) else { return Some((instant, instant)) };
    // Somewhere in the next one: none is shorter than the hours beyond the longest of this one.
    let (length, within) = match every {
        Every::Seconds(seconds) => (i64::from(seconds) * 1_000_000, Every::Day),
        Every::Day => (36 * HOUR, every),
        Every::Week => (8 * 24 * HOUR, every),
        Every::Month => (32 * 24 * HOUR, every),
        Every::Year => (367 * 24 * HOUR, every),
    };
    let next = begin.saturating_add(length);
    let edge = floor(within, zone, next).unwrap_or(next);
    // Hours are counted anew each day: the last of a day ends with it.
    let end = if matches!(every, Every::Seconds(_)) && edge <= begin { next } else { edge };
    Some((begin, end.saturating_sub(1)))
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

    fn asked(text: &str, now: &str, zone: &str) -> Option<(String, String)> {
        let now = Timestamp(now.parse::<jiff::Timestamp>().unwrap().as_microsecond());
        let shown = |micros: i64| jiff::Timestamp::from_microsecond(micros).unwrap().to_string();
        relative(text, now, &TimeZone::get(zone).unwrap()).map(|(from, to)| (shown(from), shown(to)))
    }

    #[test]
    fn now_moves_by_units() {
        let now = Timestamp(1_000_000_000_000);
        let at = |text: &str| relative(text, now, &TimeZone::UTC).map(|(from, to)| (from - now.0, to - now.0));
        assert_eq!(at("now"), Some((0, 0)));
        assert_eq!(at("now-2m"), Some((-120_000_000, -120_000_000)));
        assert_eq!(at("now+1w"), Some((604_800_000_000, 604_800_000_000)));
        assert_eq!(at("now-1h+30m-5s"), Some((-1_805_000_000, -1_805_000_000)));
        assert_eq!(at("now-99999999999999999999d"), Some((i64::MIN, i64::MIN)));
        for not in [
            "nowadays", "now-", "now-d", "now-7", "now-7x", "now- 7d", "now-é", "now/", "now/m", "now/D", "now/d/d",
            "now/d-1d", "/d",
        ] {
            assert_eq!(at(not), None, "{not}");
        }
    }

    #[test]
    fn months_and_years_are_those_of_the_calendar() {
        let one = |text: &str, now: &str| asked(text, now, "Europe/Berlin").unwrap().0;
        assert_eq!(one("now-1M", "2026-03-31T10:00:00Z"), "2026-02-28T11:00:00Z", "the clock's time stays");
        assert_eq!(one("now-1y", "2024-02-29T10:00:00Z"), "2023-02-28T10:00:00Z");
        assert_eq!(one("now+4M", "2026-01-01T00:00:00Z"), "2026-04-30T23:00:00Z");
        let far = relative("now-999999999999999y", Timestamp(0), &TimeZone::UTC);
        assert_eq!(far, Some((i64::MIN, i64::MIN)));
        assert_eq!(relative("now-99999y/y", Timestamp(0), &TimeZone::UTC), Some((i64::MIN, i64::MIN)));
        assert_eq!(relative("now+99999y-1d", Timestamp(0), &TimeZone::UTC).map(|span| span.0 > 0), Some(true));
    }

    #[test]
    fn rounded_instants_are_whole_units_of_the_zone() {
        let table = [
            ("now/h", "2026-05-20T10:59:59.5Z", "2026-05-20T10:00:00Z", "2026-05-20T10:59:59.999999Z"),
            ("now/d", "2026-03-29T10:00:00Z", "2026-03-28T23:00:00Z", "2026-03-29T21:59:59.999999Z"),
            ("now-1d/d", "2026-10-26T10:00:00Z", "2026-10-24T22:00:00Z", "2026-10-25T22:59:59.999999Z"),
            ("now/w", "2026-05-20T10:00:00Z", "2026-05-17T22:00:00Z", "2026-05-24T21:59:59.999999Z"),
            ("now-1M/M", "2026-03-31T10:00:00Z", "2026-01-31T23:00:00Z", "2026-02-28T22:59:59.999999Z"),
            ("now/M", "2026-01-31T10:00:00Z", "2025-12-31T23:00:00Z", "2026-01-31T22:59:59.999999Z"),
            ("now/y", "2024-07-01T10:00:00Z", "2023-12-31T23:00:00Z", "2024-12-31T22:59:59.999999Z"),
        ];
        for (text, now, from, to) in table {
            assert_eq!(asked(text, now, "Europe/Berlin"), Some((from.to_owned(), to.to_owned())), "{text} at {now}");
        }
        // The clock went forward half an hour: the day has 23.5 hours, its last hour is half a one.
        let half = asked("now/h", "2026-10-04T12:45:00Z", "Australia/Lord_Howe").unwrap();
        assert_eq!(half, ("2026-10-04T12:30:00Z".to_owned(), "2026-10-04T12:59:59.999999Z".to_owned()));
    }

    proptest::proptest! {
        #[test]
        fn spans_hold_their_instant_and_touch(now in -60_000_000_i64..4_000_000_000, unit in "[hdwMy]") {
            for zone in ["Europe/Berlin", "Australia/Lord_Howe", "Pacific/Apia", "America/New_York"] {
                let (now, zone) = (Timestamp(now * 1_000_000), TimeZone::get(zone).unwrap());
                let (from, to) = relative(&format!("now/{unit}"), now, &zone).unwrap();
                proptest::prop_assert!(from <= now.0 && now.0 <= to, "{} {:?} {}", unit, zone, now.0);
                let next = relative(&format!("now/{unit}"), Timestamp(to + 1), &zone).unwrap();
                proptest::prop_assert_eq!(next.0, to + 1, "{} {:?} {}", unit, zone, now.0);
            }
        }
    }
}
