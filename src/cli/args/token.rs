//! `token`.
use super::common::Place;
use crate::domain::access::Right;
use clap::{Args, Subcommand};

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

fn right(text: &str) -> Result<Right, String> {
    let found = Right::ALL.into_iter().find(|right| right.text() == text.trim());
    found.ok_or_else(|| {
        let known: Vec<&str> = Right::ALL.iter().map(|right| right.text()).collect();
        format!("rights are {}", known.join(", "))
    })
}
