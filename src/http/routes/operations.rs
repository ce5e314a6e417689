//! `/livez`, `/readyz`, `/metrics`, `/openapi.json`, and the answer to unknown paths (contract section 9).
use crate::domain::access::Right;
use crate::engine::Error;
use crate::engine::upkeep::Figures;
use crate::http::answers::Answers;
use crate::http::bodies::Bodies;
use crate::http::error::{Answer, Failure};
use crate::http::extract::{Call, engine};
use crate::http::observe::Instruments;
use crate::http::parameters::Parameters;
use crate::http::respond;
use actix_web::http::StatusCode;
use actix_web::http::header::CONTENT_TYPE;
use actix_web::{FromRequest as _, HttpRequest, HttpResponse, dev, web};
use prometheus::{Counter, Gauge, Registry, TextEncoder};

/// The description of the API.
pub const DESCRIPTION: &str = include_str!("../openapi.json");

/// Who may read `/metrics`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MetricsAccess {
    /// Tokens with the right `admin`.
    Admin,
    /// Anyone.
    Open,
}

/// `GET /livez`: the process answers.
///
/// # Errors
/// `parameter_unknown`.
pub async fn alive(request: HttpRequest) -> Answer {
    Parameters::read(request.query_string())?.only(&[])?;
    Ok(respond::json(StatusCode::OK).body(r#"{"status":"ok"}"#))
}

/// `GET /readyz`: edits and reads work.
///
/// # Errors
/// [`Failure::NotReady`].
pub async fn ready(request: HttpRequest) -> Answer {
    Parameters::read(request.query_string())?.only(&[])?;
    engine(&request)?.ready().map_err(Failure::NotReady)?;
    Ok(respond::json(StatusCode::OK).body(r#"{"status":"ready"}"#))
}

/// `GET /metrics`, in Prometheus' text format.
///
/// # Errors
/// Without the right `admin`, unless metrics are open.
pub async fn metrics(request: HttpRequest) -> Answer {
    Parameters::read(request.query_string())?.only(&[])?;
    if request.app_data::<MetricsAccess>() != Some(&MetricsAccess::Open) {
        Call::from_request(&request, &mut dev::Payload::None).await?.caller.demand(Right::Admin)?;
    }
    let instruments = request.app_data::<web::Data<Instruments>>();
    let instruments = instruments.ok_or(Failure::Defect("the application has no instruments"))?;
    let broken = |_| Failure::Defect("the metrics could not be written");
    let mut families = instruments.gather();
    let answers = request.app_data::<Answers>().map_or(0, Answers::held);
    let bodies = request.app_data::<Bodies>().map_or(0, Bodies::held);
    let figures = figures(&engine(&request)?.figures(), instruments.in_flight(), (answers, bodies)).map_err(broken)?;
    families.extend(figures.gather());
    let text = TextEncoder::new().encode_to_string(&families).map_err(broken)?;
    Ok(HttpResponse::Ok().insert_header((CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")).body(text))
}

/// `GET /openapi.json`.
///
/// # Errors
/// `parameter_unknown`.
pub async fn description(request: HttpRequest) -> Answer {
    Parameters::read(request.query_string())?.only(&[])?;
    Ok(respond::json(StatusCode::OK).body(DESCRIPTION))
}

/// What no line of the URL table names.
///
/// # Errors
/// Always: `not_found`.
pub async fn unknown() -> Answer {
    Err(Error::absent().into())
}

/// The engine's figures as a registry that lives for one answer. Times are in seconds.
#[allow(clippy::cast_precision_loss, reason = "2^53 microseconds are 285 years")]
fn figures(now: &Figures, in_flight: usize, (answers, bodies): (usize, usize)) -> prometheus::Result<Registry> {
    let registry = Registry::new();
    let counters: [(&str, &str, f64); 9] = [
        ("edits_total", "Edits answered.", now.edits as f64),
        ("ingested_total", "Transcripts brought in.", now.ingested as f64),
        ("searches_total", "Searches answered.", now.searches as f64),
        ("retention_erased_total", "Transcripts erased because they were too old.", now.retention_erased as f64),
        ("commits_total", "Commits of the database.", now.commits as f64),
        ("committed_writes_total", "Writes in commits of the database.", now.committed_writes as f64),
        ("commit_seconds_total", "Time spent in commits of the database.", now.commit_micros as f64 / 1e6),
        ("index_commits_total", "Commits of the search index.", now.index_commits as f64),
        (
            "index_commit_seconds_total",
            "Time spent in commits of the search index.",
            now.index_commit_micros as f64 / 1e6,
        ),
    ];
    for (name, help, value) in counters {
        let counter = Counter::new(format!("linernotes_{name}"), help)?;
        counter.inc_by(value);
        registry.register(Box::new(counter))?;
    }
    let gauges: [(&str, &str, f64); 16] = [
        ("http_requests_in_flight", "Requests being served now.", in_flight as f64),
        ("http_answer_bytes", "Bytes of long answers that are not taken yet.", answers as f64),
        ("http_body_bytes", "Bytes of bodies that have arrived and are not done with.", bodies as f64),
        ("commit_queue", "Writes that wait for a commit now.", now.commit_queue as f64),
        ("owed_index", "Transcripts owed to the search index now.", now.owed_index as f64),
        ("owed_archive", "Transcripts owed to the archive now.", now.owed_archive as f64),
        ("quarantined", "Transcripts set aside after repeated failure.", now.quarantined as f64),
        ("wal_bytes", "Bytes of the database's write-ahead log.", now.wal_bytes as f64),
        ("jobs", "Unfinished jobs.", now.jobs as f64),
        ("job_rows", "Rows that imports and edits by query have still to do.", now.job_rows as f64),
        ("backfill", "Transcripts still to be back-filled.", now.backfill as f64),
        ("index_turn_segments", "Segments of words.", now.index.turn_segments as f64),
        ("index_record_segments", "Segments of values.", now.index.record_segments as f64),
        ("index_turns", "Turns in the search index.", now.index.turns as f64),
        ("index_records", "Transcripts in the search index.", now.index.records as f64),
        ("index_value_bytes", "Memory taken by values that searches asked for.", now.index.value_bytes as f64),
    ];
    for (name, help, value) in gauges {
        let gauge = Gauge::new(format!("linernotes_{name}"), help)?;
        gauge.set(value);
        registry.register(Box::new(gauge))?;
    }
    Ok(registry)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_become_counters_and_gauges() {
        let now = Figures { edits: 3, commit_micros: 1_500_000, owed_index: 2, ..Figures::default() };
        let text = TextEncoder::new().encode_to_string(&figures(&now, 1, (0, 0)).unwrap().gather()).unwrap();
        assert!(text.contains("# TYPE linernotes_edits_total counter\nlinernotes_edits_total 3\n"));
        assert!(text.contains("linernotes_commit_seconds_total 1.5\n"));
        assert!(text.contains("# TYPE linernotes_owed_index gauge\nlinernotes_owed_index 2\n"));
    }
}
