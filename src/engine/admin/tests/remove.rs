//! `DELETE /config`: what may go, and what goes with it.
use super::*;
use crate::stores::database::rows::ObjectKind;

#[test]
fn multi_and_tree_bound_what_goes() {
    let world = World::acme();
    let table = [
        ("folders", false, false, "multiple_items"),
        ("folders", true, false, "ok"),
        ("Acme/Acme-Help/folders", false, false, "ok"),
        ("Acme/Acme-Sales/Inbound", false, false, "ok"),
        ("Acme/Acme-Sales", false, false, "not_empty"),
        ("Acme/Acme-Sales", true, false, "not_empty"),
        ("Acme/Acme-Sales", false, true, "multiple_items"),
        ("Acme/Acme-Sales", true, true, "ok"),
        ("Acme", false, false, "not_empty"),
        ("Beta", false, false, "ok"),
        ("", true, false, "not_empty"),
        ("", true, true, "ok"),
        ("Acme/users", false, false, "ok"),
        ("Acme/Acme-Sales/apps/Call Drivers", false, false, "ok"),
        ("Beta/orgs", false, false, "ok"),
        ("Nope", true, true, "not_found"),
        ("Acme/Acme-Sales/Nope", true, true, "not_found"),
    ];
    for (at, multi, tree, wanted) in table {
        let got = world.delete_as(&caller(""), at, multi, tree);
        let code = if got.is_ok() { "ok" } else { refusal(got).0 };
        assert_eq!(code, wanted, "{at} multi={multi} tree={tree}");
    }
    assert!(
        refusal(world.delete_as(&caller(""), "folders", false, false)).2.starts_with("Can not delete multiple items")
    );
    assert!(
        refusal(world.delete_as(&caller(""), "Acme", false, false)).2.starts_with("Can not delete non-empty object")
    );
}

#[test]
fn a_folder_with_transcripts_is_not_empty() {
    let mut world = World::acme();
    world.transcripts = true;
    let at = "Acme/Acme-Sales/Inbound";
    assert_eq!(refusal(world.delete_as(&caller(""), at, false, false)).0, "not_empty");
    assert_eq!(refusal(world.delete_as(&caller(""), at, false, true)).0, "multiple_items");
    let removal = world.delete_as(&caller(""), at, true, true).unwrap();
    let folder = world.folder("Acme", "Acme-Sales", "Inbound");
    assert_eq!(removal.delete, [(ObjectKind::Folder, folder.id.0)]);
    assert!(removal.put.is_empty() && removal.orgs.is_empty());
    let gone = &removal.folders[0];
    assert_eq!((gone.id, gone.org_id, gone.name.as_str()), (folder.id, folder.org, "Inbound"));
    assert_eq!(removal.answer, json!({"deleted": [{"kind": "folder", "name": at}]}));
}

#[test]
fn a_company_takes_everything_along() {
    let mut world = World::acme();
    let removal = world.delete_as(&caller(""), "Acme", true, true).unwrap();
    assert_eq!((removal.delete.len(), removal.folders.len(), removal.orgs.len()), (6, 3, 2));
    assert_eq!(removal.answer["deleted"].as_array().unwrap().len(), 8, "{}", removal.answer);
    let last = world.catalogue.last_id();
    world.catalogue = removal.catalogue;
    assert_eq!(world.get("").as_object().unwrap().len(), 1);
    world.post("Acme", json!({}));
    assert_eq!(world.catalogue.last_id(), last + 1, "numbers are never given twice");
}

#[test]
fn users_and_applications_leave_what_they_belong_to() {
    let mut world = World::acme();
    world.post("Acme/users", json!({"lee": {}, "kim": {}}));
    let tag = world.etag("Acme");
    let removal = world.delete_as(&caller(""), "Acme/users", true, false).unwrap();
    assert_eq!((removal.put.len(), removal.delete.len()), (1, 0));
    assert!(!removal.put[0].body.contains("lee") && !removal.put[0].body.contains("kim"));
    world.catalogue = removal.catalogue;
    assert_eq!(world.get("Acme/users"), json!({}));
    assert_ne!(world.etag("Acme"), tag);
    let removal = world.delete_as(&caller(""), "Acme/Acme-Sales/apps/Call Drivers", false, false).unwrap();
    world.catalogue = removal.catalogue;
    assert_eq!(world.get("Acme/apps"), json!({"Acme-Help": {}, "Acme-Sales": {}}));
}

#[test]
fn scopes_bound_what_may_go() {
    let world = World::acme();
    let table = [
        ("Beta", "Acme", "not_found"),
        ("Acme/Acme-Sales", "Acme", "right_missing"),
        ("Acme/Acme-Sales", "Acme/Acme-Sales", "ok"),
        ("Acme/Acme-Sales", "Acme/Acme-Help", "not_found"),
        ("Acme/Acme-Sales", "folders", "ok"),
        ("Acme/Acme-Sales/Inbound", "Acme/Acme-Sales", "right_missing"),
        ("Acme/Acme-Sales/Inbound", "Acme/Acme-Sales/Outbound", "not_found"),
        ("Acme/Acme-Sales/Inbound", "Acme/Acme-Sales/Inbound", "ok"),
    ];
    for (scope, at, wanted) in table {
        let got = world.delete_as(&caller(scope), at, true, true);
        let code = if got.is_ok() { "ok" } else { refusal(got).0 };
        assert_eq!(code, wanted, "{scope}: {at}");
    }
    let removal = world.delete_as(&caller("Acme/Acme-Sales"), "folders", true, true).unwrap();
    assert_eq!(removal.folders.len(), 2, "hidden folders stay");
    let reader = with_rights(&[Right::Read]);
    assert_eq!(refusal(world.delete_as(&reader, "Acme", true, true)).0, "right_missing");
    assert_eq!(refusal(world.delete_as(&reader, "Nope", true, true)).0, "not_found");
}
