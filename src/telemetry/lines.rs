//! Lines written beside those that log: a thread of its own carries them to standard error, many in one write. For lines
//! of which there may be thousands a second; what the file or terminal behind does not take is dropped and counted.
//! Lines of the last moment are lost when the process dies; a stop writes them all.
use parking_lot::{Condvar, Mutex};
use std::io::Write;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

/// Bytes that may wait; more lines are dropped.
const WAITING_MAX: usize = 4 << 20;
/// How long lines gather before they are written.
const GATHER: Duration = Duration::from_millis(50);

static LINES: OnceLock<Lines> = OnceLock::new();

/// The lines of this process that wait to be written.
struct Lines(Arc<Shared>);

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    bell: Condvar,
    written: Condvar,
}

#[derive(Default)]
struct State {
    waiting: Vec<u8>,
    dropped: u64,
    writing: bool,
    hurried: bool,
}

/// Starts the thread for this process; without it lines go nowhere.
///
/// # Errors
/// When the operating system gives no thread.
pub fn start() -> std::io::Result<()> {
    let shared = Arc::new(Shared::default());
    let own = shared.clone();
    std::thread::Builder::new().name("lines".into()).spawn(move || own.run(std::io::stderr()))?;
    // A second start would be a second process' worth of logging: the first one stays.
    let _first = LINES.set(Lines(shared)).is_ok();
    Ok(())
}

/// Whether lines are written.
pub fn started() -> bool {
    LINES.get().is_some()
}

/// Hands over a line, its end included. Never waits for whoever reads the log.
pub fn push(line: &[u8]) {
    if let Some(lines) = LINES.get() {
        lines.0.push(line);
    }
}

/// Returns when all lines handed over before are written.
pub fn flush() {
    if let Some(lines) = LINES.get() {
        lines.0.flush();
    }
}

impl Shared {
    fn push(&self, line: &[u8]) {
        let mut state = self.state.lock();
        if state.waiting.len() + line.len() > WAITING_MAX {
            state.dropped += 1;
            return;
        }
        let first = state.waiting.is_empty();
        state.waiting.extend_from_slice(line);
        drop(state);
        if first {
            self.bell.notify_one();
        }
    }

    fn flush(&self) {
        let mut state = self.state.lock();
        while state.writing || !state.waiting.is_empty() {
            state.hurried = true;
            self.bell.notify_one();
            self.written.wait(&mut state);
        }
        state.hurried = false;
    }

    fn run(&self, mut out: impl Write) {
        let mut lines = Vec::new();
        loop {
            let dropped = self.take(&mut lines);
            // Nobody is left to tell when the log itself cannot be written.
            let _told = out.write_all(&lines).is_ok();
            lines.clear();
            self.state.lock().writing = false;
            self.written.notify_all();
            if dropped > 0 {
                tracing::warn!(lines = dropped, "log lines were dropped: the log is not read fast enough");
            }
        }
    }

    /// Waits for lines and lets them gather; how many were dropped meanwhile.
    fn take(&self, lines: &mut Vec<u8>) -> u64 {
        let mut state = self.state.lock();
        while state.waiting.is_empty() {
            self.bell.wait(&mut state);
        }
        if !state.hurried {
            self.bell.wait_for(&mut state, GATHER);
        }
        std::mem::swap(&mut state.waiting, lines);
        state.writing = true;
        std::mem::take(&mut state.dropped)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Clone, Default)]
    struct Sink(Arc<Mutex<Vec<u8>>>);

    impl Write for Sink {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_flush_returns_when_every_line_is_written_in_order() {
        let (shared, sink) = (Arc::new(Shared::default()), Sink::default());
        let (own, out) = (shared.clone(), sink.clone());
        std::thread::spawn(move || own.run(out));
        for round in 0..3 {
            (0..100).for_each(|n| shared.push(format!("{round} {n}\n").as_bytes()));
            shared.flush();
            let text = String::from_utf8(sink.0.lock().clone()).unwrap();
            assert_eq!(text.lines().count(), 100 * (round + 1));
            assert!(text.ends_with(&format!("{round} 98\n{round} 99\n")));
        }
    }

    #[test]
    fn lines_that_nobody_takes_are_dropped_and_counted() {
        let shared = Shared::default();
        let line = vec![b'x'; WAITING_MAX / 2];
        (0..5).for_each(|_| shared.push(&line));
        let mut taken = Vec::new();
        shared.state.lock().hurried = true;
        assert_eq!((shared.take(&mut taken), taken.len()), (3, WAITING_MAX));
    }
}
