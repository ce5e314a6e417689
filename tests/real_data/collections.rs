//! The collections as they lie on disk, and the configuration their README suggests.
use flate2::read::GzDecoder;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};

/// One collection, in an organisation of its own.
pub struct Collection {
    pub file: &'static str,
    pub company: &'static str,
    pub org: &'static str,
    pub folder: &'static str,
    pub timezone: &'static str,
    /// `{"agent": […], "client": […]}`
    speakers: &'static str,
    /// Names and types, one a line; none is `varchar`.
    fields: &'static str,
    /// Whether the files are imported into the stopped folder, else into the running server.
    pub stopped: bool,
    /// Of so many records a debug build takes one; the odd ones besides.
    one_in: usize,
    /// Taken in any case.
    always: &'static [&'static str],
}

/// `speakers` is reserved and stays unconfigured; a question used as a name has blanks, `?`, `:` and brackets.
pub const COLLECTIONS: &[Collection] = &[
    Collection {
        file: "star.ndjson.gz",
        company: "Helpdesk",
        org: "Chat",
        folder: "Star",
        timezone: "UTC",
        speakers: r#"{"agent": ["Wizard"], "client": ["User"]}"#,
        fields: "DialogueID|number
            CompletionLevel
            BatchID
            AnonymizedUserWorkerID
            AnonymizedWizardWorkerID
            IntroducesConflicts|boolean
            Happy|boolean
            MultiTask|boolean
            Domains
            Task
            UserTask|text
            bank_balance.FullName
            bank_balance.AccountNumber
            bank_balance.PIN
            bank_fraud_report.FullName
            bank_fraud_report.AccountNumber
            bank_fraud_report.PIN
            bank_fraud_report.FraudReport|text
            restaurant_book.Name
            restaurant_book.PartySize|number
            restaurant_book.RequestType
            hotel_book.Name
            hotel_book.CustomerName
            plane_book.CustomerName
            Scenario.WizardCapabilities.Task
            Scenario.MultiTask|boolean
            UserQuestionnaire.Answer|boolean
            Did the user become aggressive or annoyed during the dialogue? (Note: some users may be instructed to be annoying.)|boolean
            ...change his/her mind about what he/she wants at any time?|boolean",
        stopped: true,
        one_in: 3,
        always: &["star-123", "star-519", "star-3829", "star-4519"],
    },
    Collection {
        file: "evi.ndjson.gz",
        company: "Helpdesk",
        org: "Phone",
        folder: "Identity",
        timezone: "Europe/London",
        speakers: "null",
        fields: "locale
            speaker_id
            scenario_id
            postcode
            name
            name_first
            name_last
            dob|datetime
            sex
            email",
        stopped: false,
        one_in: 1,
        always: &[],
    },
    Collection {
        file: "primock57.ndjson.gz",
        company: "Clinic",
        org: "Primary",
        folder: "Consultations",
        timezone: "Europe/London",
        speakers: r#"{"agent": ["doctor"], "client": ["patient"]}"#,
        fields: "day|number
            consultation|number
            presenting_complaint|text
            note|text
            highlights",
        stopped: true,
        one_in: 1,
        always: &[],
    },
    Collection {
        file: "earnings21.ndjson.gz",
        company: "Investor",
        org: "Calls-21",
        folder: "E21",
        timezone: "America/New_York",
        speakers: "null",
        fields: "company_name
            sector
            financial_quarter|number
            audio_length|number
            sample_rate|number
            unique_speakers|number",
        stopped: false,
        one_in: 4,
        always: &["earnings21-4363614"],
    },
    Collection {
        file: "earnings22.ndjson.gz",
        company: "Investor",
        org: "Calls-22",
        folder: "E22",
        timezone: "UTC",
        speakers: "null",
        fields: "File ID
            Ticker Symbol
            Country by Ticker
            UN Defined
            Language Family + Area Based
            File Length (seconds)|number",
        stopped: true,
        one_in: 8,
        always: &["earnings22-4453225"],
    },
    Collection {
        file: "btctranscripts.ndjson.gz",
        company: "Talks",
        org: "Bitcoin",
        folder: "Archive",
        timezone: "America/New_York",
        speakers: "null",
        fields: "title|text
            transcript_by
            translation_by
            tags
            date|datetime
            lang
            episode|number
            summary|text
            additional_resources.title|text
            additional_resources.url|link",
        stopped: false,
        one_in: 6,
        always: &[
            "btc-bitcoinplusplus__layer-2__anchors-shackles-ark",
            "btc-scalingbitcoin__tokyo-2018__accumulators.zh",
            "btc-tabconf__2022__2022-10-15-braidpool.zh",
        ],
    },
    Collection {
        file: "odd-cases.ndjson",
        company: "Odd",
        org: "Odd-Cases",
        folder: "All",
        timezone: "Asia/Tokyo",
        speakers: "null",
        fields: "DialogueID|number
            bank_balance.PIN
            bank_balance.FullName
            restaurant_book.Name
            scenario_id
            name
            email
            tags
            title|text
            date|datetime
            note|text
            File Length (seconds)|number
            Language Family + Area Based
            ...find you a suitable ride?|boolean",
        stopped: false,
        one_in: 1,
        always: &[],
    },
];

impl Collection {
    /// The folder's configuration.
    pub fn configuration(&self) -> Value {
        let fields: Vec<Value> = self
            .fields
            .lines()
            .map(|line| match line.trim().split_once('|') {
                Some((name, kind)) => json!({"name": name, "type": kind}),
                None => json!(line.trim()),
            })
            .collect();
        let mut body = json!({"on_mismatch": "store", "custom_meta": fields});
        if self.speakers != "null" {
            body["speakers"] = serde_json::from_str(self.speakers).unwrap();
        }
        body
    }

    pub fn into(&self) -> String {
        format!("{}/{}/{}", self.company, self.org, self.folder)
    }

    /// The lines this run takes. Two records of one id (a few odd cases are odd twice) are one transcript.
    pub fn lines(&self, folder: &Path) -> Vec<String> {
        let whole = !cfg!(debug_assertions) || std::env::var("LINERNOTES_TEST_WHOLE").is_ok_and(|v| v == "1");
        let file = std::fs::File::open(folder.join(self.file)).unwrap_or_else(|e| panic!("{}: {e}", self.file));
        let input: Box<dyn BufRead> = if self.file.ends_with(".gz") {
            Box::new(BufReader::new(GzDecoder::new(file)))
        } else {
            Box::new(BufReader::new(file))
        };
        let all = input.lines().map(|line| line.unwrap()).filter(|line| !line.trim().is_empty());
        let wanted = |n: usize, line: &str| {
            whole
                || n.is_multiple_of(self.one_in)
                || self.always.iter().any(|id| line.starts_with(&format!(r#"{{"requestid":"{id}","#)))
        };
        all.enumerate().filter(|(n, line)| wanted(*n, line)).map(|(_, line)| line).collect()
    }

    /// Writes the lines where `import` reads them, compressed as the original is.
    pub fn write(&self, lines: &[String], scratch: &Path) -> PathBuf {
        let path = scratch.join(self.file);
        let file = std::fs::File::create(&path).unwrap();
        let mut text = lines.join("\n");
        text.push('\n');
        if self.file.ends_with(".gz") {
            let mut out = flate2::write::GzEncoder::new(file, flate2::Compression::fast());
            out.write_all(text.as_bytes()).unwrap();
            out.finish().unwrap();
        } else {
            std::fs::write(&path, text).unwrap();
        }
        path
    }
}

/// Where the collections lie, if they do.
pub fn folder() -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared");
    let shared = std::env::var_os("LINERNOTES_SHARED").map_or(beside, PathBuf::from);
    let data = shared.join("data");
    data.join("star.ndjson.gz").is_file().then_some(data)
}
