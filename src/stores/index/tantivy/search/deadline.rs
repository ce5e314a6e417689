//! The time a search may take.
use crate::stores::error::{Kind, Result, Store, StoreError};
use std::cell::Cell;
use std::time::{Duration, Instant};

/// How many [`Deadline::tick`]s pass between two looks at the clock.
const TICKS: u32 = 32;

/// What reading a part of the index into memory may take, which looks at no clock: whoever has less time left is not to
/// begin it. More than a search is given on a thread that others share ([`crate::engine::at_once`]).
const READING: Duration = Duration::from_millis(10);

/// The end of a search's time. Loops tick once per block of work (a hundred postings or so).
pub struct Deadline {
    end: Option<Instant>,
    ticks: Cell<u32>,
}

impl Deadline {
    /// `budget` from now.
    pub fn after(budget: Duration) -> Self {
        Self { end: Instant::now().checked_add(budget), ticks: Cell::new(0) }
    }

    /// Looks at the clock now and then.
    ///
    /// # Errors
    /// `TooExpensive` once the time is over.
    #[inline]
    pub fn tick(&self) -> Result<()> {
        let ticks = self.ticks.get().wrapping_add(1);
        self.ticks.set(ticks);
        if ticks.is_multiple_of(TICKS) { self.check() } else { Ok(()) }
    }

    /// To be asked before a part of the index is read into memory, of which later searches have no trouble.
    ///
    /// # Errors
    /// `TooExpensive` when there is no time for that.
    pub fn before_reading(&self) -> Result<()> {
        self.by(Instant::now() + READING)
    }

    /// Looks at the clock.
    ///
    /// # Errors
    /// `TooExpensive` once the time is over.
    pub fn check(&self) -> Result<()> {
        self.by(Instant::now())
    }

    fn by(&self, moment: Instant) -> Result<()> {
        match self.end {
            Some(end) if moment >= end => {
                Err(StoreError::plain(Store::Index, Kind::TooExpensive, "search within the time allowed"))
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_long_is_begun_with_little_time_left() {
        assert!(Deadline::after(Duration::from_millis(2)).before_reading().is_err());
        let long = Deadline::after(Duration::from_secs(60));
        assert!(long.before_reading().is_ok() && long.check().is_ok());
        assert!(Deadline::after(Duration::MAX).before_reading().is_ok());
        assert!(Deadline::after(Duration::ZERO).check().is_err());
    }
}
