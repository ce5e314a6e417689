//! A server that only reads a JSON body and sends it back, on the very stack the real one stands on: what this machine,
//! its network and the client of a measurement can do at most. `linernotes bench` puts its figure beside every other.
use actix_web::{App, HttpResponse, HttpServer, web};
use serde_json::Value;
use std::future::Future;
use std::io;
use std::net::TcpListener;

/// Serves on `listener` until `shutdown` resolves.
///
/// # Errors
/// When the listener cannot be used.
pub async fn run(listener: TcpListener, workers: usize, shutdown: impl Future<Output = ()>) -> io::Result<()> {
    let server = HttpServer::new(|| App::new().default_service(web::to(echo)))
        .workers(workers.clamp(1, 512))
        .tcp_nodelay(true)
        .shutdown_timeout(1)
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

async fn echo(body: web::Json<Value>) -> HttpResponse {
    HttpResponse::Ok().json(body.into_inner())
}
