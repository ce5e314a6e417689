//! The configuration as a tree of objects: read from a place, read from a file, written to one.
//!
//! `{"Acme": {…settings, "users": {…}, "orgs": {"Acme-Sales": {…settings, "apps": {…}, "folders": {"Inbound": {…}}}}}}`.
//! What only the server sets (`uuid`, `created`, `status`, `company`) is left out.
use crate::cli::target::Target;
use anyhow::{Context, Result, anyhow, bail};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

/// Members that are shown and never sent.
const READ_ONLY: [&str; 4] = ["uuid", "created", "status", "company"];

/// What an object is, in the order in which they are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// A company.
    Company,
    /// An organisation.
    Org,
    /// A folder.
    Folder,
    /// An application of an organisation.
    App,
    /// A user of a company.
    User,
}

impl Kind {
    const ALL: [Self; 5] = [Self::Company, Self::Org, Self::Folder, Self::App, Self::User];

    /// As it is called.
    pub fn text(self) -> &'static str {
        match self {
            Self::Company => "company",
            Self::Org => "org",
            Self::Folder => "folder",
            Self::App => "app",
            Self::User => "user",
        }
    }

    /// The word for all of them, in paths and files.
    fn word(self) -> Option<&'static str> {
        match self {
            Self::Company => None,
            Self::Org => Some("orgs"),
            Self::Folder => Some("folders"),
            Self::App => Some("apps"),
            Self::User => Some("users"),
        }
    }

    fn levels(self) -> usize {
        match self {
            Self::Company => 1,
            Self::Org | Self::User => 2,
            Self::Folder | Self::App => 3,
        }
    }

    /// Kinds that stand inside of this one in a file.
    fn inside(self) -> &'static [Self] {
        match self {
            Self::Company => &[Self::Org, Self::User],
            Self::Org => &[Self::Folder, Self::App],
            Self::Folder | Self::App | Self::User => &[],
        }
    }
}

/// An object by its kind and names, from the company down.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key {
    /// What it is.
    pub kind: Kind,
    /// Its names.
    pub names: Vec<String>,
}

impl Key {
    /// The path of the object behind `/config`.
    pub fn path(&self) -> Vec<&str> {
        let mut path: Vec<&str> = self.names.iter().map(String::as_str).collect();
        if let (Kind::App | Kind::User, Some(word)) = (self.kind, self.kind.word()) {
            path.insert(path.len().saturating_sub(1), word);
        }
        path
    }

    /// The path of all objects of its kind beside it.
    pub fn collection(&self) -> Vec<&str> {
        let above = self.names.len().saturating_sub(1);
        self.names.iter().take(above).map(String::as_str).chain(self.kind.word()).collect()
    }

    /// Its own name.
    pub fn name(&self) -> &str {
        self.names.last().map_or("", String::as_str)
    }

    /// The organisation it belongs to.
    pub fn org(&self) -> Option<Self> {
        let names = matches!(self.kind, Kind::Folder | Kind::App).then(|| self.names.iter().take(2).cloned().collect());
        names.map(|names| Self { kind: Kind::Org, names })
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kind.text(), self.names.join("/"))
    }
}

/// Objects and their settings.
pub type Tree = BTreeMap<Key, Map<String, Value>>;

/// Everything a place shows.
///
/// # Errors
/// When the place refuses.
pub fn current(target: &mut dyn Target) -> Result<Tree> {
    let mut tree = Tree::new();
    for kind in Kind::ALL {
        let path: Vec<&str> = kind.word().into_iter().collect();
        if let Some((shown, _)) = target.read_config(&path)? {
            gather(kind, &shown, &mut Vec::new(), &mut tree);
        }
    }
    Ok(tree)
}

fn gather(kind: Kind, value: &Value, names: &mut Vec<String>, tree: &mut Tree) {
    let Some(members) = value.as_object() else { return };
    if names.len() == kind.levels() {
        tree.insert(Key { kind, names: names.clone() }, settable(members));
        return;
    }
    for (name, below) in members {
        names.push(name.clone());
        gather(kind, below, names, tree);
        names.pop();
    }
}

/// One object as it is now, and its entity tag.
///
/// # Errors
/// When the place refuses.
pub fn one(target: &mut dyn Target, key: &Key) -> Result<Option<(Map<String, Value>, String)>> {
    let found = target.read_config(&key.path())?;
    Ok(found.map(|(shown, tag)| (shown.as_object().map(settable).unwrap_or_default(), tag)))
}

fn settable(members: &Map<String, Value>) -> Map<String, Value> {
    let kept = members.iter().filter(|(name, _)| !READ_ONLY.contains(&name.as_str()));
    kept.map(|(name, value)| (name.clone(), value.clone())).collect()
}

/// The tree of a file: JSON, or TOML if its name ends so.
///
/// # Errors
/// When it cannot be read.
pub fn file(path: &Path) -> Result<Value> {
    let text = std::fs::read_to_string(path).with_context(|| path.display().to_string())?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    let is_toml = path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("toml"));
    let read: Value = if is_toml {
        toml::from_str(text).with_context(|| format!("{} is no TOML", path.display()))?
    } else {
        serde_json::from_str(text).with_context(|| format!("{} is no JSON", path.display()))?
    };
    Ok(read)
}

/// Objects of a nested value.
///
/// # Errors
/// When it is of another shape.
pub fn unnest(value: &Value) -> Result<Tree> {
    let mut tree = Tree::new();
    unnest_below(Kind::Company, value, &[], &mut tree)?;
    define_listed(&mut tree)?;
    Ok(tree)
}

fn unnest_below(kind: Kind, value: &Value, above: &[String], tree: &mut Tree) -> Result<()> {
    let place = || if above.is_empty() { String::from("the file") } else { above.join("/") };
    let word = kind.word().unwrap_or("companies");
    let members = value.as_object().ok_or_else(|| anyhow!("{}: the {word} are an object of names", place()))?;
    for (name, body) in members {
        let names: Vec<String> = above.iter().chain([name]).cloned().collect();
        let body = body.as_object().ok_or_else(|| anyhow!("{}: a {} is an object", names.join("/"), kind.text()))?;
        let mut settings = settable(body);
        for inside in kind.inside() {
            if let Some(below) = inside.word().and_then(|word| settings.shift_remove(word)) {
                unnest_below(*inside, &below, &names, tree)?;
            }
        }
        tree.insert(Key { kind, names }, settings);
    }
    Ok(())
}

/// Fields that a folder lists with a definition belong to the organisation.
fn define_listed(tree: &mut Tree) -> Result<()> {
    let mut definitions: Vec<(Key, String, Value)> = Vec::new();
    for (key, settings) in tree.iter_mut().filter(|(key, _)| key.kind == Kind::Folder) {
        let Some(listed) = settings.get_mut("custom_meta").and_then(Value::as_array_mut) else { continue };
        for element in listed {
            let Some(definition) = element.as_object() else { continue };
            let mut definition = definition.clone();
            let Some(Value::String(name)) = definition.shift_remove("name") else {
                bail!("{key}: an element of custom_meta is a name, or an object with a \"name\"");
            };
            *element = Value::String(name.clone());
            if let (Some(org), false) = (key.org(), definition.is_empty()) {
                definitions.push((org, name, Value::Object(definition)));
            }
        }
    }
    for (org, name, definition) in definitions {
        let fields = tree.entry(org).or_default().entry("fields").or_insert_with(|| Value::Object(Map::new()));
        if let Some(fields) = fields.as_object_mut() {
            fields.entry(name).or_insert(definition);
        }
    }
    Ok(())
}

/// Objects as a nested value.
pub fn nest(tree: &Tree) -> Value {
    let mut root = Value::Object(Map::new());
    for (key, settings) in tree {
        let mut place = &mut root;
        for (level, name) in key.names.iter().enumerate() {
            let word = match level {
                0 => None,
                1 if key.kind == Kind::User => Some("users"),
                1 => Some("orgs"),
                _ => key.kind.word(),
            };
            for step in word.into_iter().chain([name.as_str()]) {
                place = member(place, step);
            }
        }
        if let Value::Object(members) = place {
            members.extend(settings.iter().map(|(name, value)| (name.clone(), value.clone())));
        }
    }
    root
}

/// The member of that name, an object; `place` is one.
fn member<'v>(place: &'v mut Value, name: &str) -> &'v mut Value {
    match place {
        Value::Object(members) => members.entry(name).or_insert_with(|| Value::Object(Map::new())),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_nested_file_and_its_objects_are_the_same() {
        let nested = json!({"Acme": {"name": "Acme Ltd",
            "orgs": {"Acme-Sales": {"timezone": "UTC", "fields": {"n": {"type": "number"}},
                "folders": {"In": {"custom_meta": ["n"]}}, "apps": {"A": {"enabled": "on"}}}},
            "users": {"u": {"email": "u@x"}}}});
        let tree = unnest(&nested).unwrap();
        assert_eq!(tree.len(), 5);
        assert_eq!(unnest(&nest(&tree)).unwrap(), tree);
        let paths: Vec<String> = tree.keys().map(|key| key.path().join("/")).collect();
        assert_eq!(paths, ["Acme", "Acme/Acme-Sales", "Acme/Acme-Sales/In", "Acme/Acme-Sales/apps/A", "Acme/users/u"]);
        let collections: Vec<String> = tree.keys().map(|key| key.collection().join("/")).collect();
        assert_eq!(collections, ["", "Acme/orgs", "Acme/Acme-Sales/folders", "Acme/Acme-Sales/apps", "Acme/users"]);
    }

    #[test]
    fn a_definition_in_a_folder_goes_to_the_organisation() {
        let folder = json!({"custom_meta": ["a", {"name": "n", "type": "number"}]});
        let tree = unnest(&json!({"A": {"orgs": {"O": {"folders": {"F": folder}}}}})).unwrap();
        let org = tree.iter().find(|(key, _)| key.kind == Kind::Org).unwrap().1;
        assert_eq!(org["fields"], json!({"n": {"type": "number"}}));
        let folder = tree.iter().find(|(key, _)| key.kind == Kind::Folder).unwrap().1;
        assert_eq!(folder["custom_meta"], json!(["a", "n"]));
        for bad in [json!([]), json!({"A": 1}), json!({"A": {"orgs": []}})] {
            assert!(unnest(&bad).is_err(), "{bad}");
        }
    }
}
