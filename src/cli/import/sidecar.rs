//! `X.jsonmeta` beside `X.json`: the metadata of one transcript, as our archive and V-Spark's uploads keep it.
use crate::base::json::{members, push_string};
use serde::Deserialize;
use serde_json::value::RawValue;

/// What is used of a `.jsonmeta` file.
#[derive(Deserialize)]
struct Sidecar<'a> {
    #[serde(borrow)]
    metadata: &'a RawValue,
    tid: Option<String>,
}

/// One transcript out of both files: the metadata becomes `client_data`; the id becomes `tid`, unless `id_key` says
/// where else it stands. Values are passed on as they are spelled.
///
/// # Errors
/// In words, when one of them cannot be read.
pub fn join(body: &str, sidecar: &str, id_key: Option<&str>) -> Result<String, String> {
    let sidecar: Sidecar =
        serde_json::from_str(sidecar).map_err(|error| format!("the .jsonmeta beside it: {error}"))?;
    let body = members(body).map_err(|error| format!("is no JSON object: {error}"))?;
    let tid = sidecar.tid.filter(|_| id_key.is_none());
    let mut out = String::from("{");
    let mut push = |name: &str, value: &str| {
        if out.len() > 1 {
            out.push(',');
        }
        push_string(&mut out, name);
        out.push(':');
        out.push_str(value);
    };
    if let Some(tid) = &tid {
        push("tid", &serde_json::Value::from(tid.as_str()).to_string());
    }
    for (name, value) in &body.0 {
        if name != "client_data" && !(name == "tid" && tid.is_some()) {
            push(name, value.get());
        }
    }
    push("client_data", sidecar.metadata.get());
    out.push('}');
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metadata_and_id_come_from_the_sidecar() {
        let sidecar = r#"{"metadata":{"queue":"a","n":1.10},"tid":"x/\"y","revision":3}"#;
        let joined = join(r#"{"utterances":[ ],"tid":"old","client_data":{"queue":"b"}}"#, sidecar, None).unwrap();
        assert_eq!(joined, r#"{"tid":"x/\"y","utterances":[ ],"client_data":{"queue":"a","n":1.10}}"#);
        let keyed = join(r#"{"requestid":"r1"}"#, sidecar, Some("requestid")).unwrap();
        assert_eq!(keyed, r#"{"requestid":"r1","client_data":{"queue":"a","n":1.10}}"#);
        assert_eq!(join("{}", r#"{"metadata":{}}"#, None).unwrap(), r#"{"client_data":{}}"#);
    }

    #[test]
    fn what_cannot_be_read_is_said() {
        assert!(join("{}", "{}", None).unwrap_err().contains(".jsonmeta"));
        assert!(join("[1]", r#"{"metadata":{}}"#, None).unwrap_err().contains("no JSON object"));
    }
}
