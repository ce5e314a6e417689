//! The house kept in order: who may import whom, no cycles, no dead files, every file says what it is for.
//!
//! The floors stand below as data. What is read is the source text, not the compiled crate, so a refusal names file and
//! line. Code under `#[cfg(test)]` may import what it likes.
#[path = "tidy/graph.rs"]
mod graph;
#[path = "tidy/source.rs"]
mod source;

use graph::{Module, Tree};
use std::collections::BTreeMap;

/// Top folder → floor. A file imports its own folder and lower floors only; folders of one floor do not know each other.
const FLOORS: &[(&str, u8)] = &[
    ("base", 0),
    ("telemetry", 1),
    ("domain", 2),
    ("query", 3),
    ("config", 3),
    ("stores", 4),
    ("engine", 5),
    ("http", 6),
    ("console", 6),
    ("app", 7),
    ("cli", 8),
    ("main", 9),
];

/// The program itself knows the command line and nothing else.
const MAIN_MAY_IMPORT: &str = "cli";

/// Store backends: they do not know each other, and only `app` names them.
const BACKENDS: &[&str] = &[
    "stores::database::memory",
    "stores::database::sqlite",
    "stores::index::memory",
    "stores::index::tantivy",
    "stores::archive::files",
    "stores::archive::memory",
];

/// The folder that reads the environment.
const READS_ENVIRONMENT: &str = "config";

fn floor(folder: &str) -> Option<u8> {
    FLOORS.iter().find(|(name, _)| *name == folder).map(|(_, floor)| *floor)
}

/// Every import goes down, or stays in its folder.
fn floors(tree: &Tree) -> Vec<String> {
    let mut wrong = Vec::new();
    for module in tree.modules().filter(|module| module.folder() != "lib") {
        let own = module.folder();
        let Some(from) = floor(own) else {
            wrong.push(format!("{}:1: the folder `{own}` has no floor; give it one in tests/tidy.rs", module.file));
            continue;
        };
        for import in &module.imports {
            let Some(other) = import.path.first().map(String::as_str).filter(|other| *other != own) else { continue };
            let place = format!("{}:{}", module.file, import.line);
            match floor(other) {
                // A name at the top of the crate that is no folder: nothing lives there but folders.
                None => wrong.push(format!("{place}: `{other}` is no folder of src")),
                Some(_) if own == "main" && other != MAIN_MAY_IMPORT => {
                    wrong.push(format!("{place}: main may import {MAIN_MAY_IMPORT} only, not {other}"));
                }
                Some(to) if to >= from => wrong.push(format!(
                    "{place}: floor {from} ({own}) may not import floor {to} ({other}); a file imports lower floors only"
                )),
                Some(_) => {}
            }
        }
    }
    wrong
}

/// Inside a top folder no file needs a file that needs it.
fn cycles(tree: &Tree) -> Vec<String> {
    let mut wrong = Vec::new();
    for (folder, _) in FLOORS {
        let members: Vec<&Module> = tree.modules().filter(|module| module.folder() == *folder).collect();
        let edges: BTreeMap<&str, Vec<(&str, usize)>> =
            members.iter().map(|module| (module.file.as_str(), tree.needs(module))).collect();
        for cycle in graph::cycles(&edges) {
            wrong.push(format!(
                "the files {} need each other in a circle; move what they share apart",
                cycle.join(" → ")
            ));
        }
    }
    wrong
}

/// Backends do not import each other and are named by `app` alone.
fn backends(tree: &Tree) -> Vec<String> {
    let backend_of = |path: &str| {
        BACKENDS.iter().copied().find(|backend| path == *backend || path.starts_with(&format!("{backend}::")))
    };
    let mut wrong = Vec::new();
    for module in tree.modules() {
        let own = backend_of(&module.path.join("::"));
        for import in &module.imports {
            let Some(other) = backend_of(&import.path.join("::")) else { continue };
            let place = format!("{}:{}", module.file, import.line);
            match own {
                Some(own) if own != other => {
                    wrong.push(format!("{place}: the store backend {own} may not import the backend {other}"));
                }
                None if module.folder() != "app" => {
                    wrong.push(format!("{place}: only app names a store backend, and this is {other}"));
                }
                _ => {}
            }
        }
    }
    wrong
}

/// Every file begins with what it is for.
fn headings(tree: &Tree) -> Vec<String> {
    let bare = |text: &str| !text.trim_start_matches('\u{feff}').starts_with("//!");
    let silent = tree.files().filter(|(_, text)| bare(text));
    silent
        .map(|(file, _)| format!("{file}:1: begins without `//!`: say in one sentence what the file is for"))
        .collect()
}

/// Every file is part of the crate.
fn dead_files(tree: &Tree) -> Vec<String> {
    tree.unreachable().map(|file| format!("{file}:1: no `mod` line leads to this file; it is never compiled")).collect()
}

/// Only one folder reads the environment.
fn environment(tree: &Tree) -> Vec<String> {
    let mut wrong = Vec::new();
    for module in tree.modules().filter(|module| module.folder() != READS_ENVIRONMENT) {
        for (line, text) in module.code.lines().enumerate() {
            if ["env::var(", "env::var_os(", "env::vars(", "env::vars_os("].iter().any(|call| text.contains(call)) {
                wrong.push(format!("{}:{}: only {READS_ENVIRONMENT} reads the environment", module.file, line + 1));
            }
        }
    }
    wrong
}

fn demand(wrong: &[String]) {
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
}

fn own() -> Tree {
    Tree::read(&std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src"))
}

#[test]
fn a_file_imports_lower_floors_only() {
    demand(&floors(&own()));
}

#[test]
fn no_two_files_of_a_folder_need_each_other() {
    demand(&cycles(&own()));
}

#[test]
fn store_backends_do_not_know_each_other_and_only_app_names_them() {
    demand(&backends(&own()));
}

#[test]
fn every_file_says_what_it_is_for() {
    demand(&headings(&own()));
}

#[test]
fn no_file_is_dead() {
    demand(&dead_files(&own()));
}

#[test]
fn only_config_reads_the_environment() {
    demand(&environment(&own()));
}

/// Negative controls: each check finds what it is there for.
mod controls {
    use super::*;

    fn tree(files: &[(&str, &str)]) -> Tree {
        Tree::of(files.iter().map(|(file, text)| ((*file).to_owned(), (*text).to_owned())))
    }

    fn only(wrong: Vec<String>, parts: &[&str]) {
        assert_eq!(wrong.len(), 1, "{wrong:#?}");
        for part in parts {
            assert!(wrong.iter().all(|line| line.contains(part)), "{part} in {wrong:?}");
        }
    }

    #[test]
    fn an_import_that_goes_up_is_found_however_it_is_spelled() {
        let lib = ("src/lib.rs", "//! l\npub mod base;\npub mod engine;\n");
        let engine = ("src/engine/mod.rs", "//! e\npub struct E;\n");
        for import in [
            "use crate::engine::E;",
            "pub(crate) use crate::{\n  engine::E,\n};",
            "fn f(_: crate::engine::E) {}",
            "fn f() { use super::engine::E; }",
            "use crate::{base::x, engine};",
        ] {
            let base =
                format!("//! b\n// use crate::engine::Comment;\nconst S: &str = \"crate::engine::Text\";\n{import}\n");
            let found = floors(&tree(&[lib, engine, ("src/base/mod.rs", &base)]));
            only(found, &["src/base/mod.rs:", "floor 0 (base) may not import floor 5 (engine)"]);
        }
        let tested = "//! b\n#[cfg(test)]\nmod tests {\n use crate::engine::E;\n}\n";
        assert!(floors(&tree(&[lib, engine, ("src/base/mod.rs", tested)])).is_empty());
    }

    #[test]
    fn the_line_of_an_import_is_named() {
        let base = "//! b\n\n/* two\nlines */ use crate::engine::E;\n";
        only(floors(&tree(&[("src/base/mod.rs", base)])), &["src/base/mod.rs:4:"]);
    }

    #[test]
    fn main_knows_the_command_line_only() {
        only(
            floors(&tree(&[("src/main.rs", "//! m\nfn main() { linernotes::engine::run() }\n")])),
            &["main may import cli only"],
        );
        assert!(floors(&tree(&[("src/main.rs", "//! m\nfn main() { linernotes::cli::main() }\n")])).is_empty());
    }

    #[test]
    fn a_folder_without_a_floor_is_found() {
        only(floors(&tree(&[("src/misc/mod.rs", "//! m\n")])), &["`misc` has no floor"]);
    }

    #[test]
    fn a_circle_is_found_through_re_exports_and_a_facade_is_none() {
        let facade = ("src/base/mod.rs", "//! b\npub mod a;\npub mod b;\npub use a::A;\n");
        let circle =
            [facade, ("src/base/a.rs", "//! a\nuse super::b::B;\n"), ("src/base/b.rs", "//! b\nuse super::A;\n")];
        only(cycles(&tree(&circle)), &["src/base/a.rs", "src/base/b.rs", "circle"]);
        let fine = [facade, ("src/base/a.rs", "//! a\n"), ("src/base/b.rs", "//! b\nuse crate::base::A;\n")];
        assert!(cycles(&tree(&fine)).is_empty());
        let parent = ("src/base/mod.rs", "//! b\npub mod a;\nuse a::A;\npub struct Port;\n");
        only(cycles(&tree(&[parent, ("src/base/a.rs", "//! a\nuse super::Port;\n")])), &["src/base/mod.rs"]);
    }

    #[test]
    fn backends_that_meet_are_found() {
        let sqlite = ("src/stores/database/sqlite/mod.rs", "//! s\nuse crate::stores::archive::files::F;\n");
        only(backends(&tree(&[sqlite])), &["may not import the backend stores::archive::files"]);
        let engine = ("src/engine/mod.rs", "//! e\nuse crate::stores::database::sqlite::S;\n");
        only(backends(&tree(&[engine])), &["only app names a store backend"]);
        let app = ("src/app/mod.rs", "//! a\nuse crate::stores::database::sqlite::S;\n");
        assert!(backends(&tree(&[app])).is_empty());
    }

    #[test]
    fn silent_and_dead_files_are_found() {
        let files = [("src/lib.rs", "//! l\nmod a;\n"), ("src/a.rs", "//! a\n"), ("src/b.rs", "fn b() {}\n")];
        only(headings(&tree(&files)), &["src/b.rs:1"]);
        only(dead_files(&tree(&files)), &["src/b.rs"]);
    }

    #[test]
    fn reading_the_environment_elsewhere_is_found() {
        only(
            environment(&tree(&[("src/base/mod.rs", "//! b\nfn f() { std::env::var(\"X\"); }\n")])),
            &["src/base/mod.rs:2"],
        );
        assert!(environment(&tree(&[("src/config/mod.rs", "//! c\nfn f() { std::env::var(\"X\"); }\n")])).is_empty());
    }
}
