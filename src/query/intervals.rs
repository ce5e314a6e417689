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

    /// Where the bucket of a number begins.
    pub fn of_number(&self, value: f64) -> Option<f64> {
        match self {
            // Adding zero makes one zero of two.
            Interval::Step(step) => Some((value / step).floor() * step + 0.0).filter(|key| key.is_finite()),
            Interval::Time(..) => None,
        }
    }

    /// Where the bucket of an instant begins, microseconds.
    pub fn of_instant(&self, micros: i64) -> Option<i64> {
        let Interval::Time(every, zone) = self else { return None };
        floor(*every, zone, micros)
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
