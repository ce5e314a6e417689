//! `import` and `export`.
use super::common::Place;
use crate::cli::place::{FolderPath, ScopePath};
use clap::Args;
use std::path::PathBuf;

/// `import`
#[derive(Debug, Args)]
#[command(after_help = "\
FILE is .json (one transcript, an array of them, or one a line), .ndjson (one a line), either also .gz; .zip; a folder of
such files; or - for standard input. In zips and folders X.json with X.jsonmeta ({\"metadata\":{…}}) or X.xml
(<metadata><name>value</name>…) beside it is one transcript with its metadata, so that an archive folder, a download of
/search or an upload made for V-Spark can be imported as it is; X.jsonmeta or X.xml alone updates the transcript that is
there. A transcript without an id gets a new UUID; in a zip or with metadata beside it, one made of folder and file name.
A line that is refused is named as FILE:LINE with the reason; the others are stored all the same.

With --metadata, FILE is a table: .csv or .tsv with a header, .ndjson with one object a line, or .json, each also .gz; or -
for standard input, which is JSON if it begins with { or [. Its rows change metadata of transcripts that are there; an
empty cell leaves its value as it is.

Examples:
  linernotes import calls.ndjson.gz --into Acme/Acme-Sales/Inbound --create
  linernotes import star.ndjson.gz --into Helpdesk/Chat/Star --id requestid
  linernotes import calls.zip old/archive/Acme/Acme-Sales --into Acme/Acme-Sales/Inbound
  linernotes import scores.csv --metadata --into Acme/Acme-Sales/Inbound --map 'Call Id:tid' --dry-run
  zcat crm.csv.gz | linernotes import - --metadata --into Acme/Acme-Sales/Inbound --key contract
  LINERNOTES_TOKEN=$(cat index-data/root.token) \\
    linernotes import calls.json --into Acme/Acme-Sales/Inbound --url http://127.0.0.1:3000")]
pub struct Import {
    /// Files, folders, or - for standard input
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// Where they go
    #[arg(long, value_name = "CO/ORG/FOLDER")]
    pub into: FolderPath,
    /// Top-level key that holds a transcript's id [default: tid]
    #[arg(long, value_name = "KEY", conflicts_with = "metadata")]
    pub id: Option<String>,
    /// Make company, organisation and folder where they are missing
    #[arg(long, conflicts_with = "metadata")]
    pub create: bool,
    #[command(flatten)]
    /// Tables of metadata.
    pub rows: Rows,
    /// Print results as JSON, one a line: what was refused, then a summary
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    /// Where the data is.
    pub place: Place,
}

/// Options of tables of metadata.
#[derive(Debug, Default, Args)]
pub struct Rows {
    /// FILE is a table of metadata for transcripts that are there
    #[arg(long)]
    pub metadata: bool,
    /// What says which transcript a row is about: tid, requestid, filename or a configured field [default: tid]
    #[arg(long, value_name = "FIELD", requires = "metadata")]
    pub key: Option<String>,
    /// What a column of a .csv means, if its header does not say
    #[arg(long, value_name = "COL:FIELD", requires = "metadata", value_parser = mapped)]
    pub map: Vec<(String, String)>,
    /// Change nothing if any row is refused
    #[arg(long, requires = "metadata")]
    pub atomic: bool,
    /// Only say what would be refused
    #[arg(long, requires = "metadata")]
    pub dry_run: bool,
}

/// `export`
#[derive(Debug, Args)]
#[command(after_help = "\
Where it goes says what is written:
  DIR            a folder in V-Spark's layout: FOLDER/TID.json, less client_data, beside FOLDER/TID.jsonmeta; names are
                 spelled as in the archive
  FILE.zip       the same in a zip
  FILE.ndjson    whole transcripts, one a line; .ndjson.gz packed
  FILE.csv       metadata, one row a transcript
  -              NDJSON to standard output
Each of them can be imported again. Memory does not grow with the number of transcripts. What other people erase
meanwhile is left out. A file is complete when it has its name: until then it ends in .part.

Examples:
  linernotes export --from Acme/Acme-Sales/Inbound --to inbound.zip
  linernotes export --from Acme/Acme-Sales --query 'queue:billing datetime:[2026-01-01 TO *]' --to billing.ndjson.gz
  linernotes export --from Acme/Acme-Sales --to metadata.csv
  linernotes export --from Acme/Acme-Sales --metadata-only --to - --url http://127.0.0.1:3000 | jq .queue")]
pub struct Export {
    /// What is exported: an organisation, or one folder
    #[arg(long, value_name = "CO/ORG[/FOLDER]")]
    pub from: ScopePath,
    /// Only what this query finds, as in `search`
    #[arg(long, value_name = "QUERY")]
    pub query: Option<String>,
    /// Where it goes
    #[arg(long, value_name = "DIR|FILE.zip|FILE.ndjson[.gz]|FILE.csv|-")]
    pub to: PathBuf,
    /// Only metadata: rows of {\"tid\",name:value,…} (always so in .csv)
    #[arg(long)]
    pub metadata_only: bool,
    /// Print the summary as JSON (to standard error with --to -)
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    /// Where the data is.
    pub place: Place,
}

fn mapped(text: &str) -> Result<(String, String), String> {
    let (column, field) = text.rsplit_once(':').ok_or("write COL:FIELD, for example 'Call Id:tid'")?;
    Ok((column.trim().to_owned(), field.trim().to_owned()))
}
