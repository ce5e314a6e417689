//! The buckets of histograms: numbers by a step, instants by steps of the clock or the calendar of a time zone.
use jiff::ToSpan;
use jiff::tz::TimeZone;

/// How wide buckets are.
#[derive(Clone, Debug, PartialEq)]
pub enum Interval {
    /// Numbers: multiples of this, above 0.
    Step(f64),
    /// Instants.
    Time(Every, TimeZone),
}

/// How long buckets of instants are, in a time zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Every {
    /// So many seconds, counted from midnight of each day; divides a day.
    Seconds(u32),
    /// Days.
    Day,
    /// Weeks, from Monday.
    Week,
    /// Months.
    Month,
    /// Years.
    Year,
}

impl Interval {
    /// Reads `30` or `0.5`, for numbers.
    pub fn step(text: &str) -> Option<Self> {
        text.trim().parse::<f64>().ok().filter(|step| step.is_finite() && *step > 0.0).map(Interval::Step)
    }

    /// Reads `15m`, `1h`, `6h`, `1d`, `1w`, `1M`, `1y`: steps of the clock divide a day.
    pub fn time(text: &str, zone: &TimeZone) -> Option<Self> {
        let text = text.trim();
        let unit = text.chars().next_back()?;
        let count: u32 = text.strip_suffix(unit)?.parse().ok()?;
        let clock = |unit: u32| {
            let seconds = count.checked_mul(unit)?;
            (seconds > 0 && 86_400 % seconds == 0).then_some(Every::Seconds(seconds))
        };
        let every = match (unit, count) {
            ('s', _) => clock(1)?,
            ('m', _) => clock(60)?,
            ('h', _) => clock(3_600)?,
            ('d', 1) => Every::Day,
            ('w', 1) => Every::Week,
            ('M', 1) => Every::Month,
            ('y', 1) => Every::Year,
            _ => return None,
        };
        Some(Interval::Time(every, zone.clone()))
    }

    /// Where the bucket of a number begins: the greatest multiple of the step that is not above it.
    pub fn of_number(&self, value: f64) -> Option<f64> {
        match self {
            Interval::Step(step) => multiple(value, *step).filter(|key| key.is_finite()),
            Interval::Time(..) => None,
        }
    }

    /// Where the bucket of an instant begins, microseconds.
    pub fn of_instant(&self, micros: i64) -> Option<i64> {
        let Interval::Time(every, zone) = self else { return None };
        floor(*every, zone, micros)
    }

    /// Where the bucket of an instant begins, and where the next one does; microseconds.
    pub fn around(&self, micros: i64) -> Option<(i64, i64)> {
        let Interval::Time(every, zone) = self else { return None };
        let begin = floor(*every, zone, micros)?;
        let local = jiff::Timestamp::from_microsecond(begin).ok()?.to_zoned(zone.clone()).date();
        let first = match every {
            Every::Seconds(_) | Every::Day => local.checked_add(1.day()),
            Every::Week => local.checked_add(7.days()),
            Every::Month => local.first_of_month().checked_add(1.month()),
            Every::Year => local.first_of_year().checked_add(1.year()),
        };
        // There is no day after the last of the calendar.
        let Some(next) = first.ok().and_then(|date| date.to_zoned(zone.clone()).ok()) else {
            return Some((begin, i64::MAX));
        };
        let next = next.timestamp().as_microsecond();
        Some(match every {
            Every::Seconds(seconds) => {
                (begin, next.min(begin.saturating_add(i64::from(*seconds).saturating_mul(1_000_000))))
            }
            _ => (begin, next),
        })
    }
}

/// The beginning of the second, day, week, … that an instant lies in.
pub fn floor(every: Every, zone: &TimeZone, micros: i64) -> Option<i64> {
    let local = jiff::Timestamp::from_microsecond(micros).ok()?.to_zoned(zone.clone());
    let day = || local.start_of_day().ok();
    let begins = match every {
        Every::Seconds(seconds) => {
            let day = day()?.timestamp().as_microsecond();
            let step = i64::from(seconds).checked_mul(1_000_000)?;
            return Some(day + (micros - day).div_euclid(step) * step);
        }
        Every::Day => day()?,
        Every::Week => {
            let back = i64::from(local.date().weekday().to_monday_zero_offset());
            local.date().checked_sub(back.days()).ok()?.to_zoned(zone.clone()).ok()?
        }
        Every::Month => local.date().first_of_month().to_zoned(zone.clone()).ok()?,
        Every::Year => local.date().first_of_year().to_zoned(zone.clone()).ok()?,
    };
    Some(begins.timestamp().as_microsecond())
}

/// Multiples of decimal steps are decimals themselves: three times 0.1 is 0.3, so that 0.3 begins a bucket.
fn multiple(value: f64, step: f64) -> Option<f64> {
    let (whole, scale) = whole_step(step);
    // Adding zero makes one zero of two.
    let key = |count: f64| (count * whole) / scale + 0.0;
    let count = (value / step).floor();
    // The quotient may be rounded across a whole number.
    let near = [count + 1.0, count, count - 1.0];
    near.into_iter().map(key).find(|key| *key <= value)
}

/// The step as a whole number over a power of ten, where it is one.
fn whole_step(step: f64) -> (f64, f64) {
    const SCALES: [f64; 7] = [1.0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6];
    let whole = |scale: &f64| {
        let whole = (step * scale).round();
        // Dividing gives the nearest double, so this says that the step is that decimal.
        (whole >= 1.0 && whole / scale == step).then_some((whole, *scale))
    };
    SCALES.iter().find_map(whole).unwrap_or((step, 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn zone(name: &str) -> TimeZone {
        TimeZone::get(name).unwrap()
    }

    fn micros(text: &str) -> i64 {
        text.parse::<jiff::Timestamp>().unwrap().as_microsecond()
    }

    /// Where the bucket begins, in the zone.
    fn begins(interval: &str, zone: &TimeZone, at: &str) -> String {
        let key = Interval::time(interval, zone).unwrap().of_instant(micros(at)).unwrap();
        let local = jiff::Timestamp::from_microsecond(key).unwrap().to_zoned(zone.clone());
        local.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string()
    }

    #[test]
    fn intervals_are_read_and_nonsense_is_not() {
        for good in ["15m", "1h", "6h", "24h", "1s", "1d", "1w", "1M", "1y", " 1d "] {
            assert!(Interval::time(good, &TimeZone::UTC).is_some(), "{good}");
        }
        for bad in ["", "h", "7h", "25h", "0m", "2d", "2w", "2M", "-1h", "1", "1x", "99999999999h", "1ü"] {
            assert_eq!(Interval::time(bad, &TimeZone::UTC), None, "{bad}");
        }
        assert_eq!(Interval::step(" 0.5 "), Some(Interval::Step(0.5)));
        for bad in ["", "0", "-1", "inf", "nan", "1d"] {
            assert_eq!(Interval::step(bad), None, "{bad}");
        }
    }

    #[test]
    fn numbers_fall_into_multiples_of_the_step() {
        let of = |step, value| Interval::Step(step).of_number(value).unwrap();
        assert_eq!(of(30.0, 29.999), 0.0);
        assert_eq!(of(30.0, 30.0), 30.0);
        assert_eq!(of(30.0, -0.5), -30.0);
        assert_eq!(of(30.0, -30.0), -30.0);
        assert_eq!(
            (of(0.1, 0.3), of(0.1, 0.7), of(0.2, 0.6), of(0.01, 0.57), of(0.3, 0.9)),
            (0.3, 0.7, 0.6, 0.57, 0.9)
        );
        assert_eq!(of(0.1, -0.3), -0.3);
        assert_eq!(of(2.5, 7.4), 5.0);
        assert_eq!(of(7.0, 1e300), 1e300);
        for zero in [0.0, -0.0, 0.4] {
            assert!(of(1.0, zero).to_bits() == 0, "one zero");
        }
        assert_eq!(Interval::Step(1e-300).of_number(1e300), None);
        assert_eq!(Interval::Step(1.0).of_instant(5), None);
        assert_eq!(Interval::time("1d", &TimeZone::UTC).unwrap().of_number(5.0), None);
    }

    #[test]
    fn days_on_which_clocks_change_are_whole_days() {
        let berlin = zone("Europe/Berlin");
        // 23 hours: 2026-03-29, 25 hours: 2026-10-25.
        assert_eq!(begins("1d", &berlin, "2026-03-29T21:59:59Z"), "2026-03-29T00:00:00+01:00");
        assert_eq!(begins("1d", &berlin, "2026-03-29T22:00:00Z"), "2026-03-30T00:00:00+02:00");
        assert_eq!(begins("1d", &berlin, "2026-10-25T22:59:59Z"), "2026-10-25T00:00:00+02:00");
        // The hour that comes twice makes two buckets.
        assert_eq!(begins("1h", &berlin, "2026-10-25T00:30:00Z"), "2026-10-25T02:00:00+02:00");
        assert_eq!(begins("1h", &berlin, "2026-10-25T01:30:00Z"), "2026-10-25T02:00:00+01:00");
        // Where midnight does not exist the day begins at one.
        let sao_paulo = zone("America/Sao_Paulo");
        assert_eq!(begins("1d", &sao_paulo, "2018-11-04T05:00:00Z"), "2018-11-04T01:00:00-02:00");
        assert_eq!(begins("1d", &sao_paulo, "2018-11-04T02:59:59Z"), "2018-11-03T00:00:00-03:00");
    }

    #[test]
    fn weeks_begin_on_monday_and_months_and_years_on_the_first() {
        let berlin = zone("Europe/Berlin");
        assert_eq!(begins("1w", &berlin, "2026-03-29T22:30:00Z"), "2026-03-30T00:00:00+02:00");
        assert_eq!(begins("1w", &berlin, "2026-03-29T21:30:00Z"), "2026-03-23T00:00:00+01:00");
        assert_eq!(begins("1w", &berlin, "2026-01-01T12:00:00Z"), "2025-12-29T00:00:00+01:00");
        assert_eq!(begins("1M", &berlin, "2026-04-30T21:59:59Z"), "2026-04-01T00:00:00+02:00");
        assert_eq!(begins("1M", &berlin, "2026-04-30T22:00:00Z"), "2026-05-01T00:00:00+02:00");
        assert_eq!(begins("1y", &berlin, "2025-12-31T23:00:00Z"), "2026-01-01T00:00:00+01:00");
        assert_eq!(begins("1M", &TimeZone::UTC, "1969-12-31T23:59:59Z"), "1969-12-01T00:00:00+00:00");
    }

    #[test]
    fn steps_of_the_clock_count_from_midnight() {
        let kathmandu = zone("Asia/Kathmandu");
        assert_eq!(begins("1h", &kathmandu, "2026-01-01T00:00:00Z"), "2026-01-01T05:00:00+05:45");
        assert_eq!(begins("6h", &kathmandu, "2026-01-01T18:14:59Z"), "2026-01-01T18:00:00+05:45");
        assert_eq!(begins("15m", &TimeZone::UTC, "1969-12-31T23:59:59.999999Z"), "1969-12-31T23:45:00+00:00");
    }

    const ZONES: [&str; 6] =
        ["UTC", "Europe/Berlin", "America/Sao_Paulo", "Australia/Lord_Howe", "Asia/Kathmandu", "America/Havana"];

    proptest! {
        #[test]
        fn a_bucket_begins_at_or_before_what_lies_in_it(
            second in -2_000_000_000i64..4_000_000_000, fraction in 0i64..1_000_000, later in 0i64..200_000,
            name in prop::sample::select(&ZONES[..]),
            every in prop::sample::select(vec!["1s", "15m", "1h", "6h", "24h", "1d", "1w", "1M", "1y"]),
        ) {
            let interval = Interval::time(every, &zone(name)).unwrap();
            let at = second * 1_000_000 + fraction;
            let key = interval.of_instant(at).unwrap();
            prop_assert!(key <= at);
            prop_assert_eq!(interval.of_instant(key).unwrap(), key, "a bucket begins with itself");
            prop_assert!(interval.of_instant(at + later * 1_000_000).unwrap() >= key, "buckets follow each other");
            let longest = match every { "1y" => 366, "1M" => 31, "1w" => 7, _ => 1 };
            prop_assert!(at - key < (longest * 24 + 1) * 3_600_000_000, "buckets are no longer than they are called");
        }

        #[test]
        fn numbers_lie_in_their_bucket(value in -1e6f64..1e6, step in prop::sample::select(vec![0.1, 0.25, 0.3, 0.01, 1.0, 7.0, 30.0, 0.123_456_789])) {
            let interval = Interval::Step(step);
            let key = interval.of_number(value).unwrap();
            prop_assert!(key <= value && value - key < step * 1.000_001, "{value} {step} {key}");
            prop_assert_eq!(interval.of_number(key).unwrap().to_bits(), key.to_bits(), "a bucket begins with itself");
        }
    }
}
