//! Five lines to paste: the demo world answers each of them.
use crate::base::secret::Secret;
use std::net::{IpAddr, SocketAddr};

/// The company of V-Spark's examples.
pub const COMPANY: &str = "Co-Short";

/// A line and what it shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// For a person.
    pub what: &'static str,
    /// For a shell.
    pub command: String,
}

/// The five lines. Without a token the shell's variable `TOKEN` stands in its place.
pub fn lines(address: SocketAddr, token: Option<&Secret>) -> Vec<Line> {
    let base = format!("http://{}", reachable(address));
    // Double quotes where the shell must put its variable in; single ones keep everything as it stands.
    let (text, quote) = token.map_or(("$TOKEN", '"'), |token| (token.reveal(), '\''));
    let url = |path: &str| format!("{quote}{base}{path}?token={text}{quote}");
    let json = "-H 'Content-Type: application/json'";
    let search = format!("{quote}{base}/search/Co-Short/Org-Short{quote}");
    let bearer = format!("{quote}Authorization: Bearer {text}{quote}");
    vec![
        Line {
            what: "give transcript 3 another agent group",
            command: format!(
                "curl -sS -X PATCH {} {json} -d '{{\"agentgroup\":\"2\"}}'",
                url("/metadata/Co-Short/Org-Short/3")
            ),
        },
        Line {
            what: "remove the transfers of transcript 6",
            command: format!(
                "curl -sS -X DELETE {} {json} -d '[\"transfers\"]'",
                url("/metadata/Co-Short/Org-Short/6")
            ),
        },
        Line {
            what: "who asked for a balance in the billing queue, and where in the call",
            command: format!(
                "curl -sS -G {search} -H {bearer} --data-urlencode 'q=client:\"account balance\" queue:billing' -d moments=1"
            ),
        },
        Line {
            what: "make one more metadata field searchable (Task; what is stored is indexed behind the scenes)",
            command: format!(
                "curl -sS -X POST {} {json} -d '{{\"custom_meta\":[\"agentgroup\",\"transfers\",\"queue\",\"Task\"]}}'",
                url("/config/Co-Short/Org-Short/Calls")
            ),
        },
        Line { what: "read it back", command: format!("curl -sS {}", url("/metadata/Co-Short/Org-Short/3")) },
    ]
}

/// An address a client on this machine can use: "all addresses" is none.
fn reachable(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::from([127, 0, 0, 1]),
        IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::from(std::net::Ipv6Addr::LOCALHOST),
        ip => ip,
    };
    SocketAddr::new(ip, address.port())
}

#[cfg(test)]
mod tests {
    use super::super::world::FOLDERS;
    use super::*;
    use serde_json::Value;

    fn short() -> Vec<Value> {
        let folder = FOLDERS.iter().find(|folder| folder.company == COMPANY).unwrap();
        folder.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    #[test]
    fn the_five_lines_name_what_the_demo_world_holds() {
        let all = lines("0.0.0.0:3000".parse().unwrap(), Some(&Secret::new("T1")));
        assert_eq!(all.len(), 5);
        for line in &all {
            assert!(
                line.command.starts_with("curl -sS ") && line.command.contains("'http://127.0.0.1:3000/"),
                "{line:?}"
            );
            assert!(line.command.contains("T1") && !line.command.contains('\n'), "{line:?}");
        }
        let of = |tid: &str| short().into_iter().find(|t| t["tid"] == tid).unwrap();
        assert_ne!(of("3")["client_data"]["agentgroup"], "2");
        assert!(of("6")["client_data"]["transfers"].is_number());
        assert_eq!(of("6")["client_data"]["queue"], "billing");
        let asked = |turn: &Value| {
            turn["metadata"]["speaker"] == "User" && turn["text"].as_str().unwrap_or("").contains("account balance")
        };
        assert!(of("6")["utterances"].as_array().unwrap().iter().any(asked));
        assert!(of("3")["client_data"].get("Task").is_some());
    }

    #[test]
    fn without_a_token_the_shell_fills_it_in() {
        let all = lines("[::]:80".parse().unwrap(), None);
        assert!(
            all[0].command.contains("\"http://[::1]:80/metadata/Co-Short/Org-Short/3?token=$TOKEN\""),
            "{:?}",
            all[0]
        );
        assert!(all[2].command.contains("\"Authorization: Bearer $TOKEN\""), "{:?}", all[2]);
    }
}
