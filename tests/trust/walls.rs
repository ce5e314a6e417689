//! Tenant walls: every route, asked by every kind of token for its own things, others' and nobody's. No answer holds a
//! byte of what its token may not see, and what is hidden answers exactly as what does not exist.
#[path = "walls/described.rs"]
mod described;
#[path = "walls/probes.rs"]
mod probes;
#[path = "walls/still.rs"]
mod still;
#[path = "walls/world.rs"]
mod world;

use super::counts;
use super::support::Answer;
use super::support::client::Connection;
use described::Description;
use linernotes::http::TABLE;
use probes::{Does, Template, templates};
use std::collections::HashSet;
use std::io::Read as _;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use world::{LENGTH, MARK, Names, Token, World};

/// Which spot each part of the names comes from: company, organisation, folder, id, field, value and what is said,
/// token and cursor.
const MIXES: [[usize; 7]; 16] = [
    [0, 0, 0, 0, 0, 0, 0],
    [1, 1, 1, 1, 1, 1, 1],
    [2, 2, 2, 2, 2, 2, 2],
    [3, 3, 3, 3, 3, 3, 3],
    [0, 0, 0, 1, 1, 1, 1],
    [0, 0, 0, 2, 2, 2, 2],
    [0, 0, 0, 3, 3, 3, 3],
    [0, 0, 1, 0, 0, 0, 0],
    [0, 2, 0, 0, 0, 0, 0],
    [3, 0, 0, 0, 0, 0, 0],
    [0, 3, 3, 3, 3, 3, 3],
    [0, 0, 0, 0, 1, 0, 0],
    [0, 0, 0, 1, 0, 0, 1],
    [0, 0, 0, 0, 0, 1, 0],
    [0, 0, 0, 0, 3, 0, 3],
    [0, 2, 2, 0, 2, 2, 2],
];

/// One question: who asks what of which names.
#[derive(Clone, Copy)]
struct Probe {
    token: usize,
    template: usize,
    mix: usize,
}

struct Hall<'w> {
    world: &'w World,
    templates: Vec<Template>,
    description: Description,
    asked: AtomicU64,
    pairs: AtomicU64,
    wrong: Mutex<Vec<String>>,
}

fn all_templates() -> Vec<Template> {
    TABLE.iter().flat_map(|route| route.methods.iter().flat_map(|method| templates(route.path, method))).collect()
}

#[test]
fn every_route_and_method_stands_in_the_matrix() {
    for route in TABLE {
        for method in route.methods {
            assert!(!templates(route.path, method).is_empty(), "{method} {} has no probe", route.path);
        }
    }
}

#[test]
fn nothing_foreign_is_told_and_hidden_things_answer_as_unknown_ones() {
    let world = World::build();
    let hall = Hall {
        world: &world,
        templates: all_templates(),
        description: Description::read(),
        asked: AtomicU64::new(0),
        pairs: AtomicU64::new(0),
        wrong: Mutex::default(),
    };
    let before = still::others(&world);
    let most = counts::rounds("WALLS", 24_000, u64::MAX);
    let (reads, writes): (Vec<_>, Vec<_>) =
        hall.chosen(most).into_iter().partition(|probe| hall.templates[probe.template].does == Does::Reads);
    // Writes come last: what they do to home may not come between two reads that are compared.
    for round in [reads, writes] {
        hall.ask_all(&round);
    }
    let wrong = hall.wrong.lock().unwrap();
    assert!(wrong.is_empty(), "{} wrong, the first:\n{}", wrong.len(), wrong[..wrong.len().min(8)].join("\n\n"));
    assert_eq!(before, still::others(&world), "what strangers asked changed something");
    let (asked, pairs) = (hall.asked.into_inner(), hall.pairs.into_inner());
    eprintln!(
        "walls: {asked} probes, {pairs} of them compared with an unknown twin, {} templates",
        hall.templates.len()
    );
    assert!(asked >= most.min(20_000), "{asked}");
}

impl Hall<'_> {
    /// At least one mix for each template and token, then more by lot, so that about `most` requests are sent.
    fn chosen(&self, most: u64) -> Vec<Probe> {
        let mut all = Vec::new();
        for token in 0..self.world.tokens.len() {
            for template in 0..self.templates.len() {
                let mixes = (0..MIXES.len()).map(|mix| Probe { token, template, mix });
                all.extend(mixes.filter(|probe| self.plan(*probe).is_some()).map(|probe| (lot(&probe), probe)));
            }
        }
        all.sort_unstable_by_key(|(lot, _)| *lot);
        let mut known = HashSet::new();
        let (first, rest): (Vec<_>, Vec<_>) =
            all.into_iter().partition(|(_, probe)| known.insert((probe.token, probe.template)));
        let mut sent = 0;
        let wanted = first.into_iter().chain(rest).map(|(_, probe)| probe);
        wanted
            .take_while(|probe| {
                let before = sent;
                sent += self.plan(*probe).map_or(0, |(_, twin)| 1 + u64::from(twin.is_some()));
                before < most
            })
            .collect()
    }

    /// The names to ask with and those of the unknown twin; `None` when the probe is not to be sent.
    fn plan(&self, probe: Probe) -> Option<(Names, Option<Names>)> {
        let token = &self.world.tokens[probe.token];
        let template = &self.templates[probe.template];
        let mix = MIXES[probe.mix];
        let spot = |part: usize| mix[part.min(5 + usize::from(part > 7))];
        let real = mixed(&self.world.spots, &spot);
        let ghosts = mixed(&self.world.ghosts, &spot);
        let used: Vec<bool> = real.parts().iter().map(|(placeholder, _)| template.uses(placeholder)).collect();
        let hidden: Vec<bool> = (0..used.len())
            .map(|part| {
                let (home, above) = World::home(spot(part), part);
                used[part] && !token.reaches(home, above)
            })
            .collect();
        // The same question is not asked once for each name it does not hold.
        let first = MIXES.iter().position(|other| {
            (0..used.len()).all(|part| !used[part] || other[part.min(5 + usize::from(part > 7))] == spot(part))
        });
        if first != Some(probe.mix) {
            return None;
        }
        let path_hidden = hidden[..4].iter().any(|hidden| *hidden);
        let at_home = (0..4).all(|part| !used[part] || spot(part) == 0) && !hidden[4] && !hidden[5];
        let shut = token.reach.is_none();
        let goes = match template.does {
            Does::Reads => true,
            Does::Writes => path_hidden || at_home,
            // An id of another organisation is free here.
            Does::Brings => hidden[..3].contains(&true) || (hidden[3] && spot(3) == 1),
            Does::Ruins => path_hidden || (used[8] && hidden[8]) || (used[10] && hidden[10]),
            // Who reaches a whole company may make organisations in it, whatever others call theirs.
            Does::Makes => hidden[0] || (path_hidden && !token.reaches((0, Some(1), None), false)),
            Does::Whole => {
                shut || token.reach.as_ref().is_some_and(|(scope, _)| scope.is_some()) || !token.may("admin")
            }
            Does::Never => shut,
        };
        if !goes {
            return None;
        }
        // An id that is taken out of sight cannot be brought in, and one that is free can: the one thing that is told.
        let brought = template.does == Does::Brings && hidden[3] && !hidden[..3].iter().any(|hidden| *hidden);
        let twin = (hidden.contains(&true) && !brought).then(|| replaced(&real, &ghosts, &hidden));
        Some((real, twin))
    }

    fn ask_all(&self, probes: &[Probe]) {
        let next = AtomicUsize::new(0);
        std::thread::scope(|scope| {
            for _ in 0..3 {
                scope.spawn(|| {
                    let mut connection = Connection::to(&self.world.server.addr);
                    while let Some(probe) = probes.get(next.fetch_add(1, Ordering::Relaxed)) {
                        self.judge(&mut connection, *probe);
                    }
                });
            }
        });
    }

    fn judge(&self, connection: &mut Connection, probe: Probe) {
        let Some((real, twin)) = self.plan(probe) else { return };
        let (token, template) = (&self.world.tokens[probe.token], &self.templates[probe.template]);
        let in_query = (probe.mix + probe.template).is_multiple_of(5);
        let mut told = String::new();
        for _ in 0..4 {
            let (asked, answer) = self.ask(connection, token, template, &real, in_query);
            self.foreign(token, template, &asked, &answer);
            let Some(twin) = &twin else { return };
            let (other, unknown) = self.ask(connection, token, template, twin, in_query);
            self.foreign(token, template, &other, &unknown);
            self.pairs.fetch_add(1, Ordering::Relaxed);
            // The tag of a plan is that of objects not made yet, their names included.
            let planned = template.path.starts_with("/config") && template.path.contains("dry_run");
            let (hidden, unknown) = (face(&answer, &real, planned), face(&unknown, twin, planned));
            if hidden == unknown {
                return;
            }
            told = format!("{}: {asked}\nhidden:  {hidden}\nunknown: {unknown}", token.label);
            // The index may have caught up between the two: what matters is what stays.
            self.world.server.settle();
        }
        self.wrong.lock().unwrap().push(told);
    }

    fn ask(
        &self,
        connection: &mut Connection,
        token: &Token,
        template: &Template,
        names: &Names,
        in_query: bool,
    ) -> (String, Answer) {
        let fill = |text: &str| {
            names.parts().iter().fold(text.to_owned(), |text, (placeholder, name)| text.replace(placeholder, name))
        };
        let mut path = fill(&template.path);
        let body = template.body.map(fill);
        let bearer = token.text.as_ref().map(|text| format!("Bearer {text}"));
        let mut headers = vec![("X-Request-Id", "probe")];
        match (&token.text, &bearer) {
            (Some(text), _) if in_query => {
                path = format!("{path}{}token={text}", if path.contains('?') { '&' } else { '?' });
            }
            (_, Some(bearer)) => headers.push(("Authorization", bearer)),
            _ => {}
        }
        headers.extend_from_slice(template.headers);
        if body.is_some() && !headers.iter().any(|(name, _)| *name == "Content-Type") {
            headers.push(("Content-Type", "application/json"));
        }
        let sent = body.as_ref().map(|body| body.as_bytes());
        let answer = connection.send(template.method, &path, &headers, sent);
        self.asked.fetch_add(1, Ordering::Relaxed);
        let asked = format!("{} {path} {}", template.method, body.unwrap_or_default());
        let answer = answer.unwrap_or_else(|| panic!("no answer to {asked}: {}", self.world.server.log()));
        (asked, answer)
    }

    /// Canaries in an answer that neither were sent nor may be seen, tokens, and what the description does not name.
    fn foreign(&self, token: &Token, template: &Template, asked: &str, answer: &Answer) {
        if let Some(objection) = self.description.objection(template, answer) {
            self.wrong.lock().unwrap().push(format!("{}: {asked}\n{} {objection}", token.label, answer.status));
        }
        let text = all_text(answer);
        let by_id = template.path.starts_with("/metadata") || template.path.starts_with("/transcripts");
        let sent: HashSet<&str> = marked(asked).collect();
        for word in marked(&text).filter(|word| !sent.contains(word)) {
            let Some(canary) = self.world.canaries.get(word) else { continue };
            if !token.sees(canary, by_id) {
                let told = format!("{}: {asked}\ntells {word} ({canary:?}): {text}", token.label);
                self.wrong.lock().unwrap().push(told);
                return;
            }
        }
        let told = text.contains("ln_")
            && self.world.tokens.iter().any(|own| own.text.as_ref().is_some_and(|own| text.contains(own)));
        if told || answer.status >= 500 {
            self.wrong
                .lock()
                .unwrap()
                .push(format!("{}: {asked}\n{} tells a token or fails: {text}", token.label, answer.status));
        }
    }
}

/// A number that decides the order of probes, the same in every run.
fn lot(probe: &Probe) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for part in [probe.token, probe.template, probe.mix] {
        hash = (hash ^ part as u64).wrapping_mul(0x0100_0000_01b3);
        hash ^= hash >> 29;
    }
    hash.wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

fn mixed(from: &[Names], spot: &dyn Fn(usize) -> usize) -> Names {
    let part = |at: usize| &from[spot(at)];
    Names {
        company: part(0).company.clone(),
        org: part(1).org.clone(),
        folder: part(2).folder.clone(),
        tid: part(3).tid.clone(),
        field: part(4).field.clone(),
        value: part(5).value.clone(),
        word: part(6).word.clone(),
        speaker: part(7).speaker.clone(),
        token: part(8).token.clone(),
        cursor: part(9).cursor.clone(),
        import: part(10).import.clone(),
    }
}

/// The names with those that are hidden replaced by nobody's.
fn replaced(real: &Names, ghosts: &Names, hidden: &[bool]) -> Names {
    let pick = |at: usize, own: &String, ghost: &String| if hidden[at] { ghost.clone() } else { own.clone() };
    Names {
        company: pick(0, &real.company, &ghosts.company),
        org: pick(1, &real.org, &ghosts.org),
        folder: pick(2, &real.folder, &ghosts.folder),
        tid: pick(3, &real.tid, &ghosts.tid),
        field: pick(4, &real.field, &ghosts.field),
        value: pick(5, &real.value, &ghosts.value),
        word: pick(6, &real.word, &ghosts.word),
        speaker: pick(7, &real.speaker, &ghosts.speaker),
        token: pick(8, &real.token, &ghosts.token),
        cursor: pick(9, &real.cursor, &ghosts.cursor),
        import: pick(10, &real.import, &ghosts.import),
    }
}

/// Status, headers and body as compared: names become their placeholders, the date goes.
fn face(answer: &Answer, names: &Names, planned: bool) -> String {
    let moving = ["date", "last-modified", if planned { "etag" } else { "date" }];
    let mut headers: Vec<_> =
        answer.headers.iter().filter(|(name, _)| !moving.contains(&name.to_ascii_lowercase().as_str())).collect();
    headers.sort();
    let mut text = format!("{} {headers:?}\n{}", answer.status, String::from_utf8_lossy(&answer.body));
    // A dry run tells when it would have been.
    if let (true, Some(at)) = (text.contains("\"mark\":\"\""), text.find("\"last_modified\"")) {
        text.replace_range(at..(at + 46).min(text.len()), "");
    }
    // What a preview is confirmed with is sealed anew each time, and says how long it holds.
    for member in ["\"confirm\":\"", "\"expires\":\""] {
        if let Some(at) = text.find(member) {
            let from = at + member.len();
            let to = text[from..].find('"').map_or(text.len(), |end| from + end);
            text.replace_range(from..to, "");
        }
    }
    names.parts().iter().fold(text, |text, (placeholder, name)| text.replace(name.as_str(), placeholder))
}

/// All an answer says: headers, body, and what is packed in the body.
fn all_text(answer: &Answer) -> String {
    let mut text = format!("{:?}\n", answer.headers);
    if answer.header("content-type") == Some("application/zip") && answer.status == 200 && !answer.body.is_empty() {
        let mut archive = zip::ZipArchive::new(std::io::Cursor::new(&answer.body)).expect("a whole archive");
        for at in 0..archive.len() {
            let mut file = archive.by_index(at).unwrap();
            text.push_str(&file.name().unwrap());
            file.read_to_string(&mut text).unwrap();
        }
    }
    text.push_str(&String::from_utf8_lossy(&answer.body));
    text
}

/// The words of a text that look like canaries.
fn marked(text: &str) -> impl Iterator<Item = &str> {
    text.match_indices(MARK).filter_map(|(at, _)| text.get(at..at + LENGTH))
}
