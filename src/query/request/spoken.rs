//! The parameters on what is said: `terms.all|agent|client` and `regex.all|agent|client`.
use crate::domain::limits::Limits;
use crate::domain::refusal::Refusal;
use crate::domain::transcript::Role;
use crate::query::ast::Query;
use crate::query::plain;
use crate::query::resolved::Speaker;

/// The condition of such a parameter (everything when it is blank); `None` when it is another one.
///
/// # Errors
/// As [`plain::parse`].
pub fn read(parameter: &str, text: &str, limits: &Limits) -> Result<Option<Query>, Refusal> {
    let Some((mode, who)) = parameter.split_once('.') else { return Ok(None) };
    let by = match who {
        "all" => Speaker::Anyone,
        "agent" => Speaker::Role(Role::Agent),
        "client" => Speaker::Role(Role::Client),
        _ => return Ok(None),
    };
    match mode {
        "terms" => plain::parse(text, &by, limits.query_clauses).map(Some).map_err(|fault| fault.refusal_in(parameter)),
        "regex" => Ok(Some(plain::expression(text, &by))),
        _ => Ok(None),
    }
}

/// For how many clauses a condition counts: each phrase is one, a list of ids is one.
pub fn clauses(condition: &Query) -> usize {
    fn phrases(query: &Query) -> usize {
        match query {
            Query::All | Query::Named(_) => 0,
            Query::Said(..) => 1,
            Query::And(parts) | Query::Or(parts) => parts.iter().map(phrases).sum(),
            Query::Not(inner) => phrases(inner),
        }
    }
    phrases(condition).max(1)
}
