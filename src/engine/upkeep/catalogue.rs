//! The configuration as the archive keeps it: enough to make a lost database again. Written by the janitor soon after
//! every change. Secrets of callbacks are left out: the archive is readable without us, and meant to be copied.
use crate::base::digest::sha256_hex;
use crate::engine::core::Core;
use crate::engine::world::World;
use crate::stores::database::rows::{ObjectKind, StoredObject};
use crate::stores::error::Result;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::sync::Arc;

/// The member of a folder's body that holds secrets.
const SECRETS: &str = "secrets";

#[derive(Serialize, Deserialize)]
struct Written {
    format: u32,
    last_object: u32,
    objects: Vec<Object>,
    /// Folders whose secrets are not here.
    without_secrets: Vec<String>,
    sha256: String,
}

#[derive(Serialize, Deserialize)]
struct Object {
    kind: Kind,
    id: u32,
    parent: u32,
    name: String,
    body: Value,
}

#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Kind {
    Company,
    Org,
    Folder,
}

/// What a catalogue says.
#[derive(Clone, Debug, PartialEq)]
pub struct Catalogued {
    /// Companies, organisations, folders.
    pub objects: Vec<StoredObject>,
    /// The greatest number ever given to one.
    pub last_object: u32,
    /// Folders whose secrets are not in it.
    pub without_secrets: Vec<String>,
}

/// Spells a catalogue.
pub fn text(objects: &[StoredObject], last_object: u32) -> String {
    let mut without_secrets = Vec::new();
    let objects: Vec<Object> = objects
        .iter()
        .map(|object| {
            let mut body: Value = serde_json::from_str(&object.body).unwrap_or_default();
            let secrets = body.as_object_mut().and_then(|members| members.remove(SECRETS));
            if secrets.is_some_and(|secrets| secrets.as_object().is_some_and(|all| !all.is_empty())) {
                without_secrets.push(object.name.clone());
            }
            let kind = match object.kind {
                ObjectKind::Company => Kind::Company,
                ObjectKind::Org => Kind::Org,
                ObjectKind::Folder => Kind::Folder,
            };
            Object { kind, id: object.id, parent: object.parent, name: object.name.clone(), body }
        })
        .collect();
    let sha256 = sum(&objects);
    let written = Written { format: 1, last_object, objects, without_secrets, sha256 };
    serde_json::to_string(&written).unwrap_or_default()
}

fn sum(objects: &[Object]) -> String {
    sha256_hex(serde_json::to_string(objects).unwrap_or_default().as_bytes())
}

/// Reads a catalogue; none when it is damaged.
pub fn read(text: &str) -> Option<Catalogued> {
    let written: Written = serde_json::from_str(text).ok()?;
    if written.format != 1 || sum(&written.objects) != written.sha256 {
        return None;
    }
    let object = |object: Object| StoredObject {
        kind: match object.kind {
            Kind::Company => ObjectKind::Company,
            Kind::Org => ObjectKind::Org,
            Kind::Folder => ObjectKind::Folder,
        },
        id: object.id,
        parent: object.parent,
        name: object.name,
        body: object.body.to_string(),
    };
    Some(Catalogued {
        objects: written.objects.into_iter().map(object).collect(),
        last_object: written.last_object,
        without_secrets: written.without_secrets,
    })
}

/// Writes the catalogue when the configuration has changed since it was written.
#[derive(Default)]
pub struct Keeper {
    written: Option<Arc<World>>,
}

impl Keeper {
    /// Looks, and writes if need be. Blocking.
    ///
    /// # Errors
    /// The stores'; the next call tries again.
    pub fn keep(&mut self, core: &Core) -> Result<()> {
        let world = core.world.load_full();
        if self.written.as_ref().is_some_and(|written| Arc::ptr_eq(written, &world)) {
            return Ok(());
        }
        let objects = core.stores.database.objects()?;
        let text = text(&objects, core.stores.database.identity()?.last_object);
        if core.stores.archive.catalogue()?.is_none_or(|written| written != text) {
            core.stores.archive.put_catalogue(&text)?;
        }
        self.written = Some(world);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(body: &str) -> StoredObject {
        StoredObject { kind: ObjectKind::Folder, id: 3, parent: 2, name: "Inbound".to_owned(), body: body.to_owned() }
    }

    #[test]
    fn a_catalogue_is_read_back_without_secrets() {
        let written = text(&[folder(r#"{"settings":{"a":1.50},"secrets":{"token":"hush"},"version":4}"#)], 9);
        assert!(!written.contains("hush"), "{written}");
        let read = read(&written).unwrap();
        assert_eq!(read.objects, [folder(r#"{"settings":{"a":1.5},"version":4}"#)]);
        assert_eq!((read.last_object, read.without_secrets), (9, vec!["Inbound".to_owned()]));
    }

    #[test]
    fn a_damaged_catalogue_is_not_believed() {
        let written = text(&[folder(r#"{"settings":{},"version":4}"#)], 9);
        assert!(read(&written.replace("Inbound", "Inbounc")).is_none());
        assert!(read(&written[..written.len() - 9]).is_none());
    }
}
