//! Search results as JSON (contract section 6). Values are JSON text already: they are copied, never parsed.
use super::respond::push_list;
use crate::base::json::push_string;
use crate::engine::types::{ResultRow, SearchAnswer};
use crate::query::resolved::Moment;
use std::fmt::Write as _;

/// `output=summary`:
/// `{"total","offset","size","results","cursor"?,"facets"?,"stats"?,"histogram"?,"warnings"?,"unconfigured"?}`.
pub fn summary(answer: &SearchAnswer) -> String {
    let rows: usize = answer.rows.iter().map(|row| row.members.len() + 3).sum();
    let mut out = String::with_capacity(256 + rows);
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

/// `output=details`: `{"total","results":[whole transcripts]}`, and what summaries have behind their results.
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
    out.push_str(&row.members);
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
    out.push_str("{\"turn\":");
    push_integer(out, moment.turn);
    if let Some(speaker) = &moment.speaker {
        out.push_str(",\"speaker\":");
        push_string(out, speaker);
    }
    if let Some(channel) = moment.channel {
        let _ = write!(out, ",\"channel\":{channel}");
    }
    for (name, seconds) in [("start", moment.start), ("end", moment.end)] {
        if let Some(seconds) = seconds.filter(|seconds| seconds.is_finite()) {
            out.extend([",\"", name, "\":"]);
            let _ = write!(out, "{}", serde_json::Value::from(seconds));
        }
    }
    out.push_str(",\"text\":");
    push_string(out, &moment.text);
    out.push_str(",\"spans\":[");
    for (at, (from, to)) in moment.spans.iter().enumerate() {
        out.push_str(if at > 0 { ",[" } else { "[" });
        push_integer(out, *from);
        out.push(',');
        push_integer(out, *to);
        out.push(']');
    }
    out.push_str("]}");
}

/// Appends it without the machinery of the standard formatter: a page of frequent words shows hundreds of spans.
fn push_integer(out: &mut String, number: impl itoa::Integer) {
    out.push_str(itoa::Buffer::new().format(number));
}

/// What stands behind the rows: the cursor, figures, words for a person, fields that some folders lack.
fn push_extras(out: &mut String, answer: &SearchAnswer) {
    if let Some(cursor) = &answer.cursor {
        out.push_str(",\"cursor\":");
        push_string(out, cursor);
    }
    push_object(out, "facets", &answer.facets, |out, values| {
        push_array(out, values, |out, facet| {
            let _ = write!(out, "{{\"value\":{},\"count\":{}}}", facet.value, facet.count);
        });
    });
    push_object(out, "stats", &answer.stats, |out, figures| {
        let _ = write!(out, "{figures}");
    });
    push_object(out, "histogram", &answer.histograms, |out, buckets| {
        push_array(out, buckets, |out, (key, count)| {
            let _ = write!(out, "{{\"key\":{key},\"count\":{count}}}");
        });
    });
    push_list(out, "warnings", &answer.warnings);
    push_object(out, "unconfigured", &answer.unconfigured, |out, folders| {
        push_array(out, folders, |out, folder| push_string(out, folder));
    });
}

/// Appends `,"name":{…}` unless there are no members.
fn push_object<T>(out: &mut String, name: &str, members: &[(String, T)], push: impl Fn(&mut String, &T)) {
    if members.is_empty() {
        return;
    }
    let _ = write!(out, ",\"{name}\":{{");
    for (at, (name, value)) in members.iter().enumerate() {
        if at > 0 {
            out.push(',');
        }
        push_string(out, name);
        out.push(':');
        push(out, value);
    }
    out.push('}');
}

fn push_array<T>(out: &mut String, elements: &[T], push: impl Fn(&mut String, &T)) {
    out.push('[');
    for (at, element) in elements.iter().enumerate() {
        if at > 0 {
            out.push(',');
        }
        push(out, element);
    }
    out.push(']');
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
        let members = r#""tid":"1","hold time":1.10"#.to_owned();
        SearchAnswer {
            total: 12,
            offset: 1,
            size: 2,
            rows: vec![
                ResultRow { members, moments: Some(vec![moment]) },
                ResultRow { members: String::new(), moments: Some(vec![]) },
            ],
            facets: vec![("queue".into(), vec![FacetValue { value: json!("b"), count: 2 }])],
            unconfigured: vec![("queue".into(), vec!["Other".into(), "More".into()])],
            details: vec!["{\"a\":1}".into(), "{}".into()],
            warnings: vec!["w".into()],
            cursor: Some("c".into()),
            stats: vec![("hold time".into(), json!({"count": 1}))],
            histograms: vec![("d".into(), vec![(json!("2026"), 2), (json!(0.5), 1)])],
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
        assert_eq!(read["stats"], json!({"hold time": {"count": 1}}));
        assert_eq!(read["histogram"], json!({"d": [{"key": "2026", "count": 2}, {"key": 0.5, "count": 1}]}));
        let names = "total offset size results cursor facets stats histogram warnings unconfigured";
        assert_eq!(read.as_object().unwrap().keys().map(String::as_str).collect::<Vec<_>>().join(" "), names);
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
