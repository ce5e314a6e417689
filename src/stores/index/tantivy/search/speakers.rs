//! Which turns of a segment are spoken by whom a clause names.
use crate::base::fold;
use crate::domain::fields::SpeakerMap;
use crate::domain::identity::FolderId;
use crate::domain::transcript::Turn;
use crate::query::resolved::Speaker;
use crate::stores::error::Result;
use crate::stores::index::tantivy::snapshot::Snapshot;
use crate::stores::index::tantivy::turns::{TurnSegment, Voices};
use std::collections::HashMap;

/// Which voices of a segment are meant. Few voices speak a segment, so each is judged once.
pub enum Filter<'a> {
    /// All.
    Anyone,
    /// These, in every folder.
    Everywhere {
        /// Who speaks.
        voices: &'a Voices,
        /// By voice.
        meant: Vec<bool>,
    },
    /// Another choice in folders that say who is who.
    ByFolder {
        /// Who speaks.
        voices: &'a Voices,
        /// By voice, in folders that say nothing.
        meant: Vec<bool>,
        /// By folder and voice.
        folders: HashMap<u32, Vec<bool>>,
        /// Where the folders of transcripts are found.
        snapshot: &'a Snapshot,
    },
}

impl<'a> Filter<'a> {
    /// The filter for a segment.
    pub fn new(
        snapshot: &'a Snapshot,
        segment: &'a TurnSegment,
        by: &Speaker,
        speakers: &HashMap<FolderId, SpeakerMap>,
    ) -> Result<Self> {
        let judge =
            |voices: &Voices, meant: &dyn Fn(&Turn) -> bool| voices.all.iter().map(meant).collect::<Vec<bool>>();
        Ok(match by {
            Speaker::Anyone => Filter::Anyone,
            Speaker::Label(label) => {
                let voices = segment.cache.voices()?;
                let is_label =
                    |voice: &Turn| voice.speaker.as_deref().is_some_and(|own| fold::fold_value(own) == *label);
                Filter::Everywhere { voices, meant: judge(voices, &is_label) }
            }
            Speaker::Role(role) => {
                let voices = segment.cache.voices()?;
                let meant = judge(voices, &|voice| voice.role == *role);
                let folders: HashMap<u32, Vec<bool>> = speakers
                    .iter()
                    .filter(|(_, map)| !map.is_empty())
                    .map(|(folder, map)| (folder.0, judge(voices, &|voice| voice.role_in(map) == *role)))
                    .collect();
                if folders.is_empty() {
                    Filter::Everywhere { voices, meant }
                } else {
                    Filter::ByFolder { voices, meant, folders, snapshot }
                }
            }
        })
    }

    /// Whether every turn passes.
    pub fn is_open(&self) -> bool {
        matches!(self, Filter::Anyone)
    }

    /// Whether a turn of a transcript passes.
    #[inline]
    pub fn passes(&self, doc: u32, key: u32) -> bool {
        let spoken = |voices: &Voices, meant: &[bool]| {
            voices.of.get(doc as usize).and_then(|voice| meant.get(*voice as usize)).copied().unwrap_or(false)
        };
        match self {
            Filter::Anyone => true,
            Filter::Everywhere { voices, meant } => spoken(voices, meant),
            Filter::ByFolder { voices, meant, folders, snapshot } => {
                let folder = snapshot.entries.get(key).and_then(|entry| folders.get(&entry.folder));
                spoken(voices, folder.unwrap_or(meant))
            }
        }
    }
}
