//! `/tokens` (contract section 3).
use crate::domain::refusal::Code;
use crate::http::error::{Answer, Failure};
use crate::http::extract::Call;
use crate::http::headers::expect_json;
use crate::http::{body, respond};
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::CACHE_CONTROL;
use actix_web::web::Payload;

/// `GET /tokens`: those the caller may see.
///
/// # Errors
/// See [`Failure`].
pub async fn list(call: Call) -> Answer {
    call.parameters.only(&[])?;
    Ok(respond::value(StatusCode::OK, &call.engine.list_tokens(&call.caller)?))
}

/// `POST /tokens`: `201` with the token, shown this once and kept by no cache.
///
/// # Errors
/// See [`Failure`].
pub async fn make(call: Call, mut payload: Payload) -> Answer {
    call.parameters.only(&[])?;
    expect_json(call.request.headers())?;
    let limit = call.engine.settings().limits.metadata_body_bytes;
    let body = body::whole(&call.request, &mut payload, limit).await?;
    if body.is_empty() {
        return Err(Failure::refused(Code::BodyEmpty, "the body is empty; send an object with `name` and `rights`"));
    }
    let asked = serde_json::from_slice(&body)
        .map_err(|error| Failure::refused(Code::JsonInvalid, format!("the body is not valid JSON: {error}")))?;
    let made = call.engine.make_token(&call.caller, asked).await?;
    let mut answer = respond::json(StatusCode::CREATED);
    answer.insert_header((CACHE_CONTROL, "no-store"));
    Ok(answer.body(made.to_string()))
}

/// `DELETE /tokens/{id}`: `204`.
///
/// # Errors
/// See [`Failure`].
pub async fn revoke(call: Call) -> Answer {
    call.parameters.only(&[])?;
    let id = call.name(1, |id| Ok(id.to_owned()))?;
    call.engine.revoke_token(&call.caller, &id).await?;
    Ok(HttpResponse::NoContent().finish())
}
