//! Being asked to stop: the first signal drains, a second one quits at once.
use std::io;

/// The status a shell shows for a process ended by Ctrl-C.
const QUIT_AT_ONCE: i32 = 130;

/// A future that is done with the first SIGTERM or SIGINT. From then on a second signal ends the process at once:
/// that loses nothing that was answered.
///
/// # Errors
/// When the operating system refuses the handlers.
pub fn stop_asked() -> io::Result<impl Future<Output = ()>> {
    let mut asked = Asked::listen()?;
    Ok(async move {
        asked.next().await;
        tracing::info!("asked to stop: finishing what runs; a second signal quits at once");
        tokio::spawn(async move {
            asked.next().await;
            tracing::warn!("asked again: quitting at once; the next start catches up");
            std::process::exit(QUIT_AT_ONCE);
        });
    })
}

#[cfg(unix)]
struct Asked {
    terminate: tokio::signal::unix::Signal,
    interrupt: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Asked {
    fn listen() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

#[cfg(not(unix))]
struct Asked;

#[cfg(not(unix))]
impl Asked {
    fn listen() -> io::Result<Self> {
        Ok(Self)
    }

    async fn next(&mut self) {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}
