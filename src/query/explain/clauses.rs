//! The clauses of a search as they were asked, each with what it was resolved to.
//!
//! *Decision:* each condition is resolved on its own, as a search that asks nothing else, so that the resolver need not
//! keep what it simplifies away; a list of ids is one condition.
use crate::base::clock::Timestamp;
use crate::domain::identity::FieldName;
use crate::domain::refusal::Refusal;
use crate::query::ast::Query;
use crate::query::ranges::DateRange;
use crate::query::render::render;
use crate::query::request::scores::Scores;
use crate::query::request::{Chosen, Condition, SearchRequest};
use crate::query::resolve::resolve;
use crate::query::resolve::world::World;
use crate::query::resolved::Node;

/// One clause.
#[derive(Clone, Debug, PartialEq)]
pub struct Clause {
    /// As the language writes it; of a parameter its name.
    pub text: String,
    /// What it is.
    pub is: Is,
}

/// What a clause is.
#[derive(Clone, Debug, PartialEq)]
pub enum Is {
    /// All of these.
    All(Vec<Clause>),
    /// Any of these.
    Any(Vec<Clause>),
    /// Not this.
    Not(Box<Clause>),
    /// What a parameter asks for.
    Parameter(Box<Clause>),
    /// A condition that is not taken apart.
    Condition(Node),
}

/// The clauses of a search: `q` and each other condition, joined.
///
/// # Errors
/// The resolver's.
pub fn clauses(request: &SearchRequest, world: &World<'_>, now: Timestamp) -> Result<Clause, Refusal> {
    let reader = Reader { world, now };
    let mut parts = Vec::new();
    if request.query != Query::All {
        parts.push(reader.clause(&request.query, None)?);
    }
    for Condition { parameter, query } in &request.conditions {
        let inner = match parameter.as_str() {
            "tid" | "terms.tid" => reader.condition(query, Some(parameter))?,
            _ => reader.clause(query, Some(parameter))?,
        };
        parts.push(of_parameter(parameter, inner));
    }
    for (name, range) in [("daterange", request.daterange), ("modified", request.modified)] {
        if let Some(range) = range {
            parts.push(of_parameter(name, reader.dates(name, range)?));
        }
    }
    for (path, level) in &request.scores.paths {
        let scores = Scores { app: request.scores.app.clone(), paths: vec![(path.clone(), *level)] };
        let name = format!("app.{path}");
        let asked = reader.resolved(name.clone(), &SearchRequest { scores, ..nothing_else() })?;
        parts.push(of_parameter(&name, asked));
    }
    match parts.len() {
        0 => reader.clause(&Query::All, None),
        1 => Ok(parts.swap_remove(0)),
        _ => {
            let text = parts.iter().map(|part| part.text.as_str()).collect::<Vec<_>>().join(" AND ");
            Ok(Clause { text, is: Is::All(parts) })
        }
    }
}

/// Names of fields that the search asks for, each once; neither built-ins nor speakers.
pub fn fields(request: &SearchRequest, world: &World<'_>) -> Vec<FieldName> {
    let mut names = Vec::new();
    names_in(&request.query, &mut names);
    for condition in &request.conditions {
        names_in(&condition.query, &mut names);
    }
    let near = request.near.as_ref().map(|asked| FieldName::lenient(&asked.field));
    names.extend(&near);
    let mut kept: Vec<FieldName> = Vec::new();
    for name in names {
        if let Some(first) = world.variants(name).first()
            && !kept.contains(name)
            && crate::domain::builtins::builtin(name.folded()).is_none()
        {
            kept.push(first.field.name.clone());
        }
    }
    kept
}

fn names_in<'q>(query: &'q Query, names: &mut Vec<&'q FieldName>) {
    match query {
        Query::And(parts) | Query::Or(parts) => parts.iter().for_each(|part| names_in(part, names)),
        Query::Not(inner) => names_in(inner, names),
        Query::Named(named) => names.push(&named.name),
        _ => {}
    }
}

fn of_parameter(name: &str, inner: Clause) -> Clause {
    Clause { text: name.to_owned(), is: Is::Parameter(Box::new(inner)) }
}

struct Reader<'r, 'w> {
    world: &'r World<'w>,
    now: Timestamp,
}

impl Reader<'_, '_> {
    /// Recurses as deep as the parser lets queries nest.
    fn clause(&self, query: &Query, parameter: Option<&str>) -> Result<Clause, Refusal> {
        let all = |parts: &[Query]| parts.iter().map(|part| self.clause(part, parameter)).collect::<Result<_, _>>();
        let is = match query {
            Query::And(parts) => Is::All(all(parts)?),
            Query::Or(parts) => Is::Any(all(parts)?),
            Query::Not(inner) => Is::Not(Box::new(self.clause(inner, parameter)?)),
            _ => return self.condition(query, parameter),
        };
        Ok(Clause { text: render(query), is })
    }

    fn condition(&self, query: &Query, parameter: Option<&str>) -> Result<Clause, Refusal> {
        let mut asked = nothing_else();
        match parameter {
            None => asked.query = query.clone(),
            Some(name) => {
                asked.conditions = vec![Condition { parameter: name.to_owned(), query: query.clone() }];
            }
        }
        self.resolved(render(query), &asked)
    }

    fn dates(&self, name: &str, range: DateRange) -> Result<Clause, Refusal> {
        let (daterange, modified) = if name == "daterange" { (Some(range), None) } else { (None, Some(range)) };
        let text = match range {
            DateRange::Between(from, to) => {
                let end = |end: Option<jiff::civil::DateTime>| end.map_or("*".to_owned(), |at| format!("\"{at}\""));
                let of = if name == "daterange" { "datetime" } else { "last_modified" };
                format!("{of}:[{} TO {}]", end(from), end(to))
            }
            DateRange::Senseless => "a range that holds nothing".to_owned(),
        };
        self.resolved(text, &SearchRequest { daterange, modified, ..nothing_else() })
    }

    fn resolved(&self, text: String, asked: &SearchRequest) -> Result<Clause, Refusal> {
        let node = resolve(asked, self.world, self.now)?.search.root;
        Ok(Clause { text, is: Is::Condition(node) })
    }
}

fn nothing_else() -> SearchRequest {
    SearchRequest { fields: vec![Chosen { name: "tid".to_owned(), dropped: false }], ..SearchRequest::default() }
}
