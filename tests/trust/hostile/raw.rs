//! Bytes that are hardly HTTP, and HTTP that is hardly meant.
use super::wire::request;
use std::fmt::Write as _;

/// Name and bytes.
pub type Raw = (String, Vec<u8>);

const PLACE: &str = "/metadata/Acme/Acme-Sales/t1";

/// Requests whose framing lies.
fn framing(token: &str) -> Vec<Raw> {
    let head = |rest: &str| {
        format!("PATCH {PLACE} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n{rest}").into_bytes()
    };
    let chunked = "Transfer-Encoding: chunked\r\n\r\n";
    let cases = [
        ("a length that is none", head("Content-Length: many\r\n\r\n{}")),
        ("a length below zero", head("Content-Length: -1\r\n\r\n{}")),
        ("a length beyond numbers", head("Content-Length: 99999999999999999999999\r\n\r\n{}")),
        ("a length of exabytes", head("Content-Length: 9999999999999999\r\n\r\n{}")),
        ("two lengths", head("Content-Length: 2\r\nContent-Length: 3\r\n\r\n{} ")),
        ("a length and chunks", head(&format!("Content-Length: 2\r\n{chunked}0\r\n\r\n"))),
        ("a length that is too short", head("Content-Length: 1\r\nConnection: close\r\n\r\n{\"a\":1}")),
        ("a chunk that is none", head(&format!("{chunked}zz\r\n{{}}\r\n0\r\n\r\n"))),
        ("a chunk beyond numbers", head(&format!("{chunked}ffffffffffffffffff\r\n{{}}\r\n0\r\n\r\n"))),
        ("a chunk of exabytes", head(&format!("{chunked}7fffffffffffffff\r\n{{}}"))),
        ("a chunk below zero", head(&format!("{chunked}-1\r\n{{}}\r\n0\r\n\r\n"))),
        ("chunks of a byte", head(&format!("{chunked}{}0\r\n\r\n", "1\r\n \r\n".repeat(20_000)))),
        ("an extension without end", head(&format!("{chunked}1;{}\r\n \r\n0\r\n\r\n", "x".repeat(200_000)))),
        ("an encoding of nobody", head("Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n")),
        ("an encoding twice", head("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n")),
        ("a wish to go on", head("Expect: 200-maybe\r\nContent-Length: 2\r\n\r\n{}")),
        ("another protocol", head("Upgrade: websocket\r\nConnection: upgrade\r\nContent-Length: 0\r\n\r\n")),
    ];
    cases.into_iter().map(|(name, bytes)| (name.to_owned(), bytes)).collect()
}

/// Heads that are long, wild or from another time.
fn heads(token: &str) -> Vec<Raw> {
    let get = |path: &str, rest: &str| {
        format!("GET {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n{rest}\r\n").into_bytes()
    };
    let floods: String = (0..10_000).fold(String::new(), |mut all, n| {
        let _ = write!(all, "X-{n}: {n}\r\n");
        all
    });
    let parameters: String = (0..10_000).fold(String::from("/search/Acme/Acme-Sales?q=a"), |mut all, n| {
        let _ = write!(all, "&p{n}={n}");
        all
    });
    let cases = [
        ("ten thousand headers", get("/livez", &floods)),
        ("a header of a mebibyte", get("/livez", &format!("X: {}\r\n", "x".repeat(1 << 20)))),
        ("a path of a hundred kilobytes", get(&format!("/{}", "a".repeat(100_000)), "")),
        ("slashes", get(&"/".repeat(60_000), "")),
        ("ten thousand parameters", get(&parameters, "")),
        ("HTTP/0.9", b"GET /livez\r\n".to_vec()),
        ("HTTP/1.0", b"GET /livez HTTP/1.0\r\n\r\n".to_vec()),
        ("HTTP/2 that was not agreed", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec()),
        ("HTTP/9.9", b"GET /livez HTTP/9.9\r\nHost: x\r\n\r\n".to_vec()),
        ("no host", b"GET /livez HTTP/1.1\r\n\r\n".to_vec()),
        ("two hosts", b"GET /livez HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n".to_vec()),
        ("another server's address", get("http://example.org/livez", "")),
        ("a star", b"OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n".to_vec()),
        ("a tunnel", b"CONNECT example.org:443 HTTP/1.1\r\nHost: x\r\n\r\n".to_vec()),
        ("a NUL in the path", b"GET /live\0z HTTP/1.1\r\nHost: x\r\n\r\n".to_vec()),
        ("letters beyond ASCII in the path", "GET /metadata/Ä/ö/ü HTTP/1.1\r\nHost: x\r\n\r\n".as_bytes().to_vec()),
        ("lines without returns", b"GET /livez HTTP/1.1\nHost: x\n\n".to_vec()),
        ("a folded header", b"GET /livez HTTP/1.1\r\nHost: x\r\nX: a\r\n b\r\n\r\n".to_vec()),
        ("a TLS greeting", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03".repeat(20)),
        ("zeros", vec![0; 100_000]),
        ("blank lines", b"\r\n".repeat(50_000)),
        ("a bearer of nothing", b"GET /list HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer \xff\xfe\r\n\r\n".to_vec()),
    ];
    cases.into_iter().map(|(name, bytes)| (name.to_owned(), bytes)).collect()
}

/// Names in paths that would lead elsewhere.
fn paths(token: &str) -> Vec<Raw> {
    let names = [
        "..",
        ".",
        "..%2f..%2f..%2fetc%2fpasswd",
        "%2e%2e",
        "%2e%2e%2froot.token",
        "..%5c..",
        "%00",
        "a%00b",
        "%ff%fe",
        "%c0%ae%c0%ae",
        "%",
        "%2",
        "%zz",
        "%25%32%66",
        "a%0d%0aX: y",
        "root.token",
        "%2froot.token",
        "~",
        "CON",
        "a%E2%80%AEb",
        "%F0%9F%92%A9",
    ];
    let long = "a".repeat(60_000);
    let mut all = Vec::new();
    for name in names.into_iter().chain([long.as_str()]) {
        for path in [
            format!("/metadata/Acme/Acme-Sales/{name}"),
            format!("/metadata/{name}/Acme-Sales/t1"),
            format!("/transcripts/Acme/{name}/t1"),
            format!("/search/Acme/Acme-Sales/{name}"),
            format!("/config/Acme/{name}"),
            format!("/list/{name}/Acme-Sales"),
            format!("/tokens/{name}"),
        ] {
            let shown: String = path.chars().take(60).collect();
            for method in ["GET", "PATCH", "PUT", "POST", "DELETE"] {
                // What would delete or make something that exists is not sent.
                let (body, plain) = (b"{}".as_slice(), path.ends_with(['.', '~']) || path.ends_with("root.token"));
                let body = matches!(method, "PATCH" | "PUT" | "POST").then_some(body);
                if method != "DELETE" || !plain {
                    all.push((format!("{method} {shown}"), request(method, &path, token, body)));
                }
            }
        }
    }
    all
}

/// Every path with methods that it does not know.
fn methods(token: &str) -> Vec<Raw> {
    let known =
        linernotes::http::TABLE.iter().map(|route| route.path.replace("{path:.*}", "x").replace(['{', '}'], ""));
    let mut all = Vec::new();
    for path in known.chain(["/".to_owned(), "/nowhere".to_owned()]) {
        for method in ["HEAD", "OPTIONS", "TRACE", "PROPFIND", "get", "A-VERY-LONG-METHOD-OF-NOBODY"] {
            all.push((format!("{method} {path}"), request(method, &path, token, None)));
        }
    }
    all
}

/// All of them.
pub fn all(token: &str) -> Vec<Raw> {
    [framing(token), heads(token), paths(token), methods(token)].concat()
}
