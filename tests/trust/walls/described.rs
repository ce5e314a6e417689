//! Whether an answer is one that the description of the API (`openapi.json`) names.
use super::super::support::Answer;
use super::probes::Template;
use linernotes::http::routes::operations::DESCRIPTION;
use serde_json::Value;

/// Members of every problem.
const MEMBERS: [&str; 8] = ["type", "title", "status", "detail", "instance", "code", "request_id", "errors"];

/// The description.
pub struct Description(Value);

impl Description {
    pub fn read() -> Self {
        Self(serde_json::from_str(DESCRIPTION).expect("the description is JSON"))
    }

    /// What of the answer is not described.
    pub fn objection(&self, template: &Template, answer: &Answer) -> Option<String> {
        let method = if template.method == "HEAD" { "get" } else { template.method };
        let operation = self.0["paths"].get(template.route.replace(":.*}", "}"))?.get(method.to_ascii_lowercase());
        let Some(operation) = operation else { return Some("the method is not described".to_owned()) };
        let kind = answer.header("content-type").unwrap_or_default().split(';').next().unwrap_or_default();
        if answer.status >= 400 {
            return self.problem(template, answer, kind);
        }
        let Some(response) = operation["responses"].get(answer.status.to_string()) else {
            return Some(format!("the status {} is not described", answer.status));
        };
        let response = self.followed(response);
        match response["content"].as_object() {
            Some(kinds) if answer.status != 304 && !kinds.contains_key(kind) => {
                Some(format!("the type {kind:?} is not described"))
            }
            _ => None,
        }
    }

    fn problem(&self, template: &Template, answer: &Answer, kind: &str) -> Option<String> {
        let edits = template.route.starts_with("/metadata") && ["PATCH", "DELETE"].contains(&template.method);
        let text = edits || template.route.starts_with("/transcribe");
        if text && kind == "text/html" {
            return (answer.text().lines().count() > 1).then(|| "the error is more than a line".to_owned());
        }
        if kind != "application/problem+json" {
            return Some(format!("an error of type {kind:?}"));
        }
        if template.method == "HEAD" {
            return None;
        }
        let problem = answer.json();
        let codes = self.0["components"]["schemas"]["Code"]["enum"].as_array()?;
        if MEMBERS.iter().any(|member| problem.get(member).is_none()) || problem["status"] != answer.status {
            return Some("the problem is not complete".to_owned());
        }
        (!codes.contains(&problem["code"])).then(|| format!("the code {} is not described", problem["code"]))
    }

    fn followed<'d>(&'d self, value: &'d Value) -> &'d Value {
        let to = value.get("$ref").and_then(Value::as_str);
        to.and_then(|to| self.0.pointer(to.trim_start_matches('#'))).unwrap_or(value)
    }
}
