//! `get`, `set`, `unset` and `search`.
use super::common::Place;
use crate::cli::place::{SearchPath, TranscriptPath};
use clap::Args;

/// `get`
#[derive(Debug, Args)]
#[command(after_help = "\
Without NAME every value is printed as a line that `set` takes: NAME=TEXT, or NAME:=JSON for what is no text. With one
NAME its value alone is printed. Case does not matter in names. Exit status 1 if there is no such transcript, or a NAME
has no value.

Examples:
  linernotes get Acme/Acme-Sales/call-1
  linernotes get Acme/Acme-Sales/call-1 queue
  linernotes get Acme/Acme-Sales/call-1 --json --url http://127.0.0.1:3000")]
pub struct Get {
    /// The transcript
    #[arg(value_name = "CO/ORG/TID")]
    pub transcript: TranscriptPath,
    /// Only these
    #[arg(value_name = "NAME")]
    pub names: Vec<String>,
    /// Print one JSON object, on one line
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    /// Where the data is.
    pub place: Place,
}

/// `set`
#[derive(Debug, Args)]
#[command(after_help = "\
NAME=TEXT sets text: the first = ends the name, so TEXT may hold more of them. NAME:=JSON sets any JSON value; null
removes. All of them are set at once, or none. A field with a type takes its text too: hold_time=72 is a number then.

Examples:
  linernotes set Acme/Acme-Sales/call-1 queue=billing 'note=called back, still waiting'
  linernotes set Acme/Acme-Sales/call-1 hold_time:=72 'labels:=[\"vip\",\"late\"]' reviewed:=true
  linernotes set Acme/Acme-Sales/call-1 --json-values hold_time=72 queue='\"billing\"'")]
pub struct Set {
    /// The transcript
    #[arg(value_name = "CO/ORG/TID")]
    pub transcript: TranscriptPath,
    /// What is set
    #[arg(value_name = "NAME=VALUE", required = true)]
    pub values: Vec<String>,
    /// Read every VALUE as JSON, also behind a plain =
    #[arg(long)]
    pub json_values: bool,
    /// Print all metadata after the change, as JSON on one line
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    /// Where the data is.
    pub place: Place,
}

/// `unset`
#[derive(Debug, Args)]
#[command(after_help = "\
A NAME that has no value is no error.

Examples:
  linernotes unset Acme/Acme-Sales/call-1 queue note")]
pub struct Unset {
    /// The transcript
    #[arg(value_name = "CO/ORG/TID")]
    pub transcript: TranscriptPath,
    /// What is removed
    #[arg(value_name = "NAME", required = true)]
    pub names: Vec<String>,
    /// Print all metadata after the change, as JSON on one line
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    /// Where the data is.
    pub place: Place,
}

/// `search`
#[derive(Debug, Args)]
#[command(after_help = "\
QUERY is as in the parameter q of /search: words, \"phrases\", field:value, AND OR NOT ( ); without it everything is found.
On a terminal rows are a table, otherwise JSON, one row a line. What was asked for beside the rows (--param facets=…)
comes last, as {\"summary\":…}. Exit status as of grep: 0 something was found, 1 nothing was found or it failed.

Examples:
  linernotes search Acme/Acme-Sales '\"cancel my plan\" queue:billing'
  linernotes search Acme/Acme-Sales/Inbound 'client:refund hold_time:>60' --fields tid,queue,hold_time --sort -hold_time
  linernotes search Acme --count
  linernotes search Acme/Acme-Sales queue:billing --all --csv > billing.csv
  linernotes search Acme/Acme-Sales refund --param moments=1 --param facets=queue --url http://127.0.0.1:3000")]
pub struct Search {
    /// Where
    #[arg(value_name = "CO[/ORG[/FOLDER]]")]
    pub scope: SearchPath,
    /// What to find
    #[arg(value_name = "QUERY")]
    pub query: Option<String>,
    /// Any other parameter of /search, such as daterange=20260101-20260131
    #[arg(long, value_name = "NAME=VALUE", value_parser = pair)]
    pub param: Vec<(String, String)>,
    /// Rows [default: 100]; with --all: rows read at once
    #[arg(long, value_name = "N")]
    pub size: Option<usize>,
    /// Rows left out at the beginning
    #[arg(long, value_name = "N", conflicts_with = "all")]
    pub offset: Option<usize>,
    /// Sort by a field or built-in, with - descending [default: -datetime]
    #[arg(long, value_name = "[-]NAME", allow_hyphen_values = true)]
    pub sort: Option<String>,
    /// Columns, parted by commas
    #[arg(long, value_name = "NAME,…", allow_hyphen_values = true)]
    pub fields: Option<String>,
    /// Only say how many are found
    #[arg(long, conflicts_with_all = ["csv", "all"])]
    pub count: bool,
    /// Print CSV
    #[arg(long, conflicts_with = "json")]
    pub csv: bool,
    /// Print JSON, one row a line
    #[arg(long)]
    pub json: bool,
    /// All rows, page after page
    #[arg(long)]
    pub all: bool,
    #[command(flatten)]
    /// Where the data is.
    pub place: Place,
}

fn pair(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("write NAME=VALUE, for example daterange=20260101-20260131")?;
    Ok((name.to_owned(), value.to_owned()))
}
