//! What every handler needs of a request: who calls, the names in the path, the parameters, the options of an edit.
use super::access_log;
use super::error::Failure;
use super::headers;
use super::parameters::Parameters;
use crate::base::digest;
use crate::domain::identity::{CompanyName, OrgName, Place, Tid};
use crate::domain::refusal::Refusal;
use crate::engine::types::{EditOptions, Idempotency};
use crate::engine::{Caller, Engine, Error};
use actix_web::dev::Payload;
use actix_web::http::header::CONTENT_TYPE;
use actix_web::web::ThinData;
use actix_web::{FromRequest, HttpRequest};
use percent_encoding::percent_decode_str;
use std::borrow::Cow;
use std::future::{Ready, ready};

/// An authenticated request. As it is made before any body is read, strangers upload nothing.
pub struct Call {
    /// The request.
    pub request: HttpRequest,
    /// The engine.
    pub engine: Engine,
    /// Who calls.
    pub caller: Caller,
    /// The query string.
    pub parameters: Parameters,
}

impl FromRequest for Call {
    type Error = Failure;
    type Future = Ready<Result<Self, Failure>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Self::of(request))
    }
}

impl Call {
    fn of(request: &HttpRequest) -> Result<Self, Failure> {
        let engine = engine(request)?;
        let parameters = Parameters::read(request.query_string())?;
        let caller = engine.authenticate(token(request, &parameters))?;
        access_log::remember_token(request, caller.token_id());
        Ok(Self { request: request.clone(), engine, caller, parameters })
    }

    /// The decoded segments of the path from the `from`th on (`/metadata/…` has `metadata` at 0).
    ///
    /// # Errors
    /// `not_found` when one does not decode to UTF-8: nothing has such a name.
    pub fn segments(&self, from: usize) -> Result<Vec<Cow<'_, str>>, Error> {
        segments(self.request.uri().path()).skip(from).map(|segment| segment.ok_or_else(Error::absent)).collect()
    }

    /// The decoded segment at `at`, read by `parse`; what cannot be a name cannot exist.
    ///
    /// # Errors
    /// `not_found`.
    pub fn name<T>(&self, at: usize, parse: impl Fn(&str) -> Result<T, Refusal>) -> Result<T, Error> {
        self.try_name(at, parse)?.map_err(|_| Error::absent())
    }

    /// The same where the request would create the thing: the broken rule is told.
    ///
    /// # Errors
    /// `not_found` when the segment does not decode to UTF-8.
    pub fn try_name<T>(
        &self,
        at: usize,
        parse: impl Fn(&str) -> Result<T, Refusal>,
    ) -> Result<Result<T, Refusal>, Error> {
        let segment = segments(self.request.uri().path()).nth(at).flatten().ok_or_else(Error::absent)?;
        Ok(parse(&segment))
    }

    /// `/…/{company}/{org}`.
    ///
    /// # Errors
    /// `not_found`.
    pub fn org(&self) -> Result<(CompanyName, OrgName), Error> {
        Ok((self.name(1, CompanyName::parse)?, self.name(2, OrgName::parse)?))
    }

    /// `/…/{company}/{org}/{tid}`.
    ///
    /// # Errors
    /// `not_found`.
    pub fn place(&self) -> Result<Place, Error> {
        let (company, org) = self.org()?;
        Ok(Place { company, org, tid: self.name(3, Tid::parse)? })
    }

    /// The options of an edit whose content is `body` (and, where it comes with the query, `fields`).
    ///
    /// # Errors
    /// `header_invalid`, `parameter_invalid`.
    pub fn edit_options(&self, body: &[u8], fields: Option<&str>) -> Result<EditOptions, Refusal> {
        let all = self.request.headers();
        Ok(EditOptions {
            precondition: headers::if_match(all)?,
            idempotency: headers::idempotency_key(all)?.map(|key| self.idempotency(key, body, fields)),
            dry_run: self.parameters.flag("dry_run")?,
            wait: self.parameters.wait()?,
            timeout: self.parameters.timeout()?,
        })
    }

    fn idempotency(&self, key: &str, body: &[u8], fields: Option<&str>) -> Idempotency {
        let mut content = Vec::with_capacity(body.len() + 64);
        content.extend_from_slice(self.request.headers().get(CONTENT_TYPE).map_or(b"", |value| value.as_bytes()));
        for part in [fields.unwrap_or_default().as_bytes(), body] {
            content.push(0);
            content.extend_from_slice(part);
        }
        let request = format!("{} {}", self.request.method(), self.request.uri().path());
        Idempotency { request, key: key.to_owned(), body: digest::sha256(&content) }
    }
}

/// The engine that serves this application.
///
/// # Errors
/// A defect when the application was put together without one.
pub fn engine(request: &HttpRequest) -> Result<Engine, Failure> {
    let shared = request.app_data::<ThinData<Engine>>();
    shared.map(|engine| engine.0.clone()).ok_or(Failure::Defect("the application has no engine"))
}

/// The token: `Authorization: Bearer` before `?token=`.
pub fn token<'r>(request: &'r HttpRequest, parameters: &'r Parameters) -> Option<&'r str> {
    headers::bearer(request.headers()).or_else(|| parameters.token())
}

/// The raw path's segments, decoded; `None` for one that is not UTF-8.
pub fn segments(path: &str) -> impl Iterator<Item = Option<Cow<'_, str>>> {
    path.strip_prefix('/').unwrap_or(path).split('/').map(|segment| percent_decode_str(segment).decode_utf8().ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::test::TestRequest;

    #[test]
    fn segments_are_decoded_once_and_keep_encoded_slashes_inside_names() {
        let read: Vec<_> = segments("/metadata/A%20b/%2525/x%2Fy+z/%ff").collect();
        let text: Vec<_> = read.iter().map(|segment| segment.as_deref()).collect();
        assert_eq!(text, [Some("metadata"), Some("A b"), Some("%25"), Some("x/y+z"), None]);
        assert!(Tid::parse("x/y+z").is_err());
    }

    #[test]
    fn the_bearer_token_wins_over_the_one_in_the_query() {
        let request = TestRequest::get().uri("/x?token=query").to_http_request();
        let parameters = Parameters::read(request.query_string()).unwrap();
        assert_eq!(token(&request, &parameters), Some("query"));
        let request = TestRequest::get().insert_header(("Authorization", "Bearer header")).to_http_request();
        assert_eq!(token(&request, &parameters), Some("header"));
        let request = TestRequest::get().to_http_request();
        assert_eq!(token(&request, &Parameters::default()), None);
    }
}
