//! The time a search may take.
use crate::stores::error::{Kind, Result, Store, StoreError};
use std::cell::Cell;
use std::time::{Duration, Instant};

/// How many [`Deadline::tick`]s pass between two looks at the clock.
const TICKS: u32 = 32;

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

    /// Looks at the clock.
    ///
    /// # Errors
    /// `TooExpensive` once the time is over.
    pub fn check(&self) -> Result<()> {
        match self.end {
            Some(end) if Instant::now() >= end => {
                Err(StoreError::plain(Store::Index, Kind::TooExpensive, "search within the time allowed"))
            }
            _ => Ok(()),
        }
    }
}
