//! A bar on a terminal for work that is counted; elsewhere nothing is drawn.
use indicatif::{ProgressBar, ProgressStyle};
use std::time::Duration;

/// How far something has come.
pub struct Bar(ProgressBar);

impl Bar {
    /// Begins; `what` is counted, `of` them in all where it is known.
    pub fn new(what: &'static str, of: Option<u64>) -> Self {
        let bar = match of {
            Some(of) => ProgressBar::new(of),
            None => ProgressBar::no_length(),
        };
        let template = match of {
            Some(_) => "{bar:30} {percent:>3} %  {human_pos} of {human_len} {msg}  {per_sec}  {eta} left",
            None => "{spinner} {human_pos} {msg}  {elapsed}",
        };
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style.progress_chars("█▉▊▋▌▍▎▏ "));
        }
        bar.set_message(what);
        bar.enable_steady_tick(Duration::from_millis(250));
        Self(bar)
    }

    /// Stands at `done` of `of`.
    pub fn at(&self, done: u64, of: u64) {
        self.0.set_length(of);
        self.0.set_position(done);
    }

    /// Takes the bar away.
    pub fn clear(&self) {
        self.0.finish_and_clear();
    }
}
