//! `/config/{company}/{org}/fields…` and `…/unconfigured` of folders and organisations (contract section 5).
use crate::domain::identity::FolderName;
use crate::domain::refusal::{Code, Refusal};
use crate::engine::Error;
use crate::engine::fields::{At, Options, unconfigured::SAMPLE};
use crate::http::error::{Answer, Failure};
use crate::http::extract::Call;
use crate::http::headers::{expect_json, if_match_opaque};
use crate::http::{body, respond};
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::ETAG;
use actix_web::web::Payload;

/// `GET …/fields`.
///
/// # Errors
/// See [`Failure`].
pub async fn list(call: Call) -> Answer {
    call.parameters.only(&["include_deleted"])?;
    let deleted = call.parameters.flag("include_deleted")?;
    let (all, tag) = call.engine.fields(&call.caller, &at(&call)?, deleted).await?;
    respond::conditional(&call.request, &tag, None, all.to_string())
}

/// `GET …/fields/{name}`.
///
/// # Errors
/// See [`Failure`].
pub async fn read(call: Call) -> Answer {
    call.parameters.only(&["include_deleted", "usage"])?;
    let shown = (call.parameters.flag("include_deleted")?, call.parameters.flag("usage")?);
    let (field, tag) = call.engine.field(&call.caller, &at(&call)?, &name(&call)?, shown).await?;
    if shown.1 {
        // Who uses it is no part of what the tag stands for.
        return Ok(tagged(&field, &tag));
    }
    respond::conditional(&call.request, &tag, None, field.to_string())
}

/// `POST …/fields/{name}`: defines or retypes.
///
/// # Errors
/// See [`Failure`].
pub async fn define(call: Call, mut payload: Payload) -> Answer {
    call.parameters.only(&["dry_run", "unbar"])?;
    let options = Options {
        dry_run: call.parameters.flag("dry_run")?,
        unbar: call.parameters.flag("unbar")?,
        if_match: if_match_opaque(call.request.headers())?,
        ..Options::default()
    };
    let (at, name) = (at(&call)?, name(&call)?);
    let sent = text(&call, &mut payload).await?;
    if !(options.unbar && sent.trim().is_empty()) {
        expect_json(call.request.headers())?;
    }
    let (field, tag) = call.engine.define_field(&call.caller, &at, (&name, &sent), options).await?;
    Ok(tagged(&field, &tag))
}

/// `DELETE …/fields/{name}`: softly, or `hard`.
///
/// # Errors
/// See [`Failure`].
pub async fn delete(call: Call) -> Answer {
    call.parameters.only(&["dry_run", "hard"])?;
    let options = Options {
        dry_run: call.parameters.flag("dry_run")?,
        hard: call.parameters.flag("hard")?,
        if_match: if_match_opaque(call.request.headers())?,
        ..Options::default()
    };
    let told = call.engine.delete_field(&call.caller, &at(&call)?, &name(&call)?, options).await?;
    match told.get("job").and_then(serde_json::Value::as_str) {
        Some(job) => {
            let mut answer = respond::json(StatusCode::ACCEPTED);
            respond::erasure(&mut answer, &[job], "");
            Ok(answer.body(told.to_string()))
        }
        None => Ok(respond::value(StatusCode::OK, &told)),
    }
}

/// `POST …/fields/{name}/restore`.
///
/// # Errors
/// See [`Failure`].
pub async fn restore(call: Call) -> Answer {
    call.parameters.only(&[])?;
    let if_match = if_match_opaque(call.request.headers())?;
    let (field, tag) = call.engine.restore_field(&call.caller, &at(&call)?, &name(&call)?, if_match).await?;
    Ok(tagged(&field, &tag))
}

/// A field with its entity tag, where it has one: a plan has none.
fn tagged(field: &serde_json::Value, tag: &str) -> HttpResponse {
    let mut answer = respond::json(StatusCode::OK);
    if !tag.is_empty() {
        answer.insert_header((ETAG, respond::etag(tag)));
    }
    answer.body(field.to_string())
}

/// `GET …/{folder}/unconfigured`.
///
/// # Errors
/// See [`Failure`].
pub async fn unconfigured(call: Call) -> Answer {
    let folder = folder(&call)?;
    seen(&call, Some(&folder)).await
}

/// `GET …/{org}/unconfigured`: of all its folders that the token sees.
///
/// # Errors
/// See [`Failure`].
pub async fn unconfigured_in_org(call: Call) -> Answer {
    seen(&call, None).await
}

async fn seen(call: &Call, folder: Option<&FolderName>) -> Answer {
    call.parameters.only(&["sample"])?;
    let sample = match call.parameters.text("sample")? {
        None => SAMPLE,
        Some("all") => u64::MAX,
        Some(text) => text.parse().ok().filter(|sample| *sample > 0).ok_or_else(|| {
            Refusal::at(Code::ParameterInvalid, "sample", "`sample` is a number of transcripts from 1 on, or all")
        })?,
    };
    let names = call.engine.unconfigured(&call.caller, &at(call)?, folder, sample).await?;
    Ok(respond::value(StatusCode::OK, &names))
}

/// `POST …/{folder}/unconfigured`.
///
/// # Errors
/// See [`Failure`].
pub async fn promote(call: Call, mut payload: Payload) -> Answer {
    call.parameters.only(&[])?;
    expect_json(call.request.headers())?;
    let (at, folder) = (at(&call)?, folder(&call)?);
    let sent = text(&call, &mut payload).await?;
    let told = call.engine.promote(&call.caller, &at, &folder, &sent).await?;
    Ok(respond::value(StatusCode::OK, &told))
}

async fn text(call: &Call, payload: &mut Payload) -> Result<String, Failure> {
    let limit = call.engine.settings().limits.metadata_body_bytes;
    body::text(&call.request, payload, limit).await
}

/// `/config/{company}/{org}/…`.
fn at(call: &Call) -> Result<At, Error> {
    let (company, org) = call.org()?;
    Ok(At { company, org })
}

fn name(call: &Call) -> Result<String, Error> {
    call.name(4, |name| Ok(name.to_owned()))
}

fn folder(call: &Call) -> Result<FolderName, Error> {
    call.name(3, FolderName::parse)
}
