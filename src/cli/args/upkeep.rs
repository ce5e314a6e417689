//! The commands that keep the stores in order: `verify`, `backup`, `restore`, `repair`, `erase`, `reindex`.
use super::common::Place;
use crate::cli::place::{ScopePath, TranscriptPath};
use clap::Args;
use std::path::PathBuf;

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
