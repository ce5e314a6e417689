//! The real binary on a scratch folder; started, stopped, killed, started again.
use super::client::{self, Answer};
use serde_json::{Value, json};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

const BINARY: &str = env!("CARGO_BIN_EXE_linernotes");

/// A running server. Dropped, it is killed and its folder goes.
pub struct Server {
    child: Option<Child>,
    pub addr: String,
    pub token: String,
    scratch: TempDir,
    data: Option<PathBuf>,
    environment: Vec<(String, String)>,
}

impl Server {
    /// An empty server.
    pub fn start() -> Self {
        Self::with(&[])
    }

    /// An empty server with environment overrides, e.g. `("LINERNOTES_COMPAT__VSPARK_NAMES", "false")`.
    pub fn with(environment: &[(&str, &str)]) -> Self {
        let scratch = tempfile::tempdir().expect("a scratch folder");
        let environment = environment.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        let mut server =
            Self { child: None, addr: String::new(), token: String::new(), scratch, data: None, environment };
        server.spawn();
        server
    }

    /// An empty server on a data folder that stands elsewhere.
    pub fn at(data: &Path) -> Self {
        Self::at_with(data, &[])
    }

    /// The same with environment overrides.
    pub fn at_with(data: &Path, environment: &[(&str, &str)]) -> Self {
        let mut server = Self::idle(data, environment);
        server.spawn();
        server
    }

    /// A data folder that stands elsewhere, with nothing running on it yet.
    pub fn idle(data: &Path, environment: &[(&str, &str)]) -> Self {
        let scratch = tempfile::tempdir().expect("a scratch folder");
        let environment = environment.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        let (addr, token) = (String::new(), String::new());
        Self { child: None, addr, token, scratch, data: Some(data.to_owned()), environment }
    }

    /// A server with company Acme, organisation Acme-Sales (Europe/Berlin) and folders Inbound (queue, direction,
    /// hold_time number, note text, called datetime, vip boolean) and Other (nothing configured).
    pub fn acme() -> Self {
        let server = Self::start();
        server.make_acme();
        server
    }

    pub fn make_acme(&self) {
        self.post("/config", &json!({"Acme": {"name": "Acme Ltd"}})).ok(200);
        let fields = json!({"hold_time": {"type": "number"}, "note": {"type": "text"},
            "called": {"type": "datetime"}, "vip": {"type": "boolean"}});
        self.post("/config/Acme/orgs", &json!({"Acme-Sales": {"timezone": "Europe/Berlin", "fields": fields}})).ok(200);
        let names = ["queue", "direction", "hold_time", "note", "called", "vip"];
        self.post("/config/Acme/Acme-Sales/folders", &json!({"Inbound": {"custom_meta": names}, "Other": {}})).ok(200);
    }

    /// An environment override for the next start.
    pub fn set(&mut self, name: &str, value: &str) {
        self.environment.push((name.to_owned(), value.to_owned()));
    }

    pub fn data(&self) -> PathBuf {
        self.data.clone().unwrap_or_else(|| self.scratch.path().join("data"))
    }

    /// Starts the process on the folder as it is and waits until it answers.
    pub fn spawn(&mut self) {
        let started = self.try_spawn(&[], &[]);
        assert!(started.is_ok(), "not ready: {}", self.log());
    }

    /// Starts the process and kills it that much later, whatever it is doing then.
    #[allow(dead_code, reason = "the harnesses of trust, which share this file, use it")]
    pub fn spawn_and_kill(&mut self, after: Duration) {
        self.launch(&[], &[]);
        std::thread::park_timeout(after);
        self.kill();
    }

    /// Starts the process under another program (`wrapper` with its arguments; none: by itself) and with more of an
    /// environment; how it ended if it did before it was ready (`None`: by a signal).
    pub fn try_spawn(&mut self, wrapper: &[&str], environment: &[(&str, &str)]) -> Result<(), Option<i32>> {
        self.launch(wrapper, environment);
        self.wait_ready()?;
        let token = std::fs::read(self.data().join("root.token")).expect("a root token");
        self.token = String::from_utf8_lossy(&token).trim().to_owned();
        Ok(())
    }

    fn launch(&mut self, wrapper: &[&str], environment: &[(&str, &str)]) {
        let port = TcpListener::bind("127.0.0.1:0").and_then(|l| l.local_addr()).expect("a free port").port();
        self.addr = format!("127.0.0.1:{port}");
        let log = std::fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(self.scratch.path().join("log"))
            .expect("a log file");
        let mut words = wrapper.iter().copied().chain([BINARY]);
        let child = Command::new(words.next().expect("a program"))
            .args(words)
            .args(["serve", "--listen", &self.addr, "--data"])
            .arg(self.data())
            .envs(self.environment.iter().map(|(k, v)| (k.as_str(), v.as_str())))
            .envs(environment.iter().copied())
            .stdin(Stdio::null())
            .stdout(log.try_clone().expect("one more handle"))
            .stderr(log)
            .spawn()
            .expect("the binary starts");
        self.child = Some(child);
    }

    fn wait_ready(&mut self) -> Result<(), Option<i32>> {
        let begun = Instant::now();
        loop {
            if client::send(&self.addr, "GET", "/readyz", &[], None).is_some_and(|a| a.status == 200) {
                return Ok(());
            }
            if let Some(ended) = self.child.as_mut().and_then(|c| c.try_wait().ok().flatten()) {
                self.child = None;
                return Err(ended.code());
            }
            assert!(begun.elapsed() < Duration::from_secs(60), "not ready: {}", self.log());
            std::thread::park_timeout(Duration::from_millis(10));
        }
    }

    #[allow(dead_code, reason = "the harnesses of trust use it")]
    /// Whether the process has ended by itself within a time.
    pub fn ends_within(&mut self, patience: Duration) -> bool {
        let begun = Instant::now();
        loop {
            if self.child.as_mut().is_none_or(|c| c.try_wait().ok().flatten().is_some()) {
                self.child = None;
                return true;
            }
            if begun.elapsed() > patience {
                return false;
            }
            std::thread::park_timeout(Duration::from_millis(10));
        }
    }

    /// The process's number.
    #[allow(dead_code, reason = "long-running harnesses ask for it")]
    pub fn pid(&self) -> u32 {
        self.child.as_ref().expect("it runs").id()
    }

    /// Memory of the process now, in bytes (Linux).
    #[allow(dead_code, reason = "long-running harnesses ask for it")]
    pub fn resident(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid())).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or_default();
        line.trim().trim_end_matches(" kB").trim().parse::<u64>().unwrap_or(0) * 1024
    }

    /// Processor time taken so far, in ticks of a hundredth of a second.
    pub fn processor_ticks(&self) -> u64 {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.pid())).unwrap_or_default();
        let after_name = stat.rsplit_once(") ").map_or("", |(_, rest)| rest);
        after_name.split(' ').skip(11).take(2).filter_map(|ticks| ticks.parse::<u64>().ok()).sum()
    }

    /// SIGKILL: no goodbye.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().expect("the process can be killed");
            child.wait().expect("the process ends");
        }
    }

    /// SIGTERM: drains; the exit code.
    pub fn stop(&mut self) -> Option<i32> {
        let mut child = self.child.take()?;
        let pid = child.id().to_string();
        Command::new("kill").args(["-TERM", &pid]).status().expect("kill runs");
        child.wait().expect("the process ends").code()
    }

    /// Everything the processes on this folder have said.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.scratch.path().join("log")).unwrap_or_default()
    }

    /// Runs another command of the binary with the root token; exit code, standard output, standard error.
    pub fn command(&self, args: &[&str]) -> (i32, String, String) {
        self.command_reading(args, b"")
    }

    /// The same with something on its standard input.
    pub fn command_reading(&self, args: &[&str], input: &[u8]) -> (i32, String, String) {
        let mut file = tempfile::tempfile().expect("a file");
        std::io::Write::write_all(&mut file, input).expect("room");
        std::io::Seek::rewind(&mut file).expect("a file");
        let output = Command::new(BINARY)
            .args(args)
            .env("LINERNOTES_TOKEN", &self.token)
            .envs(self.environment.iter().map(|(k, v)| (k.as_str(), v.as_str())))
            .stdin(file)
            .output()
            .expect("the binary runs");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (output.status.code().unwrap_or(-1), text(&output.stdout), text(&output.stderr))
    }

    /// `verify` on the stopped folder: the report.
    pub fn verify(&self, deep: bool) -> (i32, Value) {
        let data = self.data();
        let data = data.to_str().expect("a plain path");
        let mut args = vec!["verify", "--json", "--data", data];
        args.extend(deep.then_some("--deep"));
        let (code, out, err) = self.command(&args);
        let report = serde_json::from_str(&out).unwrap_or_else(|e| panic!("{e}: {out}{err}"));
        (code, report)
    }

    /// Stops, verifies deeply, demands no difference.
    #[track_caller]
    pub fn stop_and_verify(&mut self) {
        assert_eq!(self.stop(), Some(0), "{}", self.log());
        let (code, report) = self.verify(true);
        assert_eq!((code, &report["differences"]), (0, &json!([])), "{report}");
    }

    pub fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: Option<&[u8]>) -> Answer {
        client::send(&self.addr, method, path, headers, body).unwrap_or_else(|| panic!("no answer: {}", self.log()))
    }

    /// With the root token.
    pub fn request(&self, method: &str, path: &str, headers: &[(&str, &str)], body: Option<&[u8]>) -> Answer {
        let bearer = format!("Bearer {}", self.token);
        let mut all = vec![("Authorization", bearer.as_str())];
        all.extend_from_slice(headers);
        self.send(method, path, &all, body)
    }

    pub fn get(&self, path: &str) -> Answer {
        self.request("GET", path, &[], None)
    }

    pub fn json(&self, method: &str, path: &str, body: &Value) -> Answer {
        let text = body.to_string();
        let headers = [("Content-Type", "application/json"), ("Accept", "application/json")];
        self.request(method, path, &headers, Some(text.as_bytes()))
    }

    pub fn post(&self, path: &str, body: &Value) -> Answer {
        self.json("POST", path, body)
    }

    pub fn patch(&self, path: &str, body: &Value) -> Answer {
        self.json("PATCH", path, body)
    }

    pub fn put(&self, path: &str, body: &Value) -> Answer {
        self.json("PUT", path, body)
    }

    pub fn delete(&self, path: &str) -> Answer {
        self.request("DELETE", path, &[("Accept", "application/json")], None)
    }

    /// A transcript in Acme's Inbound folder with agent and client turns.
    pub fn bring(&self, tid: &str, client_data: &Value, turns: &[(&str, &str)]) -> Answer {
        let utterances: Vec<Value> = turns
            .iter()
            .enumerate()
            .map(|(n, (speaker, text))| {
                json!({"start": n as f64 * 5.0, "end": n as f64 * 5.0 + 4.5, "speaker": speaker, "text": text})
            })
            .collect();
        let body = json!({"client_data": client_data, "utterances": utterances});
        self.put(&format!("/transcripts/Acme/Acme-Sales/{tid}?folder=Inbound"), &body)
    }

    /// A search in Acme-Sales that sees everything written before.
    pub fn find(&self, query: &str) -> Value {
        self.settle();
        self.get(&format!("/search/Acme/Acme-Sales?{query}")).ok(200)
    }

    /// Ids of the rows of a search, in their order.
    pub fn ids(&self, query: &str) -> Vec<String> {
        let found = self.find(query);
        found["results"]
            .as_array()
            .expect("rows")
            .iter()
            .map(|row| row["tid"].as_str().expect("tid").to_owned())
            .collect()
    }

    /// Waits until index and archive owe nothing.
    pub fn settle(&self) {
        let begun = Instant::now();
        while begun.elapsed() < Duration::from_secs(60) {
            let metrics = self.get("/metrics").text();
            let owed = metrics.lines().filter(|l| l.starts_with("linernotes_owed_"));
            let backfill = metrics.lines().filter(|l| l.starts_with("linernotes_backfill "));
            if owed.chain(backfill).all(|l| l.ends_with(" 0")) {
                return;
            }
            std::thread::park_timeout(Duration::from_millis(10));
        }
        panic!("the sinks never came level: {}", self.log());
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
        if std::thread::panicking() {
            eprintln!("--- server log ---\n{}", self.log());
        }
    }
}

/// Whether a file holds the bytes.
pub fn holds(path: &Path, bytes: &str) -> bool {
    let content = std::fs::read(path).unwrap_or_default();
    content.windows(bytes.len()).any(|window| window == bytes.as_bytes())
}

/// Every file below a folder.
pub fn files(folder: &Path) -> Vec<PathBuf> {
    let mut all = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() { all.extend(files(&path)) } else { all.push(path) }
    }
    all
}
