//! What an import tells: each refused line, then a summary.
use super::batches::FileLine;
use super::progress::Progress;
use crate::cli::output::{Ending, put, say};
use crate::cli::place::FolderPath;
use serde_json::json;
use std::collections::BTreeMap;
use std::io;

/// Unconfigured names that are counted; real data may have thousands.
const NAMES_COUNTED: usize = 10_000;
/// Unconfigured names that are shown.
const NAMES_SHOWN: usize = 8;

/// The tally of an import.
pub struct Report {
    json: bool,
    progress: Progress,
    created: u64,
    replaced: u64,
    refused: u64,
    unindexed: BTreeMap<String, u64>,
}

impl Report {
    /// Begins; with `json`, results go to standard output as JSON lines.
    pub fn new(json: bool, progress: Progress) -> Self {
        Self { json, progress, created: 0, replaced: 0, refused: 0, unindexed: BTreeMap::new() }
    }

    /// A transcript is stored.
    pub fn stored(&mut self, created: bool, unindexed: Vec<String>) {
        if created {
            self.created += 1;
        } else {
            self.replaced += 1;
        }
        for name in unindexed {
            if self.unindexed.len() < NAMES_COUNTED || self.unindexed.contains_key(&name) {
                *self.unindexed.entry(name).or_default() += 1;
            }
        }
    }

    /// A line is refused; it is named at once.
    ///
    /// # Errors
    /// When standard output cannot be written.
    pub fn refused(&mut self, place: &FileLine, tid: Option<&str>, code: &str, detail: &str) -> io::Result<()> {
        self.refused += 1;
        if self.json {
            let line = json!({
                "file": &*place.file, "line": place.line, "tid": tid, "code": code, "detail": detail,
            });
            return self.progress.aside(|| put(line));
        }
        self.progress.aside(|| say(format_args!("{place}: {code}: {detail}")));
        Ok(())
    }

    /// The place has stored what stood in this many bytes of the inputs.
    pub fn read_so_far(&self, bytes: u64) {
        self.progress.at(bytes, self.created + self.replaced + self.refused);
    }

    /// The summary, and how the command ends.
    ///
    /// # Errors
    /// When standard output cannot be written.
    pub fn finish(self, into: &FolderPath) -> anyhow::Result<Ending> {
        self.progress.clear();
        let seconds = self.progress.seconds();
        let stored = self.created + self.replaced;
        if self.json {
            put(json!({ "summary": {
                "created": self.created, "replaced": self.replaced, "failed": self.refused, "seconds": seconds,
                "unindexed": self.unindexed,
            } }))?;
        } else {
            say(format_args!(
                "{into}: {stored} transcripts stored ({} new, {} replaced), {} failed, in {seconds:.1} s ({:.0}/s)",
                self.created,
                self.replaced,
                self.refused,
                self.progress.rate(stored)
            ));
            if let Some(words) = unindexed_words(&self.unindexed, into) {
                say(words);
            }
        }
        Ok(if self.refused == 0 { Ending::Done } else { Ending::Differences })
    }
}

/// A newcomer's most frequent surprise: metadata that is kept but not found.
fn unindexed_words(names: &BTreeMap<String, u64>, into: &FolderPath) -> Option<String> {
    let mut by_count: Vec<(&String, &u64)> = names.iter().collect();
    by_count.sort_by(|a, b| b.1.cmp(a.1));
    let shown: Vec<&str> = by_count.iter().take(NAMES_SHOWN).map(|(name, _)| name.as_str()).collect();
    let more = names.len().saturating_sub(NAMES_SHOWN);
    let rest = if more > 0 { format!(" and {more} more") } else { String::new() };
    (!names.is_empty()).then(|| {
        format!(
            "kept, but not searchable, because the folder does not configure them: {}{rest}\n\
             configure names with POST /config/{}/{}/{} {{\"custom_meta\": [\"name\", …]}}; what is stored is indexed then",
            shown.join(", "),
            into.company,
            into.org,
            into.folder
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unconfigured_names_are_told_the_most_frequent_first() {
        let into: FolderPath = "A/B/C".parse().unwrap();
        assert_eq!(unindexed_words(&BTreeMap::new(), &into), None);
        let names: BTreeMap<String, u64> = (0..10).map(|n| (format!("f{n}"), n)).collect();
        let words = unindexed_words(&names, &into).unwrap();
        assert!(
            words.contains("f9, f8, f7, f6, f5, f4, f3, f2 and 2 more") && words.contains("/config/A/B/C"),
            "{words}"
        );
    }
}
