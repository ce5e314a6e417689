//! `/config…` (contract section 5).
use crate::domain::refusal::{Code, Refusal};
use crate::engine::Error;
use crate::engine::admin::{ConfigPath, DeleteOptions};
use crate::http::error::{Answer, Failure};
use crate::http::extract::Call;
use crate::http::headers::{expect_json, if_match_opaque};
use crate::http::{body, respond};
use actix_web::http::StatusCode;
use actix_web::http::header::ETAG;
use actix_web::web::Payload;

/// `GET`: the objects, with an entity tag.
///
/// # Errors
/// See [`Failure`].
pub async fn read(call: Call) -> Answer {
    call.parameters.only(&[])?;
    let (value, tag) = call.engine.read_config(&call.caller, &existing(&call)?).await?;
    respond::conditional(&call.request, &tag, None, value.to_string())
}

/// `POST`: additive change; with `dry_run` the plan.
///
/// # Errors
/// See [`Failure`].
pub async fn change(call: Call, mut payload: Payload) -> Answer {
    call.parameters.only(&["dry_run"])?;
    let path = path(&call)??;
    expect_json(call.request.headers())?;
    let dry_run = call.parameters.flag("dry_run")?;
    let if_match = if_match_opaque(call.request.headers())?;
    let limit = call.engine.settings().limits.metadata_body_bytes;
    let body = body::text(&call.request, &mut payload, limit).await?;
    let (value, tag) = call.engine.change_config(&call.caller, &path, &body, if_match.as_deref(), dry_run).await?;
    let mut answer = respond::json(StatusCode::OK);
    if !tag.is_empty() {
        answer.insert_header((ETAG, respond::etag(&tag)));
    }
    Ok(answer.body(value.to_string()))
}

/// `DELETE`: what was deleted.
///
/// # Errors
/// See [`Failure`].
pub async fn delete(call: Call) -> Answer {
    call.parameters.only(&["multi", "tree", "dry_run"])?;
    let options = DeleteOptions {
        multi: call.parameters.flag("multi")?,
        tree: call.parameters.flag("tree")?,
        if_match: if_match_opaque(call.request.headers())?,
        dry_run: call.parameters.flag("dry_run")?,
    };
    let deleted = call.engine.delete_config(&call.caller, &existing(&call)?, options).await?;
    Ok(respond::value(StatusCode::OK, &deleted))
}

/// The path of something that must exist: what cannot be a name cannot.
///
/// # Errors
/// `not_found`.
pub fn existing(call: &Call) -> Result<ConfigPath, Failure> {
    path(call)?.map_err(|_| Error::absent().into())
}

/// The path; a broken name is told apart from a path that is none, because POST creates what it names.
fn path(call: &Call) -> Result<Result<ConfigPath, Refusal>, Failure> {
    let segments = call.segments(1)?;
    let segments: Vec<&str> = segments.iter().map(|segment| segment.as_ref()).collect();
    match ConfigPath::parse(&segments) {
        Ok(Some(path)) => Ok(Ok(path)),
        Ok(None) => Err(Error::absent().into()),
        Err(refusal) if refusal.code == Code::NotFound => Err(refusal.into()),
        Err(refusal) => Ok(Err(refusal)),
    }
}
