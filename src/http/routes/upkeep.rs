//! `/reindex`: looking after the stores while the server runs (contract section 9). All of it wants the right `admin`
//! on everything.
use crate::http::error::{Answer, Failure};
use crate::http::extract::Call;
use crate::http::respond;
use actix_web::http::StatusCode;
use serde::Serialize;

/// `POST /reindex`: `202`; the index is made again from now on.
///
/// # Errors
/// See [`Failure`].
pub async fn reindex(call: Call) -> Answer {
    call.parameters.only(&[])?;
    answer(StatusCode::ACCEPTED, &call.engine.reindex(&call.caller).await?)
}

/// `GET /reindex`: how far it is.
///
/// # Errors
/// See [`Failure`].
pub async fn reindexing(call: Call) -> Answer {
    call.parameters.only(&[])?;
    answer(StatusCode::OK, &call.engine.reindexing(&call.caller)?)
}

fn answer(status: StatusCode, body: &impl Serialize) -> Answer {
    let value = serde_json::to_value(body).map_err(|_| Failure::Defect("an answer could not be spelled"))?;
    Ok(respond::value(status, &value))
}
