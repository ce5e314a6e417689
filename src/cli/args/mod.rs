//! The argument tree. Help texts are written for somebody who meets the program for the first time.
pub mod common;
pub mod config;
pub mod edit;
pub mod serve;
pub mod token;
pub mod transfer;
pub mod upkeep;
pub mod words;

use clap::{Parser, Subcommand};
pub use common::{Common, Place};
pub use config::{Applying, ConfigAction, ConfigExport, ConfigOutput, Configuration, Planning};
pub use edit::{Get, Search, Set, Unset};
pub use serve::{Bench, Serve};
pub use token::{Token, TokenAction, TokenCreate};
pub use transfer::{Export, Import, Rows};
pub use upkeep::{Backup, Erase, Reindex, Repair, Restore, Verify};
pub use words::{Completions, Manual};

const EXAMPLES: &str = "\
Examples:
  linernotes serve --demo                        try it: sample data, and five curl lines to paste
  linernotes serve --data /srv/linernotes --listen 0.0.0.0:3000
  linernotes import calls.ndjson.gz --into Acme/Acme-Sales/Inbound --create
  linernotes search Acme/Acme-Sales '\"cancel my plan\" queue:billing'
  linernotes set Acme/Acme-Sales/call-1 queue=billing hold_time:=72
  linernotes export --from Acme/Acme-Sales/Inbound --to calls.zip
  linernotes token create dashboard --company Acme --rights read
  linernotes verify --deep
  linernotes config show

Exit status: 0 done, 1 failed or differences found, 2 wrong usage.";

/// A transcript metadata server, compatible with V-Spark.
#[derive(Debug, Parser)]
#[command(name = "linernotes", version, about, after_help = EXAMPLES, arg_required_else_help = true)]
pub struct Arguments {
    #[command(flatten)]
    /// Options of every command.
    pub common: Common,
    #[command(subcommand)]
    /// What to do.
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run the server
    Serve(Serve),
    /// Bring transcripts, or metadata of transcripts that are there, into a folder
    Import(Import),
    /// Write transcripts, or their metadata, to files
    Export(Export),
    /// Find transcripts by what was said and by their metadata
    Search(Search),
    /// Show the metadata of a transcript
    Get(Get),
    /// Set metadata of a transcript
    Set(Set),
    /// Remove metadata of a transcript
    Unset(Unset),
    /// Compare the three stores, transcript by transcript
    Verify(Verify),
    /// Make a backup, or list those there are
    Backup(Backup),
    /// Put a backup into an empty folder
    Restore(Restore),
    /// Erase transcripts, or every value of a metadata field, from every file
    Erase(Erase),
    /// Heal what another store can prove, and name what none can
    Repair(Repair),
    /// Make the search index again
    Reindex(Reindex),
    /// Make, list and revoke tokens
    Token(Token),
    /// Measure what this machine and its disk can do
    Bench(Bench),
    /// Check or show the settings of the server; plan and apply companies, folders and fields from a file
    Config(Configuration),
    /// Print a script that completes commands in a shell
    Completions(Completions),
    /// Print the manual page, or write one page a command
    Man(Manual),
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::access::Right;
    use clap::CommandFactory;
    use std::path::PathBuf;

    fn parse(line: &str) -> Result<Arguments, clap::Error> {
        Arguments::try_parse_from(line.split_whitespace())
    }

    #[test]
    fn the_argument_tree_is_sound() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn import_takes_files_and_a_folder() {
        let line = "linernotes import a.json b.ndjson.gz --into Acme/Acme-Sales/In --id requestid --url http://x:1";
        let Command::Import(import) = parse(line).unwrap().command else { panic!("import") };
        assert_eq!(import.files.len(), 2);
        assert_eq!(import.into.to_string(), "Acme/Acme-Sales/In");
        assert_eq!(import.id.as_deref(), Some("requestid"));
        assert_eq!(import.place.url.as_deref(), Some("http://x:1"));
    }

    #[test]
    fn wrong_usage_has_status_two() {
        for line in [
            "linernotes frobnicate",
            "linernotes import --into A/B/C",
            "linernotes import a.json --into A/B",
            "linernotes import a.json --into A/B/C --data d --url u",
            "linernotes token create x --org O",
            "linernotes token create x --rights everything",
        ] {
            assert_eq!(parse(line).unwrap_err().exit_code(), 2, "{line}");
        }
    }

    #[test]
    fn common_options_stand_before_or_behind_the_command() {
        for line in ["linernotes --config f.toml serve --demo", "linernotes serve --demo --config f.toml"] {
            let arguments = parse(line).unwrap();
            assert_eq!(arguments.common.config, Some(PathBuf::from("f.toml")), "{line}");
        }
    }

    #[test]
    fn rights_are_a_comma_list() {
        let Command::Token(token) = parse("linernotes token create x --rights read,pii").unwrap().command else {
            panic!("token")
        };
        let TokenAction::Create(create) = token.action else { panic!("create") };
        assert_eq!(create.rights, [Right::Read, Right::Pii]);
    }
}
