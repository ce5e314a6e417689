//! `POST /config`: additive, scoped, planned.
use super::*;

#[test]
fn samples_of_v_spark_are_taken_and_shown_back() {
    let mut world = World::empty();
    let company = json!({"Acme": {"uuid": "0f0e0d0c0b0a09080706050403020100", "name": "Acme Ltd",
        "created": "2021-03-01", "limithours": -1, "retention": -1, "status": "OK", "cloudtoken": "",
        "cloudmodels": [], "allowedmodels": ["eng1:callcenter"], "servers": ["asr1"],
        "apptemplate": ["Agent Scorecard"]}});
    let mut answer = world.post("", company.clone()).answer;
    assert_ne!(answer["Acme"]["uuid"], company["Acme"]["uuid"], "read-only keys are ignored");
    answer["Acme"]["uuid"] = company["Acme"]["uuid"].clone();
    assert_eq!(answer, company);

    let org = json!({"Acme": {"Acme-Sales": {"company": "Acme", "name": "Sales", "created": "2021-03-02",
        "retention": -1, "status": "OK", "timezone": "Europe/Berlin"}}});
    let answer = world.post("orgs", org).answer;
    assert_eq!(
        answer,
        json!({"Acme": {"Acme-Sales": {"company": "Acme", "name": "Sales", "created": "2021-03-01", "retention": -1,
               "status": "OK", "timezone": "Europe/Berlin", "fields": {}}}})
    );

    let mut folder = json!({"Acme": {"Acme-Sales": {"Inbound": {
        "apps": ["Call Drivers"], "asroptions": {"billing": "x1"}, "audiotype": "Stereo",
        "callback": {"posturl": "https://cb.example/in", "sendaudio": "no", "sendtext": "no",
                     "aws_id": "AKIA", "aws_secret": "hush"},
        "created": "2021-03-01", "custom_meta": ["queue", "direction"], "mode": "active",
        "modelchan0": "eng1:callcenter", "modelchan1": "eng1:callcenter", "nspeakers": 2,
        "purifyaudio": true, "purifytext": true, "servers": ["asr1"], "status": "OK"}}}});
    let answer = world.post("folders", folder.clone()).answer;
    let sample = &mut folder["Acme"]["Acme-Sales"]["Inbound"];
    sample["callback"] = json!({"posturl": "https://cb.example/in", "sendaudio": "no", "sendtext": "no"});
    sample["on_mismatch"] = json!("refuse");
    sample["speakers"] = json!({});
    assert_eq!(answer, folder);
    let kept = &world.folder("Acme", "Acme-Sales", "Inbound").secrets;
    assert_eq!(json!(kept), json!({"aws_id": "AKIA", "aws_secret": "hush"}));

    let app = json!({"Acme": {"Acme-Sales": {"Call Drivers": {"created": "2021-03-01", "defaultscoretype": "Hit/Miss",
        "enabled": "on", "folders": ["Inbound"], "template": "custom"}}}});
    assert_eq!(world.post("apps", app.clone()).answer, app);

    let mut user = json!({"Acme": {"pat.doe": {"name": "Pat Doe", "email": "pat@example.org", "company": "Acme",
        "auth": {"verified": true, "disabled": false, "method": "standard", "password": "first-login"},
        "permissions": {"Acme": {"all": ["read"], "orgs": {"Acme-Sales": ["write"]}}}}}});
    let change = world.post("users", user.clone());
    user["Acme"]["pat.doe"]["auth"].as_object_mut().unwrap().remove("password");
    assert_eq!(change.answer, user);
    assert!(change.put.iter().all(|object| !object.body.contains("first-login")));
}

#[test]
fn what_is_read_can_be_sent_back_and_changes_nothing() {
    let mut world = World::acme();
    world.post(
        "Acme/Acme-Sales/Inbound",
        json!({"callback": {"posturl": "sftp://u:p@h/in", "password": "x"}, "speakers": {"agent": ["Wizard"], "client": [1]}}),
    );
    for at in ["", "orgs", "folders", "apps", "users", "Acme", "Acme/Acme-Sales", "Acme/Acme-Sales/Inbound"] {
        let change = world.post(at, world.get(at));
        assert!(!change.changed && change.put.is_empty() && change.reprojected.is_empty(), "{at}: {}", change.plan);
        assert_eq!(change.plan, json!({"changed": false, "created": [], "updated": [], "reindexed": []}));
    }
    assert_eq!(
        json!(world.folder("Acme", "Acme-Sales", "Inbound").secrets),
        json!({"posturl": "sftp://u:p@h/in", "password": "x"})
    );
    assert!(!world.get("folders").to_string().contains("u:p"));
}

#[test]
fn one_body_creates_updates_and_leaves_alone() {
    let mut world = World::acme();
    let outbound = world.get("Acme/Acme-Sales/Outbound");
    let change = world.post(
        "folders",
        json!({"Acme": {"Acme-Sales": {"New": {"custom_meta": ["Hold Time"], "x": {"y": 1}},
                                       "Inbound": {"mode": "paused", "nspeakers": 1}}}}),
    );
    assert_eq!(change.answer["Acme"]["Acme-Sales"].as_object().unwrap().len(), 2, "the objects named");
    assert_eq!(change.answer["Acme"]["Acme-Sales"]["New"]["x"], json!({"y": 1}), "unknown keys are kept");
    assert_eq!(change.answer["Acme"]["Acme-Sales"]["Inbound"]["custom_meta"], json!(["queue", "direction"]));
    assert_eq!(world.get("Acme/Acme-Sales/Outbound"), outbound);
    assert_eq!(
        change.plan,
        json!({"changed": true,
               "created": [{"kind": "folder", "name": "Acme/Acme-Sales/New", "fields": {"added": ["Hold Time"]}}],
               "updated": [{"kind": "org", "name": "Acme/Acme-Sales", "fields": {"added": ["Hold Time"]}},
                           {"kind": "folder", "name": "Acme/Acme-Sales/Inbound"}],
               "reindexed": []})
    );
    assert_eq!(change.put.len(), 3);
    assert_eq!(change.last_object, change.catalogue.last_id());
    world.post("Acme/Acme-Sales/New", json!({"x": null}));
    assert_eq!(world.get("Acme/Acme-Sales/New").get("x"), None, "null removes what nobody knows");
}

#[test]
fn objects_are_created_at_their_own_path_too() {
    let mut world = World::empty();
    world.post("Acme", json!({}));
    world.post("Acme/Acme-Sales", json!({"timezone": "asia/tokyo"}));
    world.post("Acme/Acme-Sales/Inbound", json!({}));
    world.post("Acme/Plain", json!({}));
    assert_eq!(world.get("Acme/Acme-Sales")["timezone"], "Asia/Tokyo");
    assert_eq!(world.get("Acme/Plain")["name"], "Plain");
    assert_eq!(world.folder("Acme", "Acme-Sales", "Inbound").schema.version, 1);
    assert!(!world.post("folders", json!({})).changed);
}

#[test]
fn refusals_name_code_and_place() {
    let world = World::acme();
    let table = [
        ("Acme", json!({"name": 1}), "config_invalid", "/name"),
        ("", json!({"Acme": {"retention": "x"}}), "config_invalid", "/Acme/retention"),
        ("", json!({"Acme": 1}), "config_invalid", "/Acme"),
        ("", json!({"A b": {}}), "name_invalid", "/A b"),
        ("", json!({"users": {}}), "name_invalid", "/users"),
        ("Acme", json!({"orgs": {}}), "config_invalid", "/orgs"),
        ("Acme", json!({"Acme": {}}), "config_invalid", "/Acme"),
        ("Acme", json!({"Acme-New": {}}), "config_invalid", "/Acme-New"),
        ("", json!({"Acme": {"Chat": {"timezone": "UTC"}}}), "config_invalid", "/Acme/Chat"),
        ("Acme", json!({"Chat": {"Star": {"custom_meta": []}}}), "config_invalid", "/Chat"),
        ("Acme/orgs", json!({"Acme-X": {"Star": {"on_mismatch": "store"}}}), "config_invalid", "/Acme-X/Star"),
        ("Acme/orgs", json!({"Acme-X": {"company": "Beta"}}), "config_invalid", "/Acme-X/company"),
        ("Acme/orgs", json!({"a,b": {}}), "name_invalid", "/a,b"),
        ("Acme/Acme-Sales", json!({"timezone": "Mars/Base"}), "config_invalid", "/timezone"),
        ("Acme/Acme-Sales", json!({"timezone": null}), "config_invalid", "/timezone"),
        ("Acme/Acme-Sales", json!({"folders": {}}), "config_invalid", "/folders"),
        ("Acme/Acme-Sales", json!({"Inbound": {}}), "config_invalid", "/Inbound"),
        ("Acme/Acme-Sales", json!({"New": {"custom_meta": []}}), "config_invalid", "/New"),
        ("orgs", json!({"Nope": {"Nope-X": {}}}), "config_invalid", "/Nope"),
        ("folders", json!({"Acme": {"Nope": {}}}), "config_invalid", "/Acme/Nope"),
        ("folders", json!({"Nope": {}}), "config_invalid", "/Nope"),
        ("folders", json!({"Acme": {"Acme-Sales": {"a/b": {}}}}), "name_invalid", "/Acme/Acme-Sales/a~1b"),
        ("Acme/Acme-Sales/Inbound", json!({"mode": null}), "config_invalid", "/mode"),
        ("Acme/Acme-Sales/Inbound", json!({"servers": ["a", 1]}), "config_invalid", "/servers/1"),
        ("Acme/Acme-Sales/Inbound", json!({"purifytext": "yes"}), "config_invalid", "/purifytext"),
        ("Acme/Acme-Sales/Inbound", json!({"callback": []}), "config_invalid", "/callback"),
        ("Acme/Acme-Sales/Inbound", json!({"on_mismatch": "ask"}), "config_invalid", "/on_mismatch"),
        ("Acme/Acme-Sales/Inbound", json!({"speakers": {"boss": []}}), "config_invalid", "/speakers/boss"),
        ("Acme/Acme-Sales/Inbound", json!({"speakers": {"agent": [1.5]}}), "config_invalid", "/speakers/agent/0"),
        (
            "Acme/Acme-Sales/Inbound",
            json!({"speakers": {"agent": ["X"], "client": ["x"]}}),
            "config_invalid",
            "/speakers",
        ),
        ("Acme/Acme-Sales/apps", json!({"A": {"folders": "Inbound"}}), "config_invalid", "/A/folders"),
        ("Acme/Acme-Sales/apps", json!({"..": {}}), "name_invalid", "/.."),
        ("Acme/users", json!({"pat": {"auth": "x"}}), "config_invalid", "/pat/auth"),
        ("Acme/users", json!({"pat": {"company": "Beta"}}), "config_invalid", "/pat/company"),
        ("Nope/orgs", json!({}), "not_found", ""),
        ("Acme/Nope/folders", json!({}), "not_found", ""),
        ("Acme/Nope/Inbound", json!({}), "not_found", ""),
        ("", json!([]), "body_shape", ""),
    ];
    for (at, body, code, pointer) in table {
        let (got, place, detail) = world.refused(at, body.clone());
        assert_eq!((got, place.as_str()), (code, pointer), "{at} {body}: {detail}");
    }
    let (_, _, detail) = world.refused("folders", json!({"Acme": {"Nope": {"X": {}}}}));
    assert!(detail.contains("\"Nope\""), "{detail}");
    assert_eq!(refusal(world.try_post(&caller(""), "Acme", "{\"name\":\"a\",\"name\":\"b\"}")).0, "duplicate_field");
}

#[test]
fn the_time_zone_is_fixed_while_transcripts_are_there() {
    let mut world = World::acme();
    world.transcripts = true;
    assert!(!world.post("Acme/Acme-Sales", json!({"timezone": "Europe/Berlin"})).changed);
    let (code, pointer, _) = world.refused("orgs", json!({"Acme": {"Acme-Sales": {"timezone": "UTC"}}}));
    assert_eq!((code, pointer.as_str()), ("timezone_fixed", "/Acme/Acme-Sales/timezone"));
    world.transcripts = false;
    let change = world.post("Acme/Acme-Sales", json!({"timezone": "UTC"}));
    assert_eq!(change.reprojected.len(), 2, "what arrives meanwhile was read in the old zone");
    assert_eq!(world.folder("Acme", "Acme-Sales", "Inbound").schema.zone, jiff::tz::TimeZone::UTC);
}

#[test]
fn scopes_bound_what_may_be_changed() {
    let world = World::acme();
    let table = [
        ("Acme", "Acme", json!({"retention": 1}), "ok"),
        ("Acme", "New", json!({}), "not_found"),
        ("Acme", "", json!({"Beta": {}}), "not_found"),
        ("Gone", "Gone", json!({}), "not_found"),
        ("Acme", "Acme/Acme-New", json!({}), "ok"),
        ("Acme", "Beta/Beta-New", json!({}), "not_found"),
        ("Beta", "orgs", json!({"Acme": {"Acme-Sales": {}}}), "config_invalid"),
        ("Acme/Acme-Sales", "Acme", json!({"retention": 1}), "right_missing"),
        ("Acme/Acme-Sales", "Acme/Acme-Sales", json!({"retention": 1}), "ok"),
        ("Acme/Acme-Sales", "Acme/Acme-Help", json!({"retention": 1}), "not_found"),
        ("Acme/Acme-Sales", "Acme/Acme-New", json!({}), "not_found"),
        ("Acme/Gone", "Acme/Gone", json!({}), "not_found"),
        ("Acme/Acme-Sales", "Acme/Acme-Sales/New", json!({}), "ok"),
        ("Acme/Acme-Sales", "Acme/users/pat.doe", json!({}), "not_found"),
        ("Acme/Acme-Sales", "folders", json!({"Acme": {"Acme-Help": {"New": {}}}}), "config_invalid"),
        ("Acme/Acme-Sales/Inbound", "Acme/Acme-Sales", json!({"retention": 1}), "right_missing"),
        ("Acme/Acme-Sales/Inbound", "Acme/Acme-Sales/Inbound", json!({"custom_meta": ["queue", "new"]}), "ok"),
        ("Acme/Acme-Sales/Inbound", "Acme/Acme-Sales/Outbound", json!({}), "not_found"),
        ("Acme/Acme-Sales/Gone", "Acme/Acme-Sales/Gone", json!({}), "not_found"),
        ("Acme/Acme-Sales/Inbound", "Acme/Acme-Sales/apps/X", json!({}), "not_found"),
        (
            "Acme/Acme-Sales/Inbound",
            "Acme/Acme-Sales/Inbound",
            json!({"custom_meta": [{"name": "queue", "pii": true}]}),
            "right_missing",
        ),
    ];
    for (scope, at, body, wanted) in table {
        let got = world.try_post(&caller(scope), at, &body.to_string());
        let code = if got.is_ok() { "ok" } else { refusal(got).0 };
        assert_eq!(code, wanted, "{scope}: {at} {body}");
    }
    let reader = with_rights(&[Right::Read, Right::Admin]);
    assert_eq!(refusal(world.try_post(&reader, "Acme", "{}")).0, "right_missing");
    assert_eq!(refusal(world.try_post(&reader, "Nope/orgs", "{}")).0, "not_found");
}

#[test]
fn users_keep_what_is_left_out() {
    let mut world = World::acme();
    world.post("Acme/users/pat.doe", json!({"auth": {"method": "ldap", "disabled": false}}));
    world.post("Acme/users/pat.doe", json!({"auth": {"disabled": true, "password": "x"}}));
    assert_eq!(
        world.get("Acme/users/pat.doe"),
        json!({"name": "Pat Doe", "company": "Acme", "email": "pat@example.org",
               "auth": {"method": "ldap", "disabled": true}})
    );
}
