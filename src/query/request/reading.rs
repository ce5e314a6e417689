//! Reading the values of parameters, and refusing those that make no sense.
use super::given::Given;
use super::lists;
use crate::domain::refusal::{Code, Refusal};
use std::time::Duration;

/// The longest time a search may be asked to take or wait, seconds.
pub const TIMEOUT_MAX_S: f64 = 30.0;

/// The refusal of a parameter's value; `why` goes on after its name.
pub fn invalid(name: &str, why: &str) -> Refusal {
    let shown: String = name.chars().take(80).collect();
    let why: String = why.chars().take(400).collect();
    Refusal::at(Code::ParameterInvalid, shown.clone(), format!("the parameter {shown:?} {why}"))
}

/// One of the options.
///
/// # Errors
/// `parameter_invalid`.
pub fn one_of<T: Copy>(name: &str, text: &str, options: &[(&str, T)]) -> Result<T, Refusal> {
    options.iter().find(|(option, _)| *option == text).map(|(_, value)| *value).ok_or_else(|| {
        let options: Vec<&str> = options.iter().map(|(option, _)| *option).collect();
        invalid(name, &format!("is one of: {}", options.join(", ")))
    })
}

/// A whole number up to `most`.
///
/// # Errors
/// `parameter_invalid`.
pub fn whole(name: &str, text: &str, most: usize) -> Result<usize, Refusal> {
    let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    match text.parse::<usize>() {
        Ok(number) if digits && number <= most => Ok(number),
        _ => Err(invalid(name, &format!("is a whole number from 0 to {most}"))),
    }
}

/// `timeout`: decimal seconds.
///
/// # Errors
/// `parameter_invalid`.
pub fn seconds(text: &str) -> Result<Duration, Refusal> {
    let number = text.trim().parse::<f64>().ok().filter(|s| (0.0..=TIMEOUT_MAX_S).contains(s));
    let duration = number.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    duration.ok_or_else(|| invalid("timeout", &format!("is a number of seconds from 0 to {TIMEOUT_MAX_S}")))
}

/// Every item of a list, with what is wrong about it said under the parameter's name.
///
/// # Errors
/// `parameter_invalid`.
pub fn items(name: &str, given: &Given) -> Result<Vec<lists::Item>, Refusal> {
    parts(given)
        .into_iter()
        .map(|part| lists::item(part).map_err(|why| invalid(name, &format!("is not a list: {why}"))))
        .collect()
}

/// [`items`] where a leading `-` belongs to the name.
///
/// # Errors
/// `parameter_invalid`; also beyond `most` items.
pub fn names(name: &str, given: &Given, most: usize) -> Result<Vec<lists::Item>, Refusal> {
    let mut items = items(name, given)?;
    if items.len() > most {
        return Err(invalid(name, &format!("names {} fields; at most {most}", items.len())));
    }
    for item in items.iter_mut().filter(|item| item.dropped) {
        item.name.insert(0, '-');
        item.dropped = false;
    }
    Ok(items)
}

/// The items of a list as written: of a comma list, or of an array.
pub fn parts(given: &Given) -> Vec<&str> {
    match given {
        Given::One(text) => lists::split(text),
        Given::List(parts) => parts.iter().map(|part| part.trim()).filter(|part| !part.is_empty()).collect(),
    }
}
