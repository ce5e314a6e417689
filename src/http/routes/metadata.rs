//! `/metadata/{company}/{org}/{tid}` (contract section 4).
use crate::domain::metadata::Edit;
use crate::domain::metadata::edit::EditRules;
use crate::domain::refusal::{Code, Refusal};
use crate::http::error::{Answer, Failure};
use crate::http::extract::Call;
use crate::http::headers::{Media, expect_json, media, unsupported};
use crate::http::{body, respond};
use actix_web::web::{Bytes, Payload};

/// What an edit may be asked with.
const OPTIONS: &[&str] = &["wait", "timeout", "receipt", "dry_run"];

/// What reads an edit from a body.
type Reader = fn(&[u8], EditRules<'_>) -> Result<Edit, Refusal>;

/// `GET`: the full metadata.
///
/// # Errors
/// See [`Failure`].
pub async fn read(call: Call) -> Answer {
    call.parameters.only(&[])?;
    let view = call.engine.read_metadata(&call.caller, &call.place()?).await?;
    let tag = view.revision.0.to_string();
    respond::conditional(&call.request, &tag, Some(view.last_modified), view.metadata)
}

/// `PATCH`: three content types.
///
/// # Errors
/// See [`Failure`].
pub async fn patch(call: Call, payload: Payload) -> Answer {
    let reader: Reader = match media(call.request.headers())? {
        Media::Json => Edit::read_flat,
        Media::MergePatch => Edit::read_merge,
        Media::JsonPatch => Edit::read_patch,
        Media::JsonLike | Media::Other => {
            let readable = "application/json, application/merge-patch+json or application/json-patch+json";
            return Err(unsupported(readable).into());
        }
    };
    edit(call, payload, reader).await
}

/// `PUT`: replaces all metadata.
///
/// # Errors
/// See [`Failure`].
pub async fn replace(call: Call, payload: Payload) -> Answer {
    expect_json(call.request.headers())?;
    edit(call, payload, Edit::read_replace).await
}

/// `DELETE`: names in the body, or in `?fields=`.
///
/// # Errors
/// See [`Failure`].
pub async fn remove(call: Call, mut payload: Payload) -> Answer {
    call.parameters.only(&["wait", "timeout", "receipt", "dry_run", "fields"])?;
    let body = receive(&call, &mut payload).await?;
    let rules = call.engine.settings().edit_rules();
    let fields = call.parameters.text("fields")?;
    let edit = match (fields, body.is_empty()) {
        (Some(fields), true) => Edit::remove_names(names(fields)?.into_iter(), rules)?,
        (None, false) => {
            expect_json(call.request.headers())?;
            Edit::read_remove(&body, rules)?
        }
        (Some(_), false) => {
            return Err(Failure::refused(
                Code::ParameterInvalid,
                "send the names in the body or in `fields`, not in both",
            ));
        }
        (None, true) => {
            return Err(Failure::refused(
                Code::BodyEmpty,
                "name the fields: an array of names as body, or `?fields=a,b`",
            ));
        }
    };
    apply(&call, edit, &body, fields).await
}

async fn edit(call: Call, mut payload: Payload, reader: Reader) -> Answer {
    call.parameters.only(OPTIONS)?;
    let body = receive(&call, &mut payload).await?;
    let edit = reader(&body, call.engine.settings().edit_rules())?;
    apply(&call, edit, &body, None).await
}

async fn receive(call: &Call, payload: &mut Payload) -> Result<Bytes, Failure> {
    let limit = call.engine.settings().limits.metadata_body_bytes;
    // A connection whose body stays unread is closed: what is small is taken first, so that a refusal costs no more.
    if !body::is_small(&call.request) {
        call.engine.room_to_write()?;
    }
    let body = body::whole(&call.request, payload, limit).await?;
    call.engine.room_to_write()?;
    Ok(body)
}

async fn apply(call: &Call, edit: Edit, body: &[u8], fields: Option<&str>) -> Answer {
    let options = call.edit_options(body, fields)?;
    let receipt = call.parameters.flag("receipt")?;
    let answer = call.engine.edit(&call.caller, &call.place()?, edit, options).await?;
    Ok(respond::edited(answer, receipt))
}

/// The names of `?fields=a,b`; blanks around a comma are not part of a name.
fn names(fields: &str) -> Result<Vec<&str>, Refusal> {
    let names: Vec<_> = fields.split(',').map(str::trim).filter(|name| !name.is_empty()).collect();
    if names.is_empty() {
        return Err(Refusal::at(Code::ParameterInvalid, "fields", "`fields` names no field"));
    }
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_in_the_query_are_parted_by_commas() {
        assert_eq!(names("a, hold time ,,b"), Ok(vec!["a", "hold time", "b"]));
        assert!(names("").is_err() && names(" , ").is_err());
    }
}
