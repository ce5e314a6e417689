//! Two companies full of canaries: every name, value, word and id is a word that stands nowhere else, and it is known
//! who may see it.
use super::super::support::Server;
use serde_json::{Value, json};
use std::collections::HashMap;

/// How every canary begins; no word of the server holds it.
pub const MARK: &str = "zq";
/// Letters of a canary.
pub const LENGTH: usize = 12;

/// What a canary is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A name of the configuration.
    Name,
    /// What transcripts hold, and their ids.
    Value,
    /// The value of a `pii` field.
    Personal,
    /// The name of a token.
    Token,
}

/// Where something lies: company, organisation, folder; a missing level means above it.
pub type Home = (usize, Option<usize>, Option<usize>);

/// A word that only some may see.
#[derive(Clone, Copy, Debug)]
pub struct Canary {
    pub kind: Kind,
    pub home: Home,
    /// Whether whoever reaches a part of it sees it: the name of a company, of an organisation.
    pub above: bool,
}

/// The names that probes put into their templates.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Names {
    pub company: String,
    pub org: String,
    pub folder: String,
    pub tid: String,
    pub field: String,
    pub value: String,
    pub word: String,
    pub speaker: String,
    pub token: String,
    pub cursor: String,
    pub import: String,
}

impl Names {
    /// Placeholder and text, in one order.
    pub fn parts(&self) -> [(&'static str, &String); 11] {
        [
            ("{c}", &self.company),
            ("{o}", &self.org),
            ("{d}", &self.folder),
            ("{t}", &self.tid),
            ("{f}", &self.field),
            ("{v}", &self.value),
            ("{w}", &self.word),
            ("{s}", &self.speaker),
            ("{k}", &self.token),
            ("{cur}", &self.cursor),
            ("{i}", &self.import),
        ]
    }
}

/// Who asks.
pub struct Token {
    pub label: String,
    pub text: Option<String>,
    /// `None`: it opens nothing.
    pub reach: Option<(Option<Home>, Vec<&'static str>)>,
}

impl Token {
    /// Whether it lies within what the token reaches, or (`above`) the token within it.
    pub fn reaches(&self, home: Home, above: bool) -> bool {
        let Some((scope, _)) = &self.reach else { return false };
        let Some((company, org, folder)) = scope else { return true };
        let level = |own: &Option<usize>, there: Option<usize>| match (own, there) {
            (None, _) => true,
            (Some(_), None) => above,
            (Some(own), Some(there)) => *own == there,
        };
        *company == home.0 && level(org, home.1) && level(folder, home.2)
    }

    pub fn may(&self, right: &str) -> bool {
        self.reach.as_ref().is_some_and(|(_, rights)| rights.contains(&right))
    }

    /// Whether an answer to it may hold the canary; reads and edits by id show personal data.
    pub fn sees(&self, canary: &Canary, by_id: bool) -> bool {
        let contents = self.may("read") || self.may("write");
        self.reaches(canary.home, canary.above)
            && match canary.kind {
                Kind::Name => contents || self.may("config") || self.may("admin"),
                Kind::Value => contents,
                Kind::Personal => contents && (by_id || self.may("pii")),
                Kind::Token => self.may("admin"),
            }
    }
}

/// The world: a server, its canaries, four folders and as many that are not there, and tokens.
pub struct World {
    pub server: Server,
    pub canaries: HashMap<String, Canary>,
    /// Home, its neighbour folder, its neighbour organisation, another company.
    pub spots: Vec<Names>,
    /// Names of the same shape that nothing has.
    pub ghosts: Vec<Names>,
    pub tokens: Vec<Token>,
    pub mark: String,
}

/// Where the spots lie.
pub const HOMES: [(usize, usize, usize); 4] = [(0, 0, 0), (0, 0, 1), (0, 1, 0), (1, 0, 0)];

/// Draws words.
struct Draw(u64);

impl Draw {
    fn word(&mut self) -> String {
        let letters = (0..LENGTH - MARK.len()).map(|_| {
            self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            // Consonants only: no word of any language, and the mark's letters not again.
            char::from(b"bcdfghjklmnprstvwx"[(self.0 >> 33) as usize % 18])
        });
        format!("{MARK}{}", letters.collect::<String>())
    }

    fn names(&mut self) -> Names {
        let mut word = || self.word();
        Names {
            company: word(),
            org: word(),
            folder: word(),
            tid: word(),
            field: word(),
            value: word(),
            word: word(),
            speaker: word(),
            token: String::new(),
            cursor: String::new(),
            import: String::new(),
        }
    }
}

/// Sets of rights that tokens have.
const RIGHTS: [&[&str]; 8] = [
    &[],
    &["read"],
    &["write"],
    &["config"],
    &["admin"],
    &["pii"],
    &["read", "write", "config", "admin"],
    &["read", "write", "config", "admin", "pii"],
];

impl World {
    pub fn build() -> Self {
        let server = Server::start();
        let mut draw = Draw(0x5eed);
        let mut spots: Vec<Names> = HOMES.iter().map(|_| draw.names()).collect();
        // Folders of one organisation, and organisations of one company, share what stands above them.
        spots[1].company = spots[0].company.clone();
        spots[1].org = spots[0].org.clone();
        spots[2].company = spots[0].company.clone();
        let ghosts: Vec<Names> = HOMES.iter().map(|_| draw.names()).collect();
        let mut world =
            Self { server, canaries: HashMap::new(), spots, ghosts, tokens: Vec::new(), mark: String::new() };
        for at in 0..HOMES.len() {
            world.furnish(at, &mut draw);
        }
        world.server.settle();
        world.make_tokens(&mut draw);
        world
    }

    fn plant(&mut self, word: &str, kind: Kind, home: Home, above: bool) -> String {
        self.canaries.entry(word.to_owned()).or_insert(Canary { kind, home, above });
        word.to_owned()
    }

    fn furnish(&mut self, at: usize, draw: &mut Draw) {
        let names = self.spots[at].clone();
        let (c, o, d) = HOMES[at];
        let (company, org, folder): (Home, Home, Home) = ((c, None, None), (c, Some(o), None), (c, Some(o), Some(d)));
        let Names { company: co, org: or, folder: fo, .. } = &names;
        self.plant(co, Kind::Name, company, true);
        self.plant(or, Kind::Name, org, true);
        for name in [fo, &names.field] {
            self.plant(name, Kind::Name, folder, false);
        }
        for value in [&names.tid, &names.value, &names.word, &names.speaker] {
            self.plant(value, Kind::Value, folder, false);
        }
        let mut new = |kind, home, above| {
            let word = draw.word();
            self.plant(&word, kind, home, above)
        };
        let title = new(Kind::Name, company, true);
        let (user, app, idle) =
            (new(Kind::Name, company, false), new(Kind::Name, org, false), new(Kind::Name, org, false));
        let (secret, setting, unlisted) =
            (new(Kind::Name, folder, false), new(Kind::Name, folder, false), new(Kind::Name, folder, false));
        let personal = new(Kind::Personal, folder, false);
        let mut value = || new(Kind::Value, folder, false);
        let (second, file, agent, odd, queue) = (value(), value(), value(), value(), value());
        let server = &self.server;
        server.post("/config", &json!({co: {"name": title}})).ok(200);
        server.post(&format!("/config/{co}/users"), &json!({user: {"email": "x"}})).ok(200);
        let fields = json!({secret.as_str(): {"type": "varchar", "pii": true}, idle: {"type": "number"},
            "amount": {"type": "number"}, "gist": {"type": "embedding", "size": 2}});
        server.post(&format!("/config/{co}/orgs"), &json!({or: {"fields": fields}})).ok(200);
        server.post(&format!("/config/{co}/{or}/apps"), &json!({app: {"folders": []}})).ok(200);
        let listed = ["queue", "amount", "gist", names.field.as_str(), secret.as_str()];
        server
            .post(
                &format!("/config/{co}/{or}/folders"),
                &json!({fo: {"custom_meta": listed, "asroptions": {"model": setting}}}),
            )
            .ok(200);
        for tid in [&names.tid, &second] {
            let data = json!({"queue": queue, "amount": 7, "gist": [at + 1, 3], names.field.as_str(): names.value, secret.as_str(): personal,
                unlisted.as_str(): odd, "agentid": agent});
            let turns = json!([
                {"start": 0, "end": 2, "speaker": "agent", "text": format!("hello {}", names.word)},
                {"start": 3, "end": 5, "speaker": names.speaker, "text": "hello there"}]);
            let body = json!({"client_data": data, "utterances": turns, "source": file, "requestid": names.value});
            server.put(&format!("/transcripts/{co}/{or}/{tid}?folder={fo}"), &body).ok(201);
        }
        let edited = server.patch(&format!("/metadata/{co}/{or}/{}", names.tid), &json!({"amount": 8}));
        edited.header("linernotes-mark").unwrap().clone_into(&mut self.mark);
        edited.ok(200);
    }

    /// An import that is over, with a row of nobody's: its id.
    fn import(&mut self, at: usize, draw: &mut Draw) -> String {
        let (c, o, d) = HOMES[at];
        let mut canary = || {
            let word = draw.word();
            self.plant(&word, Kind::Value, (c, Some(o), Some(d)), false)
        };
        let (name, nobody) = (canary(), canary());
        let Names { company, org, folder, tid, value, .. } = self.spots[at].clone();
        let imports = format!("/imports/{company}/{org}");
        let body = json!({"name": name, "fields": [self.spots[at].field], "folder": folder});
        let id = self.server.post(&imports, &body).ok(201)["id"].as_str().unwrap().to_owned();
        let rows = format!("{}\n{}\n", json!({"tid": tid, "value": value}), json!({"tid": nobody, "value": "x"}));
        let kind = [("Content-Type", "application/x-ndjson")];
        let sent = self.server.request("PUT", &format!("{imports}/{id}/rows"), &kind, Some(rows.as_bytes()));
        assert!(sent.status < 300, "{}", sent.text());
        while self.server.get(&format!("{imports}/{id}")).ok(200)["state"] != "done" {
            std::thread::park_timeout(std::time::Duration::from_millis(20));
        }
        id
    }

    fn made(&self, body: &Value) -> (String, String) {
        let made = self.server.post("/tokens", body).ok(201);
        (made["id"].as_str().unwrap().to_owned(), made["token"].as_str().unwrap().to_owned())
    }

    fn scope(&self, at: usize, levels: usize) -> Value {
        let names = &self.spots[at];
        let all = [("company", &names.company), ("org", &names.org), ("folder", &names.folder)];
        json!(all.into_iter().take(levels).collect::<HashMap<_, _>>())
    }

    fn make_tokens(&mut self, draw: &mut Draw) {
        for (at, (c, o, d)) in HOMES.into_iter().enumerate() {
            let name = draw.word();
            self.plant(&name, Kind::Token, (c, Some(o), Some(d)), false);
            let mut body = self.scope(at, 3);
            body["name"] = json!(name);
            body["rights"] = json!(["read"]);
            self.spots[at].token = self.made(&body).0;
            self.ghosts[at].token = format!("tok_{:016x}", at);
            let import = self.import(at, draw);
            // Of the same shape: letters and digits stay, their order does not.
            let (kind, number) = import.split_at(import.rfind(['-', '_']).map_or(0, |dash| dash + 1));
            self.ghosts[at].import = format!("{kind}{}", number.chars().rev().collect::<String>());
            self.spots[at].import = import;
            let Names { company, org, .. } = &self.spots[at];
            let page = self.server.get(&format!("/search/{company}/{org}?q=hello&size=1&cursor="));
            let cursor = page.ok(200)["cursor"].as_str().unwrap().to_owned();
            self.ghosts[at].cursor = cursor.chars().rev().collect();
            self.spots[at].cursor = cursor;
        }
        self.tokens.push(Token { label: "none".into(), text: None, reach: None });
        self.tokens.push(Token { label: "unknown".into(), text: Some(format!("ln_{}", "7".repeat(64))), reach: None });
        let (id, revoked) =
            self.made(&json!({"name": "revoked", "rights": ["read", "write", "config", "admin", "pii"]}));
        self.server.delete(&format!("/tokens/{id}"));
        self.tokens.push(Token { label: "revoked".into(), text: Some(revoked), reach: None });
        let soon = jiff::Timestamp::now() + jiff::SignedDuration::from_millis(1_500);
        let (_, expired) =
            self.made(&json!({"name": "expired", "rights": ["read", "admin"], "expires": soon.to_string()}));
        while jiff::Timestamp::now() <= soon {
            std::thread::park_timeout(std::time::Duration::from_millis(20));
        }
        self.tokens.push(Token { label: "expired".into(), text: Some(expired), reach: None });
        for (levels, label) in [(0, "root"), (1, "company"), (2, "org"), (3, "folder")] {
            for rights in RIGHTS {
                let mut body = self.scope(0, levels);
                body["name"] = json!("probe");
                body["rights"] = json!(rights);
                let home = [None, Some((0, None, None)), Some((0, Some(0), None)), Some((0, Some(0), Some(0)))][levels];
                let text = Some(self.made(&body).1);
                let label = format!("{label}+{}", rights.join("+"));
                self.tokens.push(Token { label, text, reach: Some((home, rights.to_vec())) });
            }
        }
    }

    /// Where the part of a spot lies, and whether whoever reaches a part of it sees it.
    pub fn home(at: usize, part: usize) -> (Home, bool) {
        let (c, o, d) = HOMES[at];
        match part {
            0 => ((c, None, None), true),
            1 => ((c, Some(o), None), true),
            _ => ((c, Some(o), Some(d)), false),
        }
    }
}
