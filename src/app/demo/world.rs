//! What the demo world consists of, as data.
use serde_json::Value;
use std::fmt;

/// A folder, its configuration, and the transcripts that go into it.
#[derive(Debug)]
pub struct Folder {
    /// Company.
    pub company: &'static str,
    /// Organisation.
    pub org: &'static str,
    /// Its time zone.
    pub timezone: &'static str,
    /// Folder.
    pub name: &'static str,
    /// The folder's configuration, JSON.
    configuration: &'static str,
    /// NDJSON.
    transcripts: &'static str,
    /// The key that holds the id; none means `tid`.
    pub id_key: Option<&'static str>,
}

impl Folder {
    /// One transcript each.
    pub fn lines(&self) -> impl Iterator<Item = &'static str> {
        self.transcripts.lines()
    }

    /// The folder's configuration.
    ///
    /// # Errors
    /// When it is no JSON; a test proves that it is.
    pub fn configuration(&self) -> serde_json::Result<Value> {
        serde_json::from_str(self.configuration)
    }
}

impl fmt::Display for Folder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.company, self.org, self.name)
    }
}

/// The demo world. Some metadata names are left unconfigured on purpose, so that both cases occur.
pub const FOLDERS: &[Folder] = &[
    Folder {
        company: "Co-Short",
        org: "Org-Short",
        timezone: "America/New_York",
        name: "Calls",
        configuration: r#"{
            "on_mismatch": "store",
            "speakers": {"agent": ["Wizard"], "client": ["User"]},
            "custom_meta": ["agentgroup", {"name": "transfers", "type": "number"}, "queue"]
        }"#,
        transcripts: include_str!("short.ndjson"),
        id_key: None,
    },
    Folder {
        company: "Helpdesk",
        org: "Chat",
        timezone: "UTC",
        name: "Star",
        configuration: r#"{
            "on_mismatch": "store",
            "speakers": {"agent": ["Wizard"], "client": ["User"]},
            "custom_meta": [
                {"name": "DialogueID", "type": "number"}, "CompletionLevel", "BatchID", "AnonymizedUserWorkerID",
                "AnonymizedWizardWorkerID", {"name": "IntroducesConflicts", "type": "boolean"},
                {"name": "Happy", "type": "boolean"}, {"name": "MultiTask", "type": "boolean"}, "Domains", "Task",
                {"name": "UserTask", "type": "text"}, "bank_balance.FullName", "bank_balance.AccountNumber",
                "bank_balance.PIN", "bank_fraud_report.FullName", "bank_fraud_report.AccountNumber",
                "bank_fraud_report.PIN", {"name": "bank_fraud_report.FraudReport", "type": "text"},
                "restaurant_book.Name", {"name": "restaurant_book.PartySize", "type": "number"},
                "restaurant_book.RequestType", "hotel_book.Name", "hotel_book.CustomerName", "plane_book.CustomerName"
            ]
        }"#,
        transcripts: include_str!("star.ndjson"),
        id_key: Some("requestid"),
    },
    Folder {
        company: "Helpdesk",
        org: "Phone",
        timezone: "Europe/London",
        name: "Identity",
        configuration: r#"{
            "on_mismatch": "store",
            "custom_meta": [
                "locale", "speaker_id", "scenario_id", "postcode", "name", "name_first", "name_last",
                {"name": "dob", "type": "datetime"}, "sex", "email"
            ]
        }"#,
        transcripts: include_str!("evi.ndjson"),
        id_key: Some("requestid"),
    },
    Folder {
        company: "Clinic",
        org: "Primary",
        timezone: "Europe/London",
        name: "Consultations",
        configuration: r#"{
            "on_mismatch": "store",
            "speakers": {"agent": ["doctor"], "client": ["patient"]},
            "custom_meta": [
                {"name": "day", "type": "number"}, {"name": "consultation", "type": "number"},
                {"name": "presenting_complaint", "type": "text"}, {"name": "note", "type": "text"}, "highlights"
            ]
        }"#,
        transcripts: include_str!("primock57.ndjson"),
        id_key: Some("requestid"),
    },
    Folder {
        company: "Talks",
        org: "Bitcoin",
        timezone: "UTC",
        name: "Archive",
        configuration: r#"{
            "on_mismatch": "store",
            "custom_meta": [
                {"name": "title", "type": "text"}, "transcript_by", "translation_by", "tags",
                {"name": "date", "type": "datetime"}, "lang", {"name": "episode", "type": "number"},
                {"name": "summary", "type": "text"}
            ]
        }"#,
        transcripts: include_str!("btctranscripts.ndjson"),
        id_key: Some("requestid"),
    },
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::identity::{CompanyName, FolderName, OrgName, Tid};
    use std::collections::HashSet;

    #[test]
    fn every_folder_and_every_transcript_can_be_read() {
        let mut seen = HashSet::new();
        let mut bytes = 0;
        for folder in FOLDERS {
            CompanyName::parse(folder.company).unwrap();
            OrgName::parse(folder.org).unwrap();
            FolderName::parse(folder.name).unwrap();
            assert!(jiff::tz::TimeZone::get(folder.timezone).is_ok(), "{folder}");
            assert!(folder.configuration().unwrap()["custom_meta"].is_array(), "{folder}");
            for line in folder.lines() {
                let transcript: Value = serde_json::from_str(line).unwrap();
                let id = transcript[folder.id_key.unwrap_or("tid")].as_str().unwrap();
                Tid::parse(id).unwrap();
                assert!(seen.insert((folder.company, folder.org, id.to_owned())), "{id} twice");
                assert!(transcript["utterances"].is_array() && transcript["client_data"].is_object(), "{id}");
                bytes += line.len();
            }
        }
        assert!((30..=60).contains(&seen.len()), "{} transcripts", seen.len());
        assert!(bytes <= 300_000, "{bytes} bytes");
    }

    #[test]
    fn no_configured_name_breaks_a_naming_rule() {
        for folder in FOLDERS {
            for field in folder.configuration().unwrap()["custom_meta"].as_array().unwrap() {
                let name = field.as_str().or_else(|| field["name"].as_str()).unwrap();
                assert!(!name.contains([':', '=']), "{name}");
                assert_ne!(name.to_lowercase(), "speakers", "reserved");
            }
        }
    }
}
