//! What is asked of each route: templates whose placeholders are filled with one's own names, others' and nobody's.

/// What a template does when nothing refuses it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Does {
    /// Nothing.
    Reads,
    /// Writes where its path leads.
    Writes,
    /// Brings a transcript in: under an id that nobody has, it makes one.
    Brings,
    /// Destroys, or makes what other probes would see.
    Ruins,
    /// Makes an organisation where its path leads.
    Makes,
    /// Concerns the store as a whole.
    Whole,
    /// Only for who opens nothing.
    Never,
}

/// One request with placeholders.
#[derive(Clone, Debug)]
pub struct Template {
    /// The line of the URL table.
    pub route: &'static str,
    pub method: &'static str,
    pub path: String,
    pub headers: &'static [(&'static str, &'static str)],
    pub body: Option<&'static str>,
    pub does: Does,
}

impl Template {
    /// Whether a placeholder stands in it.
    pub fn uses(&self, part: &str) -> bool {
        self.path.contains(part) || self.body.is_some_and(|body| body.contains(part))
    }
}

const JSON: &[(&str, &str)] = &[("Accept", "application/json")];
const PLAIN: &[(&str, &str)] = &[];
const MATCH: &[(&str, &str)] = &[("Accept", "application/json"), ("If-Match", "\"7\"")];
const FRESH: &[(&str, &str)] = &[("If-None-Match", "\"1\", \"2\"")];
const KEY: &[(&str, &str)] = &[("Accept", "application/json"), ("Idempotency-Key", "one-key-for-all")];
const MERGE: &[(&str, &str)] = &[("Accept", "application/json"), ("Content-Type", "application/merge-patch+json")];
const STEPS: &[(&str, &str)] = &[("Accept", "application/json"), ("Content-Type", "application/json-patch+json")];
const NDJSON: &[(&str, &str)] = &[("Accept", "application/json"), ("Content-Type", "application/x-ndjson")];

const FORM: &[(&str, &str)] = &[("Accept", "application/json"), ("Content-Type", "multipart/form-data; boundary=b")];
const PLAIN_FORM: &[(&str, &str)] = &[("Content-Type", "multipart/form-data; boundary=b")];
const UPLOAD: &str = "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"x.json\"\r\n\r\n\
    {\"tid\":\"{t}\",\"utterances\":[]}\r\n--b--\r\n";
const METADATA: &str = "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"x.jsonmeta\"\r\n\r\n\
    {\"tid\":\"{t}\",\"metadata\":{}}\r\n--b--\r\n";

type Line = (&'static str, &'static [(&'static str, &'static str)], Option<&'static str>, Does);

/// The templates of a route and method; none for one that is not here: the matrix is then incomplete.
pub fn templates(path: &'static str, method: &'static str) -> Vec<Template> {
    use Does::*;
    let tid = "/{c}/{o}/{t}";
    let (under, lines): (&str, Vec<Line>) = match (path, method) {
        ("/metadata/{company}/{org}/{tid}", "GET") => {
            ("/metadata", vec![(tid, JSON, None, Reads), (tid, FRESH, None, Reads)])
        }
        ("/metadata/{company}/{org}/{tid}", "PATCH") => ("/metadata", edits(tid)),
        ("/metadata/{company}/{org}/{tid}", "PUT") => (
            "/metadata",
            vec![
                ("/{c}/{o}/{t}?dry_run=true", JSON, Some(r#"{"{f}":"{v}"}"#), Reads),
                ("/{c}/{o}/{t}?dry_run=true&receipt=true", MATCH, Some("{}"), Reads),
                (tid, JSON, Some(r#"{"tid":"x"}"#), Writes),
                (tid, MATCH, Some("{}"), Writes),
                (tid, JSON, Some("{"), Writes),
            ],
        ),
        ("/metadata/{company}/{org}/{tid}", "DELETE") => (
            "/metadata",
            vec![
                (tid, JSON, Some("[]"), Writes),
                (tid, PLAIN, Some("[]"), Writes),
                (tid, PLAIN, None, Writes),
                ("/{c}/{o}/{t}?fields={f}", KEY, None, Ruins),
                ("/{c}/{o}/{t}?dry_run=true&receipt=true", JSON, Some(r#"["{f}"]"#), Reads),
            ],
        ),
        ("/search/{company}/{org}/{folder}", "GET") => ("/search/{c}/{o}/{d}", searches()),
        ("/search/{company}/{org}", "GET") => ("/search/{c}/{o}", searches()),
        ("/search/{company}", "GET") => ("/search/{c}", searches()),
        ("/search/{company}/{org}/{folder}", "POST") => ("/search/{c}/{o}/{d}", asked()),
        ("/search/{company}/{org}", "POST") => ("/search/{c}/{o}", asked()),
        ("/search/{company}", "POST") => ("/search/{c}", asked()),
        ("/search/{company}/{org}/{folder}", "DELETE") => ("/search/{c}/{o}/{d}", erasures()),
        ("/search/{company}/{org}", "DELETE") => ("/search/{c}/{o}", erasures()),
        ("/transcripts/{company}/{org}/{tid}", "GET") => {
            ("/transcripts", vec![(tid, JSON, None, Reads), (tid, FRESH, None, Reads)])
        }
        ("/transcripts/{company}/{org}/{tid}", "PUT") => (
            "/transcripts",
            vec![
                (tid, JSON, Some("{}"), Brings),
                (tid, MATCH, Some("{}"), Brings),
                ("/{c}/{o}/{t}?folder={d}", JSON, Some(r#"{"utterances":[]}"#), Brings),
                ("/{c}/{o}/{t}?folder={d}", MATCH, Some(r#"{"utterances":[]}"#), Writes),
                ("/{c}/{o}/{t}?folder={d}", JSON, Some("[]"), Brings),
                (
                    "/{c}/{o}/{t}?folder={d}&metadata=keep&wait=search",
                    JSON,
                    Some(r#"{"client_data":{"queue":"x"}}"#),
                    Brings,
                ),
            ],
        ),
        ("/transcripts/{company}/{org}/{tid}", "DELETE") => {
            ("/transcripts", vec![(tid, JSON, None, Ruins), (tid, MATCH, None, Writes)])
        }
        ("/transcripts/{company}/{org}", "POST") => (
            "/transcripts/{c}/{o}",
            vec![
                ("?folder={d}", NDJSON, Some("{\"tid\":\"{t}\",\"utterances\":[]}\n"), Brings),
                ("", NDJSON, Some("{\"tid\":\"{t}\",\"utterances\":[]}\n"), Brings),
                ("?folder={d}&atomic=true", NDJSON, Some("{\"tid\":\"{t}\"}\n{\"tid\":\"{t}\"}\n"), Brings),
                ("?folder={d}&id=requestid&wait=archive", NDJSON, Some("{\"tid\":\"{t}\"}\n"), Brings),
                ("?folder={d}", NDJSON, Some("{\n"), Brings),
            ],
        ),
        ("/transcribe/{org}/{folder}", "POST") => (
            "/transcribe/{o}/{d}",
            vec![
                ("", FORM, Some(UPLOAD), Brings),
                ("", FORM, Some(METADATA), Writes),
                ("?nope=1", PLAIN_FORM, Some(UPLOAD), Brings),
                ("", JSON, Some("{}"), Brings),
            ],
        ),
        ("/request/{org}/status", "GET") => (
            "/request/{o}/status",
            vec![
                ("?requestid={v}", JSON, None, Reads),
                ("?requestid={v}", PLAIN, None, Reads),
                ("?requestid={i}", JSON, None, Reads),
                ("", JSON, None, Reads),
            ],
        ),
        ("/config", "GET") => ("/config", vec![("", JSON, None, Reads)]),
        ("/config/{company}/{org}/fields", "GET") => (
            "/config",
            vec![("/{c}/{o}/fields", JSON, None, Reads), ("/{c}/{o}/fields?include_deleted=true", JSON, None, Reads)],
        ),
        ("/config/{company}/{org}/fields/{name}", "GET") => (
            "/config",
            vec![
                ("/{c}/{o}/fields/{f}", JSON, None, Reads),
                ("/{c}/{o}/fields/{f}?include_deleted=true&usage=true", JSON, None, Reads),
            ],
        ),
        ("/config/{company}/{org}/fields/{name}", "POST") => (
            "/config",
            vec![
                ("/{c}/{o}/fields/{f}?dry_run=true", JSON, Some(r#"{"type":"number"}"#), Reads),
                ("/{c}/{o}/fields/{f}", JSON, Some("{"), Reads),
                ("/{c}/{o}/fields/{f}?dry_run=true", MATCH, Some(r#"{"type":"number"}"#), Reads),
                ("/{c}/{o}/fields/{f}", JSON, Some(r#"{"type":"number"}"#), Ruins),
                ("/{c}/{o}/fields/{f}?unbar=true", JSON, Some(""), Ruins),
            ],
        ),
        ("/config/{company}/{org}/fields/{name}", "DELETE") => (
            "/config",
            vec![
                ("/{c}/{o}/fields/{f}?dry_run=true", JSON, None, Reads),
                ("/{c}/{o}/fields/{f}?dry_run=true", MATCH, None, Reads),
                ("/{c}/{o}/fields/{f}", JSON, None, Ruins),
                ("/{c}/{o}/fields/{f}?hard=true", JSON, None, Ruins),
            ],
        ),
        ("/config/{company}/{org}/fields/{name}/restore", "POST") => {
            ("/config", vec![("/{c}/{o}/fields/{f}/restore", JSON, None, Ruins)])
        }
        ("/config/{company}/{org}/unconfigured", "GET") => (
            "/config",
            vec![("/{c}/{o}/unconfigured", JSON, None, Reads), ("/{c}/{o}/unconfigured?sample=all", JSON, None, Reads)],
        ),
        ("/config/{company}/{org}/{folder}/unconfigured", "GET") => (
            "/config",
            vec![
                ("/{c}/{o}/{d}/unconfigured", JSON, None, Reads),
                ("/{c}/{o}/{d}/unconfigured?sample=2", JSON, None, Reads),
            ],
        ),
        ("/config/{company}/{org}/{folder}/unconfigured", "POST") => (
            "/config",
            vec![
                ("/{c}/{o}/{d}/unconfigured", JSON, Some(r#"{"fields":[]}"#), Writes),
                ("/{c}/{o}/{d}/unconfigured", JSON, Some(r#"{"fields":[{"name":"{f}","type":"varchar"}]}"#), Ruins),
            ],
        ),
        ("/config/{path:.*}", "GET") => ("/config", shown()),
        ("/config", "POST") => (
            "/config",
            vec![
                ("?dry_run=true", JSON, Some(r#"{"{c}":{"name":"x"}}"#), Reads),
                ("", JSON, Some(r#"{"{c}":{"name":"x"}}"#), Ruins),
            ],
        ),
        ("/config/{path:.*}", "POST") => ("/config", changes()),
        ("/config", "DELETE") => {
            ("/config", vec![("", JSON, None, Never), ("?multi=true&tree=true", JSON, None, Never)])
        }
        ("/config/{path:.*}", "DELETE") => ("/config", deletions()),
        ("/list", "GET") => ("/list", vec![("", JSON, None, Reads)]),
        ("/list/{path:.*}", "GET") => ("/list", shown()),
        ("/tokens", "GET") => ("/tokens", vec![("", JSON, None, Reads)]),
        ("/tokens", "POST") => (
            "/tokens",
            vec![
                ("", JSON, Some(r#"{"name":"x","company":"{c}","rights":["read"]}"#), Ruins),
                ("", JSON, Some(r#"{"name":"x","company":"{c}","org":"{o}","rights":[]}"#), Ruins),
                ("", JSON, Some(r#"{"name":"x","company":"{c}","org":"{o}","folder":"{d}","rights":["pii"]}"#), Ruins),
            ],
        ),
        ("/tokens/{id}", "DELETE") => ("/tokens", vec![("/{k}", JSON, None, Ruins)]),
        ("/erase/{company}/{org}" | "/erase/{company}/{org}/{folder}", "GET") => (
            if path.ends_with("{folder}") { "/erase/{c}/{o}/{d}" } else { "/erase/{c}/{o}" },
            vec![("", JSON, None, Reads)],
        ),
        ("/erase/{company}/{org}" | "/erase/{company}/{org}/{folder}", "POST") => (
            if path.ends_with("{folder}") { "/erase/{c}/{o}/{d}" } else { "/erase/{c}/{o}" },
            vec![
                ("?dry_run=true", JSON, Some(r#"{"field":"{f}"}"#), Reads),
                ("", JSON, Some(r#"{"field":"{f}"}"#), Ruins),
                ("", JSON, Some("{}"), Reads),
            ],
        ),
        ("/metadata/{company}/{org}", "PATCH") => (
            "/metadata/{c}/{o}",
            vec![
                ("?dry_run=true", NDJSON, Some("{\"tid\":\"{t}\",\"set\":{\"{f}\":\"{v}\"}}\n"), Reads),
                (
                    "",
                    NDJSON,
                    Some("{\"tid\":\"{t}\",\"set\":{}}\n{\"tid\":\"{t}\",\"unset\":[],\"if_match\":7}\n"),
                    Writes,
                ),
                ("?atomic=true", NDJSON, Some("{\"tid\":\"{t}\",\"set\":{\"tid\":1}}\n"), Writes),
                ("?wait=search&timeout=1", NDJSON, Some("{\n"), Writes),
            ],
        ),
        ("/metadata/{company}/{org}", "POST") => (
            "/metadata/{c}/{o}",
            vec![
                ("", JSON, Some(r#"{"query":{"q":"{f}:{v}"},"set":{"queue":"x"}}"#), Reads),
                ("", JSON, Some(r#"{"query":{"folder":"{d}"},"unset":["{f}"]}"#), Reads),
                ("", JSON, Some(r#"{"query":"{w}","set":{"{f}":"{v}"},"confirm":"{cur}"}"#), Reads),
            ],
        ),
        ("/imports/{company}/{org}", "GET") => ("/imports/{c}/{o}", vec![("", JSON, None, Reads)]),
        ("/imports/{company}/{org}", "POST") => (
            "/imports/{c}/{o}",
            vec![
                ("", JSON, Some(r#"{"name":"x","fields":["{f}"],"folder":"{d}"}"#), Ruins),
                ("", JSON, Some(r#"{"name":"x","key":"{f}","fields":["queue"]}"#), Ruins),
                ("", JSON, Some("{}"), Writes),
            ],
        ),
        ("/imports/{company}/{org}/{id}", "GET") => ("/imports/{c}/{o}", vec![("/{i}", JSON, None, Reads)]),
        ("/imports/{company}/{org}/{id}", "DELETE") => ("/imports/{c}/{o}", vec![("/{i}", JSON, None, Ruins)]),
        ("/imports/{company}/{org}/{id}/rows", "PUT") => {
            ("/imports/{c}/{o}", vec![("/{i}/rows", NDJSON, Some("{\"tid\":\"{t}\",\"value\":1}\n"), Ruins)])
        }
        ("/imports/{company}/{org}/{id}/errors", "GET") => (
            "/imports/{c}/{o}",
            vec![("/{i}/errors", JSON, None, Reads), ("/{i}/errors?format=csv", JSON, None, Reads)],
        ),
        ("/imports/{company}/{org}/{id}/retry", "POST") => {
            ("/imports/{c}/{o}", vec![("/{i}/retry", JSON, None, Ruins)])
        }
        ("/jobs", "GET") => (path, vec![("", JSON, None, Reads), ("?state=done&kind=import", JSON, None, Reads)]),
        ("/jobs/{id}", "GET") => ("/jobs", vec![("/{i}", JSON, None, Reads)]),
        ("/jobs/{id}/cancel", "POST") => ("/jobs", vec![("/{i}/cancel", JSON, None, Ruins)]),
        ("/reindex" | "/backup", "GET") => (path, vec![("", JSON, None, Reads)]),
        ("/reindex" | "/backup", "POST") => {
            (path, vec![("", JSON, Some(r#"{"to":"x"}"#), Whole), ("", JSON, None, Whole)])
        }
        ("/status", "GET") => ("/status", vec![("", JSON, None, Reads), ("?format=csv", JSON, None, Reads)]),
        ("/status/{path:.*}", "GET") => ("/status", standing()),
        ("/sysinfo", "GET") => (path, vec![("", JSON, None, Reads)]),
        ("/livez" | "/readyz" | "/metrics" | "/openapi.json", "GET") => (path, vec![("", JSON, None, Reads)]),
        _ => return Vec::new(),
    };
    let mut all: Vec<Template> = lines
        .into_iter()
        .map(|(tail, headers, body, does)| Template {
            route: path,
            method,
            path: format!("{under}{tail}"),
            headers,
            body,
            does,
        })
        .collect();
    if method == "GET" {
        let heads: Vec<Template> = all.iter().take(1).map(|own| Template { method: "HEAD", ..own.clone() }).collect();
        all.extend(heads);
    }
    all
}

fn edits(tid: &'static str) -> Vec<Line> {
    use Does::*;
    let dry = "/{c}/{o}/{t}?dry_run=true&receipt=true";
    vec![
        (tid, JSON, Some("{}"), Writes),
        (tid, PLAIN, Some("{}"), Writes),
        (tid, MATCH, Some("{}"), Writes),
        (tid, KEY, Some("{}"), Writes),
        (tid, JSON, Some(r#"{"tid":1}"#), Writes),
        (tid, PLAIN, Some(r#"{"amount":"many"}"#), Writes),
        (tid, JSON, Some("{"), Writes),
        (tid, MERGE, Some("{}"), Writes),
        (tid, STEPS, Some(r#"[{"op":"test","path":"/queue","value":"{v}"}]"#), Ruins),
        ("/{c}/{o}/{t}?wait=search&timeout=1", JSON, Some("{}"), Writes),
        (dry, JSON, Some(r#"{"{f}":"{v}"}"#), Reads),
        (dry, STEPS, Some(r#"[{"op":"test","path":"/{f}","value":"{v}"}]"#), Reads),
        (dry, MERGE, Some(r#"{"{f}":{"a":1}}"#), Reads),
        ("/{c}/{o}/{t}?nope=1", PLAIN, Some("{}"), Reads),
    ]
}

fn searches() -> Vec<Line> {
    const QUERIES: &[&str] = &[
        "",
        "?q={f}:x",
        "?q={f}:{v}",
        "?q=-{f}:*",
        "?q={f}:%5Ba%20TO%20z%5D",
        "?q=queue:{v}",
        "?q=queue:zq*",
        "?q={w}",
        "?q=%22{w}%22&moments=3",
        "?q=zq*&facets=folder,queue:50&moments=2",
        "?q=%2Fzq.*%2F&stats=amount",
        "?q={w}~1",
        "?q=speaker.{s}:hello",
        "?q=folder:{d}",
        "?folder={d}&output=count",
        "?terms.folder={d}",
        "?tid={t}",
        "?terms.tid={t},x&fields=tid,{f}",
        "?explain={t}",
        "?q={f}:x&explain={t}",
        "?terms.{f}={v}",
        "?terms.all={w}",
        "?terms.agent={w}&output=count",
        "?regex.all={w}",
        "?facets={f}",
        "?near=%7B%22field%22:%22{f}%22,%22vector%22:%5B1,2%5D%7D",
        "?near=%7B%22field%22:%22gist%22,%22vector%22:%5B1,2%5D,%22k%22:50%7D&facets=folder",
        "?near=%7B%22field%22:%22gist%22,%22vector%22:%5B1,2%5D,%22k%22:2%7D&explain={t}",
        "?facets={f}:5",
        "?facets=queue&facets.x=1",
        "?stats={f}",
        "?histogram={f}:1",
        "?histogram=amount:1,datetime:1d",
        "?sort={f}",
        "?sort=queue,{f}:asc",
        "?fields={f}",
        "?fields=meta,-{f}",
        "?requestid={v}",
        "?filename={v}",
        "?agentid={v}",
        "?output=details",
        "?output=zip&zipfiles=text",
        "?format=csv",
        "?format=csv&fields=meta",
        "?cursor=&size=1",
        "?q=hello&size=1&cursor={cur}",
        "?after={cur}",
        "?q=hello&sort=score",
        "?modified=20200101-&stats=duration&facets=folder",
        "?q={f}.inner:x",
        "?q=%22",
    ];
    QUERIES.iter().map(|query| (*query, JSON, None, Does::Reads)).collect()
}

fn asked() -> Vec<Line> {
    const BODIES: &[&str] = &[
        "{}",
        r#"{"q":"{f}:{v}","facets":["queue","{f}"]}"#,
        r#"{"terms.folder":"{d}","tid":["{t}"],"output":"details"}"#,
        r#"{"explain":"{t}","q":"{w}"}"#,
        r#"{"near":{"field":"{f}","vector":[1,2,3]},"q":"{w}"}"#,
        r#"{"near":{"field":"gist","vector":[3,1],"k":40},"facets":["folder"],"fields":["tid","score"]}"#,
        r#"{"q":"{w} OR zq*","moments":5,"fields":["meta","{f}"]}"#,
    ];
    BODIES.iter().map(|body| ("", JSON, Some(*body), Does::Reads)).collect()
}

fn erasures() -> Vec<Line> {
    vec![
        ("?tid={t}", JSON, None, Does::Ruins),
        ("?tid={t},zqnobody&multi=true", JSON, None, Does::Ruins),
        ("?tid={t},zqnobody", JSON, None, Does::Reads),
        ("?terms.tid={t}", PLAIN, None, Does::Ruins),
        ("", JSON, None, Does::Reads),
    ]
}

/// The paths of `/config` and `/list`.
fn shown() -> Vec<Line> {
    const PATHS: &[&str] = &[
        "/orgs",
        "/folders",
        "/apps",
        "/users",
        "/{c}",
        "/{c}/orgs",
        "/{c}/folders",
        "/{c}/apps",
        "/{c}/users",
        "/{c}/{o}",
        "/{c}/{o}/folders",
        "/{c}/{o}/apps",
        "/{c}/{o}/{d}",
        "/{c}/users/{d}",
        "/{c}/{o}/apps/{d}",
        "/{c}/{o}/{d}/unconfigured",
    ];
    PATHS.iter().map(|path| (*path, JSON, None, Does::Reads)).collect()
}

fn standing() -> Vec<Line> {
    const PATHS: &[&str] = &["/{c}", "/{c}/{o}", "/{c}/{o}/{d}", "/{c}/{o}/{d}/{d}", "/{c}?format=csv"];
    PATHS.iter().map(|path| (*path, JSON, None, Does::Reads)).collect()
}

fn changes() -> Vec<Line> {
    use Does::*;
    vec![
        ("/orgs?dry_run=true", JSON, Some(r#"{"{c}":{"{o}":{}}}"#), Reads),
        ("/folders?dry_run=true", JSON, Some(r#"{"{c}":{"{o}":{"{d}":{"custom_meta":["{f}"]}}}}"#), Reads),
        ("/{c}?dry_run=true", JSON, Some(r#"{"name":"x"}"#), Reads),
        ("/{c}/orgs?dry_run=true", JSON, Some(r#"{"{o}":{"fields":{"{f}":{"type":"number"}}}}"#), Reads),
        ("/{c}/users?dry_run=true", JSON, Some(r#"{"x":{}}"#), Reads),
        ("/{c}/folders?dry_run=true", JSON, Some(r#"{"{o}":{"{d}":{}}}"#), Reads),
        ("/{c}/{o}?dry_run=true", JSON, Some(r#"{"fields":{"{f}":null}}"#), Reads),
        ("/{c}/{o}/folders?dry_run=true", JSON, Some(r#"{"{d}":{"custom_meta":["{f}"]}}"#), Reads),
        ("/{c}/{o}/{d}?dry_run=true", JSON, Some(r#"{"custom_meta":["{f}"]}"#), Reads),
        ("/{c}/{o}/apps?dry_run=true", JSON, Some(r#"{"x":{}}"#), Reads),
        ("/{c}/{o}/{d}", JSON, Some("{}"), Writes),
        ("/{c}/{o}/{d}", MATCH, Some("{}"), Writes),
        ("/{c}/{o}/{d}", JSON, Some("{"), Writes),
        ("/{c}/{o}", JSON, Some("{}"), Makes),
        ("/{c}", JSON, Some(r#"{"name":"x"}"#), Ruins),
    ]
}

fn deletions() -> Vec<Line> {
    use Does::*;
    vec![
        ("/{c}", JSON, None, Ruins),
        ("/{c}?multi=true&tree=true", JSON, None, Ruins),
        ("/{c}/{o}?multi=true&tree=true", JSON, None, Ruins),
        ("/{c}/{o}/{d}", MATCH, None, Ruins),
        ("/{c}/{o}/{d}?multi=true&tree=true", JSON, None, Ruins),
        ("/{c}/{o}/{d}?dry_run=true&multi=true&tree=true", JSON, None, Reads),
        ("/{c}/{o}/apps/{d}", JSON, None, Ruins),
        ("/{c}/users/{d}?dry_run=true", JSON, None, Reads),
        ("/orgs?dry_run=true&multi=true&tree=true", JSON, None, Reads),
    ]
}
