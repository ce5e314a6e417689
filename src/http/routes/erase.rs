//! `/erase…`: every value of a metadata field goes, from an organisation or a folder.
use crate::domain::identity::FolderName;
use crate::engine::Error;
use crate::engine::upkeep::{ErasureScope, erase};
use crate::http::error::{Answer, Failure};
use crate::http::extract::{Call, segments};
use crate::http::headers::expect_json;
use crate::http::{body, respond};
use actix_web::http::StatusCode;
use actix_web::web::Payload;
use serde::Serialize;

/// `POST /erase/{company}/{org}[/{folder}]` with `{"field"}`: `202` and the job that does it; with `dry_run` how many
/// transcripts hold it.
///
/// # Errors
/// See [`Failure`].
pub async fn begin(call: Call, mut payload: Payload) -> Answer {
    call.parameters.only(&["dry_run"])?;
    let dry_run = call.parameters.flag("dry_run")?;
    expect_json(call.request.headers())?;
    let scope = scope(&call)?;
    let limit = call.engine.settings().limits.metadata_body_bytes;
    let field = erase::asked(&body::text(&call.request, &mut payload, limit).await?)?;
    if dry_run {
        let counted = call.engine.count_field(&call.caller, &scope, &field).await?;
        return Ok(respond::value(StatusCode::OK, &spelled(&counted)?));
    }
    let erasing = call.engine.erase_field(&call.caller, &scope, &field).await?;
    let text = spelled(&erasing)?.to_string();
    let mut answer = respond::json(StatusCode::ACCEPTED);
    respond::erasure(&mut answer, &[&erasing.job], "");
    Ok(answer.body(text))
}

/// `GET /erase/{company}/{org}[/{folder}]`: erasures that run or are done.
///
/// # Errors
/// See [`Failure`].
pub async fn standing(call: Call) -> Answer {
    call.parameters.only(&[])?;
    let all = call.engine.erasures(&call.caller, &scope(&call)?).await?;
    Ok(respond::value(StatusCode::OK, &spelled(&all)?))
}

fn scope(call: &Call) -> Result<ErasureScope, Error> {
    let (company, org) = call.org()?;
    let has_folder = segments(call.request.uri().path()).nth(3).is_some();
    let folder = if has_folder { Some(call.name(3, FolderName::parse)?) } else { None };
    Ok(ErasureScope { company, org, folder })
}

fn spelled(answer: &impl Serialize) -> Result<serde_json::Value, Failure> {
    serde_json::to_value(answer).map_err(|_| Failure::Defect("an answer could not be spelled"))
}
