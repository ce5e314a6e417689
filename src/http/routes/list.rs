//! `/list…`: names only (contract section 5).
use crate::http::error::Answer;
use crate::http::extract::Call;
use crate::http::respond;
use crate::http::routes::config::existing;
use actix_web::http::StatusCode;

/// `GET`.
///
/// # Errors
/// See [`crate::http::error::Failure`].
pub async fn names(call: Call) -> Answer {
    call.parameters.only(&[])?;
    let names = call.engine.list(&call.caller, &existing(&call)?).await?;
    Ok(respond::value(StatusCode::OK, &names))
}
