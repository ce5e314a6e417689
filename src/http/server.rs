//! The server: a listener, workers, limits, a graceful end.
use super::answers::Answers;
use super::bodies::Bodies;
use super::observe::{Instruments, observe};
use super::routes::operations::MetricsAccess;
use crate::engine::Engine;
use actix_web::body::BoxBody;
use actix_web::dev::{ServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::middleware::from_fn;
use actix_web::{App, HttpServer, web};
use std::any::Any;
use std::future::Future;
use std::io;
use std::net::TcpListener;
use std::time::Duration;

/// Requests served at once; more are answered 503. Far more than the stores can work on, far less than memory holds.
const IN_FLIGHT_MAX: usize = 8_192;

/// How the server serves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerOptions {
    /// Threads that serve; 0 takes one per processor.
    pub workers: usize,
    /// Connections at once, all threads together; more wait to be accepted.
    pub max_connections: usize,
    /// How long an idle connection is kept; zero closes after each answer.
    pub keep_alive: Duration,
    /// How long a client may take to send the head of a request; zero is no bound.
    pub request_head: Duration,
    /// How long a client may leave an answer unread before its connection is ended; zero is no bound. Linux only.
    pub unread: Duration,
    /// How long requests may take to end after the server was told to stop; whole seconds.
    pub drain: Duration,
    /// Whether `/metrics` needs no token.
    pub metrics_open: bool,
}

impl Default for ServerOptions {
    fn default() -> Self {
        Self {
            workers: 0,
            max_connections: 25_000,
            keep_alive: Duration::from_secs(75),
            request_head: Duration::from_secs(10),
            unread: Duration::from_secs(120),
            drain: Duration::from_secs(30),
            metrics_open: false,
        }
    }
}

/// Serves on `listener` until `shutdown` resolves, then takes no more connections and lets requests end.
///
/// # Errors
/// When the listener cannot be used.
pub async fn run(
    engine: Engine,
    listener: TcpListener,
    options: ServerOptions,
    shutdown: impl Future<Output = ()>,
) -> io::Result<()> {
    serve(Some(engine), listener, options, shutdown).await
}

/// [`run`], also without an engine: then only what needs none is answered.
async fn serve(
    engine: Option<Engine>,
    listener: TcpListener,
    options: ServerOptions,
    shutdown: impl Future<Output = ()>,
) -> io::Result<()> {
    let instruments = web::Data::new(Instruments::new(IN_FLIGHT_MAX).map_err(io::Error::other)?);
    // Without an engine no body is read.
    let bodies = Bodies::new(engine.as_ref().map_or(0, |engine| engine.settings().limits.bodies_bytes));
    let answers = Answers::new(engine.as_ref().map_or(usize::MAX, |engine| engine.settings().limits.answers_bytes));
    let access = if options.metrics_open { MetricsAccess::Open } else { MetricsAccess::Admin };
    let make = move || {
        let application = application(instruments.clone(), access).app_data(bodies.clone()).app_data(answers.clone());
        match engine.clone() {
            Some(engine) => application.app_data(web::ThinData(engine)),
            None => application,
        }
    };
    let workers = match options.workers {
        0 => std::thread::available_parallelism().map_or(2, std::num::NonZero::get),
        workers => workers,
    };
    // More threads than this, or none, would make actix panic.
    let workers = workers.clamp(1, 512);
    let unread = options.unread;
    let server = HttpServer::new(make)
        .workers(workers)
        .keep_alive(options.keep_alive)
        .client_request_timeout(options.request_head)
        .max_connections((options.max_connections / workers).max(1))
        .tcp_nodelay(true)
        .on_connect(move |connection, _| bound_unread(connection, unread))
        .shutdown_timeout(options.drain.as_secs())
        .disable_signals()
        .listen(listener)?
        .run();
    let handle = server.handle();
    tokio::pin!(server);
    tokio::select! {
        stopped = &mut server => stopped,
        () = shutdown => tokio::join!(handle.stop(true), server).1,
    }
}

/// Lets the system end a connection whose client takes nothing of what was sent for so long. The library has no such
/// bound: it waits for room in the socket as long as the client keeps the connection.
fn bound_unread(connection: &dyn Any, patience: Duration) {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    if let Some(stream) = connection.downcast_ref::<actix_web::rt::net::TcpStream>()
        && !patience.is_zero()
        && let Err(error) = socket2::SockRef::from(stream).set_tcp_user_timeout(Some(patience))
    {
        tracing::debug!(%error, "a connection without a bound on unread answers");
    }
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    let _ = (connection, patience);
}

/// The application less its engine: middleware, routes, the answer to unknown paths.
pub fn application(
    instruments: web::Data<Instruments>,
    access: MetricsAccess,
) -> App<
    impl ServiceFactory<
        ServiceRequest,
        Config = (),
        Response = ServiceResponse<BoxBody>,
        Error = actix_web::Error,
        InitError = (),
    >,
> {
    App::new()
        .app_data(instruments)
        .app_data(access)
        .configure(super::routes)
        .default_service(web::to(super::routes::operations::unknown))
        .wrap(from_fn(observe))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read as _, Write as _};
    use std::net::{SocketAddr, TcpStream};

    fn exchange(to: SocketAddr, request: &str) -> String {
        let mut stream = TcpStream::connect(to).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 1)]
    async fn it_answers_over_a_socket_and_ends_when_told_to() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let client = tokio::task::spawn_blocking(move || {
            let get = exchange(address, "GET /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
            let head = exchange(address, "HEAD /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
            let patch = exchange(
                address,
                "PATCH /metadata/a/b/c HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}",
            );
            stop.send(()).unwrap();
            (get, head, patch)
        });
        let shutdown = async move {
            let _ = stopped.await;
        };
        serve(None, listener, ServerOptions { workers: 1, ..ServerOptions::default() }, shutdown).await.unwrap();
        let (get, head, patch) = client.await.unwrap();
        assert!(get.starts_with("HTTP/1.1 200 OK\r\n") && get.ends_with("\r\n\r\n{\"status\":\"ok\"}"), "{get}");
        assert!(head.contains("content-length: 15\r\n") && head.ends_with("\r\n\r\n"), "{head}");
        assert!(patch.starts_with("HTTP/1.1 400 Bad Request\r\n") && patch.contains("text/html"), "{patch}");
    }
}
