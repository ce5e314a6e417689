//! The query string: decoded once, every name known or refused (contract section 3).
use crate::domain::refusal::{Code, Refusal};
use crate::engine::types::Wait;
use percent_encoding::percent_decode_str;
use std::time::Duration;

/// Longest wait a client may ask for.
const TIMEOUT_MAX_S: f64 = 30.0;

/// Name and value pairs in their order, decoded as a form is: `+` is a blank.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Parameters(Vec<(String, String)>);

impl Parameters {
    /// Reads a query string (without the `?`).
    ///
    /// # Errors
    /// `parameter_invalid` when it does not decode to UTF-8.
    pub fn read(query: &str) -> Result<Self, Refusal> {
        if query.is_empty() {
            return Ok(Self::default());
        }
        let mut pairs = Vec::with_capacity(8);
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            pairs.push((decode(name)?, decode(value)?));
        }
        Ok(Self(pairs))
    }

    /// The pairs, the token left out.
    pub fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().filter(|(name, _)| name != "token").map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// The pairs themselves, the token left out.
    pub fn into_pairs(mut self) -> Vec<(String, String)> {
        self.0.retain(|(name, _)| name != "token");
        self.0
    }

    /// The token, if one was sent here.
    pub fn token(&self) -> Option<&str> {
        self.0.iter().find(|(name, _)| name == "token").map(|(_, value)| value.as_str())
    }

    /// Refuses names that are not among `known`; `token` is known everywhere.
    ///
    /// # Errors
    /// `parameter_unknown`, naming the first and what is known.
    pub fn only(&self, known: &[&str]) -> Result<(), Refusal> {
        let Some((name, _)) = self.pairs().find(|(name, _)| !known.contains(name)) else { return Ok(()) };
        let shown: String = name.chars().take(60).collect();
        let detail = match known {
            [] => format!("there is no parameter {shown:?} here; only `token`"),
            _ => format!("there is no parameter {shown:?} here; known are {}", known.join(", ")),
        };
        Err(Refusal::at(Code::ParameterUnknown, shown, detail))
    }

    /// The value of a parameter.
    ///
    /// # Errors
    /// `parameter_invalid` when it was sent twice.
    pub fn text(&self, name: &str) -> Result<Option<&str>, Refusal> {
        let mut values = self.0.iter().filter(|(own, _)| own == name).map(|(_, value)| value.as_str());
        let first = values.next();
        if values.next().is_some() {
            return Err(Refusal::at(Code::ParameterInvalid, name, format!("`{name}` was sent twice")));
        }
        Ok(first)
    }

    /// A boolean: `true`, `false`, `1`, `0`; false when it was not sent.
    ///
    /// # Errors
    /// `parameter_invalid`.
    pub fn flag(&self, name: &str) -> Result<bool, Refusal> {
        match self.text(name)? {
            None | Some("false" | "0") => Ok(false),
            Some("true" | "1") => Ok(true),
            Some(_) => Err(Refusal::at(Code::ParameterInvalid, name, format!("`{name}` is true, false, 1 or 0"))),
        }
    }

    /// `wait=archive|search`.
    ///
    /// # Errors
    /// `parameter_invalid`.
    pub fn wait(&self) -> Result<Wait, Refusal> {
        match self.text("wait")? {
            None => Ok(Wait::Commit),
            Some("archive") => Ok(Wait::Archive),
            Some("search") => Ok(Wait::Search),
            Some(_) => Err(Refusal::at(Code::ParameterInvalid, "wait", "`wait` is archive or search")),
        }
    }

    /// `timeout`, in decimal seconds from 0 to 30; 5 when it was not sent.
    ///
    /// # Errors
    /// `parameter_invalid`.
    pub fn timeout(&self) -> Result<Duration, Refusal> {
        let Some(text) = self.text("timeout")? else { return Ok(Duration::from_secs(5)) };
        let decimal = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
        match text.parse::<f64>() {
            Ok(seconds) if decimal && seconds <= TIMEOUT_MAX_S => Ok(Duration::from_secs_f64(seconds)),
            _ => Err(Refusal::at(Code::ParameterInvalid, "timeout", "`timeout` is a number of seconds from 0 to 30")),
        }
    }
}

fn decode(text: &str) -> Result<String, Refusal> {
    let blanks;
    let text = if text.contains('+') {
        blanks = text.replace('+', " ");
        blanks.as_str()
    } else {
        text
    };
    percent_decode_str(text)
        .decode_utf8()
        .map(std::borrow::Cow::into_owned)
        .map_err(|_| Refusal::new(Code::ParameterInvalid, "the query string does not decode to UTF-8"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(query: &str) -> Parameters {
        Parameters::read(query).unwrap()
    }

    #[test]
    fn pairs_are_decoded_as_a_form_and_the_token_is_kept_apart() {
        let read = read("q=a+b%2Bc&token=s%3D3&terms.x%3Ay=1&&flag");
        assert_eq!(read.pairs().collect::<Vec<_>>(), [("q", "a b+c"), ("terms.x:y", "1"), ("flag", "")]);
        assert_eq!(read.token(), Some("s=3"));
        assert!(Parameters::read("q=%ff").is_err());
    }

    #[test]
    fn unknown_and_repeated_parameters_are_refused() {
        assert!(read("wait=search&token=1").only(&["wait"]).is_ok());
        let refusal = read("nope=1").only(&["wait"]).unwrap_err();
        assert_eq!((refusal.code, refusal.items[0].pointer.as_str()), (Code::ParameterUnknown, "nope"));
        assert_eq!(read("a=1&a=1").text("a").unwrap_err().code, Code::ParameterInvalid);
    }

    #[test]
    fn booleans_waits_and_timeouts_are_strict() {
        assert_eq!(
            (read("a=1").flag("a"), read("a=false").flag("a"), read("").flag("a")),
            (Ok(true), Ok(false), Ok(false))
        );
        assert!(read("a=yes").flag("a").is_err() && read("a").flag("a").is_err());
        assert_eq!(read("wait=archive").wait(), Ok(Wait::Archive));
        assert!(read("wait=x").wait().is_err());
        assert_eq!(read("timeout=0.25").timeout(), Ok(Duration::from_millis(250)));
        assert_eq!(read("").timeout(), Ok(Duration::from_secs(5)));
        for bad in ["31", "-1", "nan", "inf", "1e1", "", "."] {
            assert!(read(&format!("timeout={bad}")).timeout().is_err(), "{bad}");
        }
    }
}
