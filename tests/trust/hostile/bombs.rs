//! Requests that are small to send and meant to be dear to answer.
use std::fmt::Write as _;
use std::io::Write as _;

/// One bomb: its name, and the request.
pub struct Bomb {
    pub name: String,
    pub method: &'static str,
    pub path: String,
    pub headers: Vec<(&'static str, String)>,
    pub body: Option<Vec<u8>>,
}

impl Bomb {
    /// As it goes over the wire.
    pub fn bytes(&self, token: &str) -> Vec<u8> {
        let mut head = format!("{} {} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n", self.method, self.path);
        let _ = write!(head, "Authorization: Bearer {token}\r\n");
        for (name, value) in &self.headers {
            let _ = write!(head, "{name}: {value}\r\n");
        }
        if let Some(body) = &self.body {
            let _ = write!(head, "Content-Length: {}\r\n", body.len());
        }
        head.push_str("\r\n");
        [head.as_bytes(), self.body.as_deref().unwrap_or_default()].concat()
    }
}

/// Text as it may stand in a query string.
pub fn escaped(text: &str) -> String {
    text.bytes().fold(String::new(), |mut out, byte| {
        let _ = write!(out, "%{byte:02X}");
        out
    })
}

const SEARCH: &str = "/search/Acme/Acme-Sales";

/// Every query, in its own words.
fn queries() -> Vec<(&'static str, String)> {
    let regexes = |expression: &str, times| vec![expression; times].join(" OR ");
    vec![
        ("parentheses never closed", "(".repeat(8_000)),
        ("parentheses nested deeply", format!("{}a{}", "(".repeat(4_000), ")".repeat(4_000))),
        ("as many parentheses as may be", format!("{}a{}", "(".repeat(63), ")".repeat(63))),
        ("NOT upon NOT", format!("{}a", "NOT ".repeat(2_000))),
        ("signs upon signs", format!("{}a", "-".repeat(8_000))),
        ("four thousand words", "a ".repeat(4_000)),
        ("four thousand alternatives", "a OR ".repeat(1_600) + "a"),
        ("sixty-four clauses", vec!["plan"; 64].join(" OR ")),
        ("sixty-five clauses", vec!["plan"; 65].join(" OR ")),
        ("sixty exponential expressions", regexes("/(a*)*(a*)*b/", 60)),
        ("sixty expressions that match all", regexes("/.*/", 60)),
        ("sixty expressions that match nearly all", regexes("/.*[a-z0-9].*/", 60)),
        ("repetitions of repetitions", "/((((a{1,99}){1,99}){1,99}){1,99})/".to_owned()),
        ("a range of numbers as text", "/<0-999999999999999999999>/".to_owned()),
        ("complements of complements", "/~(~(~(~(a.*b))))&~(c.*)/".to_owned()),
        ("an expression of eight thousand letters", format!("/{}/", "a?".repeat(4_000))),
        ("an expression of classes", format!("/{}/", "[^a-zé]".repeat(140))),
        ("many stars", "*a*b*c*d*e*f*g*h*i*j*k*l*m*n*o*p*".to_owned()),
        ("thousands of stars", format!("a{}", "*a".repeat(3_000))),
        ("sixty infixes of words", vec!["*a*e*"; 60].join(" OR ")),
        ("sixty infixes of values", vec!["queue:*1*2*"; 60].join(" OR ")),
        ("question marks", "?".repeat(8_000)),
        ("nearly a long word", format!("{}~2", "abcdefghij".repeat(80))),
        ("sixty nearly right words", (0..60).map(|n| format!("word{n}~2")).collect::<Vec<_>>().join(" OR ")),
        ("a distance beyond all", "\"plan word1\"~4294967295".to_owned()),
        ("a distance beyond numbers", "\"plan word1\"~99999999999999999999999".to_owned()),
        ("words far apart", "\"plan plan plan plan plan plan plan plan\"~1000".to_owned()),
        ("gaps", format!("\"plan {} plan\"", "? ".repeat(1_000))),
        ("a phrase of patterns", format!("\"{}\"", "*a* ".repeat(200))),
        ("a phrase of thousands", format!("\"{}\"", "plan ".repeat(1_600))),
        ("ranges over all", vec!["hold_time:[* TO *] called:[* TO *] queue:[* TO *]"; 20].join(" ")),
        ("combining marks", "\u{301}".repeat(4_000)),
        ("one letter with thousands of marks", format!("a{}", "\u{323}\u{301}".repeat(2_000))),
        ("every kind of sign", "~\"*?/[]{}()<>=:\\^!@#&|%$".repeat(300)),
        ("backslashes", "\\".repeat(8_000)),
        ("quotes", "\"".repeat(8_001)),
        ("nothing but NUL", "\0".repeat(8_000)),
        ("emoji joined", "👨‍👩‍👧‍👦".repeat(300)),
        ("Chinese without end", "北京".repeat(1_300)),
        ("dates far away", "called:[-999999-01-01 TO 999999-12-31] called:>now-999999999999y".to_owned()),
        ("a name of eight thousand letters", format!("{}:a", "n".repeat(8_000))),
        ("numbers beyond doubles", "hold_time:[1e999999 TO -1e999999]".to_owned()),
    ]
}

/// Parameters other than `q`.
fn parameters() -> Vec<(&'static str, String)> {
    let list = |item: &str, times| vec![item; times].join(",");
    vec![
        ("ten thousand names of fields", format!("fields={}", list("queue", 10_000))),
        ("ten thousand ids", format!("tid={}", list("t1", 10_000))),
        ("ten thousand sort keys", format!("sort={}", list("queue", 10_000))),
        ("all sort keys that may be", format!("sort={}&size=1000", list("queue,-hold_time,called,tid", 4))),
        ("a thousand facets", format!("facets={}", list("queue", 1_000))),
        ("a facet of every id", "facets=tid:100000&size=0".to_owned()),
        ("a facet beyond numbers", "facets=queue:99999999999999999999".to_owned()),
        ("a histogram of seconds", "histogram=datetime:1s&size=0".to_owned()),
        ("a histogram of nothing", "histogram=hold_time:0&size=0".to_owned()),
        ("a histogram of next to nothing", "histogram=hold_time:1e-300&size=0".to_owned()),
        ("a histogram of infinities", "histogram=hold_time:1e400&size=0".to_owned()),
        ("the last page of all", "q=*&size=1000&offset=4294967295".to_owned()),
        ("a page beyond numbers", "q=*&size=18446744073709551616&offset=-1".to_owned()),
        ("every moment", "q=*a*%20OR%20plan&size=1000&moments=100".to_owned()),
        ("whole transcripts", "q=plan&size=1000&output=details".to_owned()),
        ("a year out of all years", "daterange=-999999999-999999999".to_owned()),
        ("a year with many digits", format!("daterange={}", "9".repeat(8_000))),
        ("a time of no seconds", "q=plan&timeout=1e-308".to_owned()),
        ("a time without end", "q=plan&timeout=1e308".to_owned()),
        ("a cursor of nonsense", format!("cursor={}", "A".repeat(8_000))),
        ("a mark of nonsense", format!("after={}", "f".repeat(8_000))),
        ("ten thousand parameters", (0..4_000).map(|n| format!("p{n}=")).collect::<Vec<_>>().join("&")),
        ("one parameter many times", "q=a&".repeat(4_000)),
        ("percent signs", "%".repeat(8_000)),
        ("percent signs in q", format!("q={}", "%25".repeat(2_700))),
        ("bytes that are no text", "q=%ff%fe%c0%80".to_owned()),
        ("terms of thousands", format!("terms.all={}", "a%20OR%20".repeat(900))),
        ("terms in parentheses", format!("terms.agent={}", "(".repeat(8_000))),
        ("an expression over what is said", format!("regex.all={}", escaped("(.*a){30}"))),
        ("scores of nobody", format!("app=x&{}", (0..60).map(|n| format!("app.a{n}=1")).collect::<Vec<_>>().join("&"))),
        ("an explanation of it all", format!("explain=t1&q={}", escaped(&vec!["/.*a.*/"; 60].join(" OR ")))),
    ]
}

/// Bodies that are, or nearly are, JSON.
fn bodies() -> Vec<(&'static str, Vec<u8>)> {
    let many =
        |count: usize, one: &dyn Fn(usize) -> String| (0..count).map(one).collect::<Vec<_>>().join(",").into_bytes();
    let object = |inner: Vec<u8>| [b"{".as_slice(), &inner, b"}"].concat();
    let string = |inner: &str| format!("{{\"note\":\"{inner}\"}}").into_bytes();
    vec![
        ("brackets without end", vec![b'['; 1 << 20]),
        ("braces without end", "{\"a\":".repeat(200_000).into_bytes()),
        ("a value nested deeply", format!("{{\"a\":{}{}}}", "[".repeat(500_000), "]".repeat(500_000)).into_bytes()),
        ("eighty thousand names", object(many(80_000, &|n| format!("\"a{n}\":0")))),
        ("one name many times", object(many(100_000, &|_| "\"a\":0".to_owned()))),
        (
            "one name in every case",
            object(many(10_000, &|n| format!("\"{}\":0", if n % 2 == 0 { "ab" } else { "AB" }))),
        ),
        ("reserved names", object(many(30_000, &|n| format!("\"tid\":{n}")))),
        ("a number beyond doubles", br#"{"hold_time":1e999999}"#.to_vec()),
        ("a number of a million digits", format!("{{\"hold_time\":{}}}", "9".repeat(1_000_000)).into_bytes()),
        ("a number with a long exponent", format!("{{\"hold_time\":1e{}}}", "0".repeat(1_000_000)).into_bytes()),
        ("escapes without end", string(&"\\u0000".repeat(170_000))),
        ("a lone surrogate", string("\\ud800")),
        ("surrogates the wrong way round", string("\\udc00\\ud800")),
        ("a NUL as it is", b"{\"note\":\"\0\"}".to_vec()),
        ("a byte-order mark", b"\xef\xbb\xbf{\"queue\":\"x\"}".to_vec()),
        ("sixteen bits a letter", "{\"queue\":\"x\"}".encode_utf16().flat_map(u16::to_le_bytes).collect()),
        ("bytes that are no text", b"{\"queue\":\"\xff\xfe\"}".to_vec()),
        ("overlong zero", b"{\"queue\":\"\xc0\x80\"}".to_vec()),
        ("one byte too many", vec![b' '; (1 << 20) + 1]),
        ("a mebibyte of blanks", vec![b' '; 1 << 20]),
        ("a field of a mebibyte", string(&"word ".repeat(200_000))),
        ("marks on one letter", string(&"\u{323}\u{301}".repeat(200_000))),
        ("nothing", Vec::new()),
        ("half an object", b"{\"queue\":".to_vec()),
        ("two objects", b"{}{}".to_vec()),
        ("NaN", br#"{"hold_time":NaN}"#.to_vec()),
    ]
}

/// JSON Patches that grow or search.
fn patches() -> Vec<(&'static str, Vec<u8>)> {
    let operations = |all: Vec<String>| format!("[{}]", all.join(",")).into_bytes();
    let double = |n| format!(r#"{{"op":"copy","from":"/g{n}","path":"/g{}"}}"#, n + 1);
    let grow = |n: usize| format!(r#"{{"op":"add","path":"/g{}/a","value":[]}},{}"#, n, double(n));
    let insert = (0..15_000).map(|_| r#"{"op":"add","path":"/l/0","value":[0,1,2,3]}"#.to_owned());
    let list = std::iter::once(r#"{"op":"add","path":"/l","value":[]}"#.to_owned()).chain(insert).collect();
    let test = (0..20_000).map(|_| r#"{"op":"test","path":"/note","value":"no"}"#.to_owned()).collect();
    let nest = (0..10_000).map(|_| r#"{"op":"move","from":"/a","path":"/b"}"#.to_owned()).collect();
    let wrap = (0..200).map(|_| r#"{"op":"copy","from":"/w","path":"/w/w"}"#.to_owned());
    let wrapped = std::iter::once(r#"{"op":"add","path":"/w","value":{}}"#.to_owned()).chain(wrap).collect();
    vec![
        (
            "copies of copies",
            operations(
                std::iter::once(r#"{"op":"add","path":"/g0","value":{}}"#.to_owned())
                    .chain((0..200).map(grow))
                    .collect(),
            ),
        ),
        ("copies into themselves", operations(wrapped)),
        ("insertions at the front", operations(list)),
        ("tests without end", operations(test)),
        ("moves of nothing", operations(nest)),
        (
            "a pointer without end",
            format!(r#"[{{"op":"add","path":"{}","value":1}}]"#, "/a".repeat(400_000)).into_bytes(),
        ),
        (
            "a pointer of tildes",
            format!(r#"[{{"op":"test","path":"/{}","value":1}}]"#, "~0".repeat(400_000)).into_bytes(),
        ),
        ("an index beyond numbers", br#"[{"op":"add","path":"/l/99999999999999999999999","value":1}]"#.to_vec()),
    ]
}

/// A gzip of zeros: some thousand times its size when unpacked.
pub fn packed_zeros() -> Vec<u8> {
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    for _ in 0..64 {
        packer.write_all(&[0; 1 << 20]).unwrap();
    }
    packer.finish().unwrap()
}

fn transcripts() -> Vec<(&'static str, Vec<u8>)> {
    let turns = |count: usize, one: &str| format!("{{\"utterances\":[{}]}}", vec![one; count].join(",")).into_bytes();
    vec![
        ("a transcript of brackets", vec![b'['; 4 << 20]),
        ("utterances of brackets", format!("{{\"utterances\":{}", "[".repeat(1 << 20)).into_bytes()),
        ("a hundred thousand turns", turns(100_000, r#"{"start":1,"text":"plan"}"#)),
        ("a turn that never ends", turns(1, &format!(r#"{{"text":"{}"}}"#, "plan ".repeat(400_000)))),
        ("a word that never ends", turns(1, &format!(r#"{{"text":"{}"}}"#, "p".repeat(2_000_000)))),
        (
            "a hundred thousand events",
            turns(1, &format!(r#"{{"events":[{}]}}"#, vec![r#"{"word":"x"}"#; 100_000].join(","))),
        ),
        ("times that are none", turns(1_000, r#"{"start":1e308,"end":-1e308,"text":"a"}"#)),
        ("a scorecard of thousands", {
            let scores: Vec<String> = (0..20_000).map(|n| format!("\"a{n}\":{{\"score\":1}}")).collect();
            format!("{{\"utterances\":[],\"app_data\":{{\"scorecard\":{{{}}}}}}}", scores.join(",")).into_bytes()
        }),
    ]
}

/// All of them.
pub fn all() -> Vec<Bomb> {
    let json = || vec![("Content-Type", "application/json".to_owned()), ("Accept", "application/json".to_owned())];
    let typed = |kind: &str| vec![("Content-Type", kind.to_owned())];
    let edited = || "/metadata/Acme/Acme-Sales/t3".to_owned();
    let bomb = |name: String, method, path, headers, body| Bomb { name, method, path, headers, body };
    let mut all = Vec::new();
    for (name, q) in queries() {
        let (address, body) = (escaped(&q), serde_json::json!({ "q": q }).to_string().into_bytes());
        all.push(bomb(format!("q: {name}"), "GET", format!("{SEARCH}?q={address}"), Vec::new(), None));
        all.push(bomb(format!("q in a body: {name}"), "POST", SEARCH.to_owned(), json(), Some(body)));
        all.push(bomb(
            format!("terms: {name}"),
            "GET",
            format!("{SEARCH}?terms.all={address}&moments=100"),
            Vec::new(),
            None,
        ));
    }
    for (name, query) in parameters() {
        all.push(bomb(name.to_owned(), "GET", format!("{SEARCH}?{query}"), Vec::new(), None));
    }
    for (name, body) in bodies() {
        for (method, path) in [
            ("PATCH", edited()),
            ("PUT", edited()),
            ("DELETE", edited()),
            ("POST", SEARCH.to_owned()),
            ("POST", "/config/Acme/Acme-Sales/folders".to_owned()),
            ("POST", "/tokens".to_owned()),
            ("PUT", "/transcripts/Acme/Acme-Sales/bomb?folder=Inbound".to_owned()),
            ("POST", "/transcripts/Acme/Acme-Sales?folder=Inbound".to_owned()),
        ] {
            all.push(bomb(format!("{method} {path}: {name}"), method, path, json(), Some(body.clone())));
        }
        let merge = typed("application/merge-patch+json");
        all.push(bomb(format!("merge patch: {name}"), "PATCH", edited(), merge, Some(body)));
    }
    for (name, body) in patches() {
        let headers = typed("application/json-patch+json");
        all.push(bomb(name.to_owned(), "PATCH", edited(), headers, Some(body)));
    }
    for (name, body) in transcripts() {
        let path = "/transcripts/Acme/Acme-Sales/bomb?folder=Inbound".to_owned();
        all.push(bomb(name.to_owned(), "PUT", path, json(), Some(body.clone())));
        let path = "/transcripts/Acme/Acme-Sales?folder=Inbound".to_owned();
        all.push(bomb(format!("a line: {name}"), "POST", path, typed("application/x-ndjson"), Some(body)));
    }
    let lines = [("blank lines", vec![b'\n'; 4 << 20]), ("lines that are no transcripts", b"[]\n".repeat(20_000))];
    for (name, body) in lines {
        let path = "/transcripts/Acme/Acme-Sales?folder=Inbound".to_owned();
        all.push(bomb(name.to_owned(), "POST", path, typed("application/x-ndjson"), Some(body)));
    }
    for (method, path) in [
        ("PATCH", edited()),
        ("PUT", "/transcripts/Acme/Acme-Sales/bomb?folder=Inbound".to_owned()),
        ("POST", "/transcripts/Acme/Acme-Sales?folder=Inbound".to_owned()),
        ("POST", SEARCH.to_owned()),
    ] {
        let mut headers = json();
        headers.push(("Content-Encoding", "gzip".to_owned()));
        all.push(bomb(format!("{method} {path}: packed zeros"), method, path, headers, Some(packed_zeros())));
    }
    all
}
