//! `serve` and `bench`.
use clap::Args;
use std::path::PathBuf;

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

/// `bench`
#[derive(Debug, Args)]
#[command(after_help = "\
Starts a server on a folder of its own beside the data folder, brings generated transcripts in, edits and searches them,
and removes the folder. Beside each figure stands what a server does that only echoes the request, asked by the same
connections on the same machine a moment before: the part of it travels between machines, the figure does not.
W1 bringing in, W2 durable edits, W3 from an answered edit to a search that finds it, S1 to S7 searches.

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
    /// Edits a second beside which searches are measured once more; 0 leaves that out
    #[arg(long, value_name = "N", default_value_t = 1_000)]
    pub edits: u64,
    /// Print figures as JSON, one a line
    #[arg(long)]
    pub json: bool,
}
