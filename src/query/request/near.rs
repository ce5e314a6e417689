//! `near={"field":…,"vector":[…],"k":10}`: the transcripts whose embedding is most like a vector.
use super::reading::invalid;
use crate::base::json::members;
use crate::domain::fields::vector;
use crate::domain::refusal::Refusal;

/// The most transcripts that may be asked for.
pub const NEAREST_MAX: usize = 10_000;

/// How many when none is said.
pub const NEAREST: usize = 10;

/// What `near` asks for.
#[derive(Clone, Debug, PartialEq)]
pub struct NearChoice {
    /// The field, as written.
    pub field: String,
    /// At least one number, at most [`vector::SIZE_MAX`], not all zero.
    pub vector: Vec<f32>,
    /// How many transcripts, at least 1.
    pub k: usize,
}

/// Reads the JSON object; `null` and nothing at all are no condition.
///
/// # Errors
/// `parameter_invalid`.
pub fn near(text: &str) -> Result<Option<NearChoice>, Refusal> {
    let text = text.trim();
    if text.is_empty() || text == "null" {
        return Ok(None);
    }
    let shape = || invalid("near", "is an object {\"field\": …, \"vector\": [numbers], \"k\": 10}");
    let (mut field, mut numbers, mut k) = (None, None, None);
    for (name, raw) in members(text).map_err(|_| shape())?.0 {
        let raw = raw.get();
        let twice = match &*name {
            "field" => field.replace(serde_json::from_str::<String>(raw).map_err(|_| shape())?).is_some(),
            "vector" => {
                let read = vector::read(raw, vector::SIZE_MAX);
                let read = read.map_err(|why| invalid("near", &format!("has a vector that {why}")))?;
                numbers.replace(read).is_some()
            }
            "k" => {
                let read = serde_json::from_str::<usize>(raw).ok().filter(|k| (1..=NEAREST_MAX).contains(k));
                let why = || invalid("near", &format!("has a k that is no whole number from 1 to {NEAREST_MAX}"));
                k.replace(read.ok_or_else(why)?).is_some()
            }
            other => {
                let shown: String = other.chars().take(40).collect();
                return Err(invalid("near", &format!("knows no {shown:?}: its members are field, vector, k")));
            }
        };
        if twice {
            return Err(invalid("near", &format!("names {name:?} twice")));
        }
    }
    let (Some(field), Some(vector)) = (field, numbers) else { return Err(shape()) };
    if vector::is_zero(&vector) {
        return Err(invalid("near", "has a vector without direction: one number at least is not 0"));
    }
    Ok(Some(NearChoice { field, vector, k: k.unwrap_or(NEAREST) }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_of_field_vector_and_k_is_read() {
        let choice = |k| Some(NearChoice { field: "gist".into(), vector: vec![1.0, -0.5], k });
        assert_eq!(near(r#"{"field":"gist","vector":[1,-0.5],"k":3}"#), Ok(choice(3)));
        assert_eq!(near(r#" {"vector":[1,-0.5],"field":"gist"} "#), Ok(choice(NEAREST)));
        assert_eq!((near(""), near("null")), (Ok(None), Ok(None)));
    }

    #[test]
    fn anything_else_is_refused_with_what_is_wrong() {
        for (text, why) in [
            ("x", "is an object"),
            ("[]", "is an object"),
            (r#"{"field":"g"}"#, "is an object"),
            (r#"{"vector":[1]}"#, "is an object"),
            (r#"{"field":7,"vector":[1]}"#, "is an object"),
            (r#"{"field":"g","vector":7}"#, "a vector that is no list of numbers"),
            (r#"{"field":"g","vector":["a"]}"#, "a vector that holds something that is no number"),
            (r#"{"field":"g","vector":[0,0]}"#, "without direction"),
            (r#"{"field":"g","vector":[]}"#, "without direction"),
            (r#"{"field":"g","vector":[1],"k":0}"#, "from 1 to 10000"),
            (r#"{"field":"g","vector":[1],"k":10001}"#, "from 1 to 10000"),
            (r#"{"field":"g","vector":[1],"k":1.5}"#, "from 1 to 10000"),
            (r#"{"field":"g","vector":[1],"n":1}"#, "knows no \"n\""),
            (r#"{"field":"g","vector":[1],"vector":[1]}"#, "names \"vector\" twice"),
        ] {
            let refusal = near(text).unwrap_err();
            assert!(refusal.detail.contains(why), "{text}: {}", refusal.detail);
        }
    }
}
