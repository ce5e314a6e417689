//! `get`, `set`, `unset`: the metadata of one transcript.
use super::args::{Common, Get, Place as Where, Set, Unset};
use super::output::{Ending, Usage, put, say};
use super::target::{self, Target};
use crate::app::Presence;
use crate::base::json::{members, push_string};
use crate::domain::identity::{FieldName, Place};
use anyhow::{Context, Result, anyhow};
use serde_json::value::RawValue;

/// Runs `get`.
///
/// # Errors
/// When the place cannot be reached or refuses, or there is no such transcript.
pub fn get(common: &Common, get: &Get) -> Result<Ending> {
    let metadata = with(common, &get.place, |target| target.metadata(&get.transcript.0))?;
    let metadata = metadata.ok_or_else(|| absent(&get.transcript.0))?;
    if get.json && get.names.is_empty() {
        put(metadata.replace(['\n', '\r'], " "))?;
        return Ok(Ending::Done);
    }
    let all = members(&metadata).context("the metadata is no JSON object")?;
    let asked: Vec<FieldName> = get.names.iter().map(|name| FieldName::lenient(name)).collect();
    let chosen = |name: &str| asked.is_empty() || asked.contains(&FieldName::lenient(name));
    let found: Vec<(&str, &RawValue)> =
        all.0.iter().map(|(name, value)| (name.as_ref(), *value)).filter(|(name, _)| chosen(name)).collect();
    show(&found, get)?;
    let holds = |name: &&FieldName| found.iter().any(|(own, _)| FieldName::lenient(own) == **name);
    let missing: Vec<&str> = asked.iter().filter(|name| !holds(name)).map(FieldName::shown).collect();
    if missing.is_empty() {
        return Ok(Ending::Done);
    }
    say(format_args!("{}: no value of {}", get.transcript.0, missing.join(", ")));
    Ok(Ending::Differences)
}

fn show(found: &[(&str, &RawValue)], get: &Get) -> Result<()> {
    if get.json {
        let parts: Vec<String> = found.iter().map(|(name, value)| member(name, value.get())).collect();
        put(format_args!("{{{}}}", parts.join(",")))?;
    } else if let ([_], [(_, value)]) = (get.names.as_slice(), found) {
        put(plain(value).unwrap_or_else(|| value.get().to_owned()))?;
    } else {
        found.iter().try_for_each(|(name, value)| put(assignment(name, value)))?;
    }
    Ok(())
}

/// Text without its quotes.
fn plain(value: &RawValue) -> Option<String> {
    serde_json::from_str(value.get()).ok()
}

/// A line that `set` takes.
fn assignment(name: &str, value: &RawValue) -> String {
    match plain(value).filter(|text| !text.contains(char::is_control)) {
        Some(text) => format!("{name}={text}"),
        None => format!("{name}:={}", value.get().replace(['\n', '\r'], " ")),
    }
}

fn member(name: &str, value: &str) -> String {
    let mut out = String::new();
    push_string(&mut out, name);
    out.push(':');
    out.push_str(value);
    out
}

/// Runs `set`.
///
/// # Errors
/// When a value is not understood, or the place cannot be reached or refuses.
pub fn set(common: &Common, set: &Set) -> Result<Ending> {
    let parts: Result<Vec<String>> = set.values.iter().map(|text| read(text, set.json_values)).collect();
    let unindexed = edit(common, &set.place, &set.transcript.0, &parts?, set.json)?;
    if !unindexed.is_empty() {
        let names = unindexed.join(", ");
        say(format_args!("kept, but not searchable, because the folder does not configure it: {names}"));
    }
    Ok(Ending::Done)
}

/// `NAME=TEXT` or `NAME:=JSON` as a member of a JSON object.
fn read(text: &str, json: bool) -> Result<String> {
    let wrong = |words: String| anyhow!(Usage(words));
    let (name, value) = text
        .split_once('=')
        .filter(|(name, _)| !name.trim_end_matches(':').is_empty())
        .ok_or_else(|| wrong(format!("{text:?}: write NAME=TEXT, or NAME:=JSON")))?;
    let (name, json) = name.strip_suffix(':').map_or((name, json), |name| (name, true));
    if !json {
        return Ok(member(name, &serde_json::Value::from(value).to_string()));
    }
    let value: &RawValue = serde_json::from_str(value)
        .map_err(|error| wrong(format!("{text:?}: the value is no JSON ({error}); text is set with {name}={value}")))?;
    Ok(member(name, value.get()))
}

/// Runs `unset`.
///
/// # Errors
/// When the place cannot be reached or refuses.
pub fn unset(common: &Common, unset: &Unset) -> Result<Ending> {
    let parts: Vec<String> = unset.names.iter().map(|name| member(name, "null")).collect();
    edit(common, &unset.place, &unset.transcript.0, &parts, unset.json).map(|_| Ending::Done)
}

/// Edits, and prints what it comes to if that is wanted; the names of which nothing is searchable.
fn edit(common: &Common, at: &Where, place: &Place, parts: &[String], json: bool) -> Result<Vec<String>> {
    let body = format!("{{{}}}", parts.join(","));
    let changed = with(common, at, |target| target.edit(place, &body))?.ok_or_else(|| absent(place))?;
    if json {
        put(changed.metadata.replace(['\n', '\r'], " "))?;
    }
    Ok(changed.unindexed)
}

fn absent(place: &Place) -> anyhow::Error {
    anyhow!("there is no transcript {place}")
}

/// Opens the place, does the work and leaves in order.
fn with<T>(common: &Common, at: &Where, work: impl FnOnce(&mut dyn Target) -> Result<T>) -> Result<T> {
    let mut target = target::open(common, at, Presence::Required)?;
    let done = work(target.as_mut());
    target.close()?;
    done
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_equals_sign_ends_the_name_and_a_colon_before_it_means_json() {
        for (text, json, wanted) in [
            ("queue=a=b", false, r#""queue":"a=b""#),
            ("queue=", false, r#""queue":"""#),
            ("hold time:=1.10", false, r#""hold time":1.10"#),
            ("queue:=null", false, r#""queue":null"#),
            ("n=72", true, r#""n":72"#),
            ("n:=72", true, r#""n":72"#),
        ] {
            assert_eq!(read(text, json).unwrap(), wanted, "{text}");
        }
        for bad in ["queue", "=x", ":=1", "n:=x"] {
            assert!(read(bad, false).unwrap_err().downcast_ref::<Usage>().is_some(), "{bad}");
        }
    }

    #[test]
    fn what_get_prints_set_takes() {
        for (name, value, line) in [
            ("queue", r#""a b""#, "queue=a b"),
            ("n", "1.10", "n:=1.10"),
            ("note", r#""two\nlines""#, r#"note:="two\nlines""#),
        ] {
            let raw: Box<RawValue> = serde_json::from_str(value).unwrap();
            assert_eq!(assignment(name, &raw), line);
            assert_eq!(read(line, false).unwrap(), member(name, value));
        }
    }
}
