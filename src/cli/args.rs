//! The argument tree. Help texts are written for somebody who meets the program for the first time.
use super::place::{FolderPath, ScopePath, TranscriptPath};
use crate::domain::access::Right;
use clap::{Args, Parser, Subcommand};
use std::path::PathBuf;

const EXAMPLES: &str = "\
Examples:
  linernotes serve --demo                        try it: sample data, and five curl lines to paste
  linernotes serve --data /srv/linernotes --listen 0.0.0.0:3000
  linernotes import calls.ndjson.gz --into Acme/Acme-Sales/Inbound --create
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

/// Options of every command.
#[derive(Clone, Debug, Default, Args)]
pub struct Common {
    /// Configuration file [default: config/linernotes.toml, if it is there; or LINERNOTES_CONFIG]
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// What is logged: error, warn, info, debug, trace, also per module
    #[arg(long, global = true, value_name = "LEVEL")]
    pub log_level: Option<String>,
    /// How it is logged: auto (text on a terminal, else JSON), text, json
    #[arg(long, global = true, value_name = "FORMAT")]
    pub log_format: Option<String>,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run the server
    Serve(Serve),
    /// Bring transcripts into a folder, from JSON files
    Import(Import),
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
    /// Check or show the configuration
    Config(Configuration),
}

/// `serve`
#[derive(Debug, Args)]
#[command(after_help = "\
The first start makes the data folder and a first token with all rights; it is written to root.token in that folder.
Stop with Ctrl-C or SIGTERM: what runs is finished first; a second one quits at once and loses nothing answered.

Examples:
  linernotes serve
  linernotes serve --demo
  LINERNOTES_LIMITS__SEARCH_SIZE=5000 linernotes serve --listen 0.0.0.0:8080")]
pub struct Serve {
    /// Data folder; made if it is not there [default: index-data]
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// Address and port [default: 127.0.0.1:3000]
    #[arg(long, value_name = "ADDR:PORT")]
    pub listen: Option<String>,
    /// Load sample transcripts into an empty data folder, print the token and lines to paste
    #[arg(long)]
    pub demo: bool,
}

/// Where the data is: a stopped folder, or a running server.
#[derive(Clone, Debug, Default, Args)]
pub struct Place {
    /// Data folder of a stopped server [default: index-data]
    #[arg(long, value_name = "DIR", conflicts_with = "url")]
    pub data: Option<PathBuf>,
    /// A running server, for example http://127.0.0.1:3000; the token is taken from LINERNOTES_TOKEN
    #[arg(long, value_name = "URL")]
    pub url: Option<String>,
}

/// `import`
#[derive(Debug, Args)]
#[command(after_help = "\
FILE is .json (one transcript, an array of them, or one a line), .ndjson (one a line), either also .gz; a folder of
such files; or - for standard input. X.json with an X.jsonmeta beside it is one transcript with its metadata, so
that an archive folder can be imported as it is.
A line that is refused is named as FILE:LINE with the reason; the others are stored all the same.

Examples:
  linernotes import calls.ndjson.gz --into Acme/Acme-Sales/Inbound --create
  linernotes import star.ndjson.gz --into Helpdesk/Chat/Star --id requestid
  LINERNOTES_TOKEN=$(cat index-data/root.token) \\
    linernotes import calls.json --into Acme/Acme-Sales/Inbound --url http://127.0.0.1:3000")]
pub struct Import {
    /// Files, folders, or - for standard input
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// Where they go
    #[arg(long, value_name = "CO/ORG/FOLDER")]
    pub into: FolderPath,
    /// Top-level key that holds a transcript's id [default: tid; a transcript without gets a new UUID]
    #[arg(long, value_name = "KEY")]
    pub id: Option<String>,
    /// Make company, organisation and folder where they are missing
    #[arg(long)]
    pub create: bool,
    /// Print results as JSON, one a line: the lines refused, then a summary
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    /// Where the data is.
    pub place: Place,
}

/// `verify`
#[derive(Debug, Args)]
#[command(after_help = "\
Names every difference by store, company/org/tid and kind; exit status 1 if there is one.

Examples:
  linernotes verify
  linernotes verify --deep --json --data /srv/linernotes")]
pub struct Verify {
    /// Read every byte and check the sums
    #[arg(long)]
    pub deep: bool,
    /// Print the report as JSON
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    /// Where the data is.
    pub place: Place,
}

/// `backup`
#[derive(Debug, Args)]
#[command(after_help = "\
TO_DIR holds a row of backups, each a folder named by its moment and whole in itself. What has not changed since the
one before is shared with it, not copied. A running server writes only below the folder that [backup] dir of its
configuration names, on its own disk; edits go on meanwhile.

Examples:
  linernotes backup /backup/linernotes --data /srv/linernotes
  LINERNOTES_TOKEN=$(cat index-data/root.token) linernotes backup nightly --url http://127.0.0.1:3000
  linernotes backup --list /backup/linernotes")]
pub struct Backup {
    /// Where the backups lie
    #[arg(value_name = "TO_DIR")]
    pub to: PathBuf,
    /// Only list the complete backups there, with date and size
    #[arg(long, conflicts_with_all = ["data", "url"])]
    pub list: bool,
    /// Print as JSON
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    /// Where the data is.
    pub place: Place,
}

/// `restore`
#[derive(Debug, Args)]
#[command(after_help = "\
FROM_DIR is a backup, or a folder of backups: then the newest is taken. Every file is checked against its sum. Tokens
work as they did at that moment; marks handed out before are not known any more. The search index is made at the
first start.

Examples:
  linernotes restore /backup/linernotes --data /srv/linernotes
  linernotes restore /backup/linernotes/2026-01-31T02-00-00Z --data /srv/linernotes")]
pub struct Restore {
    /// The backup
    #[arg(value_name = "FROM_DIR")]
    pub from: PathBuf,
    /// The folder, empty or not there yet [default: index-data]
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// Print as JSON
    #[arg(long)]
    pub json: bool,
}

/// `repair`
#[derive(Debug, Args)]
#[command(after_help = "\
Stop the server and keep a copy of the folder first. Nothing is invented: what no store proves is named and left as
it is. Files that belong to nobody, and damaged ones that were corrected, go to archive/.lost+found. A database that
cannot be mended is made again from the archive. Exit status 1 if something is lost or still differs.

Examples:
  linernotes repair --data /srv/linernotes
  linernotes repair --accept-loss --json --data /srv/linernotes")]
pub struct Repair {
    /// Give transcripts whose metadata is lost what the database still proves of it, as a new revision
    #[arg(long)]
    pub accept_loss: bool,
    /// Print the report as JSON
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    /// Where the data is.
    pub place: Place,
}

/// `erase`
#[derive(Debug, Args)]
#[command(after_help = "\
Waits until the last byte is gone. On a stopped folder the values are looked for in every file afterwards; what is found
is named (exit status 1). Values are gone from the data folder, not from backups: those that may hold them are listed.

Examples:
  linernotes erase --field ssn --in Acme/Acme-Sales --dry-run --data /srv/linernotes
  linernotes erase --field ssn --in Acme/Acme-Sales/Inbound --data /srv/linernotes
  LINERNOTES_TOKEN=$(cat index-data/root.token) \\
    linernotes erase --transcript Acme/Acme-Sales/call-1 Acme/Acme-Sales/call-2 --url http://127.0.0.1:3000")]
pub struct Erase {
    /// The metadata field whose values go, in any spelling, configured or not
    #[arg(long, value_name = "NAME", requires = "scope", required_unless_present = "transcript")]
    pub field: Option<String>,
    /// Where: a whole organisation, or one folder
    #[arg(long = "in", value_name = "CO/ORG[/FOLDER]", requires = "field")]
    pub scope: Option<ScopePath>,
    /// Transcripts that go
    #[arg(long, value_name = "CO/ORG/ID", num_args = 1.., conflicts_with = "field")]
    pub transcript: Vec<TranscriptPath>,
    /// Only count the transcripts that hold the field
    #[arg(long, conflicts_with = "transcript")]
    pub dry_run: bool,
    /// Do not search the files afterwards
    #[arg(long)]
    pub no_prove: bool,
    /// Print the report as JSON
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    /// Where the data is.
    pub place: Place,
}

/// `reindex`
#[derive(Debug, Args)]
#[command(after_help = "\
The index holds nothing that database and archive do not hold: making it again loses nothing. On a running server
edits and reads go on, searches answer 503 until it is complete; stopping the command does not stop the server's work.

Examples:
  linernotes reindex --data /srv/linernotes
  LINERNOTES_TOKEN=$(cat index-data/root.token) linernotes reindex --url http://127.0.0.1:3000")]
pub struct Reindex {
    /// Print the result as JSON
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    /// Where the data is.
    pub place: Place,
}

/// `bench`
#[derive(Debug, Args)]
#[command(after_help = "\
Starts a server on a folder of its own beside the data folder, brings generated transcripts in, edits and searches them,
and removes the folder. Beside each figure stands what a server does that only echoes the request, asked by the same
connections on the same machine a moment before: the part of it travels between machines, the figure does not.
W1 bringing in, W2 durable edits, W3 from an answered edit to a search that finds it, S1 to S6 searches.

Examples:
  linernotes bench
  linernotes bench --data /srv/linernotes --transcripts 100000 --connections 1,16,64
  LINERNOTES_TOKEN=$(cat index-data/root.token) linernotes bench --url http://127.0.0.1:3000")]
pub struct Bench {
    /// Data folder beside which the measured one is made; it is not touched itself [default: index-data]
    #[arg(long, value_name = "DIR", conflicts_with = "url")]
    pub data: Option<PathBuf>,
    /// Measure a running server instead, in a company of its own; the token is taken from LINERNOTES_TOKEN
    #[arg(long, value_name = "URL")]
    pub url: Option<String>,
    /// Transcripts to bring in
    #[arg(long, value_name = "N", default_value_t = 20_000, value_parser = clap::value_parser!(u64).range(1..))]
    pub transcripts: u64,
    /// How long each figure is measured
    #[arg(long, value_name = "SECONDS", default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..))]
    pub seconds: u64,
    /// Connections at once, one measurement each
    #[arg(long, value_name = "N,…", value_delimiter = ',', default_values_t = [1_u16, 16], value_parser = clap::value_parser!(u16).range(1..))]
    pub connections: Vec<u16>,
    /// Print figures as JSON, one a line
    #[arg(long)]
    pub json: bool,
}

/// `token`
#[derive(Debug, Args)]
pub struct Token {
    #[command(subcommand)]
    /// What to do with tokens.
    pub action: TokenAction,
}

/// What to do with tokens.
#[derive(Debug, Subcommand)]
pub enum TokenAction {
    /// Make a token; it is printed this once
    Create(TokenCreate),
    /// List the tokens (never the tokens themselves)
    List(TokenList),
    /// Revoke a token by its id; works at once
    Revoke(TokenRevoke),
}

/// `token create`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  linernotes token create dashboard --company Acme --rights read
  linernotes token create importer --company Acme --org Acme-Sales --rights read,write --expires 2027-01-01
  linernotes token create new-root --rights read,write,config,admin,pii      (the first token was lost)")]
pub struct TokenCreate {
    /// A name for people
    #[arg(value_name = "NAME")]
    pub name: String,
    /// Only this company [default: all]
    #[arg(long, value_name = "CO")]
    pub company: Option<String>,
    /// Only this organisation of the company
    #[arg(long, value_name = "ORG", requires = "company")]
    pub org: Option<String>,
    /// Only this folder of the organisation
    #[arg(long, value_name = "FOLDER", requires = "org")]
    pub folder: Option<String>,
    /// What it may do: read, write, config, admin, pii
    #[arg(long, value_name = "RIGHT,…", value_delimiter = ',', default_value = "read,write", value_parser = right)]
    pub rights: Vec<Right>,
    /// When it ends, ISO 8601 [default: never]
    #[arg(long, value_name = "DATE")]
    pub expires: Option<String>,
    /// Print the whole answer as JSON
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    /// Where the data is.
    pub place: Place,
}

/// `token list`
#[derive(Debug, Args)]
pub struct TokenList {
    /// Print as JSON
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    /// Where the data is.
    pub place: Place,
}

/// `token revoke`
#[derive(Debug, Args)]
pub struct TokenRevoke {
    /// The id, as `token list` shows it
    #[arg(value_name = "ID")]
    pub id: String,
    #[command(flatten)]
    /// Where the data is.
    pub place: Place,
}

/// `config`
#[derive(Debug, Args)]
pub struct Configuration {
    #[command(subcommand)]
    /// What to do with the configuration.
    pub action: ConfigAction,
}

/// What to do with the configuration.
#[derive(Debug, Subcommand)]
pub enum ConfigAction {
    /// Name every mistake in file and environment at once; exit status 1 if there is one
    Check(ConfigOutput),
    /// Show the values in force and where each came from
    Show(ConfigOutput),
}

/// Options of `config`.
#[derive(Debug, Args)]
pub struct ConfigOutput {
    /// Print as JSON
    #[arg(long)]
    pub json: bool,
}

fn right(text: &str) -> Result<Right, String> {
    let found = Right::ALL.into_iter().find(|right| right.text() == text.trim());
    found.ok_or_else(|| {
        let known: Vec<&str> = Right::ALL.iter().map(|right| right.text()).collect();
        format!("rights are {}", known.join(", "))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

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
