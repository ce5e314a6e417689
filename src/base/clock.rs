//! The only place that reads the clock: a handle, so that tests can hold time still.
use jiff::tz::TimeZone;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

/// An instant: microseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// RFC 3339 in UTC with six decimals, e.g. `2026-11-22T05:06:07.000001Z`.
    pub fn rfc3339(self) -> String {
        match jiff::Timestamp::from_microsecond(self.0) {
            Ok(instant) => format!("{instant:.6}"),
            Err(_) => format!("{}us", self.0),
        }
    }

    /// RFC 3339 with the zone's offset, a fraction only when there is one: `2026-01-15T10:00:00+01:00`.
    pub fn rfc3339_in(self, zone: &TimeZone) -> String {
        match jiff::Timestamp::from_microsecond(self.0) {
            Ok(instant) => instant.to_zoned(zone.clone()).strftime("%Y-%m-%dT%H:%M:%S%.f%:z").to_string(),
            Err(_) => self.rfc3339(),
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
