//! Parameters, from both doors.
use super::*;

fn pairs(text: &str) -> Result<SearchRequest, Refusal> {
    let pairs = text.split('&').filter(|p| !p.is_empty());
    let pairs = pairs.map(|p| p.split_once('=').unwrap()).map(|(n, v)| (n.to_owned(), v.to_owned())).collect();
    SearchRequest::from_pairs(pairs, &Limits::default())
}

fn json(text: &str) -> Result<SearchRequest, Refusal> {
    SearchRequest::from_json(text, &Limits::default())
}

#[test]
fn nothing_asked_is_everything_by_date() {
    let request = pairs("").unwrap();
    assert_eq!(request, SearchRequest::default());
    assert_eq!((request.size, &*request.sort, request.descending), (100, &[SortChoice::of("datetime")][..], true));
    assert_eq!(json("{}").unwrap(), request);
    assert_eq!(pairs("token=x&token=y").unwrap(), request);
}

#[test]
fn both_doors_read_the_same() {
    let by_pairs = pairs(
        "q=a&output=summary&format=csv&fields=voci,-agentid&offset=5&size=0&sort=queue&sortdir=asc&moments=3&\
         facets=queue,direction:20&after=ff&timeout=2.5&daterange=20260101-&modified=-20260201&tid=A,B&\
         agent_clarity=0.6-1.0&agent_gender=Female&terms.queue=a,b&\
         stats=hold time&histogram=datetime:1d,hold time:30&app.name=A&app.B.C=Low",
    );
    let by_json = json(
        r#"{"q":"a","output":"summary","format":"csv","fields":["voci","-agentid"],"offset":5,"size":0,"sort":"queue",
        "sortdir":"asc","moments":"3","facets":["queue","direction:20"],"after":"ff","timeout":2.5,
        "daterange":"20260101-","modified":"-20260201","tid":["A","B"],"agent_clarity":"0.6-1.0",
        "agent_gender":"Female","terms.queue":"a,b","token":"t","cursor":null,"stats":["hold time"],
        "histogram":["datetime:1d","hold time:30"],"app.name":"A","app.B.C":"low"}"#,
    );
    let request = by_pairs.unwrap();
    assert_eq!(by_json.unwrap(), request);
    assert_eq!(request.facets[1], FacetChoice { name: "direction".into(), size: 20, prefix: None });
    assert_eq!(request.fields[1], Chosen { name: "agentid".into(), dropped: true });
    assert_eq!(request.timeout, Some(Duration::from_millis(2_500)));
    assert_eq!(request.conditions.len(), 4);
    assert_eq!(request.conditions[3].query, named("queue", FieldTest::Equals(Written::literal("a,b"))));
}

#[test]
fn wrong_parameters_are_named() {
    let table = [
        ("output=xml", Code::ParameterInvalid, "Invalid output option"),
        ("zipfiles=text", Code::ParameterInvalid, "the parameter \"zipfiles\" goes with output=zip only"),
        (
            "output=zip&zipfiles=json,mp3",
            Code::ParameterInvalid,
            "the parameter \"zipfiles\" cannot name mp3: there are no recordings here",
        ),
        (
            "format=csv&output=zip",
            Code::ParameterInvalid,
            "the parameter \"format\" can be csv only with output=summary",
        ),
        (
            "cursor=&offset=1",
            Code::ParameterInvalid,
            "the parameter \"cursor\" goes on where the last page ended: leave out offset",
        ),
        (
            "cursor=&size=0",
            Code::ParameterInvalid,
            "the parameter \"cursor\" needs a size of at least 1: a page without rows ends nowhere",
        ),
        (
            "cursor=&output=count",
            Code::ParameterInvalid,
            "the parameter \"cursor\" goes with rows: there are none here",
        ),
        (
            "explain=a&output=details",
            Code::ParameterInvalid,
            "the parameter \"explain\" answers in its own shape: leave out output and format",
        ),
        ("size=1001", Code::ParameterInvalid, "the parameter \"size\" is a whole number from 0 to 1000"),
        ("size=+1", Code::ParameterInvalid, "the parameter \"size\" is a whole number from 0 to 1000"),
        ("moments=101", Code::ParameterInvalid, "the parameter \"moments\" is a whole number from 0 to 100"),
        ("timeout=31", Code::ParameterInvalid, "the parameter \"timeout\" is a number of seconds from 0 to 30"),
        ("timeout=NaN", Code::ParameterInvalid, "the parameter \"timeout\" is a number of seconds from 0 to 30"),
        (
            "format=csv&output=count",
            Code::ParameterInvalid,
            "the parameter \"format\" can be csv only with output=summary",
        ),
        ("sortdir=up", Code::ParameterInvalid, "the parameter \"sortdir\" is one of: asc, desc"),
        ("q=a&q=b", Code::ParameterInvalid, "the parameter \"q\" is given twice"),
        ("sortdr=asc", Code::ParameterUnknown, "there is no parameter \"sortdr\"; did you mean \"sortdir\"?"),
        (
            "queue=x",
            Code::ParameterUnknown,
            "there is no parameter \"queue\"; for a configured field write `terms.NAME=value`",
        ),
        (
            "near=x",
            Code::ParameterInvalid,
            "the parameter \"near\" is an object {\"field\": …, \"vector\": [numbers], \"k\": 10}",
        ),
        (
            "histogram=x",
            Code::ParameterInvalid,
            "the parameter \"histogram\" needs an interval for \"x\", such as `datetime:1d` or `hold_time:30`",
        ),
        ("app.x=All", Code::ParameterInvalid, "the parameter \"app.x\" needs `app.name`, the application"),
        ("terms.all=x |", Code::ParameterInvalid, "the parameter \"terms.all\": at character 3: expected a phrase"),
        ("regex.agnt=x", Code::ParameterUnknown, "there is no parameter \"regex.agnt\"; did you mean \"regex.agent\"?"),
        ("q=(", Code::QueryInvalid, "at character 1: expected something to find"),
    ];
    for (text, code, detail) in table {
        let refusal = pairs(text).unwrap_err();
        assert_eq!((refusal.code, refusal.detail.as_str()), (code, detail), "{text}");
    }
    assert!(pairs("facets=queue:0").unwrap_err().detail.contains("sizes go from 1 to 1000"));
    assert_eq!(
        pairs("facets=\"a,b:c\":3").unwrap().facets[0],
        FacetChoice { name: "a,b:c".into(), size: 3, prefix: None }
    );
}

#[test]
fn bodies_are_read_within_bounds() {
    let code = |text: &str| json(text).unwrap_err().code;
    assert_eq!(code(""), Code::BodyEmpty);
    assert_eq!(code("{"), Code::JsonInvalid);
    assert_eq!(code("[]"), Code::BodyShape);
    assert_eq!(code(r#"{"q":"a","q":"b"}"#), Code::DuplicateField);
    assert_eq!(code(r#"{"q":{}}"#), Code::BodyShape);
    assert_eq!(code(r#"{"q":["a"]}"#), Code::ParameterInvalid);
    assert_eq!(code(&format!("{{\"q\":{}{}}}", "[".repeat(100), "]".repeat(100))), Code::TooDeep);
    let many = (0..100).map(|n| format!("\"terms.f{n}\":1")).collect::<Vec<_>>().join(",");
    assert_eq!(code(&format!("{{{many}}}")), Code::QueryTooLarge);
}

#[test]
fn a_list_of_tids_counts_once_and_an_empty_one_finds_nothing() {
    let tids = (0..500).map(|n| n.to_string()).collect::<Vec<_>>().join(",");
    let request = pairs(&format!("tid={tids}")).unwrap();
    assert!(matches!(&request.conditions[0].query, Query::Or(parts) if parts.len() == 500));
    let many = "x,".repeat(1_001);
    assert_eq!(pairs(&format!("tid={many}")).unwrap_err().code, Code::QueryTooLarge);
    assert!(matches!(&pairs("tid=").unwrap().conditions[0].query, Query::Or(parts) if parts.is_empty()));
}

#[test]
fn what_is_said_counts_phrase_by_phrase() {
    let limits = Limits { query_clauses: 3, ..Limits::default() };
    let ask = |pairs: &[(&str, &str)]| {
        let pairs = pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        SearchRequest::from_pairs(pairs, &limits)
    };
    let request = ask(&[("terms.all", "a & -b"), ("regex.client", "ab.*"), ("terms.agent", " "), ("regex.all", "")]);
    let request = request.unwrap();
    let names: Vec<&str> = request.conditions.iter().map(|one| one.parameter.as_str()).collect();
    assert_eq!(names, ["terms.all", "regex.client"]);
    for pairs in [
        &[("terms.all", "a|b|c|d")][..],
        &[("terms.all", "a|b"), ("terms.client", "c|d")],
        &[("terms.all", "a|b|c"), ("regex.all", "d")],
        &[("q", "a b"), ("terms.all", "c|d")],
    ] {
        assert_eq!(ask(pairs).unwrap_err().code, Code::QueryTooLarge, "{pairs:?}");
    }
    assert!(ask(&[("q", "a"), ("terms.all", "c|d"), ("regex.all", "")]).is_ok());
}

#[test]
fn the_nearest_come_first_unless_something_else_is_asked() {
    let near = "near={\"field\":\"gist\",\"vector\":[1,2]}";
    assert_eq!(pairs(near).unwrap().sort, [SortChoice::of("score")]);
    assert_eq!(pairs(&format!("{near}&sort=queue")).unwrap().sort, [SortChoice::of("queue")]);
    let body = r#"{"near":{"field":"gist","vector":[1,2],"k":7}}"#;
    let posted = SearchRequest::from_json(body, &Limits::default()).unwrap();
    assert_eq!(posted.near.map(|near| (near.field, near.vector, near.k)), Some(("gist".into(), vec![1.0, 2.0], 7)));
    assert_eq!(SearchRequest::from_json(r#"{"near":null}"#, &Limits::default()).unwrap(), SearchRequest::default());
}
