//! `facets`, `stats` and `histogram`: which figures over the transcripts found are asked for.
use super::given::Given;
use super::lists;
use super::reading::{invalid, names, whole};
use crate::base::fold::fold;
use crate::domain::limits::Limits;
use crate::domain::refusal::Refusal;
use std::collections::HashSet;

/// Values of a facet when none is said.
pub const FACET_SIZE: usize = 10;

/// One member of `facets`: `name[:size][:prefix*]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FacetChoice {
    /// As written.
    pub name: String,
    /// At most so many values.
    pub size: usize,
    /// Only values that begin so, as written.
    pub prefix: Option<String>,
}

/// One member of `histogram`: `name:interval`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistogramChoice {
    /// As written.
    pub name: String,
    /// As written: what it means, the type of the values says.
    pub interval: String,
}

/// Reads `facets`.
///
/// # Errors
/// `parameter_invalid`.
pub fn facets(given: &Given, limits: &Limits) -> Result<Vec<FacetChoice>, Refusal> {
    let choices = once("facets", given, limits)?.into_iter().map(|item| {
        let (size, prefix) = match item.tail.as_deref().map(size_and_prefix) {
            None => (None, None),
            Some(Ok(read)) => read,
            Some(Err(why)) => return Err(invalid("facets", &format!("asks of {:?} {why}", item.name))),
        };
        let size = match size.as_deref() {
            None => FACET_SIZE,
            Some(text) => match whole("facets", text, limits.search_size) {
                Ok(size) if size > 0 => size,
                _ => {
                    let most = limits.search_size;
                    let why = format!("gives {:?} the size {text}; sizes go from 1 to {most}", item.name);
                    return Err(invalid("facets", &why));
                }
            },
        };
        Ok(FacetChoice { name: item.name, size, prefix })
    });
    choices.collect()
}

/// What follows the name: `20`, `smi*`, `20:smi*`; a prefix may be quoted: `"a:b"*`.
fn size_and_prefix(tail: &str) -> Result<(Option<String>, Option<String>), String> {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let (size, rest) = match tail.split_once(':') {
        Some((size, rest)) if digits(size.trim_end()) => (Some(size.trim_end().to_owned()), Some(rest.trim_start())),
        _ if digits(tail) => (Some(tail.to_owned()), None),
        _ => (None, Some(tail)),
    };
    let prefix = rest.map(|rest| {
        let wrong = || format!("{rest:?}, which is no size and no prefix (`smi*`); names that hold `:` are quoted");
        let begins = rest.strip_suffix('*').ok_or_else(wrong)?;
        match begins.strip_prefix('"') {
            None => Ok(begins.to_owned()),
            Some(_) => match lists::unquote(begins) {
                Ok((text, "")) => Ok(text),
                _ => Err(wrong()),
            },
        }
    });
    Ok((size, prefix.transpose()?.filter(|prefix| !prefix.is_empty())))
}

/// Reads `stats`: names.
///
/// # Errors
/// `parameter_invalid`.
pub fn stats(given: &Given, limits: &Limits) -> Result<Vec<String>, Refusal> {
    let choices = once("stats", given, limits)?.into_iter().map(|item| match item.tail {
        None => Ok(item.name),
        Some(_) => Err(invalid("stats", &format!("is a list of names; quote {:?} if it holds `:`", item.name))),
    });
    choices.collect()
}

/// Reads `histogram`.
///
/// # Errors
/// `parameter_invalid`.
pub fn histograms(given: &Given, limits: &Limits) -> Result<Vec<HistogramChoice>, Refusal> {
    let choices = once("histogram", given, limits)?.into_iter().map(|item| match item.tail {
        Some(interval) if !interval.is_empty() => Ok(HistogramChoice { name: item.name, interval }),
        _ => {
            let why = format!("needs an interval for {:?}, such as `datetime:1d` or `hold_time:30`", item.name);
            Err(invalid("histogram", &why))
        }
    });
    choices.collect()
}

/// The items, each name once: answers are objects by name.
fn once(parameter: &str, given: &Given, limits: &Limits) -> Result<Vec<lists::Item>, Refusal> {
    let items = names(parameter, given, limits.query_clauses)?;
    let mut seen = HashSet::with_capacity(items.len());
    match items.iter().find(|item| !seen.insert(fold(&item.name))) {
        Some(twice) => Err(invalid(parameter, &format!("names {:?} twice", twice.name))),
        None => Ok(items),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facet(text: &str) -> Result<Vec<FacetChoice>, Refusal> {
        facets(&Given::One(text.into()), &Limits::default())
    }

    #[test]
    fn facets_have_sizes_and_prefixes() {
        let choice = |name: &str, size, prefix: Option<&str>| FacetChoice {
            name: name.into(),
            size,
            prefix: prefix.map(str::to_owned),
        };
        assert_eq!(
            facet(r#"queue, name:smi*,direction:20,"a,b:c":3: A b* ,-x:7*,y:"1:2,\"3"*,z:5:*"#).unwrap(),
            [
                choice("queue", 10, None),
                choice("name", 10, Some("smi")),
                choice("direction", 20, None),
                choice("a,b:c", 3, Some("A b")),
                choice("-x", 10, Some("7")),
                choice("y", 10, Some("1:2,\"3")),
                choice("z", 5, None),
            ]
        );
        for wrong in ["queue:0", "queue:1001", "queue:", "queue:smi", "queue:5:smi", "queue:\"a*", "q:5:a*:b"] {
            assert!(facet(wrong).is_err(), "{wrong}");
        }
        assert!(facet("queue,Queue").unwrap_err().detail.contains("names \"Queue\" twice"));
    }

    #[test]
    fn histograms_need_intervals_and_stats_take_none() {
        let limits = Limits::default();
        let one = |text: &str| Given::One(text.to_owned());
        assert_eq!(stats(&one("a,\"b:c\""), &limits).unwrap(), ["a", "b:c"]);
        assert!(stats(&one("a:1"), &limits).is_err());
        let read = histograms(&Given::List(vec!["datetime:1d".into(), "\"x:y\": 0.5".into()]), &limits).unwrap();
        assert_eq!((read[0].interval.as_str(), read[1].name.as_str(), read[1].interval.as_str()), ("1d", "x:y", "0.5"));
        for wrong in ["a", "a:", "a:1,A:2"] {
            assert!(histograms(&one(wrong), &limits).is_err(), "{wrong}");
        }
    }
}
