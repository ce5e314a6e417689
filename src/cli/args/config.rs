//! `config`.
use super::common::Place;
use clap::{Args, Subcommand};
use std::path::PathBuf;

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
    /// Write companies, organisations, folders, fields, apps and users as a file that `plan` and `apply` take
    Export(ConfigExport),
    /// Say what `apply` would do; exit status 1 if there is something to do
    Plan(Planning),
    /// Make companies, organisations, folders, fields, apps and users as a file says
    Apply(Applying),
}

/// `config export`
#[derive(Debug, Args)]
#[command(after_help = "\
Secrets of callbacks and passwords are never written.

Examples:
  linernotes config export --data /srv/linernotes > acme.json
  linernotes config export --toml --url http://127.0.0.1:3000 > acme.toml")]
pub struct ConfigExport {
    /// Write TOML instead of JSON
    #[arg(long)]
    pub toml: bool,
    #[command(flatten)]
    /// Where the data is.
    pub place: Place,
}

/// `config plan`
#[derive(Debug, Args)]
#[command(after_help = "\
FILE is JSON, or TOML if its name ends so:

  [Acme]                                               a company
  [Acme.orgs.\"Acme-Sales\"]                           its organisations
  timezone = \"Europe/Berlin\"
  fields = { hold_time = { type = \"number\" } }
  [Acme.orgs.\"Acme-Sales\".folders.Inbound]           their folders (and apps)
  custom_meta = [\"queue\", \"hold_time\"]

What FILE does not name stays as it is; --prune says what goes. Exit status: 0 nothing to do, 1 something to do or it
failed, 2 wrong usage.

Examples:
  linernotes config plan acme.toml
  linernotes config plan acme.toml --save acme.plan --url http://127.0.0.1:3000 ; linernotes config apply acme.plan …")]
pub struct Planning {
    /// The configuration wanted
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Also delete companies, organisations, folders, fields, apps and users that FILE does not name
    #[arg(long)]
    pub prune: bool,
    /// Write the plan, with what it was made against, for `apply`: that refuses if something has changed since
    #[arg(long, value_name = "PLAN")]
    pub save: Option<PathBuf>,
    /// Print the plan as JSON
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    /// Where the data is.
    pub place: Place,
}

/// `config apply`
#[derive(Debug, Args)]
#[command(after_help = "\
Every change is bound to the object as it was when the plan was made: if another administrator changes it meanwhile,
apply stops there, names the object, prints the difference, and ends with 1. What was done before stays; plan again.
Only empty folders are deleted, unless --erase-transcripts is given.

Examples:
  linernotes config apply acme.toml --data /srv/linernotes
  linernotes config apply acme.plan --url http://127.0.0.1:3000")]
pub struct Applying {
    /// The configuration wanted, or a plan saved by `config plan --save`
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Also delete what FILE does not name
    #[arg(long)]
    pub prune: bool,
    /// With --prune: also delete folders that hold transcripts, with these
    #[arg(long)]
    pub erase_transcripts: bool,
    /// Print what was done as JSON
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    /// Where the data is.
    pub place: Place,
}

/// Options of `config`.
#[derive(Debug, Args)]
pub struct ConfigOutput {
    /// Print as JSON
    #[arg(long)]
    pub json: bool,
}
