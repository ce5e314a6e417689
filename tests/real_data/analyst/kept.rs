//! Questions about values: patterns, expressions, nearly right ones, members of objects, dates that move with the day.
use super::{Asked, Question};
use crate::scan::alike::whole;
use crate::scan::figures::{begin, instants};
use crate::scan::test::kept;
use crate::scan::{is, values, words};
use jiff::{ToSpan, Unit, Zoned};
use serde_json::Value;

const LONDON: &str = "Europe/London";
const NEW_YORK: &str = "America/New_York";

fn like(record: &Value, name: &str, test: &str) -> bool {
    values(record, name).iter().any(|value| whole(test, value))
}

/// Whether the words of one element hold one like it.
fn has_word(record: &Value, name: &str, test: &str) -> bool {
    values(record, name).iter().any(|value| words(value).iter().any(|word| whole(test, word)))
}

/// Whether a date lies so many years ago or later: counted by years of the calendar.
fn since(record: &Value, name: &str, zone: &str, years: i64) -> bool {
    instants(record, name, zone).iter().any(|at| *at >= year(zone, years))
}

/// The beginning of the year so many years ago.
fn year(zone: &str, years: i64) -> Zoned {
    begin(&Zoned::now().in_tz(zone).unwrap().checked_sub(years.years()).unwrap(), Unit::Year)
}

pub const QUESTIONS: &[Question] = &[
    ("Phone", Asked::Q("name_first:anna~1 -name_first:anna"), || {
        kept(|r| like(r, "name_first", "anna~1") && !is(r, "name_first", "anna"))
    }),
    ("Phone", Asked::Q("name_last:shmit~2"), || kept(|r| like(r, "name_last", "shmit~2"))),
    ("Phone", Asked::Q(r#"name:"adam smtih"~2 OR name_first:ADAM~1"#), || {
        kept(|r| like(r, "name", "adam smtih~2") || like(r, "name_first", "adam~1"))
    }),
    ("Phone", Asked::Q("postcode:/[a-z]{1,2}[0-9]+ 5[a-z]{2}/"), || {
        kept(|r| like(r, "postcode", "/[a-z]{1,2}[0-9]+ 5[a-z]{2}/"))
    }),
    ("Phone", Asked::Q("email:(*smith*@* OR /[a-z]+-[a-z]-[0-9]+@grupa\\.com/)"), || {
        kept(|r| like(r, "email", "*smith*@*") || like(r, "email", r"/[a-z]+-[a-z]-[0-9]+@grupa\.com/"))
    }),
    ("Phone", Asked::Q("postcode:3?-* name_first:*ina"), || {
        kept(|r| like(r, "postcode", "3?-*") && like(r, "name_first", "*ina"))
    }),
    ("Phone", Asked::Q("scenario_id:/.*\\.(1|2)[0-9]/"), || kept(|r| like(r, "scenario_id", r"/.*\.(1|2)[0-9]/"))),
    ("Phone", Asked::Q("dob:<now-60y/y sex:F"), || {
        kept(|r| instants(r, "dob", LONDON).iter().any(|at| *at < year(LONDON, 60)) && is(r, "sex", "F"))
    }),
    ("Phone", Asked::Q("dob:now-40y/y"), || kept(|r| since(r, "dob", LONDON, 40) && !since(r, "dob", LONDON, 39))),
    ("Phone", Asked::Q("dob:[now-50y/y TO now-30y/y]"), || {
        kept(|r| since(r, "dob", LONDON, 50) && !since(r, "dob", LONDON, 29))
    }),
    ("Bitcoin", Asked::Q("date:[now-9y/y TO now-6y/y}"), || {
        kept(|r| since(r, "date", NEW_YORK, 9) && !since(r, "date", NEW_YORK, 6))
    }),
    ("Bitcoin", Asked::Q("tags:/(soft|hard)-fork(s|-activation)?/ OR tags:taprot~1"), || {
        kept(|r| like(r, "tags", "/(soft|hard)-fork(s|-activation)?/") || like(r, "tags", "taprot~1"))
    }),
    ("Bitcoin", Asked::Q("title:taprot~1 OR title:/(mem|utxo)pools?/ OR title:light*"), || {
        kept(|r| ["taprot~1", "/(mem|utxo)pools?/", "light*"].iter().any(|test| has_word(r, "title", test)))
    }),
    ("Chat", Asked::Q("bank_balance.PIN:0* OR bank_balance.PIN:/(.)[0-9]1[0-9]/"), || {
        kept(|r| like(r, "bank_balance.PIN", "0*") || like(r, "bank_balance.PIN", "/(.)[0-9]1[0-9]/"))
    }),
    ("Chat", Asked::Q(r#"hotel_book.Name:("hiltn hotel"~1 OR old*)"#), || {
        kept(|r| like(r, "hotel_book.Name", "hiltn hotel~1") || like(r, "hotel_book.Name", "old*"))
    }),
    // Members of objects, and of objects in lists.
    ("Chat", Asked::Q("Scenario.WizardCapabilities.Task:bank_*"), || {
        kept(|r| like(r, "Scenario.WizardCapabilities.Task", "bank_*"))
    }),
    ("Chat", Asked::Q("scenario.multitask:true -UserQuestionnaire.Answer:false"), || {
        kept(|r| is(r, "Scenario.MultiTask", "true") && !is(r, "UserQuestionnaire.Answer", "false"))
    }),
    ("Bitcoin", Asked::Q("additional_resources.title:* OR additional_resources.url:*github*"), || {
        kept(|r| !values(r, "additional_resources.title").is_empty())
    }),
];
