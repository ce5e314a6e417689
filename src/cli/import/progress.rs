//! The bar on a terminal: bytes of the inputs, transcripts a second, time that remains. Elsewhere nothing is drawn.
use indicatif::{ProgressBar, ProgressStyle};
use std::time::{Duration, Instant};

/// How far an import has come.
pub struct Progress {
    bar: ProgressBar,
    began: Instant,
}

impl Progress {
    /// Begins; `total` is the number of bytes, where it is known.
    pub fn new(total: Option<u64>) -> Self {
        let (bar, template) = match total {
            Some(total) => {
                (ProgressBar::new(total), "{bar:30} {percent:>3} %  {bytes} of {total_bytes}  {msg}  {eta} left")
            }
            None => (ProgressBar::no_length(), "{spinner} {bytes}  {msg}  {elapsed}"),
        };
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style.progress_chars("█▉▊▋▌▍▎▏ "));
        }
        bar.enable_steady_tick(Duration::from_millis(250));
        Self { bar, began: Instant::now() }
    }

    /// Moves on.
    pub fn at(&self, bytes: u64, transcripts: u64) {
        self.bar.set_message(format!("{transcripts} transcripts, {:.0}/s", self.rate(transcripts)));
        self.bar.set_position(bytes);
    }

    /// Lets `write` write a line without tearing the bar.
    pub fn aside<T>(&self, write: impl FnOnce() -> T) -> T {
        self.bar.suspend(write)
    }

    /// Takes the bar away.
    pub fn clear(&self) {
        self.bar.finish_and_clear();
    }

    /// Seconds since it began.
    pub fn seconds(&self) -> f64 {
        self.began.elapsed().as_secs_f64()
    }

    /// Things a second so far.
    pub fn rate(&self, count: u64) -> f64 {
        #[allow(clippy::cast_precision_loss, reason = "a rate for the eye")]
        let count = count as f64;
        count / self.seconds().max(0.001)
    }
}
