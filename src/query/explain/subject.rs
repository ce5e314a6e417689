//! The transcript that is explained.
use crate::domain::identity::FieldId;
use crate::query::evaluate::Document;
use crate::query::resolved::ResolvedSearch;
use jiff::tz::TimeZone;
use std::collections::HashSet;

/// The transcript explained, and what is needed to tell of it.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// It.
    pub document: &'a Document,
    /// The search: speakers and names of folders, the transcript's own among them.
    pub search: &'a ResolvedSearch,
    /// For showing instants.
    pub zone: &'a TimeZone,
    /// Fields whose values may not be told.
    pub masked: &'a HashSet<FieldId>,
    /// Why values may be missing that are there: what a back-fill of the folder says.
    pub pending: Option<&'a str>,
}
