//! The access log: one line a request, never the query string, for it may hold a token.
use actix_web::HttpMessage as _;
use actix_web::HttpRequest;
use actix_web::body::{BodySize, MessageBody as _};
use actix_web::dev::ServiceResponse;
use std::sync::Arc;
use std::time::Duration;
use tracing::Level;

/// The target of the lines.
const TARGET: &str = "linernotes::access";

/// The token's id (not the token), left in the request for its line.
struct TokenId(Arc<str>);

/// Remembers who calls. Free of cost when no lines are written.
pub fn remember_token(request: &HttpRequest, id: &str) {
    if tracing::enabled!(target: TARGET, Level::INFO) {
        request.extensions_mut().insert(TokenId(id.into()));
    }
}

/// Writes the line of a request that was answered after `took`. A streamed answer has no size yet.
pub fn write(response: &ServiceResponse, took: Duration) {
    if !tracing::enabled!(target: TARGET, Level::INFO) {
        return;
    }
    let request = response.request();
    let bytes = match response.response().body().size() {
        BodySize::Sized(bytes) => Some(bytes),
        _ => None,
    };
    let extensions = request.extensions();
    tracing::info!(
        target: TARGET,
        method = request.method().as_str(),
        path = request.uri().path(),
        status = response.status().as_u16(),
        duration_ms = took.as_secs_f64() * 1_000.0,
        bytes,
        token = extensions.get::<TokenId>().map(|token| &*token.0),
        "answered"
    );
}
