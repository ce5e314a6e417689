//! Where the words of a phrase stand in one turn, and how often the phrase does, given the places of each word.
//!
//! Words that may share a place (`no no`, `canc* cancel`) need a choice of different ones. By Mendelsohn and Dulmage
//! (1958), places that must be taken can be added to any choice that gives each word a place as long as they can be
//! taken by different words at all; so both questions are answered apart.
mod choice;
#[cfg(test)]
mod tests;

use super::resolved::{Arrangement, Phrase};
use std::convert::Infallible;

/// The words of a phrase in one turn.
pub struct Places<'a> {
    /// The phrase.
    pub phrase: &'a Phrase,
    /// For each word of the phrase the places (words of the turn, from 0) where it stands, ascending.
    pub lists: &'a [&'a [u32]],
    /// How many words the turn has; only looked at when the phrase ends the turn.
    pub words: u32,
    /// Whether it is known that no two words of the phrase share a place.
    pub apart: bool,
}

/// A beginning, and the last place a match that begins there may reach.
#[derive(Clone, Copy)]
struct Window {
    from: u32,
    to: u32,
}

impl Places<'_> {
    /// How often the phrase stands there, as scores count it. `tick` is called in all loops and may end them.
    ///
    /// # Errors
    /// Those of `tick`.
    pub fn count<E>(&self, mut tick: impl FnMut() -> Result<(), E>) -> Result<u32, E> {
        let mut count = 0u32;
        self.beginnings(&mut tick, |_| count = count.saturating_add(1))?;
        Ok(count)
    }

    /// What is shown of the matches: first and last word of each piece, both inclusive, in no order; pieces may overlap.
    ///
    /// # Errors
    /// Those of `tick`.
    pub fn shown<E>(&self, mut tick: impl FnMut() -> Result<(), E>) -> Result<Vec<(u32, u32)>, E> {
        let mut windows = Vec::new();
        self.beginnings(&mut tick, |window| windows.push(window))?;
        if self.adjacent() {
            return Ok(windows.into_iter().map(|window| (window.from, window.to)).collect());
        }
        let mut places: Vec<u32> = self.lists.iter().flat_map(|list| list.iter().copied()).collect();
        places.sort_unstable();
        places.dedup();
        let mut shown: Vec<u32> = Vec::new();
        for window in windows {
            let within = inside(&places, window);
            let end = match self.phrase.how {
                Arrangement::Within(_) if !self.phrase.last => self.shortest(within, window, &mut tick)?,
                _ => window.to,
            };
            shown.extend(within.iter().take_while(|place| **place <= end));
        }
        shown.sort_unstable();
        shown.dedup();
        Ok(shown.into_iter().map(|place| (place, place)).collect())
    }

    /// One word is always side by side with itself.
    fn adjacent(&self) -> bool {
        self.lists.len() < 2 || self.phrase.how == Arrangement::Adjacent
    }

    fn beginnings<E>(&self, tick: &mut impl FnMut() -> Result<(), E>, each: impl FnMut(Window)) -> Result<(), E> {
        match self.phrase.how {
            _ if self.adjacent() => self.side_by_side(tick, each),
            Arrangement::Within(others) => self.within(others, tick, each),
            Arrangement::Adjacent | Arrangement::SameTurn => self.in_turn(tick, each),
        }
    }

    fn side_by_side<E>(&self, tick: &mut impl FnMut() -> Result<(), E>, mut each: impl FnMut(Window)) -> Result<(), E> {
        let words = u32::try_from(self.lists.len()).unwrap_or(u32::MAX);
        let Some((lead, list)) = (0u32..).zip(self.lists).min_by_key(|(_, list)| list.len()) else { return Ok(()) };
        for begin in list.iter().filter_map(|place| place.checked_sub(lead)) {
            tick()?;
            let end = begin.saturating_add(words);
            if (self.phrase.first && begin > 0) || (self.phrase.last && end != self.words) {
                continue;
            }
            if (begin..).zip(self.lists).all(|(place, list)| list.binary_search(&place).is_ok()) {
                each(Window { from: begin, to: end.saturating_sub(1) });
            }
        }
        Ok(())
    }

    fn within<E>(
        &self,
        others: u32,
        tick: &mut impl FnMut() -> Result<(), E>,
        mut each: impl FnMut(Window),
    ) -> Result<(), E> {
        let span = u32::try_from(self.lists.len()).unwrap_or(u32::MAX).saturating_add(others);
        // What is left of each list, from the present beginning on.
        let mut rest: Vec<&[u32]> = self.lists.to_vec();
        loop {
            tick()?;
            // Every word needs a place from here on.
            let mut from = u32::MAX;
            for list in &rest {
                let Some(place) = list.first() else { return Ok(()) };
                from = from.min(*place);
            }
            if self.phrase.first && from > 0 {
                return Ok(());
            }
            let window = Window { from, to: from.saturating_add(span - 1) };
            if let Some(window) = self.ended(window)
                && self.fits(&rest, window, tick)?
            {
                each(window);
            }
            for list in &mut rest {
                if list.first() == Some(&from) {
                    *list = list.get(1..).unwrap_or(&[]);
                }
            }
        }
    }

    /// The window up to the turn's last word when the match must end there; `None` when that is too far.
    fn ended(&self, window: Window) -> Option<Window> {
        if !self.phrase.last {
            return Some(window);
        }
        let last = self.words.checked_sub(1)?;
        (window.from <= last && last <= window.to).then_some(Window { to: last, ..window })
    }

    fn in_turn<E>(&self, tick: &mut impl FnMut() -> Result<(), E>, mut each: impl FnMut(Window)) -> Result<(), E> {
        tick()?;
        let whole = Window { from: 0, to: if self.phrase.last { self.words.saturating_sub(1) } else { u32::MAX } };
        let taken = match (self.phrase.first, self.phrase.last) {
            (true, true) => self.takes_both(whole),
            (true, false) => self.owns(0),
            (false, true) => self.words > 0 && self.owns(whole.to),
            (false, false) => true,
        };
        if taken && self.each_has_one(self.lists, whole, tick)? {
            each(whole);
        }
        Ok(())
    }

    /// Whether a match begins with the window and, if it must, ends with it.
    fn fits<E>(&self, lists: &[&[u32]], window: Window, tick: &mut impl FnMut() -> Result<(), E>) -> Result<bool, E> {
        if self.phrase.last && !self.takes_both(window) {
            return Ok(false);
        }
        self.each_has_one(lists, window, tick)
    }

    /// Whether each word can have a place of its own in the window.
    fn each_has_one<E>(
        &self,
        lists: &[&[u32]],
        window: Window,
        tick: &mut impl FnMut() -> Result<(), E>,
    ) -> Result<bool, E> {
        if self.apart {
            return Ok(lists.iter().all(|list| !inside(list, window).is_empty()));
        }
        if let [one, other] = lists {
            return Ok(match (inside(one, window), inside(other, window)) {
                ([], _) | (_, []) => false,
                ([one], [other]) => one != other,
                _ => true,
            });
        }
        let parts: Vec<&[u32]> = lists.iter().map(|list| inside(list, window)).collect();
        choice::exists(&parts, tick)
    }

    fn owns(&self, place: u32) -> bool {
        self.lists.iter().any(|list| list.binary_search(&place).is_ok())
    }

    /// Whether different words can take the first and the last place of the window.
    fn takes_both(&self, window: Window) -> bool {
        let (mut first, mut last, mut either) = (0usize, 0usize, 0usize);
        for list in self.lists {
            let has = |place: u32| list.binary_search(&place).is_ok();
            let (begins, ends) = (has(window.from), has(window.to));
            first += usize::from(begins);
            last += usize::from(ends);
            either += usize::from(begins || ends);
        }
        first > 0 && last > 0 && (window.from == window.to || either > 1)
    }

    /// Where the shortest match ends that begins with the window, which holds one; `places` are those in the window.
    fn shortest<E>(&self, places: &[u32], window: Window, tick: &mut impl FnMut() -> Result<(), E>) -> Result<u32, E> {
        let (mut low, mut high) = (0, places.len().saturating_sub(1));
        while low < high {
            let middle = low.midpoint(high);
            let to = places.get(middle).copied().unwrap_or(window.to);
            if self.each_has_one(self.lists, Window { to, ..window }, tick)? {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        Ok(places.get(low).copied().unwrap_or(window.to))
    }
}

/// The places within the window.
fn inside(list: &[u32], window: Window) -> &[u32] {
    let from = list.partition_point(|place| *place < window.from);
    let to = list.partition_point(|place| *place <= window.to);
    list.get(from..to).unwrap_or(&[])
}

/// A `tick` for places too few to take long.
pub fn untimed() -> Result<(), Infallible> {
    Ok(())
}
