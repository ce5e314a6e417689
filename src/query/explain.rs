//! Why one transcript fulfils a search or does not, clause by clause. Pure: the transcript is given.
pub mod answer;
pub mod clauses;
pub mod subject;
pub mod values;
pub mod words;

use super::evaluate;
use super::evaluate::said::Heard;
use super::resolved::Node;
use answer::{Explained, Kind};
use clauses::{Clause, Is};
use subject::Subject;

/// Explains a clause and all beneath it, as deep as the parser lets queries nest.
pub fn explain(clause: &Clause, subject: Subject<'_>) -> Explained {
    let heard = evaluate::hear(subject.document, subject.search);
    judge(clause, subject, &heard)
}

fn judge(clause: &Clause, subject: Subject<'_>, heard: &Heard<'_>) -> Explained {
    let all = |parts: &[Clause]| parts.iter().map(|part| judge(part, subject, heard)).collect::<Vec<_>>();
    let of = |kind, matched, clauses| Explained { clauses, ..Explained::new(&clause.text, kind, matched) };
    match &clause.is {
        Is::All(parts) => {
            let parts = all(parts);
            of(Kind::And, parts.iter().all(|part| part.matched), parts)
        }
        Is::Any(parts) => {
            let parts = all(parts);
            of(Kind::Or, parts.iter().any(|part| part.matched), parts)
        }
        Is::Not(inner) => {
            let inner = judge(inner, subject, heard);
            of(Kind::Not, !inner.matched, vec![inner])
        }
        Is::Parameter(inner) => {
            let inner = judge(inner, subject, heard);
            of(Kind::Parameter, inner.matched, vec![inner])
        }
        Is::Condition(node) => {
            let matched = evaluate::holds(node, &subject.document.record, heard, subject.search);
            match node {
                Node::Said(said) => {
                    let mut told = of(Kind::Words, matched, Vec::new());
                    told.by = words::by(said, heard);
                    told.why = (!matched).then(|| words::why(said, heard, subject.document));
                    told
                }
                _ => {
                    let mut told = of(Kind::Value, matched, Vec::new());
                    if matched {
                        told.by = values::by(node, subject);
                    } else {
                        told.why = Some(values::why(node, subject));
                    }
                    told
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
