//! `/transcribe` and `/request`: V-Spark's way in (contract section 7). These paths name no company. The token comes as a
//! form field, or as bearer; in the query string it counts for nothing, as there.
use crate::domain::identity::{FolderName, OrgName};
use crate::domain::refusal::{Code, Refusal};
use crate::engine::types::Upload;
use crate::engine::{Caller, Engine, Error};
use crate::http::access_log::remember_token;
use crate::http::error::{Answer, Failure};
use crate::http::extract::{Call, engine, segments};
use crate::http::headers::{accepts_json, bearer};
use crate::http::multipart::{Form, Part};
use crate::http::respond;
use actix_multipart::Multipart;
use actix_web::http::StatusCode;
use actix_web::http::header::CONTENT_TYPE;
use actix_web::{HttpRequest, HttpResponse};

/// Signs V-Spark refuses in the name of the file sent.
const NAME_BARRED: &str = "#*<>:?/\\|{}$!'`\"=^";

/// `POST /transcribe/{org}/{folder}`: multipart, `token` and `file`; answers the bare request id.
///
/// # Errors
/// See [`Failure`]; as one line of text, unless JSON is asked for.
pub async fn upload(request: HttpRequest, body: Multipart) -> Answer {
    let engine = engine(&request)?;
    let caller = bearer(request.headers()).map(|token| known(&request, &engine, token)).transpose()?;
    let (caller, file) = form(&request, &engine, caller, Form::new(body)).await?;
    let file = file.ok_or_else(|| Refusal::at(Code::BodyShape, "file", "Missing \"file\" field"))?;
    check_name(&file.name)?;
    let (org, folder) = place(&request)?;
    let done = engine.upload(&caller, &org, &folder, file).await?;
    let mut answer = HttpResponse::Ok();
    respond::freshness(&mut answer, &done.mark, None);
    Ok(answer.insert_header((CONTENT_TYPE, "text/html; charset=utf-8")).body(done.requestid))
}

/// Reads the form. Who has no right to write where it goes is told so before the file is read, when the token comes first.
async fn form(
    request: &HttpRequest,
    engine: &Engine,
    mut caller: Option<Caller>,
    mut form: Form,
) -> Result<(Caller, Option<Upload>), Failure> {
    let mut file = None;
    let most = engine.settings().limits.upload_bytes;
    if let Some(caller) = &caller {
        may(request, engine, caller)?;
    }
    while let Some(part) = form.next(engine, most).await? {
        match part {
            Part::File(_) if file.is_some() => {
                let detail = "`file` was sent twice; several files go in one zip";
                return Err(Refusal::at(Code::BodyShape, "file", detail).into());
            }
            Part::File(upload) => file = Some(upload),
            Part::Value(name, token) if name == "token" => {
                // A bearer prevails, as it does over the query elsewhere.
                if caller.is_none() {
                    let found = known(request, engine, token.trim())?;
                    may(request, engine, &found)?;
                    caller = Some(found);
                }
            }
            Part::Value(name, _) if matches!(name.as_str(), "aws_id" | "aws_secret" | "s3key" | "region") => {
                let detail = format!("{name:?}: this server fetches nothing from elsewhere; send the file itself");
                return Err(Refusal::at(Code::BodyShape, name, detail).into());
            }
            Part::Value(name, _) => {
                let shown: String = name.chars().take(60).collect();
                let detail = format!("there is no field {shown:?} here; known are token, file");
                return Err(Refusal::at(Code::BodyShape, shown, detail).into());
            }
        }
    }
    let caller = caller.ok_or_else(|| Refusal::new(Code::TokenMissing, "Missing \"token\" field"))?;
    Ok((caller, file))
}

/// `GET /request/{org}/status?requestid=`: one word, `running`, `done` or `failed`; the account of the upload when JSON is
/// asked for.
///
/// # Errors
/// See [`Failure`].
pub async fn status(call: Call) -> Answer {
    call.parameters.only(&["requestid"])?;
    let none =
        || Refusal::at(Code::ParameterInvalid, "requestid", "`requestid` is missing: what `/transcribe` answered");
    let requestid = call.parameters.text("requestid")?.filter(|id| !id.is_empty()).ok_or_else(none)?;
    let org = call.name(1, |name| Ok(name.to_owned()))?;
    let absent = |_| Refusal::new(Code::NotFound, format!("Organization {org} not found"));
    let account = call.engine.upload_status(&call.caller, &OrgName::parse(&org).map_err(absent)?, requestid).await?;
    if accepts_json(call.request.headers()) {
        return Ok(respond::value(StatusCode::OK, &account.to_json(None)));
    }
    let kind = (CONTENT_TYPE, "text/html; charset=utf-8");
    Ok(HttpResponse::Ok().insert_header(kind).body(account.state.text()))
}

fn may(request: &HttpRequest, engine: &Engine, caller: &Caller) -> Result<(), Failure> {
    let (org, folder) = place(request)?;
    Ok(engine.may_upload(caller, &org, &folder)?)
}

fn known(request: &HttpRequest, engine: &Engine, token: &str) -> Result<Caller, Failure> {
    let caller = engine.authenticate(Some(token)).map_err(|error| match error {
        Error::Refused(refusal) if refusal.code == Code::TokenUnknown => {
            Error::Refused(Refusal::new(Code::TokenUnknown, "Invalid token was provided"))
        }
        other => other,
    })?;
    remember_token(request, caller.token_id());
    Ok(caller)
}

/// `/…/{org}/{folder}`; what cannot be a name is not found, in the words of what is not found.
fn place(request: &HttpRequest) -> Result<(OrgName, FolderName), Failure> {
    let mut names = segments(request.uri().path()).skip(1);
    let mut next = || names.next().flatten().map(|name| name.into_owned()).unwrap_or_default();
    let (org, folder) = (next(), next());
    let missing = |what: &str, name: &str| Refusal::new(Code::NotFound, format!("{what} {name} not found"));
    let org = OrgName::parse(&org).map_err(|_| missing("Organization", &org))?;
    let folder = FolderName::parse(&folder).map_err(|_| missing("Folder", &folder))?;
    Ok((org, folder))
}

fn check_name(name: &str) -> Result<(), Refusal> {
    if name.trim().is_empty() {
        return Err(Refusal::at(Code::UploadNameInvalid, "file", "the file has no name"));
    }
    match name.chars().find(|letter| NAME_BARRED.contains(*letter) || letter.is_control()) {
        None => Ok(()),
        Some(letter) => {
            let detail = format!("the name of the file holds {letter:?}; it must hold none of {NAME_BARRED}");
            Err(Refusal::at(Code::UploadNameInvalid, "file", detail))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_with_signs_of_shells_and_paths_are_refused() {
        for good in ["call7.json", "Anruf vom 3. Mai.zip", "a&b;c.json", "通話.json"] {
            assert!(check_name(good).is_ok(), "{good}");
        }
        for bad in ["a:b.wav", "", " ", "../a.json", "a\\b.json", "a`b.json", "a\nb.json", "x=1.zip"] {
            assert_eq!(check_name(bad).unwrap_err().code, Code::UploadNameInvalid, "{bad}");
        }
    }
}
