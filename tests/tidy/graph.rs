//! The modules of `src` as a graph: what each file imports, resolved to files.
use super::source::{Written, code_only, declared, without_tests, written};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// One import, from the root of the crate.
#[derive(Clone, Debug)]
pub struct Import {
    /// Segments without `crate`.
    pub path: Vec<String>,
    /// From 1.
    pub line: usize,
    /// `pub use`.
    pub handed_on: bool,
}

/// One file that is compiled outside tests.
#[derive(Clone, Debug)]
pub struct Module {
    /// `src/…`
    pub file: String,
    /// Its place in the crate, without `crate`.
    pub path: Vec<String>,
    /// Its text without comments, literals and tests.
    pub code: String,
    /// What it imports of this crate.
    pub imports: Vec<Import>,
    /// Names it hands on: name → where it really is.
    handed_on: BTreeMap<String, Vec<String>>,
}

impl Module {
    /// The top folder (or the file's own name at the top).
    pub fn folder(&self) -> &str {
        self.path.first().map_or("lib", String::as_str)
    }
}

/// All of `src`.
#[derive(Debug, Default)]
pub struct Tree {
    texts: BTreeMap<String, String>,
    modules: BTreeMap<Vec<String>, Module>,
    reached: BTreeSet<String>,
}

impl Tree {
    /// Reads the folder `src`.
    ///
    /// # Panics
    /// When it cannot be read.
    pub fn read(src: &Path) -> Self {
        let mut files = Vec::new();
        collect(src, "src", &mut files);
        assert!(!files.is_empty(), "no sources in {}", src.display());
        Self::of(files)
    }

    /// A tree of (file, text).
    pub fn of(files: impl IntoIterator<Item = (String, String)>) -> Self {
        let texts: BTreeMap<String, String> = files.into_iter().collect();
        let reached = reach(&texts);
        let mut tree = Self { texts, modules: BTreeMap::new(), reached };
        let for_tests = tests_only(&tree.texts);
        for (file, text) in &tree.texts {
            if !for_tests
                .iter()
                .any(|test| file == test || file.starts_with(&format!("{}/", test.trim_end_matches(".rs"))))
            {
                let module = module(file, text);
                tree.modules.insert(module.path.clone(), module);
            }
        }
        tree
    }

    /// Files with their texts.
    pub fn files(&self) -> impl Iterator<Item = (&String, &String)> {
        self.texts.iter()
    }

    /// Files that are compiled outside tests.
    pub fn modules(&self) -> impl Iterator<Item = &Module> {
        self.modules.values()
    }

    /// Files no `mod` line leads to.
    pub fn unreachable(&self) -> impl Iterator<Item = &String> {
        self.texts.keys().filter(|file| !self.reached.contains(*file))
    }

    /// The files of its own folder a module needs, with the line that says so. What it only hands on, it does not need.
    pub fn needs<'t>(&'t self, module: &'t Module) -> Vec<(&'t str, usize)> {
        let mut needed: Vec<(&str, usize)> = Vec::new();
        for import in module.imports.iter().filter(|import| !import.handed_on) {
            let found = self.resolve(&import.path, 0).filter(|found| found.folder() == module.folder());
            if let Some(found) = found.filter(|found| found.file != module.file) {
                needed.push((&found.file, import.line));
            }
        }
        needed
    }

    /// The file in which a path's item lives: the longest run of modules, then through names handed on.
    fn resolve(&self, path: &[String], depth: usize) -> Option<&Module> {
        let (taken, module) = (1..=path.len()).rev().find_map(|taken| {
            path.get(..taken).and_then(|prefix| self.modules.get(prefix)).map(|found| (taken, found))
        })?;
        let handed = path.get(taken).and_then(|name| module.handed_on.get(name));
        match handed {
            // Two modules that hand each other's names on would go on for ever.
            Some(target) if depth < 8 => {
                let whole: Vec<String> = target.iter().chain(path.iter().skip(taken + 1)).cloned().collect();
                self.resolve(&whole, depth + 1).or(Some(module))
            }
            _ => Some(module),
        }
    }
}

fn collect(folder: &Path, name: &str, files: &mut Vec<(String, String)>) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let (path, name) = (entry.path(), format!("{name}/{}", entry.file_name().to_string_lossy()));
        if path.is_dir() {
            collect(&path, &name, files);
        } else if name.ends_with(".rs") {
            files.push((name, std::fs::read_to_string(&path).unwrap_or_default()));
        }
    }
}

/// `src/a/mod.rs` and `src/a.rs` are `a`.
fn module_path(file: &str) -> Vec<String> {
    let inner = file.trim_start_matches("src/").trim_end_matches(".rs");
    let mut path: Vec<String> = inner.split('/').map(str::to_owned).collect();
    if path.last().is_some_and(|last| last == "mod" || (last == "lib" && path.len() == 1)) {
        path.pop();
    }
    path
}

fn file_of(path: &[String], texts: &BTreeMap<String, String>) -> Option<String> {
    let inner = path.join("/");
    [format!("src/{inner}.rs"), format!("src/{inner}/mod.rs")].into_iter().find(|file| texts.contains_key(file))
}

/// The place of `mod name;` written in the module `path`: `main.rs` declares at the top.
fn child(path: &[String], name: &str) -> Vec<String> {
    let parent = if path.len() == 1 && path.first().is_some_and(|only| only == "main") { &[] } else { path };
    parent.iter().cloned().chain([name.to_owned()]).collect()
}

fn reach(texts: &BTreeMap<String, String>) -> BTreeSet<String> {
    let roots = ["src/lib.rs", "src/main.rs"];
    let mut open: Vec<String> =
        roots.iter().filter(|root| texts.contains_key(**root)).map(|root| (*root).to_owned()).collect();
    let mut reached = BTreeSet::new();
    while let Some(file) = open.pop() {
        if let Some(text) = texts.get(&file) {
            let path = module_path(&file);
            let children = declared(&code_only(text));
            open.extend(
                children
                    .iter()
                    .filter_map(|found| file_of(&child(&path, &found.name), texts))
                    .filter(|f| !reached.contains(f)),
            );
        }
        reached.insert(file);
    }
    reached
}

/// Files declared under `#[cfg(test)]`.
fn tests_only(texts: &BTreeMap<String, String>) -> Vec<String> {
    let mut files = Vec::new();
    for (file, text) in texts {
        let path = module_path(file);
        let tests = declared(&code_only(text)).into_iter().filter(|found| found.for_tests);
        files.extend(tests.filter_map(|found| file_of(&child(&path, &found.name), texts)));
    }
    files
}

fn module(file: &str, text: &str) -> Module {
    let path = module_path(file);
    let code = without_tests(&code_only(text));
    let children: BTreeSet<String> = declared(&code).into_iter().map(|found| found.name).collect();
    let (mut imports, mut handed_on) = (Vec::new(), BTreeMap::new());
    for found in written(&code) {
        let Some(absolute) = absolute(&found, &path, &children) else { continue };
        if found.handed_on && found.name != "*" {
            handed_on.insert(found.name.clone(), absolute.clone());
        }
        imports.push(Import { path: absolute, line: found.line, handed_on: found.handed_on });
    }
    Module { file: file.to_owned(), path, code, imports, handed_on }
}

/// A path from the root of this crate; `None` when it leads into another crate. A `super` is counted from the file:
/// modules inside a file hold tests only.
fn absolute(found: &Written, own: &[String], children: &BTreeSet<String>) -> Option<Vec<String>> {
    let (first, rest) = found.path.split_first()?;
    let mut base: Vec<String> = match first.as_str() {
        "crate" | "linernotes" => Vec::new(),
        "self" => own.to_vec(),
        "super" => own.get(..own.len().saturating_sub(1))?.to_vec(),
        name if found.used && children.contains(name) => child(own, name),
        _ => return None,
    };
    let further_up = rest.iter().take_while(|segment| *segment == "super").count();
    base.truncate(base.len().saturating_sub(further_up));
    base.extend(rest.iter().skip(further_up).filter(|segment| *segment != "*").cloned());
    Some(base)
}

/// Groups of files that reach each other, each as a walk that ends where it began.
pub fn cycles(edges: &BTreeMap<&str, Vec<(&str, usize)>>) -> Vec<Vec<String>> {
    let reaches: BTreeMap<&str, BTreeSet<&str>> = edges.keys().map(|file| (*file, reachable(file, edges))).collect();
    let mut found = Vec::new();
    let mut told: BTreeSet<&str> = BTreeSet::new();
    for file in edges.keys() {
        let in_circle = reaches.get(file).is_some_and(|all| all.contains(file));
        if in_circle && !told.contains(file) {
            let walk = walk_back(file, edges, &reaches);
            let group = edges.keys().filter(|other| {
                reaches.get(file).is_some_and(|all| all.contains(*other))
                    && reaches.get(*other).is_some_and(|all| all.contains(file))
            });
            told.extend(group);
            found.push(walk);
        }
    }
    found
}

fn reachable<'e>(from: &str, edges: &BTreeMap<&'e str, Vec<(&'e str, usize)>>) -> BTreeSet<&'e str> {
    let mut seen = BTreeSet::new();
    let mut open: Vec<&str> = vec![from];
    while let Some(file) = open.pop() {
        for (next, _) in edges.get(file).into_iter().flatten() {
            if seen.insert(*next) {
                open.push(next);
            }
        }
    }
    seen
}

/// A shortest walk from `start` back to itself, each step with the line that takes it.
fn walk_back(
    start: &str,
    edges: &BTreeMap<&str, Vec<(&str, usize)>>,
    reaches: &BTreeMap<&str, BTreeSet<&str>>,
) -> Vec<String> {
    let mut walks: Vec<(Vec<String>, &str)> = vec![(Vec::new(), start)];
    let mut seen = BTreeSet::new();
    while !walks.is_empty() {
        let mut longer = Vec::new();
        for (walk, at) in walks {
            for (next, line) in edges.get(at).into_iter().flatten() {
                let mut walk = walk.clone();
                walk.push(format!("{at}:{line}"));
                if *next == start {
                    walk.push(start.to_owned());
                    return walk;
                }
                if reaches.get(next).is_some_and(|all| all.contains(start)) && seen.insert(*next) {
                    longer.push((walk, *next));
                }
            }
        }
        walks = longer;
    }
    Vec::new()
}
