//! The server process: bind, open, announce, answer, drain.
use super::data_folder::Presence;
use super::opening::App;
use super::{demo, signals};
use crate::base::secret::Secret;
use crate::config::Config;
use crate::http::server::{self, ServerOptions};
use anyhow::{Context, Result};
use socket2::SockRef;
use std::io::ErrorKind;
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::time::Duration;

/// Connections that may wait to be taken; the system may allow fewer (`somaxconn`). The standard library asks for 128: of a
/// crowd that comes at once the rest would try again after a second, then after three.
const BACKLOG: i32 = 8_192;

/// What a person is told when the server is up.
#[derive(Debug)]
pub struct Started {
    /// Where it listens.
    pub address: SocketAddr,
    /// Where it keeps everything.
    pub data: PathBuf,
    /// The first token, if this start made it.
    pub new_token: Option<Secret>,
    /// The first token, if its file is still there.
    pub root_token: Option<Secret>,
    /// What became of the demo world, if it was asked for.
    pub demo: Option<demo::Outcome>,
}

/// Serves until asked to stop. `announce` is called once, when requests can be sent.
///
/// # Errors
/// When the address is taken, the folder cannot be used, or the server breaks.
pub fn serve(config: &Config, with_demo: bool, announce: impl FnOnce(&Started)) -> Result<()> {
    // Bound before the folder is touched: a taken port is found out without waiting for the stores.
    let listener = bind(&config.server.listen)?;
    let address = listener.local_addr().context("cannot read the address the server listens on")?;
    super::runtime().context("cannot start threads")?.block_on(async {
        let stop = signals::stop_asked().context("cannot listen for signals")?;
        let app = App::open(config, Presence::Made).await?;
        let demo = if with_demo { Some(demo::load(app.engine()).await?) } else { None };
        announce(&Started {
            address,
            data: app.data_dir().to_owned(),
            new_token: app.new_token().cloned(),
            root_token: app.root_token(),
            demo,
        });
        tracing::info!(%address, data = %app.data_dir().display(), "serving");
        let served = server::run(app.engine().clone(), listener, options(config), stop).await;
        finish(app, config).await;
        crate::telemetry::lines::flush();
        served.context("the HTTP server failed")
    })
}

async fn finish(app: App, config: &Config) {
    let deadline = Duration::from_secs(config.server.drain_seconds);
    if app.close(deadline).await {
        tracing::info!("stopped; database, index and archive are level");
    } else {
        tracing::warn!("stopped before index and archive were level; the next start catches up");
    }
}

pub(super) fn options(config: &Config) -> ServerOptions {
    ServerOptions {
        workers: config.server.workers,
        max_connections: config.server.max_connections,
        keep_alive: Duration::from_secs(config.server.keep_alive_seconds),
        request_head: Duration::from_secs(config.server.request_head_seconds),
        unread: Duration::from_secs(config.server.unread_seconds),
        drain: Duration::from_secs(config.server.drain_seconds),
        metrics_open: config.metrics.open,
    }
}

/// Takes the address.
///
/// # Errors
/// In words that say what to do.
pub fn bind(listen: &str) -> Result<TcpListener> {
    let listener = TcpListener::bind(listen).map_err(|error| match error.kind() {
        ErrorKind::AddrInUse => anyhow::anyhow!(
            "{listen} is taken by another process, perhaps a server that still runs: \
             stop it, or choose another port with --listen 127.0.0.1:PORT"
        ),
        ErrorKind::PermissionDenied => {
            anyhow::anyhow!(
                "not allowed to listen on {listen}: ports below 1024 need rights; choose another with --listen"
            )
        }
        ErrorKind::AddrNotAvailable => {
            anyhow::anyhow!(
                "{listen} is no address of this machine: 127.0.0.1:PORT is this machine only, 0.0.0.0:PORT all"
            )
        }
        _ => anyhow::anyhow!("cannot listen on {listen}: {error}"),
    })?;
    let waits = SockRef::from(&listener).listen(BACKLOG);
    waits.and_then(|()| listener.set_nonblocking(true)).with_context(|| format!("cannot listen on {listen}"))?;
    Ok(listener)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_taken_port_is_refused_in_words() {
        let first = bind("127.0.0.1:0").unwrap();
        let address = first.local_addr().unwrap().to_string();
        let refused = bind(&address).unwrap_err().to_string();
        assert!(refused.contains("taken") && refused.contains("--listen"), "{refused}");
    }
}
