//! Servers in this process for a measurement: the real one on a scratch folder, and one that only echoes. Each has
//! threads of its own; both listen on the loopback address, on ports the operating system gives.
use super::data_folder::Presence;
use super::opening::App;
use super::serving::{bind, options};
use crate::base::secret::Secret;
use crate::config::Config;
use crate::http::{echo, server};
use anyhow::{Context, Result, anyhow};
use std::net::SocketAddr;
use std::sync::mpsc;
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::sync::oneshot;

const LOOPBACK: &str = "127.0.0.1:0";

/// How long a server of this process may take to end.
const END_WITHIN: Duration = Duration::from_secs(60);

/// A server that runs until it is stopped or dropped.
pub struct Running {
    /// Where it listens.
    pub address: SocketAddr,
    /// The first token of a new folder.
    pub token: Option<Secret>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<Result<()>>>,
}

impl Running {
    fn start<W>(name: &str, work: W) -> Result<Self>
    where
        W: FnOnce(mpsc::Sender<(SocketAddr, Option<Secret>)>, oneshot::Receiver<()>) -> Result<()> + Send + 'static,
    {
        let (ready, up) = mpsc::channel();
        let (stop, stopped) = oneshot::channel();
        let builder = std::thread::Builder::new().name(name.to_owned());
        let thread = builder.spawn(move || work(ready, stopped)).context("cannot start a thread")?;
        match up.recv() {
            Ok((address, token)) => Ok(Self { address, token, stop: Some(stop), thread: Some(thread) }),
            // It ended before it was up: its error says why.
            Err(_) => Err(ended(thread).err().unwrap_or_else(|| anyhow!("the server ended at once"))),
        }
    }

    /// Stops it and waits for its end.
    ///
    /// # Errors
    /// What it failed with.
    pub fn stop(mut self) -> Result<()> {
        self.end()
    }

    fn end(&mut self) -> Result<()> {
        if let Some(stop) = self.stop.take() {
            // It may have ended by itself.
            let _gone = stop.send(()).is_err();
        }
        self.thread.take().map_or(Ok(()), ended)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Err(error) = self.end() {
            tracing::error!(error = %format!("{error:#}"), "a server of a measurement failed");
        }
    }
}

fn ended(thread: JoinHandle<Result<()>>) -> Result<()> {
    thread.join().unwrap_or_else(|_| Err(anyhow!("the server panicked")))
}

/// The real server on `config`'s data folder, wherever `config` says to listen.
///
/// # Errors
/// As [`super::serve`].
pub fn real(config: Config) -> Result<Running> {
    Running::start("bench-server", move |ready, stopped| {
        let listener = bind(LOOPBACK)?;
        let address = listener.local_addr().context("cannot read the address the server listens on")?;
        super::runtime().context("cannot start threads")?.block_on(async {
            let app = App::open(&config, Presence::Made).await?;
            let _asker_gone = ready.send((address, app.root_token())).is_err();
            let engine = app.engine().clone();
            let served = server::run(engine, listener, options(&config), until(stopped)).await;
            app.close(END_WITHIN).await;
            served.context("the HTTP server failed")
        })
    })
}

/// A server that echoes JSON, with as many threads as `config` gives the real one.
///
/// # Errors
/// When there is no port or no thread.
pub fn echoing(config: &Config) -> Result<Running> {
    let workers = match config.server.workers {
        0 => std::thread::available_parallelism().map_or(2, std::num::NonZero::get),
        workers => workers,
    };
    Running::start("bench-echo", move |ready, stopped| {
        let listener = bind(LOOPBACK)?;
        let address = listener.local_addr().context("cannot read the address the server listens on")?;
        super::runtime().context("cannot start threads")?.block_on(async {
            let _asker_gone = ready.send((address, None)).is_err();
            echo::run(listener, workers, until(stopped)).await.context("the echoing server failed")
        })
    })
}

async fn until(stopped: oneshot::Receiver<()>) {
    // A sender that is dropped says the same.
    let _dropped = stopped.await.is_err();
}
