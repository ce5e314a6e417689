//! `/imports/{company}/{org}` (contract section 8): declared, filled with rows, looked at, tried again.
use super::jobs::{id, number, size};
use crate::domain::identity::{CompanyName, OrgName};
use crate::domain::refusal::{Code, Refusal};
use crate::engine::imports::rows::Format;
use crate::engine::imports::show::spelled;
use crate::engine::imports::take::Manner;
use crate::engine::{Caller, Engine};
use crate::http::csv::safe_row;
use crate::http::error::{Answer, Failure};
use crate::http::extract::Call;
use crate::http::headers::{Media, expect_json, is_csv, media, unsupported};
use crate::http::{body, respond};
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::CONTENT_TYPE;
use actix_web::web::{Bytes, Payload};
use futures_util::stream;
use serde_json::{Value, json};

/// Errors read at once.
const PIECE: usize = 500;
/// Columns of the errors as a table.
const COLUMNS: [&str; 7] = ["row", "tid", "field", "code", "value", "detail", "hint"];

/// `POST /imports/{company}/{org}`: `201`, the import waits for its rows.
///
/// # Errors
/// See [`Failure`].
pub async fn declare(call: Call, mut payload: Payload) -> Answer {
    call.parameters.only(&[])?;
    expect_json(call.request.headers())?;
    let (company, org) = call.org()?;
    let limit = call.engine.settings().limits.metadata_body_bytes;
    let text = body::text(&call.request, &mut payload, limit).await?;
    let made = call.engine.desk().declare_import(&call.caller, (&company, &org), &text).await?;
    Ok(respond::value(StatusCode::CREATED, &made))
}

/// `GET /imports/{company}/{org}`: the newest first.
///
/// # Errors
/// See [`Failure`].
pub async fn list(call: Call) -> Answer {
    call.parameters.only(&["size"])?;
    let (company, org) = call.org()?;
    let imports = call.engine.desk().list_imports(&call.caller, (&company, &org), size(&call)?).await?;
    Ok(respond::value(StatusCode::OK, &json!({"imports": imports})))
}

/// `GET /imports/{company}/{org}/{id}?offset=&size=`: the import and some of its errors.
///
/// # Errors
/// See [`Failure`].
pub async fn read(call: Call) -> Answer {
    call.parameters.only(&["offset", "size"])?;
    let (company, org) = call.org()?;
    let page = (number(&call, "offset", 0, 10_000_000)?, size(&call)?);
    let told = call.engine.desk().read_import(&call.caller, (&company, &org), &id(&call, 3)?, page).await?;
    Ok(respond::value(StatusCode::OK, &told))
}

/// `DELETE /imports/{company}/{org}/{id}`.
///
/// # Errors
/// See [`Failure`].
pub async fn remove(call: Call) -> Answer {
    call.parameters.only(&[])?;
    let (company, org) = call.org()?;
    let id = id(&call, 3)?;
    call.engine.desk().remove_import(&call.caller, (&company, &org), &id).await?;
    Ok(respond::value(StatusCode::OK, &json!({"deleted": id})))
}

/// `POST /imports/{company}/{org}/{id}/retry`: `202`.
///
/// # Errors
/// See [`Failure`].
pub async fn retry(call: Call) -> Answer {
    call.parameters.only(&[])?;
    let (company, org) = call.org()?;
    let id = id(&call, 3)?;
    let told = call.engine.desk().retry_import(&call.caller, (&company, &org), &id).await?;
    Ok(respond::job(StatusCode::ACCEPTED, &id, &told))
}

/// `PUT /imports/{company}/{org}/{id}/rows`: `202` when its job begins, `200` while more rows follow.
///
/// # Errors
/// See [`Failure`].
pub async fn rows(call: Call, mut payload: Payload) -> Answer {
    call.parameters.only(&["map", "more"])?;
    let (company, org) = call.org()?;
    let format = match media(call.request.headers())? {
        _ if is_csv(call.request.headers()) => Format::Csv,
        Media::Json | Media::JsonLike => Format::Json,
        _ => return Err(unsupported("text/csv, application/json or application/x-ndjson").into()),
    };
    let map = call.parameters.text("map")?.map(mapping).transpose()?.unwrap_or_default();
    if format == Format::Json && !map.is_empty() {
        return Err(Refusal::at(Code::ParameterInvalid, "map", "`map` goes with text/csv").into());
    }
    let manner = Manner { format, map, more: call.parameters.flag("more")? };
    let id = id(&call, 3)?;
    let mut upload = call.engine.desk().begin_rows(&call.caller, (&company, &org), &id).await?;
    while let Some(piece) = body::next(&mut payload).await? {
        upload.push(&piece).await?;
    }
    let more = manner.more;
    let taken = upload.finish(manner).await?;
    let mut told = crate::engine::imports::show::shown(&taken.work, None);
    if let Some(told) = told.as_object_mut() {
        told.insert("taken".to_owned(), json!(taken.rows));
        told.insert("ignored".to_owned(), json!(taken.ignored));
    }
    Ok(if more { respond::value(StatusCode::OK, &told) } else { respond::job(StatusCode::ACCEPTED, &id, &told) })
}

/// `COLUMN:NAME,COLUMN:NAME`; the last colon parts.
fn mapping(text: &str) -> Result<Vec<(String, String)>, Refusal> {
    let wrong = || Refusal::at(Code::ParameterInvalid, "map", "`map` is COLUMN:NAME, several parted by commas");
    text.split(',')
        .filter(|pair| !pair.trim().is_empty())
        .map(|pair| {
            let (column, name) = pair.rsplit_once(':').ok_or_else(wrong)?;
            Ok((column.trim().to_owned(), name.trim().to_owned()))
        })
        .collect()
}

/// Where a list of errors goes on.
struct Errors {
    engine: Engine,
    caller: Caller,
    company: CompanyName,
    org: OrgName,
    id: String,
    csv: bool,
    from: Option<u64>,
}

/// `GET /imports/{company}/{org}/{id}/errors?format=csv|ndjson`: all errors, as a stream.
///
/// # Errors
/// See [`Failure`].
pub async fn errors(call: Call) -> Answer {
    call.parameters.only(&["format"])?;
    let csv = match call.parameters.text("format")? {
        None | Some("ndjson") => false,
        Some("csv") => true,
        Some(_) => return Err(Refusal::at(Code::ParameterInvalid, "format", "`format` is csv or ndjson").into()),
    };
    let (company, org) = call.org()?;
    let id = id(&call, 3)?;
    let mut errors = Errors { engine: call.engine, caller: call.caller, company, org, id, csv, from: Some(0) };
    // The first piece is read before the answer begins: what refuses it has its status.
    let mut first = if csv { safe_row(COLUMNS.iter().copied()) } else { Vec::new() };
    first.extend(errors.next().await?);
    let rest = stream::try_unfold(errors, |mut errors| async move {
        if errors.from.is_none() {
            return Ok(None);
        }
        let piece = errors.next().await?;
        Ok::<_, Failure>(Some((Bytes::from(piece), errors)))
    });
    let body = futures_util::StreamExt::chain(stream::iter([Ok(Bytes::from(first))]), rest);
    let kind = if csv { "text/csv; charset=utf-8" } else { "application/x-ndjson" };
    Ok(HttpResponse::Ok().insert_header((CONTENT_TYPE, kind)).streaming(body))
}

impl Errors {
    async fn next(&mut self) -> Result<Vec<u8>, Failure> {
        let from = self.from.take().unwrap_or(0);
        let org = (&self.company, &self.org);
        let (errors, next) = self.engine.desk().import_errors(&self.caller, org, &self.id, (from, PIECE)).await?;
        self.from = next;
        let mut out = Vec::new();
        for error in errors {
            if self.csv {
                out.extend(safe_row(COLUMNS.iter().map(|column| cell(&error, column))));
            } else {
                out.extend(spelled(&error)?);
            }
        }
        Ok(out)
    }
}

fn cell(error: &Value, column: &str) -> String {
    match error.get(column) {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_mapped_by_the_last_colon() {
        let read = mapping("Call Id:tid, a:b:queue ,").unwrap();
        assert_eq!(read, [("Call Id".into(), "tid".into()), ("a:b".into(), "queue".into())]);
        assert!(mapping("x").is_err());
    }
}
