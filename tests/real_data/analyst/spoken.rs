//! Questions about what is said: patterns, expressions, nearly right words, distances, beginnings and ends, times, speakers.
use super::{Asked, Question};
use crate::scan::said::said;
use crate::scan::test::kept;
use crate::scan::{is, values};

/// Organisation, parameter, its value, and what it means.
pub const QUESTIONS: &[Question] = &[
    // Patterns, in words and in phrases.
    ("Chat", Asked::Q("cancel*"), || said("cancel*").into()),
    ("Chat", Asked::Q("*mit?e* -hotel"), || said("*mit?e*") & !said("hotel")),
    ("Chat", Asked::Q(r#""thank* you very m?ch""#), || said("thank* you very m?ch").into()),
    ("Bitcoin", Asked::Q(r#""lightning net*k" OR "light* clien??""#), || {
        said("lightning net*k") | said("light* clien??")
    }),
    ("Bitcoin", Asked::Q("transacci*"), || said("transacci*").into()),
    ("Phone", Asked::Q("paźdz*ka"), || said("paźdz*ka").into()),
    // Expressions over one word.
    ("Chat", Asked::Q("/cance(l|ll)(ed|ing|ation)?/"), || said("/cance(l|ll)(ed|ing|ation)?/").into()),
    ("Bitcoin", Asked::Q("/bip[0-9]{2,3}/ /(tap|grap)(root|script|leaf)/"), || {
        said("/bip[0-9]{2,3}/") & said("/(tap|grap)(root|script|leaf)/")
    }),
    ("Calls-21", Asked::Q(r"/[a-z]*ible/ -/depreciation|amortization/"), || {
        said("/[a-z]*ible/") & !said("/depreciation|amortization/")
    }),
    // Nearly right: what people mistype and recognisers mishear.
    ("Chat", Asked::Q("resturant~1"), || said("resturant~1").into()),
    ("Chat", Asked::Q("appointmnet~ doctor"), || said("appointmnet~2") & said("doctor")),
    ("Phone", Asked::Q("novmeber~1 OR spetember~2"), || said("novmeber~1") | said("spetember~2")),
    ("Bitcoin", Asked::Q("shnorr~1 -taproot"), || said("shnorr~1") & !said("taproot")),
    // Near each other.
    ("Chat", Asked::Q(r#""cancel booking"~4"#), || said("cancel booking").within(4).into()),
    ("Chat", Asked::Q(r#""book* room hotel"~6"#), || said("book* room hotel").within(6).into()),
    ("Bitcoin", Asked::Q(r#""miner fee"~3 -"fee miner""#), || said("miner fee").within(3) & !said("fee miner")),
    ("Bitcoin", Asked::Q(r#""block block size"~2"#), || said("block block size").within(2).into()),
    ("Primary", Asked::Q(r#""chest pain breath*"~t"#), || said("chest pain breath*").anywhere().into()),
    ("Calls-21", Asked::Q(r#""revenue increas* percent ~t""#), || said("revenue increas* percent").anywhere().into()),
    // Where turns begin and end.
    ("Chat", Asked::Q("^hello bye$"), || said("hello").first() & said("bye").last()),
    ("Chat", Asked::Q(r#""^ i want* to""#), || said("i want* to").first().into()),
    ("Chat", Asked::Q(r#""your name please $""#), || said("your name please").last().into()),
    ("Primary", Asked::Q(r#""^ yeah um ~1""#), || said("yeah um").within(1).first().into()),
    ("Calls-21", Asked::Q(r#""next question $" OR "^good morning"~s>60"#), || {
        said("next question").last() | said("good morning").first().from(60.0)
    }),
    // When it is said.
    ("Chat", Asked::Q("help~s<10 -hello~s<30"), || said("help").before(10.0) & !said("hello").before(30.0)),
    ("Primary", Asked::Q(r#""thank you"~e<10 "thank you"~e>60"#), || {
        said("thank you").near_the_end(10.0) & said("thank you").far_from_the_end(60.0)
    }),
    ("Primary", Asked::Q("cough*~s>120~s<300"), || said("cough*").from(120.0).before(300.0).into()),
    ("Calls-21", Asked::Q(r#"/analysts?/~s<45 OR "conclud* call"~4~e<60"#), || {
        said("/analysts?/").before(45.0) | said("conclud* call").within(4).near_the_end(60.0)
    }),
    ("Calls-22", Asked::Q(r#""conference call"~s<20"#), || said("conference call").before(20.0).into()),
    // Who says it.
    ("Chat", Asked::Q(r#"client:(cancel* OR "change my"~3) agent:/sor+y/"#), || {
        (said("cancel*").by("user") | said("change my").within(3).by("user")) & said("/sor+y/").by("wizard")
    }),
    ("Chat", Asked::Q("agent:(thank* -welcome) -client:thank*"), || {
        said("thank*").by("wizard") & !said("welcome").by("wizard") & !said("thank*").by("user")
    }),
    ("Chat", Asked::Q("-agent:*"), || !said("*").by("wizard")),
    ("Primary", Asked::Q(r#"speaker.doctor:"any* allerg*"~3 client:penicilin~2"#), || {
        said("any* allerg*").within(3).by("doctor") & said("penicilin~2").by("patient")
    }),
    ("Calls-21", Asked::Q("speaker.0:operator OR speaker.5:(profit* margin*)"), || {
        said("operator").by("0") | (said("profit*").by("5") & said("margin*").by("5"))
    }),
    ("Bitcoin", Asked::Q(r#"speaker."Speaker 0":"lightning netw*" OR speaker.Host:/welcom.*/"#), || {
        said("lightning netw*").by("speaker 0") | said("/welcom.*/").by("host")
    }),
    // With values.
    ("Chat", Asked::Q(r#"(refund* OR "money back"~2 OR fraud~1) Domains:bank -Happy:true"#), || {
        (said("refund*") | said("money back").within(2) | said("fraud~1"))
            & kept(|r| is(r, "Domains", "bank") && !is(r, "Happy", "true"))
    }),
    ("Bitcoin", Asked::Q("tags:* (lightning~1 AND NOT /chann?els?/)"), || {
        kept(|r| !values(r, "tags").is_empty()) & said("lightning~1") & !said("/chann?els?/")
    }),
    // V-Spark's plain text.
    ("Chat", Asked::Of("terms.all", "thank* you | good bye ~2"), || said("thank* you") | said("good bye").within(2)),
    ("Chat", Asked::Of("terms.client", "change | cancel* & -please"), || {
        said("change").by("user") | (said("cancel*").by("user") & !said("please").by("user"))
    }),
    ("Chat", Asked::Of("terms.agent", "^ hello ~s<30 & -anything else $"), || {
        said("hello").by("wizard").first().before(30.0) & !said("anything else").by("wizard").last()
    }),
    ("Primary", Asked::Of("terms.all", "pain leg ~t | -head*"), || said("pain leg").anywhere() | !said("head*")),
    ("Chat", Asked::Of("regex.client", "(can|change)[a-z]*"), || said("/(can|change)[a-z]*/").by("user").into()),
    ("Bitcoin", Asked::Of("regex.all", "op_c(sv|ltv|tv)"), || said("/op_c(sv|ltv|tv)/").into()),
    ("Primary", Asked::Of("regex.agent", "(para|anti)[a-z]+"), || said("/(para|anti)[a-z]+/").by("doctor").into()),
];
