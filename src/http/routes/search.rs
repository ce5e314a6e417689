//! `/search…` (contract section 6).
use crate::base::json::push_string;
use crate::domain::identity::{CompanyName, FolderName, OrgName, Tid};
use crate::domain::refusal::{Code, Refusal};
use crate::engine::Error;
use crate::http::error::{Answer, Failure};
use crate::http::extract::{Call, segments};
use crate::http::headers::expect_json;
use crate::http::{archive, body, csv, respond, results};
use crate::query::request::{Format, Output, SearchRequest};
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::CONTENT_TYPE;
use actix_web::web::Payload;
use std::collections::HashSet;

/// `GET`: parameters in the query string.
///
/// # Errors
/// See [`Failure`].
pub async fn by_query(mut call: Call) -> Answer {
    call.engine.room_to_search()?;
    let pairs = std::mem::take(&mut call.parameters).into_pairs();
    let request = SearchRequest::from_pairs(pairs, &call.engine.settings().limits)?;
    search(call, request).await
}

/// `POST`: the same names in a JSON object; the query string holds nothing but the token.
///
/// # Errors
/// See [`Failure`].
pub async fn by_body(call: Call, mut payload: Payload) -> Answer {
    call.parameters.only(&[])?;
    expect_json(call.request.headers())?;
    call.engine.room_to_search()?;
    let limits = &call.engine.settings().limits;
    let body = body::text(&call.request, &mut payload, limits.metadata_body_bytes).await?;
    let request = SearchRequest::from_json(&body, limits)?;
    search(call, request).await
}

async fn search(call: Call, mut request: SearchRequest) -> Answer {
    let company = call.name(1, CompanyName::parse)?;
    let depth = segments(call.request.uri().path()).count();
    let org = (depth > 2).then(|| call.name(2, OrgName::parse)).transpose()?;
    let folder = (depth > 3).then(|| call.name(3, FolderName::parse)).transpose()?;
    if let Some(tid) = request.explain.take() {
        let path = (&company, org.as_ref(), folder.as_ref());
        let explanation = call.engine.explain(&call.caller, path, request, tid).await?;
        let body = serde_json::to_string(&explanation);
        return Ok(respond::json(StatusCode::OK)
            .body(body.map_err(|_| Failure::Defect("an explanation could not be written as JSON"))?));
    }
    let (output, format) = (request.output, request.format);
    if output == Output::Zip {
        let name = folder.as_ref().map(|folder| folder.as_str()).or(org.as_ref().map(|org| org.as_str()));
        let export = call.engine.export(&call.caller, &company, org.as_ref(), folder.as_ref(), request).await?;
        return archive::download(export, name.unwrap_or(company.as_str())).await;
    }
    let answer = call.engine.search(&call.caller, &company, org.as_ref(), folder.as_ref(), request).await?;
    if format == Format::Csv {
        let table = csv::table(&answer)?;
        let mut response = HttpResponse::Ok();
        response.insert_header((CONTENT_TYPE, "text/csv; charset=utf-8"));
        if let Some(cursor) = answer.cursor {
            response.insert_header((archive::CURSOR, cursor));
        }
        return Ok(response.body(table));
    }
    let body = match output {
        Output::Summary => results::summary(&answer),
        Output::Count => results::count(&answer),
        Output::Details => results::details(&answer),
        Output::Zip => return Err(Failure::Defect("an archive was asked for as JSON")),
    };
    Ok(respond::json(StatusCode::OK).body(body))
}

/// `DELETE`: erases the transcripts named by `tid` (or `terms.tid`); all of them exist, or none goes.
///
/// # Errors
/// See [`Failure`].
pub async fn erase(call: Call) -> Answer {
    call.parameters.only(&["tid", "terms.tid", "multi"])?;
    let (company, org) = call.org()?;
    let depth = segments(call.request.uri().path()).count();
    let folder = (depth > 3).then(|| call.name(3, FolderName::parse)).transpose()?;
    let named = match (call.parameters.text("tid")?, call.parameters.text("terms.tid")?) {
        (Some(tids), None) | (None, Some(tids)) => tids,
        (Some(_), Some(_)) => return Err(unclear("send `tid` or `terms.tid`, not both")),
        (None, None) => return Err(unclear("name the transcripts: `tid=A` or `tid=A,B&multi=true`")),
    };
    let tids = tids(named, call.parameters.flag("multi")?, call.engine.settings().limits.search_delete_tids)?;
    let erased = call.engine.erase_many(&call.caller, &company, &org, folder.as_ref(), &tids).await?;
    let mut seen = HashSet::new();
    let jobs: Vec<&str> = erased.iter().map(|one| one.job.as_str()).filter(|job| seen.insert(*job)).collect();
    let mut answer = respond::json(StatusCode::OK);
    respond::erasure(&mut answer, &jobs, erased.last().map_or("", |one| &one.mark));
    let mut body = format!("{{\"deleted\":{},\"results\":[", erased.len());
    for (at, (tid, one)) in tids.iter().zip(&erased).enumerate() {
        body.push_str(if at > 0 { ",{\"tid\":" } else { "{\"tid\":" });
        push_string(&mut body, tid.as_str());
        body.push_str(",\"job\":");
        push_string(&mut body, &one.job);
        body.push('}');
    }
    body.push_str("]}");
    Ok(answer.body(body))
}

fn unclear(detail: &str) -> Failure {
    Refusal::at(Code::ParameterInvalid, "tid", detail).into()
}

/// The ids of a comma list, each once. What cannot be an id does not exist.
fn tids(list: &str, multi: bool, most: usize) -> Result<Vec<Tid>, Failure> {
    let mut seen = HashSet::new();
    let named: Vec<&str> = list.split(',').filter(|tid| !tid.is_empty() && seen.insert(*tid)).collect();
    if named.is_empty() {
        return Err(unclear("`tid` names no transcript"));
    }
    if named.len() > most {
        return Err(unclear(&format!("{} transcripts are named; one request erases at most {most}", named.len())));
    }
    if named.len() > 1 && !multi {
        let detail = "Can not delete multiple items: several transcripts need `multi=true`";
        return Err(Failure::refused(Code::ConfigMultiple, detail));
    }
    named.into_iter().map(|tid| Tid::parse(tid).map_err(|_| Error::absent().into())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::ResponseError as _;

    #[test]
    fn several_transcripts_need_multi_and_a_bound() {
        let status = |list: &str, multi, most| tids(list, multi, most).unwrap_err().status_code().as_u16();
        assert_eq!(tids("a,a,", false, 10).unwrap().len(), 1);
        assert_eq!(tids("a,b", true, 2).unwrap().len(), 2);
        assert_eq!(status("a,b", false, 10), 409);
        assert_eq!(status("a,b,c", true, 2), 400);
        assert_eq!(status(",", true, 2), 400);
        assert_eq!(status("a/b", false, 2), 404);
    }
}
