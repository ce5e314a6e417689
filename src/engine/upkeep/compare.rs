//! Comparing what the three stores have of one transcript.
use crate::base::causes::chain;
use crate::base::clock::Timestamp;
use crate::base::digest::sha256_hex;
use crate::domain::identity::Place;
use crate::domain::metadata::Metadata;
use crate::domain::projection::project;
use crate::engine::core::Core;
use crate::engine::edit::current::facts;
use crate::engine::world::Home;
use crate::stores::archive::MetadataFile;
use crate::stores::database::Row;
use crate::stores::error::Result;
use crate::stores::index::{IndexEntry, tid_digest};

/// One difference, with the store that differs and the transcript.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Difference {
    /// `database`, `index` or `archive`; `staging` for rows of imports.
    pub store: &'static str,
    /// company/org/tid, as far as known; the folder of an import.
    pub transcript: String,
    /// What differs: `missing`, `behind`, `ahead`, `extra`, `value`, `sum`, `damaged`.
    pub kind: &'static str,
    /// In words.
    pub detail: String,
}

/// A transcript of the database, and what the lists of the other stores say of it.
pub struct Transcript<'a> {
    /// As the database has it.
    pub row: &'a Row,
    /// Its folder.
    pub home: &'a Home,
    /// Where it lies.
    pub place: Place,
    /// As the index has it.
    pub entry: Option<IndexEntry>,
    /// Whether the archive has its body.
    pub body: bool,
}

impl Transcript<'_> {
    /// Where the others differ from the row; what a sink still owes is no difference. `deep` reads the body as well.
    ///
    /// # Errors
    /// When the row cannot be read.
    pub fn compare(&self, core: &Core, deep: bool) -> Result<Vec<Difference>> {
        let mut differences = Differences { at: &self.place, found: Vec::new() };
        if core.index.has(self.row.key, u64::MAX - 1) {
            self.index_entry(&mut differences)?;
        }
        if core.archive.has(self.row.key, u64::MAX - 1) {
            self.archived(core, deep, &mut differences)?;
        }
        Ok(differences.found)
    }

    fn index_entry(&self, differences: &mut Differences<'_>) -> Result<()> {
        let (row, Some(entry)) = (self.row, &self.entry) else {
            differences.add("index", "missing", "the database has it, the index does not");
            return Ok(());
        };
        if entry.tid != tid_digest(row.tid.as_str()) {
            differences.add("index", "value", "the index has another transcript under its key");
        }
        let pairs = [
            ("revision", entry.revision, row.revision.0),
            ("schema version", entry.schema_version, row.schema_version),
            ("words revision", entry.words_revision, row.words_revision.0),
            ("turns", u64::from(entry.turns), u64::from(facts(&row.facts)?.turns)),
        ];
        for (what, has, wanted) in pairs {
            if has != wanted {
                let kind = if has < wanted { "behind" } else { "ahead" };
                differences.add("index", kind, format!("{what} is {has} in the index, {wanted} in the database"));
            }
        }
        Ok(())
    }

    fn archived(&self, core: &Core, deep: bool, differences: &mut Differences<'_>) -> Result<()> {
        if !self.body {
            differences.add("archive", "missing", "the body is not there");
        }
        match core.stores.archive.metadata(&self.place) {
            Ok(Some(file)) => self.metadata(core, &file, differences),
            Ok(None) => differences.add("archive", "missing", "the metadata file is not there"),
            Err(error) => differences.add("archive", "damaged", chain(&error)),
        }
        if deep {
            self.body(core, differences)?;
        }
        Ok(())
    }

    fn metadata(&self, core: &Core, file: &MetadataFile, differences: &mut Differences<'_>) {
        let (row, folder) = (self.row, &self.home.folder);
        if row.unarchived.is_some() && row.archived.revision >= row.revision.0 {
            let detail = "the row still holds an unarchived copy although the archive has it";
            differences.add("database", "behind", detail);
        }
        if file.revision != row.revision {
            let kind = if file.revision < row.revision { "behind" } else { "ahead" };
            let detail = format!("revision is {} in the archive, {} in the database", file.revision.0, row.revision.0);
            return differences.add("archive", kind, detail);
        }
        if file.folder != folder.name {
            let detail = format!("folder is {:?} in the archive, {:?} in the database", file.folder, folder.name);
            differences.add("archive", "value", detail);
        }
        let told = [
            ("words revision", file.words_revision == row.words_revision),
            ("last_modified", file.last_modified == Timestamp(row.last_modified).rfc3339()),
            ("sum of the body", facts(&row.facts).is_ok_and(|facts| facts.body_sha256 == file.body_sha256)),
        ];
        for (what, _) in told.iter().filter(|(_, same)| !same) {
            differences.add("archive", "value", format!("{what} differs from the database's"));
        }
        let Ok(metadata) = Metadata::lenient(&file.metadata) else {
            return differences.add("archive", "damaged", "the metadata is no JSON object");
        };
        if row.whole && metadata.to_json() != *row.values {
            let detail = "the row says that its values are all metadata, the archive has others";
            differences.add("database", "value", detail);
        } else if row.schema_version == folder.schema.version {
            let projection = project(&metadata, &folder.schema, core.settings.value_bounds());
            if *projection.values_json() != *row.values {
                differences.add("database", "value", "configured values differ from those of the archive");
            }
        }
    }

    fn body(&self, core: &Core, differences: &mut Differences<'_>) -> Result<()> {
        let row = self.row;
        match core.stores.archive.body(&self.place, row.key, row.words_revision) {
            Ok(Some(body)) => {
                if sha256_hex(body.as_bytes()) != facts(&row.facts)?.body_sha256 {
                    differences.add("archive", "sum", "the body's bytes do not have the sum the database knows");
                }
            }
            Ok(None) => {}
            Err(error) => differences.add("archive", "damaged", chain(&error)),
        }
        Ok(())
    }
}

/// What was found of one transcript.
struct Differences<'a> {
    at: &'a Place,
    found: Vec<Difference>,
}

impl Differences<'_> {
    fn add(&mut self, store: &'static str, kind: &'static str, detail: impl Into<String>) {
        self.found.push(Difference { store, transcript: self.at.to_string(), kind, detail: detail.into() });
    }
}
