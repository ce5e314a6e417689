//! `/status…` and `/sysinfo` (contract section 9): how folders and the server stand.
use crate::domain::refusal::{Code, Refusal};
use crate::engine::upkeep::standing::{FolderStanding, nested};
use crate::http::csv;
use crate::http::error::Answer;
use crate::http::extract::Call;
use crate::http::respond;
use crate::http::routes::config::existing;
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::CONTENT_TYPE;

/// `GET /status[/{company}[/{org}[/{folder}]]]`, as JSON or CSV.
///
/// # Errors
/// See [`crate::http::error::Failure`].
pub async fn folders(call: Call) -> Answer {
    call.parameters.only(&["format"])?;
    let as_csv = match call.parameters.text("format")? {
        None | Some("json") => false,
        Some("csv") => true,
        Some(_) => return Err(Refusal::at(Code::ParameterInvalid, "format", "`format` is json or csv").into()),
    };
    let path = existing(&call)?;
    let dropped = call.segments(1)?.len();
    let folders = call.engine.folders_standing(&call.caller, &path).await?;
    if !as_csv {
        return Ok(respond::value(StatusCode::OK, &nested(&folders, dropped)));
    }
    let header = ["company", "org", "folder", "mode", "status", "queued", "transcripts"].map(str::to_owned);
    let table: Vec<u8> = std::iter::once(header)
        .chain(folders.iter().map(cells))
        .flat_map(|row| csv::safe_row(row.into_iter()))
        .collect();
    Ok(HttpResponse::Ok().insert_header((CONTENT_TYPE, "text/csv; charset=utf-8")).body(table))
}

fn cells(folder: &FolderStanding) -> [String; 7] {
    let [company, org, name] = folder.names.clone();
    let (mode, status) = (folder.mode.clone(), folder.status.clone());
    [company, org, name, mode, status, folder.queued.to_string(), folder.transcripts.to_string()]
}

/// `GET /sysinfo`.
///
/// # Errors
/// See [`crate::http::error::Failure`].
pub async fn system(call: Call) -> Answer {
    call.parameters.only(&[])?;
    Ok(respond::value(StatusCode::OK, &call.engine.system(&call.caller)?))
}
