//! Configuration through the database and back.
use super::super::stored::{self, from_stored};
use super::*;
use crate::stores::database::rows::{ObjectKind, StoredObject};

fn all(catalogue: &Catalogue) -> Vec<StoredObject> {
    let mut objects = Vec::new();
    // Children first: the order of rows must not matter.
    for (company, org) in catalogue.orgs() {
        objects.extend(org.folders.values().map(|folder| stored::folder(folder).unwrap()));
        objects.push(stored::org(org, company.id).unwrap());
    }
    objects.extend(catalogue.companies.values().map(|company| stored::company(company).unwrap()));
    objects
}

#[test]
fn everything_comes_back_from_the_database() {
    let mut world = World::acme();
    world.post(
        "Acme/Acme-Sales/Inbound",
        json!({"callback": {"posturl": "s3://b", "aws_secret": "hush"}, "on_mismatch": "store", "mine": [1, {"a": null}],
               "speakers": {"agent": ["Wizard", 0]}, "custom_meta": ["QUEUE", {"name": "x", "type": "enum", "values": ["a"]}]}),
    );
    let objects = all(&world.catalogue);
    let back = World { catalogue: from_stored(objects.clone(), world.catalogue.last_id()).unwrap(), ..World::empty() };
    assert_eq!(all(&back.catalogue), objects);
    assert_eq!(back.catalogue.next_id, world.catalogue.next_id);
    for at in ["", "orgs", "folders", "apps", "users"] {
        assert_eq!(back.get_as(&caller(""), at).unwrap(), world.get_as(&caller(""), at).unwrap(), "{at}");
    }
    let (old, new) = (world.folder("Acme", "Acme-Sales", "Inbound"), back.folder("Acme", "Acme-Sales", "Inbound"));
    assert_eq!((old.schema.version, &old.schema.fields), (new.schema.version, &new.schema.fields));
    assert_eq!((&old.schema.zone, old.schema.on_mismatch), (&new.schema.zone, new.schema.on_mismatch));
    assert_eq!((new.schema.version, new.schema.fields[0].name.shown()), (2, "QUEUE"));
    assert_eq!(new.secrets["aws_secret"], "hush");
}

#[test]
fn what_a_change_puts_is_all_that_must_be_stored() {
    let mut world = World::empty();
    let mut table = std::collections::BTreeMap::new();
    for (at, body) in [
        ("", json!({"Acme": {}})),
        ("Acme/orgs", json!({"Acme-Sales": {}, "Acme-Help": {"fields": {"n": {"type": "number"}}}})),
        (
            "Acme/folders",
            json!({"Acme-Sales": {"A": {"custom_meta": ["x"]}}, "Acme-Help": {"B": {"custom_meta": ["N"]}}}),
        ),
        ("Acme/Acme-Help", json!({"fields": {"n": {"pii": true}}, "timezone": "Asia/Tokyo"})),
        ("Acme/users", json!({"pat": {}})),
        ("Acme/Acme-Sales/A", json!({"custom_meta": ["X", "y"]})),
    ] {
        let change = world.post(at, body);
        for object in change.put {
            table.insert((object.kind, object.id), object);
        }
        let back = from_stored(table.values().cloned().collect(), change.last_object).unwrap();
        assert_eq!(all(&back), all(&world.catalogue), "{at}");
    }
}

#[test]
fn a_number_once_given_stays_given() {
    let objects = all(&World::acme().catalogue);
    assert_eq!(from_stored(objects.clone(), 500).unwrap().take_id(), 501);
    let highest = World::acme().catalogue.last_id();
    assert_eq!(from_stored(objects, 0).unwrap().take_id(), highest + 1, "a counter that lags behind is mended");
    assert_eq!(from_stored(Vec::new(), 0).unwrap().take_id(), 1);
}

#[test]
fn damage_is_named() {
    let whole = all(&World::acme().catalogue);
    let damage = |alter: &dyn Fn(&mut StoredObject)| {
        let mut objects = whole.clone();
        objects.iter_mut().for_each(alter);
        from_stored(objects, 0).unwrap_err().to_string()
    };
    let folder = |object: &StoredObject| object.kind == ObjectKind::Folder;
    for message in [
        damage(&|object| object.body.truncate(5)),
        damage(&|object| object.name.push('/')),
        damage(&|object| object.parent += 100),
        damage(&|object| {
            if folder(object) {
                object.parent += 100
            }
        }),
        damage(&|object| object.body = object.body.replace("Europe/Berlin", "Mars/Base")),
        damage(&|object| {
            if folder(object) {
                object.body = object.body.replace("direction", "gone")
            }
        }),
    ] {
        assert!(message.starts_with("database: read "), "{message}");
    }
}
