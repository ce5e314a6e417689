//! Floor 8: the command line. Arguments are parsed into plain structs ([`args`]), then acted on, one file a command.
//!
//! Data goes to standard output, words to standard error. Exit status: 0 done, 1 failed or differences found, 2 usage.
//! The commands on data work on a stopped folder and, where the server can do it, on a running server ([`target`]).
pub mod args;
pub mod backup;
pub mod bar;
pub mod bench;
pub mod config;
pub mod erase;
pub mod export;
pub mod import;
pub mod metadata;
pub mod output;
pub mod place;
pub mod plan;
pub mod reindex;
pub mod repair;
pub mod search;
pub mod serve;
pub mod settings;
pub mod target;
pub mod token;
pub mod verify;
pub mod words;

use args::{Arguments, Command};
use clap::Parser;
use output::Ending;
use std::process::ExitCode;

/// Runs the command the process was started with.
pub fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match run(&arguments) {
        Ok(ending) => ending.into(),
        Err(error) => output::failed(&error),
    }
}

fn run(arguments: &Arguments) -> anyhow::Result<Ending> {
    let common = &arguments.common;
    match &arguments.command {
        Command::Serve(serve) => serve::run(common, serve),
        Command::Import(import) => import::run(common, import),
        Command::Export(export) => export::run(common, export),
        Command::Search(search) => search::run(common, search),
        Command::Get(get) => metadata::get(common, get),
        Command::Set(set) => metadata::set(common, set),
        Command::Unset(unset) => metadata::unset(common, unset),
        Command::Erase(erase) => erase::run(common, erase),
        Command::Verify(verify) => verify::run(common, verify),
        Command::Backup(backup) => backup::run(common, backup),
        Command::Restore(restore) => backup::restore(common, restore),
        Command::Repair(repair) => repair::run(common, repair),
        Command::Reindex(reindex) => reindex::run(common, reindex),
        Command::Token(token) => token::run(common, token),
        Command::Bench(bench) => bench::run(common, bench),
        Command::Config(config) => config::run(common, config),
        Command::Completions(asked) => words::completions(asked),
        Command::Man(asked) => words::manual(asked),
    }
}
