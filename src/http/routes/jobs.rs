//! `/jobs`: long work, looked at and stopped.
use crate::domain::refusal::{Code, Refusal};
use crate::engine::jobs::account::State;
use crate::engine::jobs::show::Filter;
use crate::http::error::{Answer, Failure};
use crate::http::extract::Call;
use crate::http::respond;
use actix_web::http::StatusCode;
use serde_json::json;

/// Jobs or imports of one answer, at most.
const SIZE_MAX: usize = 1_000;
/// Of one answer that does not say.
const SIZE: usize = 100;

/// `GET /jobs?state=&kind=&size=`.
///
/// # Errors
/// See [`Failure`].
pub async fn list(call: Call) -> Answer {
    call.parameters.only(&["state", "kind", "size"])?;
    let state = call.parameters.text("state")?.map(|text| {
        State::parse(text).ok_or_else(|| {
            Refusal::at(Code::ParameterInvalid, "state", "`state` is queued, running, done, failed or cancelled")
        })
    });
    let filter = Filter { state: state.transpose()?, kind: call.parameters.text("kind")?.map(str::to_owned) };
    let size = size(&call)?;
    let jobs = call.engine.desk().list_jobs(&call.caller, filter, size).await?;
    Ok(respond::value(StatusCode::OK, &json!({"jobs": jobs})))
}

/// `?size=`.
///
/// # Errors
/// `parameter_invalid`.
pub fn size(call: &Call) -> Result<usize, Refusal> {
    number(call, "size", SIZE, SIZE_MAX)
}

/// A whole number within bounds.
///
/// # Errors
/// `parameter_invalid`.
pub fn number(call: &Call, name: &str, otherwise: usize, most: usize) -> Result<usize, Refusal> {
    let Some(text) = call.parameters.text(name)? else { return Ok(otherwise) };
    let read = text.parse::<usize>().ok().filter(|number| *number <= most);
    read.ok_or_else(|| Refusal::at(Code::ParameterInvalid, name, format!("`{name}` is a whole number up to {most}")))
}

/// `GET /jobs/{id}`.
///
/// # Errors
/// See [`Failure`].
pub async fn read(call: Call) -> Answer {
    call.parameters.only(&[])?;
    Ok(respond::value(StatusCode::OK, &call.engine.desk().read_job(&call.caller, &id(&call, 1)?)?))
}

/// `POST /jobs/{id}/cancel`: `202`; it stops soon, what it has done stays.
///
/// # Errors
/// See [`Failure`].
pub async fn cancel(call: Call) -> Answer {
    call.parameters.only(&[])?;
    Ok(respond::value(StatusCode::ACCEPTED, &call.engine.desk().cancel_job(&call.caller, &id(&call, 1)?)?))
}

/// The id in the path at `at`.
///
/// # Errors
/// `not_found`.
pub fn id(call: &Call, at: usize) -> Result<String, Failure> {
    Ok(call.name(at, |text| Ok(text.to_owned()))?)
}
