//! What goes out: data, words, exit status.
use crate::base::causes::chain;
use std::fmt::Display;
use std::io::{self, ErrorKind, Write};
use std::process::ExitCode;

/// How a command ended, short of failing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// Done.
    Done,
    /// Done, but something differs or was refused.
    Differences,
}

impl From<Ending> for ExitCode {
    fn from(ending: Ending) -> Self {
        match ending {
            Ending::Done => ExitCode::SUCCESS,
            Ending::Differences => ExitCode::from(1),
        }
    }
}

/// Wrong usage that the argument tree cannot see.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Usage(pub String);

/// One line of words, to standard error. When nobody listens there is nobody to tell.
pub fn say(words: impl Display) {
    let _ = writeln!(io::stderr().lock(), "{words}");
}

/// One line of data, to standard output.
///
/// # Errors
/// When it cannot be written.
pub fn put(data: impl Display) -> io::Result<()> {
    writeln!(io::stdout().lock(), "{data}")
}

/// Says why a command failed; the status to end with.
pub fn failed(error: &anyhow::Error) -> ExitCode {
    // The reader of a pipe went away (`| head`): that is no failure to speak of.
    let pipe_closed = error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == ErrorKind::BrokenPipe);
    if pipe_closed {
        return ExitCode::SUCCESS;
    }
    say(format_args!("linernotes: {}", chain(error.as_ref())));
    if error.downcast_ref::<Usage>().is_some() { ExitCode::from(2) } else { ExitCode::from(1) }
}

/// Rows under headings, each column as wide as its widest cell.
pub fn table(headings: &[&str], rows: &[Vec<String>]) -> String {
    let width = |text: &str| text.chars().count();
    let mut widths: Vec<usize> = headings.iter().map(|heading| width(heading)).collect();
    for row in rows {
        for (widest, cell) in widths.iter_mut().zip(row) {
            *widest = (*widest).max(width(cell));
        }
    }
    let line = |cells: Vec<&str>| {
        let padded: Vec<String> = cells
            .iter()
            .zip(&widths)
            .map(|(cell, widest)| format!("{cell}{}", " ".repeat(widest - width(cell).min(*widest))))
            .collect();
        padded.join("  ").trim_end().to_owned()
    };
    let mut lines = vec![line(headings.to_vec())];
    lines.extend(rows.iter().map(|row| line(row.iter().map(String::as_str).collect())));
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let rows = vec![vec![String::from("é1"), String::from("b")], vec![String::from("long"), String::new()]];
        assert_eq!(table(&["id", "name"], &rows), "id    name\né1    b\nlong");
    }
}
