//! A field's name: compared without case, shown as first spelled (contract section 1).
use crate::base::fold::fold;
use crate::domain::refusal::{Code, Refusal};
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

/// A metadata name. Two spellings that differ only in case are equal.
#[derive(Clone, Debug)]
pub struct FieldName {
    shown: Arc<str>,
    folded: Arc<str>,
}

/// Which of V-Spark's rules for names hold (`[compat] vspark_names`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NameRules {
    /// `:` and `=` are refused.
    VSpark,
    /// They are ordinary characters.
    Free,
}

impl FieldName {
    /// Any spelling, also one that no edit could set: stored metadata holds such names.
    pub fn lenient(text: &str) -> Self {
        let shown: Arc<str> = text.into();
        // Nearly all names are their own folded form.
        if text.bytes().all(|byte| byte.is_ascii() && !byte.is_ascii_uppercase()) {
            return Self { folded: shown.clone(), shown };
        }
        let folded = fold(text);
        let folded = if *folded == *shown { shown.clone() } else { folded.into() };
        Self { shown, folded }
    }

    /// A name that an edit or a configuration may use; reserved names are judged elsewhere.
    ///
    /// # Errors
    /// `name_invalid`, saying which rule is broken.
    pub fn parse(text: &str, rules: NameRules) -> Result<Self, Refusal> {
        let length = text.chars().count();
        let why = if length == 0 || length > 256 {
            format!("has {length} characters; allowed are 1 to 256")
        } else if text.trim() != text {
            "begins or ends with a blank".to_owned()
        } else if text.chars().any(char::is_control) {
            "holds a control character".to_owned()
        } else if rules == NameRules::VSpark && text.contains([':', '=']) {
            "holds `:` or `=`, which V-Spark bars from names; `[compat] vspark_names = false` allows them".to_owned()
        } else {
            return Ok(Self::lenient(text));
        };
        let shown: String = text.chars().take(80).collect();
        Err(Refusal::new(Code::NameInvalid, format!("the field name {shown:?} {why}")))
    }

    /// As it was first spelled.
    pub fn shown(&self) -> &str {
        &self.shown
    }

    /// Its identity: NFC and case folded.
    pub fn folded(&self) -> &str {
        &self.folded
    }
}

impl PartialEq for FieldName {
    fn eq(&self, other: &Self) -> bool {
        self.folded == other.folded
    }
}

impl Eq for FieldName {}

impl Hash for FieldName {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.folded.hash(state);
    }
}

impl PartialOrd for FieldName {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for FieldName {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.folded.cmp(&other.folded)
    }
}

impl fmt::Display for FieldName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}
