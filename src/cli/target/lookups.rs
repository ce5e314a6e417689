//! Reading and editing single transcripts, and searching: on both places.
use super::folder::{StoppedFolder, found};
use super::remote::{Asked, Remote, Sent, problem, read, segment};
use crate::cli::place::SearchPath;
use crate::domain::identity::Place;
use crate::domain::metadata::Edit;
use crate::domain::refusal::Code;
use crate::engine::Error;
use crate::engine::types::EditOptions;
use crate::http::{csv, results};
use crate::query::request::{Format, Output, SearchRequest};
use anyhow::{Context, Result, anyhow};
use percent_encoding::percent_decode_str;
use std::fs::File;
use std::io::{Read, Write};
use std::time::Duration;
use ureq::http::Method;

/// How long an index that is being made is waited for.
const INDEX_WITHIN: Duration = Duration::from_secs(3_600);

/// Parameters of a search: names and values.
pub type Pairs = Vec<(String, String)>;

/// Metadata after a change.
#[derive(Clone, Debug)]
pub struct Changed {
    /// One JSON object.
    pub metadata: String,
    /// Names that are kept and not searchable.
    pub unindexed: Vec<String>,
}

/// A page of a search.
#[derive(Clone, Debug)]
pub struct Page {
    /// The answer: JSON, or CSV if that was asked for.
    pub text: String,
    /// Where the next page goes on, of CSV; JSON holds it.
    pub cursor: Option<String>,
}

/// The calls on single transcripts, and searches.
pub trait Lookups {
    /// The metadata of a transcript, one JSON object; `None` when there is no such transcript.
    ///
    /// # Errors
    /// When the place refuses.
    fn metadata(&mut self, place: &Place) -> Result<Option<String>>;

    /// Sets the names of a JSON object, and removes those that are null; `None` when there is no such transcript.
    ///
    /// # Errors
    /// When the place refuses.
    fn edit(&mut self, place: &Place, body: &str) -> Result<Option<Changed>>;

    /// Searches.
    ///
    /// # Errors
    /// When the place refuses.
    fn search(&mut self, scope: &SearchPath, pairs: Pairs) -> Result<Page>;

    /// Searches, and writes the transcripts found as a zip; where the next page goes on.
    ///
    /// # Errors
    /// When the place refuses, or `into` cannot be written.
    fn packed(&mut self, scope: &SearchPath, pairs: Pairs, into: &mut File) -> Result<Option<String>>;
}

impl StoppedFolder {
    /// The request as it is understood. What was written before is searchable first.
    fn asked(&self, pairs: Pairs) -> Result<SearchRequest> {
        let request = SearchRequest::from_pairs(pairs, &self.app.engine().settings().limits);
        self.runtime.block_on(self.app.level(INDEX_WITHIN));
        Ok(request.map_err(Error::from)?)
    }

    /// Whether the answer was that the index is not there yet: after a pause it is to be asked again.
    fn must_wait<T>(&self, answer: &crate::engine::Result<T>) -> bool {
        let rebuilding = matches!(answer, Err(Error::Refused(refusal)) if refusal.code == Code::IndexRebuilding);
        if rebuilding {
            self.runtime.block_on(tokio::time::sleep(Duration::from_millis(100)));
        }
        rebuilding
    }
}

impl Lookups for StoppedFolder {
    fn metadata(&mut self, place: &Place) -> Result<Option<String>> {
        let read = self.runtime.block_on(self.app.engine().read_metadata(&self.owner, place));
        Ok(found(read)?.map(|view| view.metadata))
    }

    fn edit(&mut self, place: &Place, body: &str) -> Result<Option<Changed>> {
        let engine = self.app.engine();
        let edit = Edit::read_flat(body.as_bytes(), engine.settings().edit_rules()).map_err(Error::from)?;
        let edited = self.runtime.block_on(engine.edit(&self.owner, place, edit, EditOptions::default()));
        Ok(found(edited)?.map(|done| Changed { metadata: done.view.metadata, unindexed: done.unindexed }))
    }

    fn search(&mut self, scope: &SearchPath, pairs: Pairs) -> Result<Page> {
        let request = self.asked(pairs)?;
        let (output, format) = (request.output, request.format);
        let answer = loop {
            let SearchPath { company, org, folder } = scope;
            let engine = self.app.engine();
            let asked = engine.search(&self.owner, company, org.as_ref(), folder.as_ref(), request.clone());
            let answer = self.runtime.block_on(asked);
            if !self.must_wait(&answer) {
                break answer.with_context(|| scope.to_string())?;
            }
        };
        let text = match (output, format) {
            (_, Format::Csv) => csv::table(&answer).map_err(|error| anyhow!("{error}"))?,
            (Output::Count, _) => results::count(&answer),
            (Output::Details, _) => results::details(&answer),
            (Output::Summary | Output::Zip, _) => results::summary(&answer),
        };
        Ok(Page { text, cursor: answer.cursor })
    }

    fn packed(&mut self, scope: &SearchPath, pairs: Pairs, into: &mut File) -> Result<Option<String>> {
        let request = self.asked(pairs)?;
        let mut export = loop {
            let SearchPath { company, org, folder } = scope;
            let engine = self.app.engine();
            let asked = engine.export(&self.owner, company, org.as_ref(), folder.as_ref(), request.clone());
            let answer = self.runtime.block_on(asked);
            if !self.must_wait(&answer) {
                break answer.with_context(|| scope.to_string())?;
            }
        };
        let cursor = export.cursor.take();
        while let Some((bytes, rest)) = self.runtime.block_on(export.next())? {
            into.write_all(&bytes)?;
            export = rest;
        }
        Ok(cursor)
    }
}

impl Remote {
    fn searched(&self, scope: &SearchPath, pairs: &Pairs) -> Result<ureq::http::Response<ureq::Body>> {
        let names = [
            Some(scope.company.as_str()),
            scope.org.as_ref().map(|name| name.as_str()),
            scope.folder.as_ref().map(|name| name.as_str()),
        ];
        let names: Vec<String> = names.into_iter().flatten().map(segment).collect();
        let pairs: Vec<String> =
            pairs.iter().map(|(name, value)| format!("{}={}", segment(name), segment(value))).collect();
        let path = format!("/search/{}?{}", names.join("/"), pairs.join("&"));
        let asked = Asked { method: &Method::GET, path: &path, content_type: "", if_match: None };
        let response = self.response(asked, Sent::Nothing)?;
        match response.status().as_u16() {
            200..=299 => Ok(response),
            404 => {
                let words = problem(&read(response)?.body);
                Err(anyhow!("{scope}: {words}"))
            }
            status => Err(self.refused(status, &read(response)?.body)),
        }
    }

    fn metadata_call(&self, method: &Method, place: &Place, body: &str) -> Result<Option<Changed>> {
        let names = [place.company.as_str(), place.org.as_str(), place.tid.as_str()].map(segment).join("/");
        let path = format!("/metadata/{names}");
        let asked = Asked { method, path: &path, content_type: "application/json", if_match: None };
        let sent = if body.is_empty() { Sent::Nothing } else { Sent::Text(body) };
        Ok(self.found(asked, sent)?.map(|answer| {
            let listed = answer.header("linernotes-unindexed").unwrap_or_default();
            let decoded = |name: &str| percent_decode_str(name).decode_utf8_lossy().into_owned();
            let unindexed = listed.split(", ").filter(|name| !name.is_empty()).map(decoded).collect();
            Changed { metadata: answer.body, unindexed }
        }))
    }
}

fn cursor_of(response: &ureq::http::Response<ureq::Body>) -> Option<String> {
    Some(response.headers().get("linernotes-cursor")?.to_str().ok()?.to_owned())
}

impl Lookups for Remote {
    fn metadata(&mut self, place: &Place) -> Result<Option<String>> {
        Ok(self.metadata_call(&Method::GET, place, "")?.map(|found| found.metadata))
    }

    fn edit(&mut self, place: &Place, body: &str) -> Result<Option<Changed>> {
        self.metadata_call(&Method::PATCH, place, body)
    }

    fn search(&mut self, scope: &SearchPath, pairs: Pairs) -> Result<Page> {
        let response = self.searched(scope, &pairs)?;
        let cursor = cursor_of(&response);
        Ok(Page { text: read(response)?.body, cursor })
    }

    fn packed(&mut self, scope: &SearchPath, pairs: Pairs, into: &mut File) -> Result<Option<String>> {
        let mut response = self.searched(scope, &pairs)?;
        let cursor = cursor_of(&response);
        let mut body = response.body_mut().with_config().limit(u64::MAX).reader();
        let mut piece = vec![0; 64 << 10];
        loop {
            let length = body.read(&mut piece).context("the answer broke off")?;
            match piece.get(..length) {
                Some(bytes) if !bytes.is_empty() => into.write_all(bytes)?,
                _ => return Ok(cursor),
            }
        }
    }
}
