//! Search results as JSON (contract section 6). Values are JSON text already: they are copied, never parsed.
use super::respond::push_list;
use crate::base::json::push_string;
use crate::engine::types::{ResultRow, SearchAnswer};
use crate::query::resolved::Moment;
use std::fmt::Write as _;

/// `output=summary`: `{"total","offset","size","results","facets"?,"unconfigured"?,"warnings"?}`.
pub fn summary(answer: &SearchAnswer) -> String {
    let mut out = String::with_capacity(256 + answer.rows.len() * 512);
    let _ = write!(out, "{{\"total\":{},\"offset\":{},\"size\":{}", answer.total, answer.offset, answer.size);
    out.push_str(",\"results\":[");
    for (at, row) in answer.rows.iter().enumerate() {
        if at > 0 {
            out.push(',');
        }
        push_row(&mut out, row);
    }
    out.push(']');
    push_extras(&mut out, answer);
    out.push('}');
    out
}

/// `output=count`: `{"count"}`.
pub fn count(answer: &SearchAnswer) -> String {
    let mut out = format!("{{\"count\":{}", answer.total);
    push_extras(&mut out, answer);
    out.push('}');
    out
}

/// `output=details`: `{"total","results":[whole transcripts]}`.
pub fn details(answer: &SearchAnswer) -> String {
    let size: usize = answer.details.iter().map(|text| text.len() + 1).sum();
    let mut out = String::with_capacity(size + 256);
    let _ = write!(out, "{{\"total\":{},\"results\":[", answer.total);
    for (at, transcript) in answer.details.iter().enumerate() {
        if at > 0 {
            out.push(',');
        }
        out.push_str(transcript);
    }
    out.push(']');
    push_extras(&mut out, answer);
    out.push('}');
    out
}

fn push_row(out: &mut String, row: &ResultRow) {
    out.push('{');
    for (at, (name, value)) in row.members.iter().enumerate() {
        if at > 0 {
            out.push(',');
        }
        push_string(out, name);
        out.push(':');
        out.push_str(value);
    }
    if let Some(moments) = &row.moments {
        out.push_str(if row.members.is_empty() { "\"moments\":[" } else { ",\"moments\":[" });
        for (at, moment) in moments.iter().enumerate() {
            if at > 0 {
                out.push(',');
            }
            push_moment(out, moment);
        }
        out.push(']');
    }
    out.push('}');
}

/// What is not known of a turn is left out.
fn push_moment(out: &mut String, moment: &Moment) {
    let _ = write!(out, "{{\"turn\":{}", moment.turn);
    if let Some(speaker) = &moment.speaker {
        out.push_str(",\"speaker\":");
        push_string(out, speaker);
    }
    if let Some(channel) = moment.channel {
        let _ = write!(out, ",\"channel\":{channel}");
    }
    for (name, seconds) in [("start", moment.start), ("end", moment.end)] {
        if let Some(seconds) = seconds.filter(|seconds| seconds.is_finite()) {
            let _ = write!(out, ",\"{name}\":{}", serde_json::Value::from(seconds));
        }
    }
    out.push_str(",\"text\":");
    push_string(out, &moment.text);
    out.push_str(",\"spans\":[");
    for (at, (from, to)) in moment.spans.iter().enumerate() {
        let _ = write!(out, "{}[{from},{to}]", if at > 0 { "," } else { "" });
    }
    out.push_str("]}");
}

/// Facets, fields that some folders lack, words for a person.
fn push_extras(out: &mut String, answer: &SearchAnswer) {
    if !answer.facets.is_empty() {
        out.push_str(",\"facets\":{");
        for (at, (name, values)) in answer.facets.iter().enumerate() {
            if at > 0 {
                out.push(',');
            }
            push_string(out, name);
            out.push_str(":[");
            for (at, facet) in values.iter().enumerate() {
                let comma = if at > 0 { "," } else { "" };
                let _ = write!(out, "{comma}{{\"value\":{},\"count\":{}}}", facet.value, facet.count);
            }
            out.push(']');
        }
        out.push('}');
    }
    if !answer.unconfigured.is_empty() {
        out.push_str(",\"unconfigured\":{");
        for (at, (field, folders)) in answer.unconfigured.iter().enumerate() {
            if at > 0 {
                out.push(',');
            }
            push_string(out, field);
            out.push_str(":[");
            for (at, folder) in folders.iter().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                push_string(out, folder);
            }
            out.push(']');
        }
        out.push('}');
    }
    push_list(out, "warnings", &answer.warnings);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::query::resolved::FacetValue;
    use serde_json::json;

    fn answer() -> SearchAnswer {
        let moment = Moment {
            turn: 3,
            speaker: Some("A\"".into()),
            channel: None,
            start: Some(1.5),
            end: Some(f64::NAN),
            text: "hé".into(),
            spans: vec![(0, 1), (1, 2)],
        };
        let members = vec![("tid".to_owned(), "\"1\"".to_owned()), ("hold time".to_owned(), "1.10".to_owned())];
        SearchAnswer {
            total: 12,
            offset: 1,
            size: 2,
            rows: vec![
                ResultRow { members, moments: Some(vec![moment]) },
                ResultRow { members: vec![], moments: Some(vec![]) },
            ],
            facets: vec![("queue".into(), vec![FacetValue { value: json!("b"), count: 2 }])],
            unconfigured: vec![("queue".into(), vec!["Other".into(), "More".into()])],
            details: vec!["{\"a\":1}".into(), "{}".into()],
            warnings: vec!["w".into()],
            ..SearchAnswer::default()
        }
    }

    #[test]
    fn a_summary_copies_values_as_spelled() {
        let text = summary(&answer());
        assert!(text.contains("\"hold time\":1.10"));
        let read: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(
            read["results"][0]["moments"],
            json!([{"turn": 3, "speaker": "A\"", "start": 1.5, "text": "hé", "spans": [[0, 1], [1, 2]]}])
        );
        assert_eq!(read["results"][1], json!({"moments": []}));
        assert_eq!(read["facets"], json!({"queue": [{"value": "b", "count": 2}]}));
        assert_eq!(read["unconfigured"], json!({"queue": ["Other", "More"]}));
        assert_eq!((&read["total"], &read["offset"], &read["size"]), (&json!(12), &json!(1), &json!(2)));
    }

    #[test]
    fn counts_and_details_have_their_own_shapes() {
        let plain = SearchAnswer { total: 5, ..SearchAnswer::default() };
        assert_eq!(count(&plain), r#"{"count":5}"#);
        assert_eq!(details(&plain), r#"{"total":5,"results":[]}"#);
        let read: serde_json::Value = serde_json::from_str(&details(&answer())).unwrap();
        assert_eq!(read["results"], json!([{"a": 1}, {}]));
        assert_eq!(serde_json::from_str::<serde_json::Value>(&count(&answer())).unwrap()["warnings"], json!(["w"]));
    }
}
