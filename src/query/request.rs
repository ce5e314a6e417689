//! The parameters of `/search`, from a query string or a JSON body (contract section 6): names are still names.
//!
//! *Decisions* where the contract is open: a parameter given twice is refused; `timeout` is seconds, decimal, at most
//! 30; an empty condition is as good as none, but an empty list of `tid` finds nothing; `terms.FIELD` compares literally, a comma in it does not split.
pub mod given;
pub mod lists;
pub mod names;
pub mod spoken;

use super::ast::{End, FieldTest, Named, Query, Written};
use super::parser;
use super::ranges::{self, DateRange};
use crate::domain::builtins::{Builtin, builtin};
use crate::domain::fields::definition::Storage;
use crate::domain::identity::FieldName;
use crate::domain::limits::Limits;
use crate::domain::refusal::{Code, Refusal};
use given::Given;
use std::time::Duration;

/// The longest time a search may be asked to take or wait, seconds.
pub const TIMEOUT_MAX_S: f64 = 30.0;
/// The most turns a row may be asked to show.
pub const MOMENTS_MAX: usize = 100;
/// Values of a facet when none is said.
pub const FACET_SIZE: usize = 10;

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

/// One member of `facets`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FacetChoice {
    /// As written.
    pub name: String,
    /// At most so many values.
    pub size: usize,
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
    /// `sort`
    pub sort: String,
    /// `sortdir`
    pub descending: bool,
    /// `facets`
    pub facets: Vec<FacetChoice>,
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
}

impl Default for SearchRequest {
    fn default() -> Self {
        Self {
            output: Output::default(),
            format: Format::default(),
            fields: Vec::new(),
            offset: 0,
            size: 100,
            sort: "datetime".to_owned(),
            descending: true,
            facets: Vec::new(),
            moments: 0,
            after: None,
            timeout: None,
            query: Query::All,
            conditions: Vec::new(),
            daterange: None,
            modified: None,
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
        for (name, given) in given {
            request.set(&name, given, limits)?;
        }
        if request.format == Format::Csv && request.output != Output::Summary {
            return Err(invalid("format", "can be csv only with output=summary"));
        }
        let asked = if request.query == Query::All { 0 } else { request.query.clauses() };
        let clauses = asked + request.conditions.iter().map(|one| spoken::clauses(&one.query)).sum::<usize>();
        if clauses > limits.query_clauses {
            let detail = format!("the search has {clauses} clauses; at most {} are allowed", limits.query_clauses);
            return Err(Refusal::new(Code::QueryTooLarge, detail));
        }
        Ok(request)
    }

    fn set(&mut self, name: &str, given: Given, limits: &Limits) -> Result<(), Refusal> {
        match name {
            "fields" => self.fields = chosen(given)?,
            "facets" => self.facets = facets(given, limits)?,
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
            "sort" => text.trim().clone_into(&mut self.sort),
            "sortdir" => self.descending = one_of(name, text, &[("asc", false), ("desc", true)])?,
            "after" => self.after = Some(text.trim().to_owned()).filter(|mark| !mark.is_empty()),
            "timeout" => self.timeout = Some(seconds(text)?),
            "daterange" => self.daterange = Some(DateRange::parse(text)),
            "modified" => self.modified = Some(DateRange::parse(text)),
            _ => self.add_condition(name, text, limits)?,
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

fn invalid(name: &str, why: &str) -> Refusal {
    let shown: String = name.chars().take(80).collect();
    let why: String = why.chars().take(400).collect();
    Refusal::at(Code::ParameterInvalid, shown.clone(), format!("the parameter {shown:?} {why}"))
}

fn output(text: &str) -> Result<Output, Refusal> {
    match text {
        "summary" => Ok(Output::Summary),
        "count" => Ok(Output::Count),
        "details" => Ok(Output::Details),
        "zip" => Err(Refusal::at(Code::ParameterInvalid, "output", "output=zip is not available yet")),
        _ => Err(Refusal::at(Code::ParameterInvalid, "output", "Invalid output option")),
    }
}

fn one_of<T: Copy>(name: &str, text: &str, options: &[(&str, T)]) -> Result<T, Refusal> {
    options.iter().find(|(option, _)| *option == text).map(|(_, value)| *value).ok_or_else(|| {
        let options: Vec<&str> = options.iter().map(|(option, _)| *option).collect();
        invalid(name, &format!("is one of: {}", options.join(", ")))
    })
}

fn whole(name: &str, text: &str, most: usize) -> Result<usize, Refusal> {
    let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    match text.parse::<usize>() {
        Ok(number) if digits && number <= most => Ok(number),
        _ => Err(invalid(name, &format!("is a whole number from 0 to {most}"))),
    }
}

fn seconds(text: &str) -> Result<Duration, Refusal> {
    let number = text.trim().parse::<f64>().ok().filter(|s| (0.0..=TIMEOUT_MAX_S).contains(s));
    let duration = number.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    duration.ok_or_else(|| invalid("timeout", &format!("is a number of seconds from 0 to {TIMEOUT_MAX_S}")))
}

/// Every item of a list, with what is wrong about it said under the parameter's name.
fn items(name: &str, given: &Given) -> Result<Vec<lists::Item>, Refusal> {
    let parts: Vec<&str> = match given {
        Given::One(text) => lists::split(text),
        Given::List(parts) => parts.iter().map(|part| part.trim()).filter(|part| !part.is_empty()).collect(),
    };
    parts
        .into_iter()
        .map(|part| lists::item(part).map_err(|why| invalid(name, &format!("is not a list: {why}"))))
        .collect()
}

fn chosen(given: Given) -> Result<Vec<Chosen>, Refusal> {
    let chosen = items("fields", &given)?.into_iter().map(|item| match item.count {
        // A colon without quotes cannot mean anything else here.
        Some(rest) => Chosen { name: format!("{}:{rest}", item.name), dropped: item.dropped },
        None => Chosen { name: item.name, dropped: item.dropped },
    });
    Ok(chosen.collect())
}

fn facets(given: Given, limits: &Limits) -> Result<Vec<FacetChoice>, Refusal> {
    let items = items("facets", &given)?;
    if items.len() > limits.query_clauses {
        return Err(invalid("facets", &format!("names {} fields; at most {}", items.len(), limits.query_clauses)));
    }
    let facet = |item: lists::Item| {
        let name = if item.dropped { format!("-{}", item.name) } else { item.name };
        let size = match item.count {
            None => FACET_SIZE,
            Some(count) => match whole("facets", &count, limits.search_size) {
                Ok(size) if size > 0 => size,
                _ => {
                    let why = format!(
                        "gives {name:?} the size {count:?}; sizes go from 1 to {}, and names that hold `:` are quoted",
                        limits.search_size
                    );
                    return Err(invalid("facets", &why));
                }
            },
        };
        Ok(FacetChoice { name, size })
    };
    items.into_iter().map(facet).collect()
}

#[cfg(test)]
mod tests;
