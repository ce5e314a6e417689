//! Searches as a client sends them.
use crate::world::{Imported, World};
use serde_json::{Value, json};

impl World {
    /// Ids a query finds, all pages, by code point; the count agrees.
    pub fn found(&self, org: &Imported, q: &str) -> Vec<String> {
        self.found_by(org, "q", q)
    }

    /// The same by any parameter.
    pub fn found_by(&self, org: &Imported, parameter: &str, text: &str) -> Vec<String> {
        let ids = self.ids(org, &json!({parameter: text, "sort": "tid", "sortdir": "asc"}));
        let count = self.search(org, &json!({parameter: text, "output": "count"}));
        assert_eq!(count["count"], ids.len(), "{text}");
        ids
    }

    /// Ids in the order of the answer, all pages.
    pub fn ids(&self, org: &Imported, body: &Value) -> Vec<String> {
        let mut ids = Vec::new();
        loop {
            let mut page = body.clone();
            page["fields"] = json!("tid");
            page["size"] = json!(1000);
            page["offset"] = json!(ids.len());
            let answer = self.search(org, &page);
            let rows = answer["results"].as_array().unwrap();
            ids.extend(rows.iter().map(|row| row["tid"].as_str().unwrap().to_owned()));
            if rows.is_empty() || answer["total"] == ids.len() {
                return ids;
            }
        }
    }

    #[track_caller]
    pub fn search(&self, org: &Imported, body: &Value) -> Value {
        self.server.post(&format!("/search/{}/{}", org.collection.company, org.collection.org), body).ok(200)
    }

    /// What the scan finds.
    pub fn scanned(&self, org: &Imported, matches: &dyn Fn(&Value) -> bool) -> Vec<String> {
        org.records.iter().filter(|(_, record)| matches(record)).map(|(tid, _)| tid.clone()).collect()
    }
}
