//! Rules over single values and across them; every problem is reported, not only the first.
use super::sections::Config;
use std::fmt;

/// One thing wrong with the configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// `section.key`, or what stands in its place.
    pub key: String,
    /// Where the value came from, in words; empty for a built-in default.
    pub origin: String,
    /// What is wrong and what would be right.
    pub detail: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.key.is_empty(), self.origin.is_empty()) {
            (true, true) => write!(f, "{}", self.detail),
            (true, false) => write!(f, "{}: {}", self.origin, self.detail),
            (false, true) => write!(f, "{}: {}", self.key, self.detail),
            (false, false) => write!(f, "{} ({}): {}", self.key, self.origin, self.detail),
        }
    }
}

/// All that is wrong with the values, as (key, detail).
pub fn check(config: &Config) -> Vec<(&'static str, String)> {
    let mut wrong = Vec::new();
    check_server(config, &mut wrong);
    check_limits(config, &mut wrong);
    check_workers(config, &mut wrong);
    check_backup(config, &mut wrong);
    if let Err(error) = crate::telemetry::filter(&config.log.level) {
        wrong.push(("log.level", error.to_string()));
    }
    wrong
}

fn check_server(config: &Config, wrong: &mut Vec<(&'static str, String)>) {
    let server = &config.server;
    let port = server.listen.rsplit_once(':').map(|(host, port)| (host.is_empty(), port.parse::<u16>().is_ok()));
    if port != Some((false, true)) {
        wrong.push((
            "server.listen",
            format!("{:?} is not ADDRESS:PORT; write 127.0.0.1:3000, 0.0.0.0:3000 or [::1]:3000", server.listen),
        ));
    }
    bounded(wrong, "server.workers", server.workers, 0, 1_024);
    bounded(wrong, "server.max_connections", server.max_connections, 1, 1_000_000);
    bounded(wrong, "server.keep_alive_seconds", server.keep_alive_seconds, 0, 86_400);
    bounded(wrong, "server.request_head_seconds", server.request_head_seconds, 0, 3_600);
    bounded(wrong, "server.unread_seconds", server.unread_seconds, 0, 86_400);
    bounded(wrong, "server.drain_seconds", server.drain_seconds, 0, 3_600);
    if config.data.dir.as_os_str().is_empty() {
        wrong.push(("data.dir", String::from("must name a folder")));
    }
}

/// A backup inside the data folder would be lost with it, and grow into the next one.
fn check_backup(config: &Config, wrong: &mut Vec<(&'static str, String)>) {
    let absolute = |path: &std::path::Path| std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let dir = &config.backup.dir;
    if !dir.as_os_str().is_empty() && absolute(dir).starts_with(absolute(&config.data.dir)) {
        wrong.push(("backup.dir", String::from("lies in the data folder: name one outside, best on another disk")));
    }
}

fn check_limits(config: &Config, wrong: &mut Vec<(&'static str, String)>) {
    let limits = &config.limits;
    bounded(wrong, "limits.metadata_body_bytes", limits.metadata_body_bytes, 1_024, 1 << 30);
    bounded(wrong, "limits.transcript_bytes", limits.transcript_bytes, 1_024, 1 << 30);
    bounded(wrong, "limits.upload_bytes", limits.upload_bytes, 1_024, 10 << 30);
    bounded(wrong, "limits.upload_unpacked_bytes", limits.upload_unpacked_bytes, 1_024, 100 << 30);
    let longest = limits.transcript_bytes.max(limits.metadata_body_bytes);
    if limits.bodies_bytes < longest {
        let detail = format!("is {}, less than the longest body allowed ({longest})", limits.bodies_bytes);
        wrong.push(("limits.bodies_bytes", detail));
    }
    bounded(wrong, "limits.answers_bytes", limits.answers_bytes, 1 << 20, 1 << 40);
    // serde_json follows 128 levels; what it is given is wrapped in a level or two of ours.
    bounded(wrong, "limits.json_depth", limits.json_depth, 4, 120);
    bounded(wrong, "limits.metadata_names", limits.metadata_names, 1, 1_000_000);
    bounded(wrong, "limits.indexed_value_bytes", limits.indexed_value_bytes, 64, 1 << 20);
    bounded(wrong, "limits.indexed_text_bytes", limits.indexed_text_bytes, 64, 64 << 20);
    bounded(wrong, "limits.search_size", limits.search_size, 1, 100_000);
    bounded(wrong, "limits.query_bytes", limits.query_bytes, 16, 1 << 20);
    bounded(wrong, "limits.query_clauses", limits.query_clauses, 1, 10_000);
    bounded(wrong, "limits.query_expansions", limits.query_expansions, 1, 10_000_000);
    bounded(wrong, "limits.search_delete_tids", limits.search_delete_tids, 1, 100_000);
    bounded(wrong, "limits.waiting_per_transcript", limits.waiting_per_transcript, 1, 1_000_000);
    bounded(wrong, "limits.lock_timeout_ms", limits.lock_timeout_ms, 1, 3_600_000);
    bounded(wrong, "limits.search_timeout_ms", limits.search_timeout_ms, 1, 3_600_000);
}

fn check_workers(config: &Config, wrong: &mut Vec<(&'static str, String)>) {
    let workers = &config.workers;
    bounded(wrong, "workers.commit_writes", workers.commit_writes, 1, 100_000);
    bounded(wrong, "workers.commit_queue", workers.commit_queue, 1, 10_000_000);
    bounded(wrong, "workers.index_rows", workers.index_rows, 1, 1_000_000);
    bounded(wrong, "workers.archive_rows", workers.archive_rows, 1, 1_000_000);
    bounded(wrong, "workers.index_rest", workers.index_rest, 0, 1_000);
    bounded(wrong, "workers.searches", workers.searches, 1, 1_024);
    bounded(wrong, "workers.search_queue", workers.search_queue, 0, 1_000_000);
    if workers.commit_queue < workers.commit_writes {
        wrong.push((
            "workers.commit_queue",
            format!(
                "is {}, less than workers.commit_writes ({}): a full commit could never gather",
                workers.commit_queue, workers.commit_writes
            ),
        ));
    }
}

fn bounded<N: PartialOrd + fmt::Display>(
    wrong: &mut Vec<(&'static str, String)>,
    key: &'static str,
    value: N,
    least: N,
    most: N,
) {
    if value < least || value > most {
        wrong.push((key, format!("is {value}; allowed are {least} to {most}")));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_pass() {
        assert_eq!(check(&Config::default()), []);
    }

    #[test]
    fn all_problems_come_at_once() {
        let mut config = Config::default();
        config.server.listen = String::from("3000");
        config.limits.json_depth = 500;
        config.workers.searches = 0;
        config.workers.commit_queue = 1;
        config.log.level = String::from("loud");
        let keys: Vec<_> = check(&config).into_iter().map(|(key, _)| key).collect();
        assert_eq!(
            keys,
            ["server.listen", "limits.json_depth", "workers.searches", "workers.commit_queue", "log.level"]
        );
    }

    #[test]
    fn addresses_with_names_and_of_the_sixth_version_pass() {
        for listen in ["localhost:3000", "[::1]:0", "0.0.0.0:80"] {
            let mut config = Config::default();
            config.server.listen = listen.to_owned();
            assert_eq!(check(&config), [], "{listen}");
        }
    }
}
