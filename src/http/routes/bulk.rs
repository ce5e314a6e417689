//! `/metadata/{company}/{org}`: edits of many transcripts (contract section 8).
//!
//! *Decision:* errors here are problem+json for everybody: V-Spark has no such request, so no client of it reads them.
use crate::engine::bulk::lines::Manner;
use crate::engine::bulk::query;
use crate::http::error::{Answer, Failure};
use crate::http::extract::Call;
use crate::http::headers::{expect_any_json, expect_json};
use crate::http::routes::ingest::{self, Intake, Task, Waiting};
use crate::http::{body, respond};
use actix_web::http::StatusCode;
use actix_web::web::Payload;

/// `PATCH`: one edit a line, one verdict a line.
///
/// # Errors
/// See [`crate::http::error::Failure`]; failures of single lines are in their verdicts.
pub async fn lines(call: Call, payload: Payload) -> Answer {
    call.parameters.only(&["atomic", "dry_run", "wait", "timeout"])?;
    expect_any_json(call.request.headers())?;
    let (company, org) = call.org()?;
    let manner = Manner { atomic: call.parameters.flag("atomic")?, dry_run: call.parameters.flag("dry_run")? };
    let limits = &call.engine.settings().limits;
    let longest = if manner.atomic { limits.transcript_bytes } else { limits.metadata_body_bytes };
    let intake = Intake {
        task: Task::Edit(manner),
        longest,
        waiting: Waiting { wait: call.parameters.wait()?, timeout: call.parameters.timeout()? },
        engine: call.engine,
        caller: call.caller,
        company,
        org,
    };
    if manner.atomic {
        ingest::atomic(intake, &call.request, payload).await
    } else {
        ingest::streamed(intake, &call.request, payload).await
    }
}

/// `POST`: an edit by query. `200` a preview, `202` the job that was begun, `409` the set is another one.
///
/// # Errors
/// See [`crate::http::error::Failure`].
pub async fn by_query(call: Call, mut payload: Payload) -> Answer {
    call.parameters.only(&[])?;
    expect_json(call.request.headers())?;
    let (company, org) = call.org()?;
    let limit = call.engine.settings().limits.metadata_body_bytes;
    let text = body::text(&call.request, &mut payload, limit).await?;
    Ok(match call.engine.desk().edit_by_query(&call.caller, (&company, &org), &text).await? {
        query::Answer::Preview(preview) => respond::value(StatusCode::OK, &preview),
        query::Answer::Begun(work) => respond::job(StatusCode::ACCEPTED, &work.account.id, &work.account.to_json(None)),
        query::Answer::Moved(preview) => return Err(Failure::Moved(Box::new(preview))),
    })
}
