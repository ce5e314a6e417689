//! Connections that are kept, one thread each: sends a request, waits for the answer, sends the next.
use super::figures::Figure;
use crate::base::secret::Secret;
use anyhow::{Result, anyhow, bail};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use ureq::Agent;
use ureq::http::{Method, Request};

/// How long one answer may take.
const PATIENCE: Duration = Duration::from_secs(120);

/// What is sent.
pub struct Sent {
    /// The method.
    pub method: Method,
    /// Path and query.
    pub path: String,
    /// The body, empty for none.
    pub body: String,
    /// Of the body.
    pub media: &'static str,
}

impl Sent {
    /// A question without a body.
    pub fn get(path: String) -> Self {
        Self { method: Method::GET, path, body: String::new(), media: "" }
    }

    /// A change by a JSON body.
    pub fn json(method: Method, path: String, body: String) -> Self {
        Self { method, path, body, media: "application/json" }
    }
}

/// A server as one thread talks to it, over one kept connection.
#[derive(Clone)]
pub struct Server {
    base: String,
    bearer: Option<Secret>,
}

/// One kept connection.
pub struct Connection {
    agent: Agent,
    server: Server,
}

impl Server {
    /// The server at `base` (`http://…`, no slash at the end), asked with the token.
    pub fn new(base: &str, token: Option<&Secret>) -> Self {
        let bearer = token.map(|token| Secret::new(format!("Bearer {}", token.reveal())));
        Self { base: base.trim_end_matches('/').to_owned(), bearer }
    }

    /// A connection of its own.
    pub fn connect(&self) -> Connection {
        let agent = Agent::config_builder()
            .http_status_as_error(false)
            .max_idle_connections(1)
            .timeout_global(Some(PATIENCE))
            .user_agent(concat!("linernotes/", env!("CARGO_PKG_VERSION")))
            .build()
            .new_agent();
        Connection { agent, server: self.clone() }
    }

    /// Sends what `next` makes of 0, 1, 2, … over `connections` connections for `span`, each as fast as it is answered.
    ///
    /// # Errors
    /// The first answer that is a refusal, or none.
    pub fn flood(&self, connections: usize, span: Duration, next: impl Fn(u64) -> Sent + Sync) -> Result<Figure> {
        let begun = Instant::now();
        let micros = self.send_all(connections, |number| (begun.elapsed() < span).then(|| next(number)))?;
        Ok(Figure::of(micros, begun.elapsed()))
    }

    /// Sends what `next` makes of 0, 1, 2, … until there is no more; how long each took, microseconds.
    ///
    /// # Errors
    /// As [`Self::flood`].
    pub fn send_all(&self, connections: usize, next: impl Fn(u64) -> Option<Sent> + Sync) -> Result<Vec<u32>> {
        let number = AtomicU64::new(0);
        let one = || -> Result<Vec<u32>> {
            let (mut connection, mut micros) = (self.connect(), Vec::new());
            while let Some(sent) = next(number.fetch_add(1, Ordering::Relaxed)) {
                let at = Instant::now();
                connection.ask(&sent)?;
                micros.push(u32::try_from(at.elapsed().as_micros()).unwrap_or(u32::MAX));
            }
            Ok(micros)
        };
        let all: Vec<Result<Vec<u32>>> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..connections).map(|_| scope.spawn(one)).collect();
            threads.into_iter().map(|t| t.join().unwrap_or_else(|_| Err(anyhow!("a connection panicked")))).collect()
        });
        all.into_iter().try_fold(Vec::new(), |mut micros, own| {
            micros.extend(own?);
            Ok(micros)
        })
    }
}

impl Connection {
    /// Sends, and reads the answer whole.
    ///
    /// # Errors
    /// When there is no answer, or a refusal.
    pub fn ask(&mut self, sent: &Sent) -> Result<Vec<u8>> {
        let (status, body) = self.try_ask(sent)?;
        if !(200..300).contains(&status) {
            let told: String = String::from_utf8_lossy(&body).chars().take(300).collect();
            bail!("{} {} is answered {status}: {told}", sent.method, sent.path);
        }
        Ok(body)
    }

    /// [`Self::ask`] where a refusal is an answer too: its status.
    ///
    /// # Errors
    /// When there is no answer.
    pub fn try_ask(&mut self, sent: &Sent) -> Result<(u16, Vec<u8>)> {
        let mut request =
            Request::builder().method(sent.method.clone()).uri(format!("{}{}", self.server.base, sent.path));
        if let Some(bearer) = &self.server.bearer {
            request = request.header("Authorization", bearer.reveal());
        }
        let answer = if sent.body.is_empty() {
            self.agent.run(request.body(())?)
        } else {
            self.agent.run(request.header("Content-Type", sent.media).body(sent.body.as_str())?)
        };
        let mut answer = answer.map_err(|error| anyhow!("no answer from {}: {error}", self.server.base))?;
        let status = answer.status().as_u16();
        Ok((status, answer.body_mut().with_config().limit(1 << 30).read_to_vec()?))
    }
}
