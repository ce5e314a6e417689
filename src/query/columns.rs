//! The columns of result rows: which built-ins and configured fields `fields` asks for.
use crate::domain::identity::FieldName;
use std::collections::HashMap;

/// What rows show first, in this order; other built-ins follow by name.
const FIRST: [&str; 9] =
    ["tid", "folder", "requestid", "filename", "agentid", "datetime", "duration", "last_modified", "score"];

/// The columns asked for.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Columns {
    builtins: Vec<&'static str>,
    fields: Vec<FieldName>,
    by_name: HashMap<String, usize>,
}

impl Columns {
    /// Of built-ins (names of the table, or `score`) and configured fields.
    pub fn new(mut builtins: Vec<&'static str>, mut fields: Vec<FieldName>) -> Self {
        builtins.sort_unstable_by_key(|name| (FIRST.iter().position(|f| f == name).unwrap_or(FIRST.len()), *name));
        builtins.dedup();
        fields.sort_unstable();
        fields.dedup();
        let by_name = fields.iter().enumerate().map(|(at, name)| (name.folded().to_owned(), at)).collect();
        Self { builtins, fields, by_name }
    }

    /// The built-ins, in the order rows show them.
    pub fn builtins(&self) -> &[&'static str] {
        &self.builtins
    }

    /// The column of a configured field, in the spelling of its header; `None` when it was not asked for.
    pub fn field(&self, name: &FieldName) -> Option<&FieldName> {
        self.by_name.get(name.folded()).and_then(|at| self.fields.get(*at))
    }

    /// The headers of a CSV answer: alphabetical, whatever their case.
    pub fn headers(&self) -> Vec<String> {
        let builtins = self.builtins.iter().map(|name| FieldName::lenient(name));
        let mut all: Vec<FieldName> = builtins.chain(self.fields.iter().cloned()).collect();
        all.sort();
        all.iter().map(|name| name.shown().to_owned()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_alphabetical_whatever_their_case() {
        let columns =
            Columns::new(vec!["tid", "datetime"], ["Queue", "agent note", "queue"].map(FieldName::lenient).into());
        assert_eq!(columns.headers(), ["agent note", "datetime", "Queue", "tid"]);
        assert_eq!(columns.field(&FieldName::lenient("QUEUE")).unwrap().shown(), "Queue");
        assert_eq!(columns.field(&FieldName::lenient("tid")), None);
    }
}
