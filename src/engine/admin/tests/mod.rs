//! Configuration from outside: bodies in, JSON and refusals out.
mod change;
mod fields;
mod read;
mod remove;
mod stored;

use super::apply::{Change, Context, change};
use super::path::ConfigPath;
use super::remove::{DeleteOptions, Removal, delete};
use super::show;
use crate::base::clock::Timestamp;
use crate::domain::access::{Right, Scope};
use crate::domain::catalogue::{Catalogue, Folder, Org};
use crate::domain::identity::field_name::NameRules;
use crate::domain::identity::{CompanyName, FolderName, OrgName};
use crate::domain::limits::Limits;
use crate::engine::access::Caller;
use crate::engine::error::Error;
use serde_json::{Value, json};
use std::sync::Arc;

/// 2021-03-01T12:00:00Z.
const NOW: Timestamp = Timestamp(1_614_600_000_000_000);

/// A catalogue and what the rest of the engine would say of it.
struct World {
    catalogue: Catalogue,
    transcripts: bool,
    names: NameRules,
}

fn path(text: &str) -> ConfigPath {
    let segments: Vec<&str> = text.split('/').filter(|s| !s.is_empty()).collect();
    ConfigPath::parse(&segments).unwrap().unwrap()
}

/// A caller with every right and this scope: `CO/ORG/FOLDER`, shorter for more.
fn caller(scope: &str) -> Caller {
    let mut names = scope.split('/').filter(|s| !s.is_empty());
    let scope = Scope {
        company: names.next().map(|n| CompanyName::parse(n).unwrap()),
        org: names.next().map(|n| OrgName::parse(n).unwrap()),
        folder: names.next().map(|n| FolderName::parse(n).unwrap()),
    };
    Caller { token_id: "t".into(), scope, rights: Right::ALL.into() }
}

fn with_rights(rights: &[Right]) -> Caller {
    Caller { rights: rights.into(), ..caller("") }
}

/// Code, pointer of the first place, and sentence.
fn refusal<T: std::fmt::Debug>(result: Result<T, Error>) -> (&'static str, String, String) {
    match result {
        Err(Error::Refused(r)) => {
            (r.code.text(), r.items.first().map(|item| item.pointer.clone()).unwrap_or_default(), r.detail)
        }
        other => panic!("not refused: {other:?}"),
    }
}

impl World {
    fn empty() -> Self {
        Self { catalogue: Catalogue::default(), transcripts: false, names: NameRules::VSpark }
    }

    /// Acme with two organisations (three folders, an application, a user), and Beta.
    fn acme() -> Self {
        let mut world = Self::empty();
        world.post("", json!({"Acme": {"name": "Acme Ltd"}, "Beta": {}}));
        world.post("orgs", json!({"Acme": {"Acme-Sales": {"timezone": "Europe/Berlin"}, "Acme-Help": {}}, "Beta": {}}));
        world.post(
            "Acme/folders",
            json!({"Acme-Sales": {"Inbound": {"custom_meta": ["queue", "direction"]},
                                  "Outbound": {"custom_meta": ["Queue"]}},
                   "Acme-Help": {"Inbound": {}}}),
        );
        world.post("Acme/Acme-Sales/apps", json!({"Call Drivers": {"template": "custom", "folders": ["Inbound"]}}));
        world.post("Acme/users/pat.doe", json!({"name": "Pat Doe", "email": "pat@example.org"}));
        world
    }

    fn try_post(&self, caller: &Caller, at: &str, body: &str) -> Result<Change, Error> {
        let context = Context {
            now: NOW,
            limits: &Limits::default(),
            names: self.names,
            holds_transcripts: &|_| self.transcripts,
            statuses: &|_| None,
        };
        change(&self.catalogue, caller, &path(at), body, &context)
    }

    /// Posts as root and takes the change over.
    fn post(&mut self, at: &str, body: Value) -> Change {
        let change = self.try_post(&caller(""), at, &body.to_string()).unwrap_or_else(|e| panic!("{at}: {e}"));
        self.catalogue = change.catalogue.clone();
        change
    }

    fn refused(&self, at: &str, body: Value) -> (&'static str, String, String) {
        refusal(self.try_post(&caller(""), at, &body.to_string()))
    }

    fn get_as(&self, caller: &Caller, at: &str) -> Result<(Value, String), Error> {
        show::read(&self.catalogue, caller, &path(at), &|_| None)
    }

    fn get(&self, at: &str) -> Value {
        self.get_as(&caller(""), at).unwrap_or_else(|e| panic!("{at}: {e}")).0
    }

    fn etag(&self, at: &str) -> String {
        self.get_as(&caller(""), at).unwrap().1
    }

    fn delete_as(&self, caller: &Caller, at: &str, multi: bool, tree: bool) -> Result<Removal, Error> {
        let options = DeleteOptions { multi, tree, ..DeleteOptions::default() };
        delete(&self.catalogue, caller, &path(at), &options, &|_| !self.transcripts)
    }

    fn folder(&self, company: &str, org: &str, folder: &str) -> &Arc<Folder> {
        &self.org(company, org).folders[&FolderName::parse(folder).unwrap()]
    }

    fn org(&self, company: &str, org: &str) -> &Arc<Org> {
        self.catalogue.org(&CompanyName::parse(company).unwrap(), &OrgName::parse(org).unwrap()).unwrap()
    }
}
