//! `completions` and `man`: both come out of the argument tree.
use super::args::{Arguments, Completions, Manual};
use super::output::{Ending, say};
use anyhow::{Context, Result};
use clap::CommandFactory;
use std::io::{self, Write};

/// Prints the script for a shell.
///
/// # Errors
/// When standard output cannot be written.
pub fn completions(asked: &Completions) -> Result<Ending> {
    let mut script = Vec::new();
    clap_complete::generate(asked.shell, &mut Arguments::command(), "linernotes", &mut script);
    io::stdout().lock().write_all(&script)?;
    Ok(Ending::Done)
}

/// Prints the manual page, or writes one page a command.
///
/// # Errors
/// When it cannot be written.
pub fn manual(asked: &Manual) -> Result<Ending> {
    match &asked.dir {
        None => {
            let mut page = Vec::new();
            clap_mangen::Man::new(Arguments::command()).render(&mut page)?;
            io::stdout().lock().write_all(&page)?;
        }
        Some(dir) => {
            let unwritten = || format!("cannot write manual pages to {}", dir.display());
            std::fs::create_dir_all(dir).with_context(unwritten)?;
            clap_mangen::generate_to(Arguments::command(), dir).with_context(unwritten)?;
            say(format_args!("manual pages are in {}", dir.display()));
        }
    }
    Ok(Ending::Done)
}
