//! `completions` and `man`.
use clap::Args;
use clap_complete::Shell;
use std::path::PathBuf;

/// `completions`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  linernotes completions bash > ~/.local/share/bash-completion/completions/linernotes
  linernotes completions zsh > ~/.zfunc/_linernotes            (with fpath+=~/.zfunc before compinit)
  linernotes completions fish > ~/.config/fish/completions/linernotes.fish
  linernotes completions powershell >> $PROFILE")]
pub struct Completions {
    /// The shell
    #[arg(value_enum, value_name = "SHELL")]
    pub shell: Shell,
}

/// `man`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  linernotes man | man -l -
  linernotes man --dir ~/.local/share/man/man1")]
pub struct Manual {
    /// Write linernotes.1 and a page for every command into this folder; made if it is not there
    #[arg(long, value_name = "DIR")]
    pub dir: Option<PathBuf>,
}
