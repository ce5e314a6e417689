//! `sort`: what rows are ordered by, `queue:asc,hold_time:desc,score`.
use super::given::Given;
use super::reading::{invalid, names};
use crate::domain::refusal::Refusal;

/// Keys of one search.
pub const SORT_KEYS_MAX: usize = 8;

/// One key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SortChoice {
    /// A field, a built-in or `score`, as written.
    pub name: String,
    /// Its own direction; without one `sortdir` counts.
    pub descending: Option<bool>,
}

impl SortChoice {
    /// A key without a direction of its own.
    pub fn of(name: impl Into<String>) -> Self {
        Self { name: name.into(), descending: None }
    }
}

/// Reads the keys; an empty list is as good as none.
///
/// # Errors
/// `parameter_invalid`.
pub fn sort(given: &Given) -> Result<Vec<SortChoice>, Refusal> {
    let items = names("sort", given, usize::MAX)?;
    if items.len() > SORT_KEYS_MAX {
        return Err(invalid("sort", &format!("has {} keys; at most {SORT_KEYS_MAX}", items.len())));
    }
    let choices = items.into_iter().map(|item| match item.tail.as_deref() {
        None => Ok(SortChoice::of(item.name)),
        Some("asc") => Ok(SortChoice { name: item.name, descending: Some(false) }),
        Some("desc") => Ok(SortChoice { name: item.name, descending: Some(true) }),
        Some(other) => {
            let why = format!(
                "gives {:?} the direction {other:?}; directions are asc and desc, and names that hold `:` are quoted",
                item.name
            );
            Err(invalid("sort", &why))
        }
    });
    let choices: Vec<SortChoice> = choices.collect::<Result<_, _>>()?;
    Ok(if choices.is_empty() { vec![SortChoice::of("datetime")] } else { choices })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Vec<SortChoice>, Refusal> {
        sort(&Given::One(text.into()))
    }

    #[test]
    fn keys_may_have_directions_of_their_own() {
        let key = |name: &str, descending| SortChoice { name: name.into(), descending };
        let keys = [key("queue", Some(false)), key("hold time", Some(true)), key("score", None), key("a,b:c", None)];
        assert_eq!(read("queue:asc, hold time : desc,score,\"a,b:c\"").unwrap(), keys);
        let list = ["queue:asc", "hold time:desc", "score", "\"a,b:c\""].map(str::to_owned).to_vec();
        assert_eq!(sort(&Given::List(list)).unwrap(), keys);
        assert_eq!(read("-x").unwrap(), [key("-x", None)]);
        assert_eq!(read(" , ").unwrap(), [key("datetime", None)]);
    }

    #[test]
    fn wrong_directions_and_too_many_keys_are_refused() {
        assert!(read("queue:up").unwrap_err().detail.contains("directions are asc and desc"));
        assert!(read("queue:").is_err());
        assert!(read("a,b,c,d,e,f,g,h").is_ok());
        assert!(read("a,b,c,d,e,f,g,h,i").unwrap_err().detail.contains("has 9 keys; at most 8"));
    }
}
