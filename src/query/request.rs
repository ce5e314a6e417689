//! The parameters of `/search`, from a query string or a JSON body (contract section 6): names are still names.
//!
//! *Decisions* where the contract is open: a parameter given twice is refused; `timeout` is seconds, decimal, at most
//! 30; an empty condition is as good as none, but an empty list of `tid` finds nothing; `terms.FIELD` compares literally, a comma in it does not split.
pub mod figures;
pub mod given;
pub mod lists;
pub mod names;
pub mod near;
pub mod reading;
pub mod scores;
pub mod sorting;
pub mod spoken;

use super::ast::{End, FieldTest, Named, Query, Written};
use super::parser;
use super::ranges::{self, DateRange};
use crate::domain::builtins::{Builtin, builtin};
use crate::domain::fields::definition::Storage;
use crate::domain::identity::FieldName;
use crate::domain::limits::Limits;
use crate::domain::refusal::{Code, Refusal};
use figures::{FacetChoice, HistogramChoice};
use given::Given;
use near::NearChoice;
use reading::{invalid, items, one_of, parts, seconds, whole};
use scores::Scores;
use sorting::SortChoice;
use std::time::Duration;

/// The most turns a row may be asked to show.
pub const MOMENTS_MAX: usize = 100;

/// What is answered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Output {
    /// Flat rows.
    #[default]
    Summary,
    /// The number of matches.
    Count,
    /// Whole transcripts.
    Details,
    /// Whole transcripts as files of an archive.
    Zip,
}

/// How it is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// JSON.
    #[default]
    Json,
    /// CSV; summaries only.
    Csv,
}

/// One member of `fields`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chosen {
    /// A field, a built-in, `score`, or a group: `voci`, `meta`.
    pub name: String,
    /// Whether it is taken away.
    pub dropped: bool,
}

/// A condition from a parameter of its own.
#[derive(Clone, Debug, PartialEq)]
pub struct Condition {
    /// The parameter, for error messages.
    pub parameter: String,
    /// Fields and built-ins, or what is said; never both.
    pub query: Query,
}

/// A search as asked.
#[derive(Clone, Debug, PartialEq)]
pub struct SearchRequest {
    /// `output`
    pub output: Output,
    /// `format`
    pub format: Format,
    /// `fields`; empty when not given: `voci` and all configured fields.
    pub fields: Vec<Chosen>,
    /// `offset`
    pub offset: usize,
    /// `size`
    pub size: usize,
    /// `sort`; at least one key.
    pub sort: Vec<SortChoice>,
    /// `sortdir`
    pub descending: bool,
    /// `cursor`: empty begins, else where the last page ended.
    pub cursor: Option<String>,
    /// `facets`
    pub facets: Vec<FacetChoice>,
    /// `stats`: names.
    pub stats: Vec<String>,
    /// `histogram`
    pub histograms: Vec<HistogramChoice>,
    /// `zipfiles`: whether the archive holds texts too.
    pub texts: bool,
    /// `explain`: why this transcript matches, or does not.
    pub explain: Option<String>,
    /// `moments`
    pub moments: usize,
    /// `after`: a freshness mark.
    pub after: Option<String>,
    /// `timeout`: how long the search may take or wait for `after`.
    pub timeout: Option<Duration>,
    /// `q`
    pub query: Query,
    /// `terms.…` and built-ins; all must hold.
    pub conditions: Vec<Condition>,
    /// `daterange`
    pub daterange: Option<DateRange>,
    /// `modified`
    pub modified: Option<DateRange>,
    /// `app.…`
    pub scores: Scores,
    /// `near`: only the nearest of what all else finds.
    pub near: Option<NearChoice>,
}

impl Default for SearchRequest {
    fn default() -> Self {
        Self {
            output: Output::default(),
            format: Format::default(),
            fields: Vec::new(),
            offset: 0,
            size: 100,
            sort: vec![SortChoice::of("datetime")],
            descending: true,
            cursor: None,
            facets: Vec::new(),
            stats: Vec::new(),
            histograms: Vec::new(),
            texts: false,
            explain: None,
            moments: 0,
            after: None,
            timeout: None,
            query: Query::All,
            conditions: Vec::new(),
            daterange: None,
            modified: None,
            scores: Scores::default(),
            near: None,
        }
    }
}

impl SearchRequest {
    /// Reads the decoded pairs of a query string.
    ///
    /// # Errors
    /// `parameter_unknown`, `parameter_invalid`, `query_invalid`, `query_too_large`.
    pub fn from_pairs(pairs: Vec<(String, String)>, limits: &Limits) -> Result<Self, Refusal> {
        let mut seen = std::collections::HashSet::new();
        for (name, _) in &pairs {
            if !seen.insert(name.as_str()) && name != "token" {
                return Err(invalid(name, "is given twice"));
            }
        }
        Self::read(pairs.into_iter().map(|(name, value)| (name, Given::One(value))), limits)
    }

    /// Reads a JSON body: the same names; a list may be an array.
    ///
    /// # Errors
    /// As [`Self::from_pairs`] and [`given::from_json`].
    pub fn from_json(text: &str, limits: &Limits) -> Result<Self, Refusal> {
        Self::read(given::from_json(text, limits)?.into_iter(), limits)
    }

    fn read(given: impl Iterator<Item = (String, Given)>, limits: &Limits) -> Result<Self, Refusal> {
        let mut request = Self::default();
        let (mut zipfiles, mut sorted) = (false, false);
        for (name, given) in given {
            zipfiles |= name == "zipfiles";
            sorted |= name == "sort";
            request.set(&name, given, limits)?;
        }
        if request.near.is_some() && !sorted {
            request.sort = vec![SortChoice::of("score")];
        }
        request.agree(zipfiles)?;
        let asked = if request.query == Query::All { 0 } else { request.query.clauses() };
        let spoken: usize = request.conditions.iter().map(|one| spoken::clauses(&one.query)).sum();
        let clauses = asked + spoken + request.scores.paths.len();
        if clauses > limits.query_clauses {
            let detail = format!("the search has {clauses} clauses; at most {} are allowed", limits.query_clauses);
            return Err(Refusal::new(Code::QueryTooLarge, detail));
        }
        Ok(request)
    }

    /// Refuses parameters that do not go together.
    fn agree(&self, zipfiles: bool) -> Result<(), Refusal> {
        let of_rows = matches!((self.output, &self.explain), (Output::Summary | Output::Details | Output::Zip, None));
        match () {
            () if self.format == Format::Csv && self.output != Output::Summary => {
                Err(invalid("format", "can be csv only with output=summary"))
            }
            () if zipfiles && self.output != Output::Zip => Err(invalid("zipfiles", "goes with output=zip only")),
            () if self.explain.is_some() && (self.output, self.format) != (Output::Summary, Format::Json) => {
                Err(invalid("explain", "answers in its own shape: leave out output and format"))
            }
            () if self.cursor.is_some() && !of_rows => Err(invalid("cursor", "goes with rows: there are none here")),
            () if self.cursor.is_some() && self.offset > 0 => {
                Err(invalid("cursor", "goes on where the last page ended: leave out offset"))
            }
            () if self.cursor.is_some() && self.size == 0 => {
                Err(invalid("cursor", "needs a size of at least 1: a page without rows ends nowhere"))
            }
            () => self.scores.check(),
        }
    }

    fn set(&mut self, name: &str, given: Given, limits: &Limits) -> Result<(), Refusal> {
        match name {
            "fields" => self.fields = chosen(&given)?,
            "sort" => self.sort = sorting::sort(&given)?,
            "facets" => self.facets = figures::facets(&given, limits)?,
            "stats" => self.stats = figures::stats(&given, limits)?,
            "histogram" => self.histograms = figures::histograms(&given, limits)?,
            "zipfiles" => self.texts = texts(&given)?,
            "tid" | "terms.tid" => self.add_tids(name, given, limits)?,
            _ => match given {
                Given::One(text) => self.set_one(name, &text, limits)?,
                Given::List(_) => return Err(invalid(name, "takes one value, not a list")),
            },
        }
        Ok(())
    }

    fn set_one(&mut self, name: &str, text: &str, limits: &Limits) -> Result<(), Refusal> {
        match name {
            "token" => {}
            "q" => self.query = parser::parse(text, limits)?,
            "output" => self.output = output(text)?,
            "format" => self.format = one_of(name, text, &[("json", Format::Json), ("csv", Format::Csv)])?,
            "offset" => self.offset = whole(name, text, u32::MAX as usize)?,
            "size" => self.size = whole(name, text, limits.search_size)?,
            "moments" => self.moments = whole(name, text, MOMENTS_MAX)?,
            "sortdir" => self.descending = one_of(name, text, &[("asc", false), ("desc", true)])?,
            "cursor" => self.cursor = Some(text.trim().to_owned()),
            "explain" => self.explain = Some(text.to_owned()).filter(|tid| !tid.is_empty()),
            "after" => self.after = Some(text.trim().to_owned()).filter(|mark| !mark.is_empty()),
            "timeout" => self.timeout = Some(seconds(text)?),
            "daterange" => self.daterange = Some(DateRange::parse(text)),
            "modified" => self.modified = Some(DateRange::parse(text)),
            "near" => self.near = near::near(text)?,
            _ => match name.strip_prefix("app.") {
                Some(path) => self.scores.take(path, text)?,
                None => self.add_condition(name, text, limits)?,
            },
        }
        Ok(())
    }

    fn add_tids(&mut self, parameter: &str, given: Given, limits: &Limits) -> Result<(), Refusal> {
        let tids: Vec<String> = match given {
            Given::One(text) => text.split(',').map(str::trim).filter(|t| !t.is_empty()).map(str::to_owned).collect(),
            Given::List(tids) => tids,
        };
        let most = limits.search_delete_tids;
        if tids.len() > most {
            let detail = format!("{parameter} names {} transcripts; at most {most} are allowed", tids.len());
            return Err(Refusal::at(Code::QueryTooLarge, parameter, detail));
        }
        let tests = tids.into_iter().map(|tid| named("tid", FieldTest::Equals(Written::literal(tid)))).collect();
        self.conditions.push(Condition { parameter: parameter.to_owned(), query: Query::Or(tests) });
        Ok(())
    }

    fn add_condition(&mut self, parameter: &str, text: &str, limits: &Limits) -> Result<(), Refusal> {
        if text.len() > limits.query_bytes {
            let detail = format!("{parameter} has {} bytes; at most {} are allowed", text.len(), limits.query_bytes);
            return Err(Refusal::at(Code::QueryTooLarge, parameter, detail));
        }
        if let Some(query) = spoken::read(parameter, text, limits)? {
            if query != Query::All {
                self.conditions.push(Condition { parameter: parameter.to_owned(), query });
            }
            return Ok(());
        }
        let name = match parameter.strip_prefix("terms.") {
            Some(term) if !term.is_empty() => term,
            None if builtin(parameter).is_some_and(|b| b.name == parameter) => parameter,
            _ => return Err(names::unknown(parameter)),
        };
        if text.is_empty() {
            return Ok(());
        }
        let test = match builtin(name) {
            Some(Builtin { storage: Storage::Number, .. }) => {
                let (low, high) = ranges::ends(text);
                let end = |end: Option<&str>| end.map(|value| End { value: value.to_owned(), inclusive: true });
                FieldTest::Range { low: end(low), high: end(high) }
            }
            _ => FieldTest::Equals(Written::literal(text)),
        };
        self.conditions.push(Condition { parameter: parameter.to_owned(), query: named(name, test) });
        Ok(())
    }
}

fn named(name: &str, test: FieldTest) -> Query {
    Query::Named(Named { name: FieldName::lenient(name), at: 0, test_at: 0, test })
}

fn output(text: &str) -> Result<Output, Refusal> {
    match text {
        "summary" => Ok(Output::Summary),
        "count" => Ok(Output::Count),
        "details" => Ok(Output::Details),
        "zip" => Ok(Output::Zip),
        _ => Err(Refusal::at(Code::ParameterInvalid, "output", "Invalid output option")),
    }
}

/// `zipfiles`: transcripts and their metadata are always there, texts come besides.
fn texts(given: &Given) -> Result<bool, Refusal> {
    let mut texts = false;
    for part in parts(given) {
        match part {
            "json" => {}
            "text" => texts = true,
            "mp3" => return Err(invalid("zipfiles", "cannot name mp3: there are no recordings here")),
            _ => return Err(invalid("zipfiles", "is a list of: json, text")),
        }
    }
    Ok(texts)
}

fn chosen(given: &Given) -> Result<Vec<Chosen>, Refusal> {
    let chosen = items("fields", given)?.into_iter().map(|item| match item.tail {
        // A colon without quotes cannot mean anything else here.
        Some(rest) => Chosen { name: format!("{}:{rest}", item.name), dropped: item.dropped },
        None => Chosen { name: item.name, dropped: item.dropped },
    });
    Ok(chosen.collect())
}

#[cfg(test)]
mod tests;
