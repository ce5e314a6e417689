//! The server: a listener, workers, limits, a graceful end.
use super::observe::{Instruments, observe};
use super::routes::operations::MetricsAccess;
use crate::engine::Engine;
use actix_web::body::BoxBody;
use actix_web::dev::{ServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::middleware::from_fn;
use actix_web::{App, HttpServer, web};
use serde::{Deserialize, Serialize};
use std::future::Future;
use std::io;
use std::net::TcpListener;
use std::time::Duration;

/// How the server serves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ServerOptions {
    /// Threads that serve; 0 takes one per processor.
    pub workers: usize,
    /// Seconds an idle connection is kept.
    pub keep_alive_s: u64,
    /// Milliseconds a client may take to send the head of a request.
    pub head_timeout_ms: u64,
    /// Connections each worker takes; more wait in the operating system's queue.
    pub connections_per_worker: usize,
    /// Requests served at once; more are answered 503.
    pub in_flight: usize,
    /// Seconds that requests may take to end after the server was told to stop.
    pub drain_s: u64,
    /// Whether `/metrics` needs no token.
    pub metrics_open: bool,
}

impl Default for ServerOptions {
    fn default() -> Self {
        Self {
            workers: 0,
            keep_alive_s: 75,
            head_timeout_ms: 10_000,
            connections_per_worker: 10_000,
            in_flight: 8_192,
            drain_s: 30,
            metrics_open: false,
        }
    }
}

/// Serves on `listener` until `shutdown` resolves, then takes no more connections and lets requests end.
///
/// # Errors
/// When the listener cannot be used.
pub async fn run(
    listener: TcpListener,
    engine: Engine,
    options: ServerOptions,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let instruments = web::Data::new(Instruments::new(options.in_flight).map_err(io::Error::other)?);
    let access = if options.metrics_open { MetricsAccess::Open } else { MetricsAccess::Admin };
    let make = move || application(instruments.clone(), access).app_data(web::ThinData(engine.clone()));
    let workers = match options.workers {
        0 => std::thread::available_parallelism().map_or(2, std::num::NonZero::get),
        workers => workers,
    };
    // More threads than this, or none, would make actix panic.
    let workers = workers.clamp(1, 512);
    HttpServer::new(make)
        .workers(workers)
        .keep_alive(Duration::from_secs(options.keep_alive_s))
        .client_request_timeout(Duration::from_millis(options.head_timeout_ms))
        .max_connections(options.connections_per_worker)
        .tcp_nodelay(true)
        .shutdown_timeout(options.drain_s)
        .disable_signals()
        .shutdown_signal(shutdown)
        .listen(listener)?
        .run()
        .await
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
