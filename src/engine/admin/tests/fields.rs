//! The schema of an organisation and the lists of its folders.
use super::*;

const INBOUND: &str = "Acme/Acme-Sales/Inbound";
const SALES: &str = "Acme/Acme-Sales";

#[test]
fn a_listed_name_without_definition_is_varchar() {
    let mut world = World::acme();
    assert_eq!(world.get(SALES)["fields"], json!({"queue": {"type": "varchar"}, "direction": {"type": "varchar"}}));
    assert_eq!(world.get("Acme/Acme-Sales/Outbound")["custom_meta"], json!(["Queue"]), "in the folder's spelling");
    world.post(INBOUND, json!({"custom_meta": ["b?", {"name": "a.b", "type": "float", "label": "AB"}, "queue"]}));
    assert_eq!(world.get(INBOUND)["custom_meta"], json!(["b?", "a.b", "queue"]), "plain names in the order given");
    assert_eq!(world.get(SALES)["fields"]["a.b"], json!({"type": "number", "label": "AB"}));
    assert_eq!(world.get(SALES)["fields"]["direction"], json!({"type": "varchar"}), "no longer listed, still defined");
}

#[test]
fn fields_are_defined_and_extended_key_by_key() {
    let mut world = World::acme();
    let fields = json!({"amount": {"type": "number"}, "mood": {"type": "enum", "values": ["good", "bad"], "multi": true},
        "note": {"type": "long_string"}, "word": {"type": "string", "substring": true}, "when": {"type": "datetime"},
        "ok": {"type": "boolean"}, "id": {"type": "uuid"}, "url": {"type": "link"}, "cut": {"type": "keyframes"},
        "free": {}, "team.mood": {"type": "float"}, "gist": {"type": "embedding", "size": 4096, "label": "Gist"}});
    world.post(SALES, json!({"fields": fields}));
    world.post(
        SALES,
        json!({"fields": {"mood": {"label": "Mood", "description": "of the caller"}, "Amount": {"pii": true}}}),
    );
    world.post(SALES, json!({"fields": {"mood": {"description": null}, "free": null, "never": null}}));
    let shown = world.get(SALES)["fields"].clone();
    assert_eq!(shown["mood"], json!({"type": "enum", "values": ["good", "bad"], "multi": true, "label": "Mood"}));
    assert_eq!(shown["Amount"], json!({"type": "number", "pii": true}), "one field, newly spelled");
    assert_eq!(shown["note"], json!({"type": "text"}));
    assert_eq!(shown["word"], json!({"type": "varchar", "substring": true}));
    assert_eq!(shown["gist"], json!({"type": "embedding", "size": 4096, "label": "Gist"}));
    assert_eq!(shown["team.mood"], json!({"type": "number"}));
    assert_eq!((shown.get("amount"), shown.get("free")), (None, None));
}

#[test]
fn definitions_that_break_rules_are_refused_at_their_place() {
    let world = World::acme();
    let of_org = [
        (json!({"x": {"type": "blob"}}), "config_invalid", "/fields/x/type"),
        (json!({"x": {"type": "embedding"}}), "config_invalid", "/fields/x/size"),
        (json!({"x": {"type": "embedding", "size": 0}}), "config_invalid", "/fields/x/size"),
        (json!({"x": {"type": "embedding", "size": 4097}}), "config_invalid", "/fields/x/size"),
        (json!({"x": {"type": "embedding", "size": 3, "multi": true}}), "config_invalid", "/fields/x/multi"),
        (json!({"x": {"type": 1}}), "config_invalid", "/fields/x/type"),
        (json!({"x": {"type": "varchar", "size": 3}}), "config_invalid", "/fields/x/size"),
        (json!({"x": {"values": ["a"]}}), "config_invalid", "/fields/x/values"),
        (json!({"x": {"multi": true}}), "config_invalid", "/fields/x/multi"),
        (json!({"x": {"pii": "yes"}}), "config_invalid", "/fields/x/pii"),
        (json!({"x": {"label": 1}}), "config_invalid", "/fields/x/label"),
        (json!({"x": {"type": "enum", "values": ["a", " A"]}}), "config_invalid", "/fields/x/values/1"),
        (json!({"x": {"type": "enum", "values": [" "]}}), "config_invalid", "/fields/x/values/0"),
        (json!({"x": "number"}), "config_invalid", "/fields/x"),
        (json!(["x"]), "config_invalid", "/fields"),
        (json!({"a:b": {}}), "name_invalid", "/fields/a:b"),
        (json!({"AgentID": {}}), "name_reserved", "/fields/AgentID"),
        (json!({"x": {}, "X": {}}), "duplicate_field", "/fields/X"),
        (json!({"queue": {"type": "number"}}), "config_invalid", "/fields/queue/type"),
        (json!({"QUEUE": null}), "field_in_use", "/fields/QUEUE"),
    ];
    for (fields, code, pointer) in of_org {
        let (got, place, detail) = world.refused(SALES, json!({"fields": fields}));
        assert_eq!((got, place.as_str()), (code, pointer), "{fields}: {detail}");
    }
    let of_folder = [
        (json!("queue"), "config_invalid", "/custom_meta"),
        (json!(null), "config_invalid", "/custom_meta"),
        (json!([1]), "config_invalid", "/custom_meta/0"),
        (json!([{"type": "number"}]), "config_invalid", "/custom_meta/0"),
        (json!([{"name": 1}]), "config_invalid", "/custom_meta/0/name"),
        (json!(["a", "b=c"]), "name_invalid", "/custom_meta/1"),
        (json!([{"name": " a"}]), "name_invalid", "/custom_meta/0/name"),
        (json!(["transcript ID"]), "name_reserved", "/custom_meta/0"),
        (json!(["queue", "QUEUE"]), "duplicate_field", "/custom_meta/1"),
        (json!([{"name": "Queue", "type": "number"}]), "config_invalid", "/custom_meta/0/type"),
        (json!([{"name": "x", "typ": "number"}]), "config_invalid", "/custom_meta/0/typ"),
    ];
    for (list, code, pointer) in of_folder {
        let (got, place, detail) = world.refused(INBOUND, json!({"custom_meta": list}));
        assert_eq!((got, place.as_str()), (code, pointer), "{list}: {detail}");
    }
    let (_, _, detail) = world.refused(SALES, json!({"fields": {"x": {"type": "blob"}}}));
    assert!(detail.contains("varchar") && detail.contains("keyframes"), "{detail}");
    let (_, _, detail) = world.refused(SALES, json!({"fields": {"queue": {"type": "number"}}}));
    assert!(detail.contains("retyping") && detail.contains("POST …/fields/queue"), "{detail}");
    let twice = json!({"Acme-Sales": {"A": {"custom_meta": [{"name": "n", "type": "number"}]},
                                      "B": {"custom_meta": [{"name": "N", "type": "text"}]}}});
    assert_eq!(world.refused("Acme/folders", twice).1, "/Acme-Sales/B/custom_meta/0/type");
}

#[test]
fn names_with_colons_need_the_free_rules() {
    let mut world = World::acme();
    world.names = NameRules::Free;
    world.post(INBOUND, json!({"custom_meta": ["a:b=c"]}));
    assert_eq!(world.get(INBOUND)["custom_meta"], json!(["a:b=c"]));
}

#[test]
fn an_unlisted_field_may_change_its_type_and_becomes_another_field() {
    let mut world = World::acme();
    world.post(SALES, json!({"fields": {"x": {"type": "enum", "values": ["a"]}}}));
    let id = |world: &World| world.org("Acme", "Acme-Sales").fields.last().unwrap().id;
    let before = id(&world);
    let change = world.post(SALES, json!({"fields": {"x": {"type": "number"}}}));
    assert_ne!(id(&world), before);
    assert_eq!(world.get(SALES)["fields"]["x"], json!({"type": "number"}));
    assert_eq!(
        change.plan["updated"],
        json!([{"kind": "org", "name": "Acme/Acme-Sales", "fields": {"changed": ["x"]}}])
    );
}

#[test]
fn schema_versions_grow_with_what_alters_stored_values() {
    let table = [
        (INBOUND, json!({"custom_meta": ["queue", "direction", "new"]}), 1),
        (INBOUND, json!({"custom_meta": ["queue"]}), 1),
        (INBOUND, json!({"custom_meta": ["Queue", "direction"]}), 1),
        (INBOUND, json!({"custom_meta": ["direction", "queue"]}), 0),
        (INBOUND, json!({"on_mismatch": "store"}), 0),
        (INBOUND, json!({"speakers": {"agent": ["Wizard"]}}), 0),
        (INBOUND, json!({"mode": "paused"}), 0),
        (SALES, json!({"fields": {"queue": {"pii": true, "substring": true, "label": "Q"}}}), 0),
        (SALES, json!({"fields": {"QUEUE": {}}}), 0),
        (SALES, json!({"fields": {"mood": {"values": ["good", "bad"]}}}), 1),
        (SALES, json!({"fields": {"mood": {"multi": true}}}), 1),
    ];
    for (at, body, folders) in table {
        let mut world = World::acme();
        world.post(
            "Acme/Acme-Sales/Mood",
            json!({"custom_meta": [{"name": "mood", "type": "enum", "values": ["good"]}]}),
        );
        let versions = |world: &World| {
            let folders = world.org("Acme", "Acme-Sales").folders.values();
            folders.map(|f| (f.id, f.schema.version)).collect::<Vec<_>>()
        };
        let before = versions(&world);
        let change = world.post(at, body.clone());
        assert_eq!(change.reprojected.len(), folders, "{at} {body}");
        assert!(change.changed, "{at} {body}");
        for ((id, old), (_, new)) in before.iter().zip(versions(&world)) {
            assert_eq!(new, old + u64::from(change.reprojected.contains(id)), "{at} {body}");
        }
        assert_eq!(change.plan["reindexed"].as_array().unwrap().len(), folders);
    }
}

#[test]
fn folders_see_new_options_without_a_new_version() {
    let mut world = World::acme();
    world.post(SALES, json!({"fields": {"queue": {"pii": true}}}));
    for name in ["Inbound", "Outbound"] {
        let folder = world.folder("Acme", "Acme-Sales", name);
        let field = folder.schema.fields.first().unwrap();
        assert!(field.definition.pii && folder.schema.version == 1, "{name}");
        assert_eq!(field.name.shown(), folder.custom_meta[0].shown());
    }
    world.post(INBOUND, json!({"on_mismatch": "store"}));
    let schema = &world.folder("Acme", "Acme-Sales", "Inbound").schema;
    assert_eq!(schema.on_mismatch, crate::domain::fields::OnMismatch::Store);
}

#[test]
fn a_plan_names_the_fields_of_folders() {
    let mut world = World::acme();
    let change = world.post(INBOUND, json!({"custom_meta": ["Queue", "new"]}));
    assert_eq!(
        change.plan,
        json!({"changed": true, "created": [],
               "updated": [{"kind": "org", "name": "Acme/Acme-Sales", "fields": {"added": ["new"]}},
                           {"kind": "folder", "name": INBOUND,
                            "fields": {"added": ["new"], "changed": ["Queue"], "removed": ["direction"]}}],
               "reindexed": [INBOUND]})
    );
}

#[test]
fn lists_and_schemas_are_bounded() {
    let mut world = World::acme();
    let names = |from: usize, count: usize| (from..from + count).map(|n| format!("f{n}")).collect::<Vec<_>>();
    let (code, pointer, detail) = world.refused(INBOUND, json!({"custom_meta": names(0, 1_001)}));
    assert_eq!((code, pointer.as_str()), ("config_invalid", "/custom_meta"), "{detail}");
    for thousand in 0..9 {
        world.post(INBOUND, json!({"custom_meta": names(thousand * 1_000, 1_000)}));
    }
    // `queue` and `direction` are there already.
    let (code, pointer, detail) = world.refused(INBOUND, json!({"custom_meta": names(9_000, 1_000)}));
    assert_eq!((code, pointer.as_str()), ("config_invalid", "/custom_meta/998"), "{detail}");
}
