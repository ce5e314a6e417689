//! The only place that reads the clock: a handle, so that tests can hold time still.
use jiff::tz::TimeZone;
use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

/// An instant: microseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Timestamp(pub i64);

/// What a thread has had of the machine since it began.
#[derive(Clone, Copy, Debug)]
pub struct Taken {
    /// Stands still while others have the processor.
    pub processor: Duration,
    /// How often it gave the processor away to wait: for a disk, a lock, another thread.
    pub waits: i64,
}

impl Taken {
    /// By this thread.
    pub fn so_far() -> Self {
        #[cfg(target_os = "linux")]
        {
            use nix::sys::resource::{UsageWho, getrusage};
            use rustix::time::{ClockId, clock_gettime};
            let processor = Duration::try_from(clock_gettime(ClockId::ThreadCPUTime)).unwrap_or_default();
            let usage = getrusage(UsageWho::RUSAGE_THREAD);
            Self { processor, waits: usage.map_or(0, |usage| usage.voluntary_context_switches()) }
        }
        #[cfg(not(target_os = "linux"))]
        {
            static BEGUN: std::sync::OnceLock<std::time::Instant> = std::sync::OnceLock::new();
            Self { processor: BEGUN.get_or_init(std::time::Instant::now).elapsed(), waits: 0 }
        }
    }

    /// Since an earlier look on the same thread.
    pub fn since(self, earlier: Self) -> Self {
        Self { processor: self.processor.saturating_sub(earlier.processor), waits: self.waits - earlier.waits }
    }
}

impl Timestamp {
    /// RFC 3339 in UTC with six decimals, e.g. `2026-11-22T05:06:07.000001Z`.
    pub fn rfc3339(self) -> String {
        let mut out = String::with_capacity(32);
        self.push_rfc3339(&mut out);
        out
    }

    /// Appends [`Self::rfc3339`].
    pub fn push_rfc3339(self, out: &mut String) {
        match Civil::of(self.0) {
            Some(civil) => {
                civil.push(out);
                out.push('.');
                push_digits(out, civil.micros, 6);
                out.push('Z');
            }
            None => match jiff::Timestamp::from_microsecond(self.0) {
                // Writing to a string cannot fail.
                Ok(instant) => drop(write!(out, "{instant:.6}")),
                Err(_) => drop(write!(out, "{}us", self.0)),
            },
        }
    }

    /// RFC 3339 with the zone's offset, a fraction only when there is one: `2026-01-15T10:00:00+01:00`.
    pub fn rfc3339_in(self, zone: &TimeZone) -> String {
        let mut out = String::with_capacity(32);
        self.push_rfc3339_in(zone, &mut out);
        out
    }

    /// Appends [`Self::rfc3339_in`].
    pub fn push_rfc3339_in(self, zone: &TimeZone, out: &mut String) {
        let Ok(instant) = jiff::Timestamp::from_microsecond(self.0) else { return self.push_rfc3339(out) };
        let seconds = zone.to_offset(instant).seconds();
        let local = self.0.checked_add(i64::from(seconds) * 1_000_000).and_then(Civil::of);
        match local.filter(|_| seconds % 60 == 0) {
            Some(local) => {
                local.push(out);
                if local.micros > 0 {
                    out.push('.');
                    push_digits(out, local.micros, 6);
                    out.truncate(out.trim_end_matches('0').len());
                }
                out.push(if seconds < 0 { '-' } else { '+' });
                push_digits(out, seconds.unsigned_abs() / 3_600, 2);
                out.push(':');
                push_digits(out, seconds.unsigned_abs() / 60 % 60, 2);
            }
            None => drop(write!(out, "{}", instant.to_zoned(zone.clone()).strftime("%Y-%m-%dT%H:%M:%S%.f%:z"))),
        }
    }

    /// `Last-Modified` and friends: IMF-fixdate of RFC 9110, whole seconds.
    pub fn http_date(self) -> String {
        match jiff::Timestamp::from_microsecond(self.0) {
            Ok(instant) => instant.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string(),
            Err(_) => String::from("Thu, 01 Jan 1970 00:00:00 GMT"),
        }
    }
}

/// A moment of the years 0 to 9999, taken apart by hand: every row of a search and every line of the log shows one, and
/// the library's formatter costs ten times as much.
struct Civil {
    year: u32,
    month: u32,
    day: u32,
    second_of_day: u32,
    micros: u32,
}

impl Civil {
    /// `None` beyond those years.
    fn of(micros: i64) -> Option<Self> {
        let seconds = micros.div_euclid(1_000_000);
        // Days since the first of March of the year 0, so that leap days are the last of their years.
        let days = u64::try_from(seconds.div_euclid(86_400) + 719_468).ok()?;
        let (era, of_era) = (days / 146_097, days % 146_097);
        let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
        let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let month = (5 * of_year + 2) / 153;
        let day = of_year - (153 * month + 2) / 5 + 1;
        let (month, next) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
        let number = |number: u64| u32::try_from(number).ok();
        Some(Self {
            year: number(era * 400 + year_of_era + next).filter(|year| *year <= 9_999)?,
            month: number(month)?,
            day: number(day)?,
            second_of_day: u32::try_from(seconds.rem_euclid(86_400)).ok()?,
            micros: u32::try_from(micros.rem_euclid(1_000_000)).ok()?,
        })
    }

    /// Appends it to the second: `2026-01-15T10:00:00`.
    fn push(&self, out: &mut String) {
        push_digits(out, self.year, 4);
        let (hour, minute) = (self.second_of_day / 3_600, self.second_of_day / 60 % 60);
        let parts = [('-', self.month), ('-', self.day), ('T', hour), (':', minute), (':', self.second_of_day % 60)];
        for (before, number) in parts {
            out.push(before);
            push_digits(out, number, 2);
        }
    }
}

/// Appends the last `digits` digits of `number`.
fn push_digits(out: &mut String, number: u32, digits: u32) {
    for place in (0..digits).rev() {
        out.push(char::from(b'0' + u8::try_from(number / 10u32.pow(place) % 10).unwrap_or(0)));
    }
}

/// A source of time: the system's, or one that a test moves by hand.
#[derive(Clone, Debug, Default)]
pub struct Clock(Option<Arc<AtomicI64>>);

impl Clock {
    /// The clock of the operating system.
    pub fn system() -> Self {
        Self(None)
    }

    /// A clock that stands at `start` until `set`.
    pub fn manual(start: Timestamp) -> Self {
        Self(Some(Arc::new(AtomicI64::new(start.0))))
    }

    /// Moves a manual clock; a system clock ignores it.
    pub fn set(&self, to: Timestamp) {
        if let Some(cell) = &self.0 {
            cell.store(to.0, Ordering::SeqCst);
        }
    }

    /// Now.
    #[allow(clippy::disallowed_methods, reason = "this is the one reader of the clock")]
    pub fn now(&self) -> Timestamp {
        match &self.0 {
            Some(cell) => Timestamp(cell.load(Ordering::SeqCst)),
            None => Timestamp(
                std::time::SystemTime::now()
                    .duration_since(std::time::UNIX_EPOCH)
                    .map_or(0, |d| i64::try_from(d.as_micros()).unwrap_or(i64::MAX)),
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spells_instants() {
        assert_eq!(Timestamp(1_000_001).rfc3339(), "1970-01-01T00:00:01.000001Z");
        assert_eq!(Timestamp(0).rfc3339(), "1970-01-01T00:00:00.000000Z");
        assert_eq!(Timestamp(0).http_date(), "Thu, 01 Jan 1970 00:00:00 GMT");
    }

    #[test]
    fn instants_are_spelled_as_the_library_spells_them() {
        let zones = ["UTC", "Europe/Berlin", "America/St_Johns", "Asia/Kolkata", "Pacific/Apia"];
        let zones = zones.map(|name| TimeZone::get(name).unwrap());
        let mut moment = 0x2545_F491_4F6C_DD1Du64;
        let edges = [0, -1, 1_500_000, -62_167_219_200_000_000, -62_167_219_200_000_001, 253_402_207_200_000_000 - 1];
        let random = (0..4_000).map(|at| {
            moment ^= moment << 13;
            moment ^= moment >> 7;
            moment ^= moment << 17;
            let micros = (moment % 377_000_000_000_000_000) as i64 - 124_000_000_000_000_000;
            if at % 2 == 0 { micros - micros % 1_000_000 } else { micros / 50 }
        });
        for micros in edges.into_iter().chain(random) {
            let instant = jiff::Timestamp::from_microsecond(micros).unwrap();
            assert_eq!(Timestamp(micros).rfc3339(), format!("{instant:.6}"));
            for zone in &zones {
                let zoned = instant.to_zoned(zone.clone());
                let spelled = zoned.strftime("%Y-%m-%dT%H:%M:%S%.f%:z").to_string();
                assert_eq!(Timestamp(micros).rfc3339_in(zone), spelled);
            }
        }
        assert_eq!(Timestamp(i64::MAX).rfc3339_in(&zones[0]), format!("{}us", i64::MAX));
    }

    #[test]
    fn a_manual_clock_stands_until_it_is_set_and_its_clones_go_with_it() {
        let clock = Clock::manual(Timestamp(5));
        let other = clock.clone();
        assert_eq!((clock.now(), other.now()), (Timestamp(5), Timestamp(5)));
        clock.set(Timestamp(7));
        assert_eq!(other.now(), Timestamp(7));
    }

    #[test]
    fn the_systems_clock_cannot_be_set() {
        let clock = Clock::system();
        clock.set(Timestamp(0));
        assert!(clock.now() > Timestamp(1_600_000_000_000_000));
    }
}
