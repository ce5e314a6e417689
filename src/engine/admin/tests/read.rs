//! What `GET /config` and `GET /list` show, to whom.
use super::super::list::list;
use super::*;

fn keys(value: &Value) -> Vec<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

#[test]
fn levels_named_in_the_path_drop_out_of_the_json() {
    let world = World::acme();
    let inbound = &world.get("Acme/Acme-Sales/Inbound");
    assert_eq!(inbound["custom_meta"], json!(["queue", "direction"]));
    for (at, pointer) in [
        ("folders", "/Acme/Acme-Sales/Inbound"),
        ("Acme/folders", "/Acme-Sales/Inbound"),
        ("Acme/Acme-Sales/folders", "/Inbound"),
    ] {
        assert_eq!(world.get(at).pointer(pointer), Some(inbound), "{at}");
    }
    let sales = &world.get("Acme/Acme-Sales");
    assert_eq!(world.get("orgs").pointer("/Acme/Acme-Sales"), Some(sales));
    assert_eq!(world.get("Acme/orgs").pointer("/Acme-Sales"), Some(sales));
    let app = &world.get("Acme/Acme-Sales/apps/Call Drivers");
    assert_eq!(world.get("apps").pointer("/Acme/Acme-Sales/Call Drivers"), Some(app));
    assert_eq!(world.get("Acme/apps").pointer("/Acme-Sales/Call Drivers"), Some(app));
    assert_eq!(world.get("Acme/Acme-Sales/apps").pointer("/Call Drivers"), Some(app));
    let user = &world.get("Acme/users/pat.doe");
    assert_eq!(world.get("users").pointer("/Acme/pat.doe"), Some(user));
    assert_eq!(world.get("Acme/users").pointer("/pat.doe"), Some(user));
    assert_eq!(world.get("").pointer("/Acme"), Some(&world.get("Acme")));
    assert_eq!(keys(&world.get("")), ["Acme", "Beta"]);
    assert_eq!(world.get("orgs")["Beta"], json!({}), "a company without organisations shows an empty level");
}

#[test]
fn new_objects_show_every_default() {
    let world = World::acme();
    let mut company = world.get("Beta");
    let uuid = company["uuid"].as_str().unwrap().to_owned();
    assert!(uuid.len() == 32 && uuid != world.get("Acme")["uuid"], "{uuid}");
    company["uuid"] = json!("");
    assert_eq!(
        company,
        json!({"uuid": "", "name": "Beta", "created": "2021-03-01", "limithours": -1, "retention": -1, "status": "OK"})
    );
    assert_eq!(
        world.get("Acme/Acme-Help"),
        json!({"company": "Acme", "name": "Help", "created": "2021-03-01", "retention": -1, "status": "OK",
               "timezone": "UTC", "fields": {}})
    );
    assert_eq!(
        world.get("Acme/Acme-Help/Inbound"),
        json!({"apps": [], "asroptions": {}, "audiotype": "Stereo", "callback": {}, "created": "2021-03-01",
               "custom_meta": [], "mode": "active", "modelchan0": "", "modelchan1": "", "nspeakers": 2,
               "purifyaudio": false, "purifytext": false, "servers": [], "on_mismatch": "refuse", "speakers": {},
               "status": "OK"})
    );
}

#[test]
fn status_says_what_runs_at_every_level_above() {
    let world = World::acme();
    let busy = world.folder("Acme", "Acme-Sales", "Outbound").id;
    let says = |id| (id == busy).then(|| "indexing field queue: 41 %".to_owned());
    for (at, wanted) in [
        ("Acme", "indexing field queue: 41 %"),
        ("Acme/Acme-Sales", "indexing field queue: 41 %"),
        ("Acme/Acme-Sales/Outbound", "indexing field queue: 41 %"),
        ("Acme/Acme-Sales/Inbound", "OK"),
        ("Acme/Acme-Help", "OK"),
        ("Beta", "OK"),
    ] {
        let (shown, etag) = show::read(&world.catalogue, &caller(""), &path(at), &says).unwrap();
        assert_eq!(shown["status"], wanted, "{at}");
        assert_eq!(etag, world.etag(at), "the tag holds while work goes on");
    }
    let hidden = show::read(&world.catalogue, &caller("Acme/Acme-Sales/Inbound"), &path("Acme"), &says).unwrap().0;
    assert_eq!(hidden["status"], "OK", "what runs in a hidden folder is hidden");
}

#[test]
fn hidden_answers_as_absent() {
    let world = World::acme();
    for (scope, at) in [
        ("", "Nope"),
        ("", "Nope/orgs"),
        ("", "Acme/Nope"),
        ("", "Acme/Nope/folders"),
        ("", "Acme/Acme-Sales/Nope"),
        ("", "Acme/Acme-Sales/apps/Nope"),
        ("", "Acme/users/nope"),
        ("Beta", "Acme"),
        ("Beta", "Acme/folders"),
        ("Beta", "Acme/users/pat.doe"),
        ("Acme/Acme-Help", "Acme/Acme-Sales"),
        ("Acme/Acme-Help", "Acme/users/pat.doe"),
        ("Acme/Acme-Sales/Inbound", "Acme/Acme-Sales/Outbound"),
        ("Acme/Acme-Sales/Inbound", "Acme/Acme-Sales/apps/Call Drivers"),
    ] {
        assert_eq!(refusal(world.get_as(&caller(scope), at)).0, "not_found", "{scope}: {at}");
    }
    let narrow = caller("Acme/Acme-Sales/Outbound");
    let seen = |at| world.get_as(&narrow, at).unwrap().0;
    assert_eq!(keys(&seen("")), ["Acme"]);
    assert_eq!(keys(&seen("orgs")["Acme"]), ["Acme-Sales"]);
    assert_eq!(keys(&seen("folders")["Acme"]["Acme-Sales"]), ["Outbound"]);
    assert_eq!(keys(&seen("Acme/Acme-Sales")["fields"]), ["queue"], "the schema of hidden folders is hidden");
    assert_eq!(seen("users"), json!({"Acme": {}}));
    assert_eq!(seen("Acme/Acme-Sales/apps"), json!({}));
}

#[test]
fn reading_needs_read_or_config() {
    let world = World::acme();
    for right in Right::ALL {
        let read = world.get_as(&with_rights(&[right]), "Acme");
        let listed = list(&world.catalogue, &with_rights(&[right]), &path(""));
        if matches!(right, Right::Read | Right::Config) {
            assert!(read.is_ok() && listed.is_ok(), "{right:?}");
        } else {
            assert_eq!(refusal(read).0, "right_missing", "{right:?}");
            assert_eq!(refusal(listed).0, "right_missing", "{right:?}");
        }
    }
    assert_eq!(refusal(world.get_as(&with_rights(&[]), "Nope")).0, "not_found", "absence comes before rights");
}

#[test]
fn lists_hold_names_only() {
    let mut world = World::acme();
    world.post("Acme/Acme-Help/apps", json!({"Call Drivers": {}, "Agent Scorecard": {}}));
    let apps = json!({"Acme-Help": ["Agent Scorecard", "Call Drivers"], "Acme-Sales": ["Call Drivers"]});
    for (at, wanted) in [
        ("", json!(["Acme", "Beta"])),
        ("orgs", json!({"Acme": ["Acme-Help", "Acme-Sales"], "Beta": []})),
        ("folders", json!({"Acme": {"Acme-Help": ["Inbound"], "Acme-Sales": ["Inbound", "Outbound"]}, "Beta": {}})),
        ("apps", json!({"Acme": apps, "Beta": {}})),
        ("users", json!({"Acme": ["pat.doe"], "Beta": []})),
        ("Acme", json!(["Acme-Help", "Acme-Sales"])),
        ("Acme/orgs", json!(["Acme-Help", "Acme-Sales"])),
        ("Acme/folders", json!({"Acme-Help": ["Inbound"], "Acme-Sales": ["Inbound", "Outbound"]})),
        ("Acme/apps", json!(["Agent Scorecard", "Call Drivers"])),
        ("Acme/users", json!(["pat.doe"])),
        ("Beta/apps", json!([])),
        ("Acme/Acme-Sales", json!(["Inbound", "Outbound"])),
        ("Acme/Acme-Sales/folders", json!(["Inbound", "Outbound"])),
        ("Acme/Acme-Sales/apps", json!(["Call Drivers"])),
    ] {
        assert_eq!(list(&world.catalogue, &caller(""), &path(at)).unwrap(), wanted, "{at}");
    }
    assert_eq!(list(&Catalogue::default(), &caller(""), &path("")).unwrap(), json!([]));
    assert_eq!(list(&world.catalogue, &caller("Acme/Acme-Help"), &path("Acme")).unwrap(), json!(["Acme-Help"]));
    for at in ["Nope", "Acme/Nope", "Acme/Acme-Sales/Inbound", "Acme/users/pat.doe", "Acme/Acme-Sales/apps/X"] {
        assert_eq!(refusal(list(&world.catalogue, &caller(""), &path(at))).0, "not_found", "{at}");
    }
}

#[test]
fn tags_follow_what_is_shown() {
    let mut world = World::acme();
    let tags = |world: &World| ["", "Acme", "Acme/Acme-Sales", "Acme/folders", "Acme/users"].map(|at| world.etag(at));
    let before = tags(&world);
    let change = world.post("Acme/Acme-Sales/Inbound", json!({"mode": "paused"}));
    let after = tags(&world);
    assert_eq!(before[..3], after[..3]);
    assert_ne!(before[3], after[3]);
    assert_eq!(change.etag, world.etag("Acme/Acme-Sales/Inbound"), "the answer's tag is the next GET's");
    world.post("Acme/users", json!({"pat.doe": {"email": "p@example.org"}}));
    assert_ne!(after[4], world.etag("Acme/users"));
    world.post("Acme/Acme-Sales", json!({"retention": 9}));
    assert_ne!(after[2], world.etag("Acme/Acme-Sales"));
}
