//! Metadata files beside transcripts, as V-Spark's uploads and our archive keep them: `X.jsonmeta`
//! (`{"metadata":{…}}`) or `X.xml` (`<metadata><name>value</name>…</metadata>`) beside `X.json`.
//!
//! *Decisions* where V-Spark is silent: values of XML are strings, outer blanks left out; an element that comes several
//! times is one field with several values; elements inside a field's element are refused.
use crate::base::json::{members, push_string};
use quick_xml::events::Event;
use quick_xml::{Reader, XmlVersion};
use serde::Deserialize;
use serde_json::value::RawValue;

/// What is used of a metadata file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sidecar {
    /// The metadata: one JSON object, values as spelled.
    pub metadata: String,
    /// The transcript it belongs to, where the file says so: ours do.
    pub tid: Option<String>,
}

#[derive(Deserialize)]
struct Written<'a> {
    #[serde(borrow)]
    metadata: &'a RawValue,
    tid: Option<String>,
}

impl Sidecar {
    /// Reads `{"metadata":{…}}`.
    ///
    /// # Errors
    /// In words.
    pub fn of_json(text: &str) -> Result<Self, String> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let read: Written<'_> = serde_json::from_str(text)
            .map_err(|error| format!("is no metadata file, which looks like {{\"metadata\":{{…}}}}: {error}"))?;
        if !read.metadata.get().starts_with('{') {
            return Err("holds `metadata` that is no object of names and values".to_owned());
        }
        Ok(Self { metadata: read.metadata.get().to_owned(), tid: read.tid })
    }

    /// Reads `<metadata><name>value</name>…</metadata>`.
    ///
    /// # Errors
    /// In words.
    pub fn of_xml(text: &str) -> Result<Self, String> {
        Ok(Self { metadata: spelled(&elements(text)?), tid: None })
    }
}

/// The fields of a metadata file in XML, in their order, each with its values.
fn elements(text: &str) -> Result<Vec<(String, Vec<String>)>, String> {
    let mut reader = Reader::from_str(text.strip_prefix('\u{feff}').unwrap_or(text));
    let mut fields: Vec<(String, Vec<String>)> = Vec::new();
    // Elements that are open: the root, and one field.
    let mut open: Vec<String> = Vec::new();
    let mut value = String::new();
    let mut ended = false;
    loop {
        match reader.read_event().map_err(|error| format!("is no XML: {error}"))? {
            Event::Start(element) => {
                enter(&open, element.name().as_ref(), ended)?;
                open.push(element.name().as_ref().to_owned());
                value.clear();
            }
            Event::Empty(element) => {
                enter(&open, element.name().as_ref(), ended)?;
                match open.is_empty() {
                    true => ended = true,
                    false => add(&mut fields, element.name().as_ref(), ""),
                }
            }
            Event::End(_) => {
                let closed = open.pop().unwrap_or_default();
                match open.is_empty() {
                    true => ended = true,
                    false => add(&mut fields, &closed, value.trim()),
                }
            }
            Event::Text(part) => said(&open, &mut value, &part.xml_content(XmlVersion::Explicit1_0))?,
            Event::CData(part) => said(&open, &mut value, &part.xml_content(XmlVersion::Explicit1_0))?,
            Event::GeneralRef(part) => {
                let letter = part.resolve_char_ref().map_err(|error| format!("is no XML: {error}"))?;
                let name = part.xml_content(XmlVersion::Explicit1_0);
                let text = match (letter, name.as_ref()) {
                    (Some(letter), _) => letter,
                    (_, "lt") => '<',
                    (_, "gt") => '>',
                    (_, "amp") => '&',
                    (_, "quot") => '"',
                    (_, "apos") => '\'',
                    (None, other) => return Err(format!("names the entity &{other};, which XML does not have")),
                };
                said(&open, &mut value, text.encode_utf8(&mut [0; 4]))?;
            }
            Event::DocType(_) => return Err("declares a document type; metadata files have none".to_owned()),
            Event::Decl(_) | Event::PI(_) | Event::Comment(_) => {}
            Event::Eof if ended => return Ok(fields),
            Event::Eof => return Err("ends before </metadata>".to_owned()),
        }
    }
}

/// Whether an element may begin here.
fn enter(open: &[String], name: &str, ended: bool) -> Result<(), String> {
    match open {
        [] if ended => Err(format!("goes on with <{name}> after </metadata>")),
        [] if name == "metadata" => Ok(()),
        [] => Err(format!("begins with <{name}>; a metadata file begins with <metadata>")),
        [_] => Ok(()),
        [_, field, ..] => Err(format!("holds <{name}> inside of <{field}>; a field is plain text")),
    }
}

fn add(fields: &mut Vec<(String, Vec<String>)>, name: &str, value: &str) {
    match fields.iter_mut().find(|(own, _)| own == name) {
        Some((_, values)) => values.push(value.to_owned()),
        None => fields.push((name.to_owned(), vec![value.to_owned()])),
    }
}

/// Text belongs to a field; blanks between fields belong to nobody.
fn said(open: &[String], value: &mut String, text: &str) -> Result<(), String> {
    if open.len() == 2 {
        value.push_str(text);
    } else if !text.trim().is_empty() {
        return Err(format!(
            "holds the text {:?} outside of any field",
            text.trim().chars().take(40).collect::<String>()
        ));
    }
    Ok(())
}

fn spelled(fields: &[(String, Vec<String>)]) -> String {
    let mut out = String::from("{");
    for (name, values) in fields {
        if out.len() > 1 {
            out.push(',');
        }
        push_string(&mut out, name);
        out.push(':');
        match values.as_slice() {
            [one] => push_string(&mut out, one),
            several => out.push_str(&serde_json::Value::from(several).to_string()),
        }
    }
    out.push('}');
    out
}

/// One transcript out of both files: the metadata joins `client_data`, over whose names it prevails; the file's id
/// becomes `tid`, unless `id_key` says where else the id stands. Values are passed on as they are spelled.
///
/// # Errors
/// In words, when the body is no JSON object.
pub fn join(body: &str, sidecar: &Sidecar, id_key: Option<&str>) -> Result<String, String> {
    let body = members(body).map_err(|error| format!("is no JSON object: {error}"))?;
    let tid = sidecar.tid.as_ref().filter(|_| id_key.is_none());
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
    let mut own = None;
    for (name, value) in &body.0 {
        match name.as_ref() {
            "client_data" => own = Some(value.get()),
            "tid" if tid.is_some() => {}
            _ => push(name, value.get()),
        }
    }
    push("client_data", &prevailing(own, &sidecar.metadata));
    out.push('}');
    Ok(out)
}

/// The names of both objects, those of `over` after the others: of a name that stands twice, also by case, the later
/// value is kept where metadata is read.
fn prevailing(under: Option<&str>, over: &str) -> String {
    let inside = |object: &str| {
        let inner = object.trim().strip_prefix('{').and_then(|rest| rest.strip_suffix('}')).unwrap_or_default();
        inner.trim().to_owned()
    };
    match under.map(inside).filter(|under| !under.is_empty()) {
        None => over.to_owned(),
        Some(under) => match inside(over) {
            over if over.is_empty() => format!("{{{under}}}"),
            over => format!("{{{under},{over}}}"),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metadata_and_id_come_from_the_sidecar() {
        let sidecar = Sidecar::of_json(r#"{"metadata":{"queue":"a","n":1.10},"tid":"x/\"y","revision":3}"#).unwrap();
        let joined = join(r#"{"utterances":[ ],"tid":"old"}"#, &sidecar, None).unwrap();
        assert_eq!(joined, r#"{"tid":"x/\"y","utterances":[ ],"client_data":{"queue":"a","n":1.10}}"#);
        let keyed = join(r#"{"requestid":"r1"}"#, &sidecar, Some("requestid")).unwrap();
        assert_eq!(keyed, r#"{"requestid":"r1","client_data":{"queue":"a","n":1.10}}"#);
        let empty = Sidecar::of_json(r#"{"metadata":{}}"#).unwrap();
        assert_eq!(join("{}", &empty, None).unwrap(), r#"{"client_data":{}}"#);
    }

    #[test]
    fn the_sidecar_prevails_over_what_the_transcript_says_itself() {
        let sidecar = Sidecar::of_json(r#"{"metadata":{"queue":"a"}}"#).unwrap();
        let joined = join(r#"{"client_data":{"Queue":"b","old":1}}"#, &sidecar, None).unwrap();
        assert_eq!(joined, r#"{"client_data":{"Queue":"b","old":1,"queue":"a"}}"#);
        assert_eq!(join(r#"{"client_data":null}"#, &sidecar, None).unwrap(), r#"{"client_data":{"queue":"a"}}"#);
    }

    #[test]
    fn xml_gives_the_same_names_and_values() {
        let text = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<metadata><!-- x -->\n <agentid>2207</agentid>\n\
            <note> a &lt; b &amp; &#233; <![CDATA[<c>]]> </note><empty/><tag>one</tag><tag>two</tag></metadata>\n";
        let read = Sidecar::of_xml(text).unwrap();
        let wanted = r#"{"agentid":"2207","note":"a < b & é <c>","empty":"","tag":["one","two"]}"#;
        assert_eq!(read, Sidecar { metadata: wanted.to_owned(), tid: None });
        assert_eq!(Sidecar::of_xml("<metadata/>").unwrap().metadata, "{}");
    }

    #[test]
    fn what_cannot_be_read_is_said() {
        assert!(Sidecar::of_json("{}").unwrap_err().contains("metadata"));
        assert!(Sidecar::of_json(r#"{"metadata":[1]}"#).unwrap_err().contains("no object"));
        assert!(join("[1]", &Sidecar::of_json(r#"{"metadata":{}}"#).unwrap(), None).unwrap_err().contains("no JSON"));
        for (text, word) in [
            ("", "ends before"),
            ("<metadata>", "ends before"),
            ("<other/>", "begins with <other>"),
            ("<metadata><a><b/></a></metadata>", "inside of <a>"),
            ("<metadata>loose</metadata>", "outside"),
            ("<metadata/><metadata/>", "goes on"),
            ("<metadata><a>&bomb;</a></metadata>", "entity"),
            ("<!DOCTYPE metadata [<!ENTITY a \"x\">]><metadata/>", "document type"),
            ("<metadata><a></b></metadata>", "no XML"),
        ] {
            let refused = Sidecar::of_xml(text).unwrap_err();
            assert!(refused.contains(word), "{text}: {refused}");
        }
    }
}
