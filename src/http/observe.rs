//! The one middleware: request id, load shedding, bodies of failures, access log, metrics.
use super::access_log;
use super::answers::{self, Answers};
use super::error::{self, Failure};
use super::route::matched;
use crate::base::digest;
use crate::domain::refusal::{Code, Refusal};
use actix_web::body::BoxBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue, X_CONTENT_TYPE_OPTIONS};
use actix_web::middleware::Next;
use actix_web::web;
use prometheus::{HistogramOpts, HistogramVec, IntCounterVec, Opts, Registry};
use std::cell::Cell;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use tracing::Instrument as _;
use uuid::Uuid;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// What is counted of requests, and how many are served at once.
pub struct Instruments {
    registry: Registry,
    requests: IntCounterVec,
    latency: HistogramVec,
    in_flight: AtomicUsize,
    in_flight_max: usize,
}

impl Instruments {
    /// Fresh counters; beyond `in_flight_max` requests at once the server answers 503.
    ///
    /// # Errors
    /// When a metric is named wrongly: a defect.
    pub fn new(in_flight_max: usize) -> prometheus::Result<Self> {
        let registry = Registry::new();
        let requests = IntCounterVec::new(
            Opts::new("linernotes_http_requests_total", "Requests answered, by route, method and class of status."),
            &["route", "method", "status"],
        )?;
        let latency = HistogramVec::new(
            HistogramOpts::new("linernotes_http_request_seconds", "Time from request to answer, in seconds.").buckets(
                vec![0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0],
            ),
            &["route", "method"],
        )?;
        registry.register(Box::new(requests.clone()))?;
        registry.register(Box::new(latency.clone()))?;
        Ok(Self { registry, requests, latency, in_flight: AtomicUsize::new(0), in_flight_max })
    }

    /// What was counted so far.
    pub fn gather(&self) -> Vec<prometheus::proto::MetricFamily> {
        self.registry.gather()
    }

    /// Requests being served now.
    pub fn in_flight(&self) -> usize {
        self.in_flight.load(Ordering::Relaxed)
    }

    fn count(&self, route: &str, method: &str, status: u16, took: Duration) {
        let class = match status {
            ..=199 => "1xx",
            200..=299 => "2xx",
            300..=399 => "3xx",
            400..=499 => "4xx",
            _ => "5xx",
        };
        self.requests.with_label_values(&[route, method, class]).inc();
        self.latency.with_label_values(&[route, method]).observe(took.as_secs_f64());
    }
}

/// One request's place among those served; gives it back when dropped, also when the client goes away.
struct Entry(web::Data<Instruments>);

impl Entry {
    /// `None` when the server is full.
    fn enter(instruments: &web::Data<Instruments>) -> Option<Self> {
        let before = instruments.in_flight.fetch_add(1, Ordering::Relaxed);
        let entry = Self(instruments.clone());
        (before < instruments.in_flight_max).then_some(entry)
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        self.0.in_flight.fetch_sub(1, Ordering::Relaxed);
    }
}

/// The middleware.
///
/// # Errors
/// Only what an inner service fails with before a route is found; none does.
pub async fn observe(
    request: ServiceRequest,
    next: Next<BoxBody>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let started = Instant::now();
    let id = request_id(request.headers());
    let instruments = request.app_data::<web::Data<Instruments>>().cloned();
    let answers = request.app_data::<Answers>().cloned();
    // At the level of errors, so that the id stands on every line however few are written.
    let span = tracing::error_span!("request", request_id = id.to_str().unwrap_or_default());
    let entry = instruments.as_ref().map(Entry::enter);
    let full = matches!(entry, Some(None)) && !is_probe(request.path());
    let mut response =
        if full { request.error_response(overloaded()) } else { next.call(request).instrument(span.clone()).await? };
    if let Some(answers) = &answers {
        response = answers::admit(answers, response);
    }
    if response.response().error().is_some() {
        response = span.in_scope(|| render(response, &id));
    }
    let headers = response.headers_mut();
    headers.insert(REQUEST_ID, id.clone());
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    let took = started.elapsed();
    if let Some(instruments) = &instruments {
        let route = matched(response.request()).map_or("unknown", |route| route.path);
        let method = known_method(response.request().method().as_str());
        instruments.count(route, method, response.status().as_u16(), took);
    }
    span.in_scope(|| access_log::write(&response, id.to_str().unwrap_or_default(), took));
    Ok(response)
}

fn render(response: ServiceResponse, id: &HeaderValue) -> ServiceResponse {
    let (request, failed) = response.into_parts();
    let answer = match failed.error() {
        Some(error) => error::render(&request, error, id.to_str().unwrap_or_default()),
        None => failed,
    };
    ServiceResponse::new(request, answer)
}

fn overloaded() -> Failure {
    Refusal::new(Code::Overloaded, "the server serves as many requests as it may; try again").into()
}

/// Probes and metrics are answered also under load: that is when they matter.
fn is_probe(path: &str) -> bool {
    matches!(path, "/livez" | "/readyz" | "/metrics")
}

/// Methods as labels: strangers' methods must not make time series.
fn known_method(method: &str) -> &'static str {
    const KNOWN: [&str; 7] = ["GET", "PATCH", "POST", "PUT", "DELETE", "HEAD", "OPTIONS"];
    KNOWN.into_iter().find(|known| *known == method).unwrap_or("other")
}

/// The client's id when it is harmless in logs and headers, else a new one.
fn request_id(headers: &HeaderMap) -> HeaderValue {
    let sane = |value: &&HeaderValue| {
        let bytes = value.as_bytes();
        (1..=128).contains(&bytes.len())
            && bytes.iter().all(|byte| byte.is_ascii_alphanumeric() || b"-_.:/+=@~".contains(byte))
    };
    if let Some(sent) = headers.get(REQUEST_ID).filter(sane) {
        return sent.clone();
    }
    let mut buffer = Uuid::encode_buffer();
    let text = new_id().hyphenated().encode_lower(&mut buffer);
    HeaderValue::from_str(text).unwrap_or(HeaderValue::from_static("-"))
}

/// An odd step visits every 128-bit number once: ids of a thread never repeat, and cost no system call each.
const STEP: u128 = 0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835;

/// A UUID (version 4 in form). Unique, not secret.
fn new_id() -> Uuid {
    thread_local!(static LAST: Cell<Option<u128>> = const { Cell::new(None) });
    let next = match LAST.get() {
        Some(last) => last.wrapping_add(STEP),
        None => {
            let random = digest::random();
            random.iter().take(16).fold(0, |number, byte| (number << 8) | u128::from(*byte))
        }
    };
    LAST.set(Some(next));
    uuid::Builder::from_random_bytes(next.to_be_bytes()).into_uuid()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(sent: &str) -> String {
        let mut headers = HeaderMap::new();
        headers.insert(REQUEST_ID, HeaderValue::from_str(sent).unwrap());
        request_id(&headers).to_str().unwrap().to_owned()
    }

    #[test]
    fn sane_request_ids_are_kept_and_others_replaced() {
        assert_eq!(id("abc-1.2:3"), "abc-1.2:3");
        for odd in ["a b", "a\"b", &"x".repeat(129), ""] {
            assert!(Uuid::parse_str(&id(odd)).is_ok(), "{odd}");
        }
    }

    #[test]
    fn new_ids_differ() {
        let all: std::collections::HashSet<_> = (0..1_000).map(|_| new_id()).collect();
        assert_eq!(all.len(), 1_000);
    }

    #[test]
    fn a_full_server_lets_nobody_in_until_someone_leaves() {
        let instruments = web::Data::new(Instruments::new(1).unwrap());
        let first = Entry::enter(&instruments);
        assert!(first.is_some() && Entry::enter(&instruments).is_none());
        drop(first);
        assert_eq!(instruments.in_flight(), 0);
        assert!(Entry::enter(&instruments).is_some());
    }
}
