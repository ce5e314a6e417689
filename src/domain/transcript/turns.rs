//! Turns: one per element of `utterances`, never merged (contract section 1).
use crate::domain::fields::SpeakerMap;

/// Who speaks, when the folder does not say: labels `agent`/`client`, else `app_data.agent_channel`/`client_channel`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Role {
    /// The agent.
    Agent,
    /// The client.
    Client,
    /// Neither is known.
    #[default]
    Unknown,
}

/// One turn.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Turn {
    /// Its place in `utterances`, from 0.
    pub no: u32,
    /// `text`, else its events' `word`s joined by blanks.
    pub text: String,
    /// `speaker`, else `metadata.speaker`; numbers as spelled.
    pub speaker: Option<String>,
    /// `channel`, else `metadata.channel`.
    pub channel: Option<i64>,
    /// Seconds from the beginning.
    pub start: Option<f64>,
    /// Seconds from the beginning.
    pub end: Option<f64>,
    /// The default role.
    pub role: Role,
}

impl Turn {
    /// The role in a folder that says `speakers` (labels compared folded, or channels).
    pub fn role_in(&self, speakers: &SpeakerMap) -> Role {
        let _ = speakers;
        todo!()
    }
}

/// The turns of an archived body (as [`super::read::read`] gives them).
///
/// # Errors
/// When the body is not a transcript (a damaged archive).
pub fn turns(body: &str) -> Result<Vec<Turn>, serde_json::Error> {
    let _ = body;
    todo!()
}
