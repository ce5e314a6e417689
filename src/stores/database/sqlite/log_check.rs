//! Damage in the middle of the write-ahead log, told from an end that a power cut tore.
//!
//! SQLite reads the log up to the first frame whose sum is wrong and takes that for its end. After a flipped bit it
//! would so drop, without a word, all commits behind it, though they were answered. Each commit is flushed before the
//! next one is written: so where a whole commit *and* a frame that follows it stand behind the wrong one, that one was
//! once whole on disk. (In the last commit damage cannot be told from a torn end: the archive may prove what it held.)
use crate::stores::error::{Result, Store, StoreError};
use std::fs::{File, OpenOptions};
use std::io::{BufReader, ErrorKind, Read};
use std::path::{Path, PathBuf};

/// Bytes of the log's head.
const HEAD: usize = 32;
/// Bytes of a frame's head.
const FRAME_HEAD: usize = 24;
/// The least and largest page SQLite knows, bytes.
const PAGES: std::ops::RangeInclusive<usize> = 512..=65_536;

/// Where a log is damaged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Damage {
    /// The first frame that cannot be read, from 0.
    pub frame: u64,
    /// Whole commits behind it.
    pub commits: u64,
    /// Bytes before it; none when the head is damaged.
    sound: u64,
}

impl Damage {
    /// In words, lower case, no full stop.
    pub fn words(&self, database: &Path) -> String {
        format!(
            "its log {} is damaged in frame {}: at least {} commits behind it cannot be read",
            log_of(database).display(),
            self.frame,
            self.commits
        )
    }
}

fn log_of(database: &Path) -> PathBuf {
    let mut name = database.as_os_str().to_owned();
    name.push("-wal");
    name.into()
}

/// Looks through the log of a database that nobody has open.
///
/// # Errors
/// When it cannot be read.
pub fn look(database: &Path) -> Result<Option<Damage>> {
    let path = log_of(database);
    let log = match File::open(&path) {
        Ok(log) => log,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed("reading", &path, error)),
    };
    read(BufReader::with_capacity(1 << 20, log)).map_err(|error| failed("reading", &path, error))
}

/// Keeps the damaged log under another name, which is answered, and leaves what is sound of it.
///
/// # Errors
/// When files cannot be written.
pub fn cut(database: &Path, damage: Damage) -> Result<PathBuf> {
    let path = log_of(database);
    let named = |n: u32| PathBuf::from(format!("{}.damaged-{n}", path.display()));
    let kept = (1..).map(named).find(|kept| !kept.exists()).unwrap_or_default();
    let cut = || {
        std::fs::copy(&path, &kept)?;
        File::open(&kept)?.sync_all()?;
        let log = OpenOptions::new().write(true).open(&path)?;
        log.set_len(damage.sound)?;
        log.sync_all()
    };
    cut().map_err(|error| failed("cutting", &path, error))?;
    Ok(kept)
}

fn failed(what: &str, path: &Path, error: std::io::Error) -> StoreError {
    StoreError::io(Store::Database, format!("{what} {}", path.display()), error)
}

/// A running sum over pairs of words.
type Sum = (u32, u32);

fn word(bytes: &[u8], at: usize) -> u32 {
    bytes.get(at..at + 4).and_then(|four| four.try_into().ok()).map_or(0, u32::from_be_bytes)
}

fn add(sum: Sum, bytes: &[u8], big: bool) -> Sum {
    let read = |four: &[u8]| {
        let four: [u8; 4] = four.try_into().unwrap_or_default();
        if big { u32::from_be_bytes(four) } else { u32::from_le_bytes(four) }
    };
    bytes.chunks_exact(8).fold(sum, |(one, two), pair| {
        let (first, second) = pair.split_at(4);
        let one = one.wrapping_add(read(first)).wrapping_add(two);
        (one, two.wrapping_add(read(second)).wrapping_add(one))
    })
}

fn read(mut log: impl Read) -> std::io::Result<Option<Damage>> {
    let mut head = [0; HEAD];
    if !fill(&mut log, &mut head)? {
        return Ok(None);
    }
    let own = head.first_chunk::<24>().map_or((0, 0), |summed| add((0, 0), summed, word(&head, 0) & 1 == 1));
    let told = (word(&head, 24), word(&head, 28));
    let magic = word(&head, 0) & !1 == 0x377F_0682;
    let head_sound = magic && own == told;
    let page = usize::try_from(word(&head, 8)).ok().filter(|page| head_sound && PAGES.contains(page));
    let mut frame = vec![0; FRAME_HEAD + page.unwrap_or(4_096)];
    let mut walk = Walk {
        big: word(&head, 0) & 1 == 1,
        salts: head_sound.then(|| (word(&head, 16), word(&head, 20))),
        before: told,
        first_wrong: (!head_sound).then_some(0),
        commit_before: false,
        commits: 0,
        surely: false,
    };
    let mut number = 0;
    while fill(&mut log, &mut frame)? {
        walk.frame(number, &frame);
        number += 1;
    }
    let length = frame.len() as u64;
    Ok(walk.first_wrong.filter(|_| walk.surely).map(|frame| Damage {
        frame,
        commits: walk.commits,
        sound: if head_sound { HEAD as u64 + frame * length } else { 0 },
    }))
}

/// Fills the buffer; false at the end of the log.
fn fill(log: &mut impl Read, buffer: &mut [u8]) -> std::io::Result<bool> {
    match log.read_exact(buffer) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => Ok(false),
        Err(error) => Err(error),
    }
}

/// A walk over the frames.
struct Walk {
    big: bool,
    /// What all frames of this round of the log carry; not known when its head is damaged.
    salts: Option<(u32, u32)>,
    /// The sum the frame before tells.
    before: Sum,
    first_wrong: Option<u64>,
    /// Whether the frame before stands behind the wrong one, is right, and ends a commit.
    commit_before: bool,
    commits: u64,
    surely: bool,
}

impl Walk {
    fn frame(&mut self, number: u64, frame: &[u8]) {
        let own = (word(frame, 8), word(frame, 12));
        let told = (word(frame, 16), word(frame, 20));
        let fits = own != (0, 0) && self.salts.is_none_or(|salts| salts == own) && {
            let (numbers, page) = (frame.get(..8).unwrap_or_default(), frame.get(FRAME_HEAD..).unwrap_or_default());
            add(add(self.before, numbers, self.big), page, self.big) == told
        };
        let behind = self.first_wrong.is_some();
        if !fits {
            self.first_wrong.get_or_insert(number);
        }
        self.surely |= behind && fits && self.commit_before;
        let ends_commit = word(frame, 4) != 0;
        self.commit_before = behind && fits && ends_commit;
        self.commits += u64::from(self.commit_before);
        self.before = told;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rusqlite::Connection;

    /// A log of several commits, as a killed process leaves it.
    fn log_of_commits(dir: &Path) -> PathBuf {
        let (live, path) = (dir.join("live.db"), dir.join("main.db"));
        let connection = Connection::open(&live).unwrap();
        connection
            .execute_batch("PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0; CREATE TABLE t (v TEXT)")
            .unwrap();
        for n in 0..6 {
            connection.execute("INSERT INTO t VALUES (?1)", ["x".repeat(3_000 + n)]).unwrap();
        }
        std::fs::copy(&live, &path).unwrap();
        std::fs::copy(log_of(&live), log_of(&path)).unwrap();
        path
    }

    fn rows(path: &Path) -> i64 {
        Connection::open(path).unwrap().query_row("SELECT count(*) FROM t", [], |row| row.get(0)).unwrap()
    }

    #[test]
    fn a_sound_log_and_every_torn_end_of_it_are_no_damage() {
        let dir = tempfile::tempdir().unwrap();
        let path = log_of_commits(dir.path());
        assert_eq!(look(&path).unwrap(), None);
        let whole = std::fs::read(log_of(&path)).unwrap();
        for cut in (0..whole.len()).step_by(1_000) {
            std::fs::write(log_of(&path), &whole[..cut]).unwrap();
            assert_eq!(look(&path).unwrap(), None, "cut at {cut}");
        }
        let zeros = vec![0; 100_000];
        std::fs::write(log_of(&path), [whole, zeros].concat()).unwrap();
        assert_eq!(look(&path).unwrap(), None);
        std::fs::remove_file(log_of(&path)).unwrap();
        assert_eq!(look(&path).unwrap(), None);
    }

    #[test]
    fn a_flipped_bit_before_later_commits_is_found_wherever_it_is() {
        let dir = tempfile::tempdir().unwrap();
        let path = log_of_commits(dir.path());
        let whole = std::fs::read(log_of(&path)).unwrap();
        let frame = FRAME_HEAD + 4_096;
        // The last two commits are two frames each at most; those before them are followed by one.
        let early = whole.len() - 5 * frame;
        for at in (0..early).step_by(97) {
            let mut bytes = whole.clone();
            bytes[at] ^= 4;
            std::fs::write(log_of(&path), bytes).unwrap();
            let damage = look(&path).unwrap().unwrap_or_else(|| panic!("a flip at {at} is not seen"));
            assert!(damage.commits > 0 && damage.frame <= (at / frame) as u64 + 1, "{damage:?} for {at}");
        }
    }

    #[test]
    fn what_is_sound_before_the_damage_stays_and_the_whole_is_kept() {
        let dir = tempfile::tempdir().unwrap();
        let path = log_of_commits(dir.path());
        let mut bytes = std::fs::read(log_of(&path)).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        std::fs::write(log_of(&path), &bytes).unwrap();
        let kept = cut(&path, look(&path).unwrap().unwrap()).unwrap();
        assert_eq!(std::fs::read(kept).unwrap(), bytes);
        assert_eq!(look(&path).unwrap(), None);
        let left = rows(&path);
        assert!((1..6).contains(&left), "{left} rows");
    }
}
