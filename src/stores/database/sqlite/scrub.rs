//! What is left of deleted values within pages of the file.
//!
//! *Decision:* `secure_delete` zeroes what is deleted, but not the copies that SQLite leaves behind when it moves cells
//! to another page: they stay in the gap between a page's list of cells and the cells themselves, which means nothing to
//! anybody. The gaps are zeroed in the file itself: copying the whole file anew (`VACUUM`) would hold up every commit
//! for as long as that takes. It is done while nobody writes, the log is empty and the writer's cache is dropped, so no
//! older picture of a page comes over it; and as a gap means nothing, a write that a crash tears does no harm.
use crate::stores::error::{Kind, Result, Store, StoreError};
use parking_lot::Mutex;
use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Read, Seek, SeekFrom, Write};
use std::ops::Range;
use std::path::Path;

/// Bytes of a page of our files.
const PAGE: usize = 4096;
/// Pages read at once.
const AT_ONCE: usize = 256;
/// Where the first page's own header begins.
const FILE_HEADER: usize = 100;
/// From so many pages on the number at the head of an overflow page could be read as the kind of a page with cells.
const PAGES_MAX: u64 = 0x0200_0000;

/// The file, open for as long as it is used: closing it would drop the locks that SQLite holds on it in this process.
pub struct Scrubber(Mutex<File>);

impl Scrubber {
    /// Opens the file, which is there.
    pub fn open(path: &Path) -> Result<Self> {
        let file = OpenOptions::new().read(true).write(true).open(path);
        file.map(|file| Self(Mutex::new(file))).map_err(|error| failed("opening the file to scrub it", error))
    }

    /// The pages with something in their gaps.
    pub fn stained(&self) -> Result<Vec<u64>> {
        let mut file = self.0.lock();
        let pages = file.metadata().map_err(|error| failed("measuring the file", error))?.len() / PAGE as u64;
        if pages >= PAGES_MAX {
            tracing::warn!(pages, "the database is too large to look for remains of deleted values in its pages");
            return Ok(Vec::new());
        }
        let mut stained = Vec::new();
        let mut buffer = vec![0; PAGE * AT_ONCE];
        let mut next = 0;
        while next < pages {
            let read = read(&mut file, next, &mut buffer)?;
            for (page, number) in buffer.get(..read).unwrap_or_default().chunks_exact(PAGE).zip(next..) {
                if gap(page, number == 0).and_then(|gap| page.get(gap)).is_some_and(|gap| gap.iter().any(|b| *b != 0)) {
                    stained.push(number);
                }
            }
            if read < PAGE {
                break;
            }
            next += (read / PAGE) as u64;
        }
        Ok(stained)
    }

    /// Zeroes the gaps of some pages. Only while nobody writes, the log is empty and no cache of a writer holds them.
    pub fn scrub(&self, pages: &[u64]) -> Result<()> {
        let mut file = self.0.lock();
        let mut page = vec![0; PAGE];
        for number in pages {
            if read(&mut file, *number, &mut page)? < PAGE {
                continue;
            }
            let Some(gap) = gap(&page, *number == 0) else { continue };
            let zeros = vec![0; gap.len()];
            file.seek(SeekFrom::Start(*number * PAGE as u64 + gap.start as u64))
                .and_then(|_| file.write_all(&zeros))
                .map_err(|error| failed("scrubbing a page", error))?;
        }
        Ok(())
    }

    /// Makes durable what was written to the file, by whomever.
    pub fn flush(&self) -> Result<()> {
        let flushed = self.0.lock().sync_data();
        flushed.map_err(|error| StoreError::new(Store::Database, Kind::Fatal, "flushing the main file", error))
    }
}

/// The bytes of a page that mean nothing, if it is a page with cells. Pages of other kinds begin with the number of
/// another page, whose first byte is 0.
fn gap(page: &[u8], first: bool) -> Option<Range<usize>> {
    let begin = if first { FILE_HEADER } else { 0 };
    let header = match page.get(begin)? {
        2 | 5 => 12,
        10 | 13 => 8,
        _ => return None,
    };
    let number = |at: usize| -> Option<usize> {
        let two: [u8; 2] = page.get(begin + at..begin + at + 2)?.try_into().ok()?;
        Some(usize::from(u16::from_be_bytes(two)))
    };
    let list_end = begin + header + 2 * number(3)?;
    let cells = number(5)?;
    // A gap that does not lie within the page is damage, and not to be made worse.
    (list_end < cells && cells <= PAGE).then_some(list_end..cells)
}

/// Reads from a page on; how many bytes there were.
fn read(file: &mut File, page: u64, buffer: &mut [u8]) -> Result<usize> {
    let mut read = || -> std::io::Result<usize> {
        file.seek(SeekFrom::Start(page * PAGE as u64))?;
        let mut filled = 0;
        while let Some(rest) = buffer.get_mut(filled..).filter(|rest| !rest.is_empty()) {
            match file.read(rest) {
                Ok(0) => break,
                Ok(more) => filled += more,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(filled)
    };
    read().map_err(|error| failed("looking through the file", error))
}

fn failed(what: &str, error: std::io::Error) -> StoreError {
    StoreError::io(Store::Database, what, error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_lies_between_the_list_and_the_cells_is_a_gap() {
        let mut page = vec![0_u8; PAGE];
        page[0] = 13;
        page[3..7].copy_from_slice(&[0, 3, 0x0f, 0]);
        assert_eq!(gap(&page, false), Some(14..0x0f00));
        page[0] = 5;
        assert_eq!(gap(&page, false), Some(18..0x0f00));
        for other in [0, 1, 7, 255] {
            page[0] = other;
            assert_eq!(gap(&page, false), None, "{other}");
        }
        page[0] = 13;
        page[5..7].copy_from_slice(&[0, 5]);
        assert_eq!(gap(&page, false), None, "damage is left alone");
        page[FILE_HEADER] = 13;
        page[FILE_HEADER + 3..FILE_HEADER + 7].copy_from_slice(&[0, 1, 0x0f, 0]);
        assert_eq!(gap(&page, true), Some(110..0x0f00));
    }
}
