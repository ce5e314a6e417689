//! `/transcripts…`: whole transcripts in and out (contract section 7).
use crate::base::json::push_string;
use crate::domain::identity::{FolderName, Place, Tid};
use crate::domain::refusal::{Code, Refusal};
use crate::engine::types::{IngestOptions, MetadataMode};
use crate::http::error::Answer;
use crate::http::extract::Call;
use crate::http::headers::{expect_any_json, if_match};
use crate::http::parameters::Parameters;
use crate::http::routes::ingest::{self, Intake, Task, Waiting};
use crate::http::{body, respond};
use actix_web::http::StatusCode;
use actix_web::web::Payload;

/// `GET /transcripts/{company}/{org}/{tid}`: the whole JSON.
///
/// # Errors
/// See [`crate::http::error::Failure`].
pub async fn read(call: Call) -> Answer {
    call.parameters.only(&[])?;
    let view = call.engine.read_transcript(&call.caller, &call.place()?).await?;
    let tag = view.revision.0.to_string();
    respond::conditional(&call.request, &tag, Some(view.last_modified), view.json)
}

/// `PUT /transcripts/{company}/{org}/{tid}?folder=`: `201` created, `200` replaced.
///
/// # Errors
/// See [`crate::http::error::Failure`].
pub async fn put(call: Call, mut payload: Payload) -> Answer {
    call.parameters.only(&["folder", "metadata", "wait", "timeout"])?;
    expect_any_json(call.request.headers())?;
    let (company, org) = call.org()?;
    let place = Place { company, org, tid: call.try_name(3, Tid::parse)?? };
    let ingest = options(&call.parameters)?;
    call.engine.room_to_write()?;
    let limit = call.engine.settings().limits.transcript_bytes;
    let text = body::text(&call.request, &mut payload, limit).await?;
    let options = call.edit_options(text.as_bytes(), None)?;
    let done = call.engine.put_transcript(&call.caller, &place, text, ingest, options).await?;
    Ok(respond::ingested(&done))
}

/// `DELETE /transcripts/{company}/{org}/{tid}`: gone from every read at the answer.
///
/// # Errors
/// See [`crate::http::error::Failure`].
pub async fn erase(call: Call) -> Answer {
    call.parameters.only(&[])?;
    let place = call.place()?;
    let precondition = if_match(call.request.headers())?;
    let erased = call.engine.erase(&call.caller, &place, precondition).await?;
    let mut answer = respond::json(StatusCode::OK);
    respond::erasure(&mut answer, &[&erased.job], &erased.mark);
    let mut body = String::from("{\"tid\":");
    push_string(&mut body, place.tid.as_str());
    body.push_str(",\"job\":");
    push_string(&mut body, &erased.job);
    body.push('}');
    Ok(answer.body(body))
}

/// `POST /transcripts/{company}/{org}`: NDJSON in, verdicts out.
///
/// # Errors
/// See [`crate::http::error::Failure`]; failures of single lines are in their verdicts.
pub async fn bring(call: Call, payload: Payload) -> Answer {
    call.parameters.only(&["folder", "metadata", "id", "atomic", "wait", "timeout"])?;
    expect_any_json(call.request.headers())?;
    let (company, org) = call.org()?;
    let atomic = call.parameters.flag("atomic")?;
    let intake = Intake {
        task: Task::Bring(options(&call.parameters)?),
        longest: call.engine.settings().limits.transcript_bytes,
        waiting: Waiting { wait: call.parameters.wait()?, timeout: call.parameters.timeout()? },
        engine: call.engine,
        caller: call.caller,
        company,
        org,
    };
    if atomic {
        ingest::atomic(intake, &call.request, payload).await
    } else {
        ingest::streamed(intake, &call.request, payload).await
    }
}

fn options(parameters: &Parameters) -> Result<IngestOptions, Refusal> {
    let folder = parameters
        .text("folder")?
        .map(FolderName::parse)
        .transpose()
        .map_err(|refusal| Refusal::at(refusal.code, "folder", refusal.detail))?;
    let metadata = match parameters.text("metadata")? {
        None => None,
        Some("keep") => Some(MetadataMode::Keep),
        Some("merge") => Some(MetadataMode::Merge),
        Some("replace") => Some(MetadataMode::Replace),
        Some(_) => {
            let detail = "`metadata` is keep, merge or replace";
            return Err(Refusal::at(Code::ParameterInvalid, "metadata", detail));
        }
    };
    let id_key = match parameters.text("id")? {
        Some("") => return Err(Refusal::at(Code::ParameterInvalid, "id", "`id` names no key")),
        id => id.map(str::to_owned),
    };
    Ok(IngestOptions { folder, metadata, id_key })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_read_strictly() {
        let read = |query| options(&Parameters::read(query).unwrap());
        let full = read("folder=In%20bound&metadata=merge&id=requestid").unwrap();
        assert_eq!(full.folder.unwrap().as_str(), "In bound");
        assert_eq!((full.metadata, full.id_key.as_deref()), (Some(MetadataMode::Merge), Some("requestid")));
        assert_eq!(read("folder=a/b").unwrap_err().code, Code::NameInvalid);
        assert!(read("metadata=x").is_err() && read("id=").is_err());
    }
}
