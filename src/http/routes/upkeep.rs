//! `/reindex`, `/backup`: looking after the stores while the server runs (contract section 9). All of it wants the right `admin`
//! on everything.
use crate::http::error::{Answer, Failure};
use crate::http::extract::Call;
use crate::http::headers::expect_json;
use crate::http::{body, respond};
use actix_web::http::StatusCode;
use actix_web::web::Payload;
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

/// `POST /backup` with `{"dir"}`: `202`; a backup of this moment is being made.
///
/// # Errors
/// See [`Failure`].
pub async fn backup(call: Call, mut payload: Payload) -> Answer {
    call.parameters.only(&[])?;
    expect_json(call.request.headers())?;
    let limit = call.engine.settings().limits.metadata_body_bytes;
    let body = body::text(&call.request, &mut payload, limit).await?;
    answer(StatusCode::ACCEPTED, &call.engine.begin_backup(&call.caller, &body).await?)
}

/// `GET /backup`: how far it is.
///
/// # Errors
/// See [`Failure`].
pub async fn backup_standing(call: Call) -> Answer {
    call.parameters.only(&[])?;
    answer(StatusCode::OK, &call.engine.backup_standing(&call.caller)?)
}

fn answer(status: StatusCode, body: &impl Serialize) -> Answer {
    let value = serde_json::to_value(body).map_err(|_| Failure::Defect("an answer could not be spelled"))?;
    Ok(respond::value(status, &value))
}
