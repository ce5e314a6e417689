//! What an analyst asks: each answer is compared with a plain scan of the records.
pub mod figures;
pub mod kept;
pub mod pages;
pub mod shown;
pub mod spoken;

use crate::scan::figures::counted;
use crate::scan::hall::Hall;
use crate::scan::test::Test;
use crate::scan::{holds, is, numbers, said, said_by, turns, values, words, writes, written};
use crate::timed;
use crate::world::{Imported, World, encoded};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

const AGGRESSIVE: &str = "Did the user become aggressive or annoyed during the dialogue? (Note: some users may be instructed to be annoying.)";
const CHANGED: &str = "...change his/her mind about what he/she wants at any time?";
const BOOKED: &str = "restaurant_book.PartySize";

type Matches = fn(&Value) -> bool;
/// What a question means to the scan.
pub type Meaning = fn() -> Test;
/// Organisation, what is asked, and what it means.
pub type Question = (&'static str, Asked, Meaning);

/// How it is asked.
#[derive(Clone, Copy)]
pub enum Asked {
    /// In the language of `q`.
    Q(&'static str),
    /// By a parameter of this name.
    Of(&'static str, &'static str),
}

fn between(record: &Value, name: &str, low: &str, high: &str) -> bool {
    values(record, name).iter().any(|v| low <= v.as_str() && v.as_str() <= high)
}

/// Organisation, query, and what it means.
const QUESTIONS: &[(&str, &str, Matches)] = &[
    ("Chat", "bank_balance.PIN:0314", |r| is(r, "bank_balance.PIN", "0314")),
    ("Chat", "CompletionLevel:complete Happy:false IntroducesConflicts:true", |r| {
        is(r, "CompletionLevel", "Complete") && is(r, "Happy", "false") && is(r, "IntroducesConflicts", "true")
    }),
    ("Chat", "Domains:bank -Domains:hotel -MultiTask:false", |r| {
        is(r, "Domains", "bank") && !is(r, "Domains", "hotel") && is(r, "MultiTask", "true")
    }),
    ("Chat", "restaurant_book.PartySize:>=10", |r| numbers(r, BOOKED).iter().any(|n| *n >= 10.0)),
    ("Chat", "restaurant_book.PartySize:{2 TO 5]", |r| numbers(r, BOOKED).iter().any(|n| 2.0 < *n && *n <= 5.0)),
    ("Chat", r#"DialogueID:[100 TO 900} "hotel_book.Name":("Hilton Hotel" OR "Hyatt Hotel")"#, |r| {
        numbers(r, "DialogueID").iter().any(|n| (100.0..900.0).contains(n))
            && (is(r, "hotel_book.Name", "Hilton Hotel") || is(r, "hotel_book.Name", "Hyatt Hotel"))
    }),
    ("Chat", "bank_balance.FullName:*brown*", |r| holds(r, "bank_balance.FullName", "brown")),
    (
        "Chat",
        r#""Did the user become aggressive or annoyed during the dialogue? (Note: some users may be instructed to be annoying.)":true Domains:hotel"#,
        |r| is(r, AGGRESSIVE, "true") && is(r, "Domains", "hotel"),
    ),
    ("Chat", r#""...change his/her mind about what he/she wants at any time?":true"#, |r| is(r, CHANGED, "true")),
    ("Chat", "plane_book.CustomerName:* -Happy:true", |r| {
        !values(r, "plane_book.CustomerName").is_empty() && is(r, "Happy", "false")
    }),
    ("Chat", r#"UserTask:"Hilton Hotel""#, |r| writes(r, "UserTask", "hilton hotel")),
    ("Chat", "client:cancel agent:ride Happy:false", |r| {
        said_by(r, "User", "cancel") && said_by(r, "Wizard", "ride") && is(r, "Happy", "false")
    }),
    ("Chat", r#""thank you" hotel -client:please"#, |r| {
        said(r, "thank you") && said(r, "hotel") && !said_by(r, "User", "please")
    }),
    ("Chat", "weather OR Domains:trip", |r| said(r, "weather") || is(r, "Domains", "trip")),
    ("Chat", "datetime:[2020-05-20 TO 2020-05-21]", |r| {
        r["app_data"]["datetime"]
            .as_str()
            .is_some_and(|at| at.starts_with("2020-05-20") || at.starts_with("2020-05-21"))
    }),
    ("Chat", r#"restaurant_book.Name:"api.is_equal_to(\"Lucca\")" OR restaurant_book.Name:lucca"#, |r| {
        is(r, "restaurant_book.Name", "Lucca") || is(r, "restaurant_book.Name", r#"api.is_equal_to("Lucca")"#)
    }),
    ("Chat", "don't", |r| said(r, "don't")),
    ("Phone", "sex:F dob:[1980-01-01 TO 1989-12-31] locale:PL_pl", |r| {
        is(r, "sex", "F") && between(r, "dob", "1980-01-01", "1989-12-31") && is(r, "locale", "pl_PL")
    }),
    ("Phone", "-dob:*", |r| values(r, "dob").is_empty()),
    ("Phone", "email:*@o2.pl", |r| values(r, "email").iter().any(|v| v.ends_with("@o2.pl"))),
    ("Phone", "scenario_id:0000", |r| is(r, "scenario_id", "0000")),
    ("Phone", r#"postcode:["SW" TO "SX"}"#, |r| {
        values(r, "postcode").iter().any(|v| ("sw".."sx").contains(&v.to_lowercase().as_str()))
    }),
    ("Phone", "name_first:RÓŻA", |r| is(r, "name_first", "róża")),
    ("Phone", "października locale:pl_PL", |r| said(r, "października")),
    ("Phone", r#""moje imię" OR WRZEŚNIA"#, |r| said(r, "moje imię") || said(r, "września")),
    ("Primary", "day:3 consultation:<=5", |r| {
        numbers(r, "day") == [3.0] && numbers(r, "consultation").iter().any(|n| *n <= 5.0)
    }),
    ("Primary", r#"client:"chest pain" OR note:"chest pain""#, |r| {
        said_by(r, "patient", "chest pain") || writes(r, "note", "chest pain")
    }),
    ("Primary", "client:cough -agent:antibiotics", |r| {
        said_by(r, "patient", "cough") && !said_by(r, "doctor", "antibiotics")
    }),
    ("Primary", "highlights:asthma", |r| is(r, "highlights", "Asthma")),
    ("Calls-21", r#"sector:"consumer goods" OR financial_quarter:1"#, |r| {
        is(r, "sector", "Consumer Goods") || numbers(r, "financial_quarter") == [1.0]
    }),
    ("Calls-21", "audio_length:>3000 unique_speakers:[6 TO 12]", |r| {
        numbers(r, "audio_length")[0] > 3000.0 && (6.0..=12.0).contains(&numbers(r, "unique_speakers")[0])
    }),
    ("Calls-21", r#""net income" -"interest rates""#, |r| said(r, "net income") && !said(r, "interest rates")),
    ("Calls-22", r#""Country by Ticker":indonesia OR "Language Family + Area Based":*portuguese*"#, |r| {
        is(r, "Country by Ticker", "Indonesia") || holds(r, "Language Family + Area Based", "portuguese")
    }),
    ("Calls-22", r#""File Length (seconds)":[1000 TO 3000} "net income""#, |r| {
        numbers(r, "File Length (seconds)").iter().any(|n| (1000.0..3000.0).contains(n)) && said(r, "net income")
    }),
    ("Bitcoin", r#"tags:(taproot OR "schnorr-signatures") date:[2019-01-01 TO 2021-12-31]"#, |r| {
        (is(r, "tags", "taproot") || is(r, "tags", "schnorr-signatures"))
            && between(r, "date", "2019-01-01", "2021-12-31")
    }),
    ("Bitcoin", r#""segregated witness" -lightning"#, |r| said(r, "segregated witness") && !said(r, "lightning")),
    ("Bitcoin", "lang:zh OR 默克尔树", |r| is(r, "lang", "zh") || written(r, "默克尔树")),
    ("Bitcoin", "矿工", |r| written(r, "矿工")),
    ("Bitcoin", "transcript_by:*review* -tags:*", |r| {
        holds(r, "transcript_by", "review") && values(r, "tags").is_empty()
    }),
    ("Bitcoin", r#"episode:* title:podcast OR summary:"soft fork""#, |r| {
        (!values(r, "episode").is_empty() && writes(r, "title", "podcast")) || writes(r, "summary", "soft fork")
    }),
    ("Bitcoin", "transacción", |r| said(r, "transacción")),
    ("Bitcoin", "OP_CHECKSIG OR OP_CTV", |r| said(r, "op_checksig") || said(r, "op_ctv")),
];

pub fn questions_are_answered_as_a_plain_scan_does(world: &World) {
    let mut wrong = Vec::new();
    for (org, q, matches) in QUESTIONS {
        let org = world.of(org);
        wrong.extend(compared(world, org, "q", q, world.scanned(org, matches)));
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

pub fn the_rest_is_answered_as_a_plain_scan_does(world: &World) {
    let mut halls = BTreeMap::new();
    timed("words cut", || halls.extend(world.all.iter().map(|org| (org.collection.org, Hall::of(org)))));
    timed("patterns, places, times", || patterns_places_and_times_are_answered(world, &halls));
    timed("moments", || shown::moments_show_what_was_asked(world, &halls));
    timed("figures", || {
        figures::figures_are_those_of_a_plain_scan(world, &halls);
        figures::buckets_are_those_of_a_plain_scan(world, &halls);
        figures::facets_begin_as_asked(world, &halls);
        figures::facets_show_dates_in_the_organisations_time(world);
    });
    timed("pages", || {
        pages::rows_come_in_order_of_several_keys(world);
        pages::cursors_walk_as_offsets_do(world);
    });
}

/// The questions about turns and values: what is found, and that a transcript found and one not found are explained so.
fn patterns_places_and_times_are_answered(world: &World, halls: &BTreeMap<&str, Hall<'_>>) {
    let mut wrong = Vec::new();
    for (name, asked, meaning) in spoken::QUESTIONS.iter().chain(kept::QUESTIONS) {
        let (parameter, text) = match asked {
            Asked::Q(text) => ("q", text),
            Asked::Of(parameter, text) => (*parameter, text),
        };
        let (org, hall, test) = (world.of(name), &halls[name], meaning());
        let holds = |tid: &str| test.holds(&hall.vocabulary, &hall.records[tid]);
        let (expected, others): (Vec<_>, Vec<_>) = org.records.keys().cloned().partition(|tid| holds(tid));
        for (tid, matches) in [(expected.first(), true), (others.last(), false)] {
            let Some(tid) = tid else { continue };
            let told = world.search(org, &json!({parameter: text, "explain": tid}));
            if told["matches"] != matches || told["found"] != matches {
                wrong.push(format!("{text}: {tid} is explained so: {told}"));
            }
        }
        wrong.extend(compared(world, org, parameter, text, expected));
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// What is wrong with an answer.
fn compared(world: &World, org: &Imported, parameter: &str, text: &str, expected: Vec<String>) -> Option<String> {
    if expected.is_empty() || expected.len() == org.records.len() {
        return Some(format!("{text} tells nothing: {} of {}", expected.len(), org.records.len()));
    }
    let found: BTreeSet<_> = world.found_by(org, parameter, text).into_iter().collect();
    let expected: BTreeSet<_> = expected.into_iter().collect();
    let missing: Vec<_> = expected.difference(&found).take(3).collect();
    let beyond: Vec<_> = found.difference(&expected).take(3).collect();
    let right = missing.is_empty() && beyond.is_empty();
    (!right).then(|| format!("{text}: {} of {}, missing {missing:?}, beyond {beyond:?}", found.len(), expected.len()))
}

pub fn odd_values_are_found(world: &World) {
    let chat = world.of("Chat");
    let rows = world.search(chat, &json!({"q": "bank_balance.PIN:0314", "size": 3}));
    assert_eq!(rows["results"][0]["bank_balance.PIN"], "0314", "a PIN stays text");
    assert_eq!(world.found(chat, "bank_balance.PIN:314"), [""; 0]);
    // A name with dots, blanks, `?`, `/` is a parameter too.
    let path = format!("/search/Helpdesk/Chat?output=count&terms.{}=true", encoded(CHANGED));
    let count = world.server.get(&path).ok(200);
    assert_eq!(count["count"], world.scanned(chat, &|r| is(r, CHANGED, "true")).len());
    // The longest turn is found by its last words, and a moment leads there.
    let talks = world.of("Bitcoin");
    let longest = "btc-bitcoinplusplus__layer-2__anchors-shackles-ark";
    let (_, text) = turns(&talks.records[longest]).max_by_key(|(_, text)| text.len()).unwrap();
    let spoken = words(&text);
    assert!(spoken.len() > 9_000, "{}", spoken.len());
    let end = format!("\"{}\"", spoken[spoken.len() - 6..].join(" "));
    assert_eq!(world.found(talks, &end), [longest]);
    let row = &world.search(talks, &json!({"q": end, "moments": 1}))["results"][0];
    assert_eq!(row["moments"][0]["text"], text);
    // The largest record is found by a phrase of its last turn.
    let calls = world.of("Calls-21");
    let largest = "earnings21-4363614";
    let phrase = turns(&calls.records[largest]).map(|(_, text)| words(&text)).filter(|w| w.len() >= 12).last().unwrap();
    assert!(world.found(calls, &format!("\"{}\"", phrase[..12].join(" "))).contains(&largest.to_owned()));
    // Records without a turn are there, and so is a token of more than 200 characters.
    let silent = world.scanned(chat, &|r| r["utterances"] == json!([]));
    assert!(!silent.is_empty());
    let all = world.ids(chat, &json!({"sort": "tid", "sortdir": "asc"}));
    assert_eq!(all, chat.records.keys().cloned().collect::<Vec<_>>());
    let braidpool = "btc-tabconf__2022__2022-10-15-braidpool.zh";
    let texts: Vec<String> = turns(&talks.records[braidpool]).map(|(_, text)| text).collect();
    let long = texts.iter().flat_map(|t| t.split_whitespace()).max_by_key(|t| t.chars().count()).unwrap();
    assert!(long.chars().count() > 200);
    assert_eq!(world.found(talks, &format!("\"{}\"", words(long).join(" "))), [braidpool], "{long}");
    // Names that only transcripts carry are told from names nobody has.
    for (org, q, code) in [
        (chat, "WizardTask:help", "field_not_configured"),
        (talks, "speakers:Maxwell", "field_not_configured"),
        (chat, "wizzardtask:help", "field_unknown"),
    ] {
        let path = format!("/search/{}/{}", org.collection.company, org.collection.org);
        assert_eq!(world.server.post(&path, &json!({"q": q})).code(400), code, "{q}");
    }
    // Impossible dates are kept as text, and a value that is no number is no number.
    let odd = world.of("Odd-Cases");
    assert_eq!(world.found(odd, r#"scenario_id:"pl.PL.2""#), ["evi-pl-CA97256eb1f6b68a432e97dd7b92239f6c"]);
    assert_eq!(world.found(odd, r#""...find you a suitable ride?":*"#), ["star-519"]);
    assert_eq!(
        world.found(odd, r#"email:"anna marialistwan_8@interia.pl""#),
        ["evi-pl-CA5c58a38926b4b41408aec2e79ab17681"]
    );
    assert_eq!(
        world.found(odd, r#"restaurant_book.Name:*"#),
        world.scanned(odd, &|r| !values(r, "restaurant_book.Name").is_empty())
    );
}

pub fn facets_count_as_a_plain_scan_does(world: &World) {
    let everything: Matches = |_| true;
    let asked: [(&str, &str, &str, Matches); 9] = [
        ("Chat", "", "Domains", everything),
        ("Chat", "", "CompletionLevel", everything),
        ("Chat", "Happy:true", "Task", |r| is(r, "Happy", "true")),
        ("Chat", "cancel", "hotel_book.Name", |r| said(r, "cancel")),
        ("Chat", "", AGGRESSIVE, everything),
        ("Phone", "locale:pl_PL", "name_first", |r| is(r, "locale", "pl_PL")),
        ("Calls-22", "", "Language Family + Area Based", everything),
        ("Bitcoin", "", "tags", everything),
        ("Bitcoin", "mining", "transcript_by", |r| said(r, "mining")),
    ];
    for (org, q, name, matches) in asked {
        let org = world.of(org);
        let expected = counted(org.records.values().filter(|r| matches(r)), name, "");
        let answer = world.search(org, &json!({"q": q, "size": 0, "facets": format!("\"{name}\":1000")}));
        let spelled = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let facets = answer["facets"][name].as_array().unwrap_or_else(|| panic!("{name}: {answer}"));
        let found: Vec<(String, usize)> =
            facets.iter().map(|f| (spelled(&f["value"]), f["count"].as_u64().unwrap() as usize)).collect();
        assert_eq!(found, expected, "{name} of {q:?}");
    }
}

pub fn rows_come_in_order(world: &World) {
    for (org, name) in
        [("Calls-21", "audio_length"), ("Calls-22", "File Length (seconds)"), ("Chat", BOOKED), ("Bitcoin", "episode")]
    {
        let org = world.of(org);
        for (direction, sign) in [("asc", 1.0), ("desc", -1.0)] {
            let mut rows: Vec<(f64, &String)> = org
                .records
                .iter()
                .map(|(tid, r)| (numbers(r, name).first().map_or(f64::INFINITY, |n| n * sign), tid))
                .collect();
            rows.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(b.1)));
            let found = world.ids(org, &json!({"sort": name, "sortdir": direction}));
            assert!(found.iter().eq(rows.iter().map(|row| row.1)), "{name} {direction}");
        }
    }
    let talks = world.of("Bitcoin");
    let mut rows: Vec<(bool, String, &String)> = talks
        .records
        .iter()
        .map(|(tid, r)| values(r, "date").first().map_or((true, String::new(), tid), |date| (false, date.clone(), tid)))
        .collect();
    rows.sort();
    let found = world.ids(talks, &json!({"sort": "date", "sortdir": "asc"}));
    assert!(found.iter().eq(rows.iter().map(|row| row.2)), "date");
}
