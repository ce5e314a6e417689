//! Options that commands share.
use clap::Args;
use std::path::PathBuf;

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
