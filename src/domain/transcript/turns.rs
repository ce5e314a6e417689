//! Turns: one per element of `utterances`, never merged (contract section 1).
use super::voci::{self, Event, Utterance, UtteranceMetadata};
use crate::base::fold::fold_value;
use crate::domain::fields::SpeakerMap;
use crate::domain::fields::schema::Voice;
use serde_json::value::RawValue;
use std::borrow::Cow;

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
    /// The role in a folder that says `speakers` (labels compared folded, or channels). Who is named on both sides is
    /// the agent; who is named on neither is unknown, also when the label is `agent`.
    pub fn role_in(&self, speakers: &SpeakerMap) -> Role {
        if speakers.is_empty() {
            self.role
        } else if speakers.agent.iter().any(|voice| self.is(voice)) {
            Role::Agent
        } else if speakers.client.iter().any(|voice| self.is(voice)) {
            Role::Client
        } else {
            Role::Unknown
        }
    }

    fn is(&self, voice: &Voice) -> bool {
        match voice {
            Voice::Channel(channel) => self.channel == Some(*channel),
            Voice::Label(label) => self.speaker.as_deref().is_some_and(|own| same_label(own, label)),
        }
    }
}

/// Whether two labels are one: case and outer blanks do not count. Labels are nearly always ASCII.
fn same_label(a: &str, b: &str) -> bool {
    if a.is_ascii() && b.is_ascii() {
        return a.trim().eq_ignore_ascii_case(b.trim());
    }
    fold_value(a) == fold_value(b)
}

/// Which channels `app_data` gives to agent and client.
#[derive(Clone, Copy, Debug, Default)]
pub struct Channels {
    /// `app_data.agent_channel`.
    pub agent: Option<i64>,
    /// `app_data.client_channel`.
    pub client: Option<i64>,
}

impl Channels {
    /// As the members of `app_data` say.
    pub fn of(app_data: &[(Cow<'_, str>, &RawValue)]) -> Self {
        let channel = |name| voci::member(app_data, name).and_then(voci::integer);
        Self { agent: channel("agent_channel"), client: channel("client_channel") }
    }

    fn role(self, speaker: Option<&str>, channel: Option<i64>) -> Role {
        if let Some(label) = speaker {
            if same_label(label, "agent") {
                return Role::Agent;
            }
            if same_label(label, "client") {
                return Role::Client;
            }
        }
        match channel {
            Some(_) if channel == self.agent => Role::Agent,
            Some(_) if channel == self.client => Role::Client,
            _ => Role::Unknown,
        }
    }
}

/// The turns of `utterances`.
///
/// # Errors
/// When it is not an array of objects.
pub fn of_utterances(utterances: &RawValue, channels: Channels) -> Result<Vec<Turn>, serde_json::Error> {
    let all: Vec<Utterance<'_>> = serde_json::from_str(utterances.get())?;
    Ok(all.iter().zip(0..).map(|(utterance, no)| turn(no, utterance, channels)).collect())
}

fn turn(no: u32, utterance: &Utterance<'_>, channels: Channels) -> Turn {
    let metadata: UtteranceMetadata<'_> =
        utterance.metadata.and_then(|raw| serde_json::from_str(raw.get()).ok()).unwrap_or_default();
    let own_text = utterance.text.and_then(voci::filled);
    let (own_start, own_end) = (utterance.start.and_then(voci::number), utterance.end.and_then(voci::number));
    let complete = own_text.is_some() && own_start.is_some() && own_end.is_some();
    let events: Vec<Event<'_>> = match utterance.events {
        Some(raw) if !complete => voci::objects(raw),
        _ => Vec::new(),
    };
    let label = |raw: Option<&RawValue>| raw.and_then(voci::filled).map(Cow::into_owned);
    let speaker = label(utterance.speaker).or_else(|| label(metadata.speaker));
    let channel = utterance.channel.and_then(voci::integer).or_else(|| metadata.channel.and_then(voci::integer));
    Turn {
        no,
        text: own_text.map_or_else(|| joined(&events), Cow::into_owned),
        start: own_start.or_else(|| events.iter().find_map(|e| e.start.and_then(voci::number))),
        end: own_end.or_else(|| events.iter().rev().find_map(|e| e.end.and_then(voci::number))),
        role: channels.role(speaker.as_deref(), channel),
        speaker,
        channel,
    }
}

/// The words of events joined by single blanks; events without a word are skipped.
fn joined(events: &[Event<'_>]) -> String {
    let words: Vec<Cow<'_, str>> = events.iter().filter_map(|e| e.word.and_then(voci::filled)).collect();
    words.join(" ")
}

/// The turns of an archived body: those that reading the transcript gave.
///
/// # Errors
/// When the body is not a transcript (a damaged archive).
pub fn turns(body: &str) -> Result<Vec<Turn>, serde_json::Error> {
    let top: voci::Body<'_> = serde_json::from_str(body)?;
    let channels = match top.app_data {
        Some(raw) => crate::base::json::members(raw.get()).map(|m| Channels::of(&m.0)).unwrap_or_default(),
        None => Channels::default(),
    };
    top.utterances.map_or_else(|| Ok(Vec::new()), |raw| of_utterances(raw, channels))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(utterance: &str) -> Turn {
        let body = format!(r#"{{"app_data":{{"agent_channel":"1","client_channel":0}},"utterances":[{utterance}]}}"#);
        turns(&body).unwrap().remove(0)
    }

    #[test]
    fn text_comes_from_text_else_from_words() {
        assert_eq!(one(r#"{"text":"a  b","events":[{"word":"c"}]}"#).text, "a  b");
        assert_eq!(one(r#"{"text":null,"events":[{"word":"c"},{"start":1},null,{"word":"d"}]}"#).text, "c d");
        assert_eq!(one(r#"{"text":"","events":[{"word":"c"}]}"#).text, "c");
        assert_eq!(one(r#"{"events":{"word":"c"}}"#).text, "");
        assert_eq!(one("{}"), Turn::default());
    }

    #[test]
    fn speaker_and_channel_come_from_the_turn_else_from_its_metadata() {
        let turn = one(r#"{"speaker":"A","channel":2,"metadata":{"speaker":"B","channel":3}}"#);
        assert_eq!((turn.speaker.as_deref(), turn.channel), (Some("A"), Some(2)));
        let turn = one(r#"{"speaker":" ","channel":[],"metadata":{"speaker":7.0,"channel":"3"}}"#);
        assert_eq!((turn.speaker.as_deref(), turn.channel), (Some("7.0"), Some(3)));
        assert_eq!(one(r#"{"speaker":true,"metadata":5}"#).speaker.as_deref(), Some("true"));
    }

    #[test]
    fn times_come_from_the_turn_else_from_its_events() {
        let events = r#""events":[{"word":"a"},{"word":"b","start":1.5,"end":2},{"word":"c","end":"3"},{"word":"d"}]"#;
        let turn = one(&format!("{{{events}}}"));
        assert_eq!((turn.start, turn.end), (Some(1.5), Some(3.0)));
        let turn = one(&format!(r#"{{"start":"0.5","end":"x","text":"t",{events}}}"#));
        assert_eq!((turn.start, turn.end, turn.text.as_str()), (Some(0.5), Some(3.0), "t"));
    }

    #[test]
    fn the_default_role_is_the_label_else_the_channel() {
        assert_eq!(one(r#"{"speaker":"AGENT","channel":0}"#).role, Role::Agent);
        assert_eq!(one(r#"{"speaker":"Client"}"#).role, Role::Client);
        assert_eq!(one(r#"{"speaker":"Wizard","channel":1}"#).role, Role::Agent);
        assert_eq!(one(r#"{"metadata":{"channel":0}}"#).role, Role::Client);
        assert_eq!(one(r#"{"channel":2}"#).role, Role::Unknown);
        assert_eq!(one("{}").role, Role::Unknown);
    }

    #[test]
    fn a_folder_says_who_is_agent_and_client() {
        let map: SpeakerMap =
            serde_json::from_str(r#"{"agent":["wizard",5],"client":["STRASSE",5,"Wizard"]}"#).unwrap();
        let role = |utterance: &str| one(utterance).role_in(&map);
        assert_eq!(role(r#"{"speaker":"Wizard "}"#), Role::Agent);
        assert_eq!(role(r#"{"speaker":"Straße"}"#), Role::Client);
        assert_eq!(role(r#"{"channel":5}"#), Role::Agent);
        assert_eq!(role(r#"{"speaker":"agent","channel":1}"#), Role::Unknown);
        assert_eq!(one(r#"{"speaker":"agent"}"#).role_in(&SpeakerMap::default()), Role::Agent);
    }
}
