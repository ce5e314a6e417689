//! Cursors: where a page ended, for the next one (contract section 6).
//!
//! A cursor is sealed with the store's secret: nobody reads it or alters it. It opens only for the token, path and
//! parameters it was made for, in the same life of the store. `now` is that of the first page, so that `now-7d` does not
//! move from page to page.
//!
//! *Decision* where the contract is open: what decides which rows are found and how they are ordered must stay the same;
//! size, columns, moments, figures and the shape of the answer may differ from page to page.
use crate::base::clock::Timestamp;
use crate::base::{digest, seal};
use crate::domain::fields::definition::Storage;
use crate::domain::identity::{CompanyName, FolderName, OrgName};
use crate::domain::refusal::{Code, Refusal};
use crate::engine::access::Caller;
use crate::query::request::SearchRequest;
use crate::query::resolved::{Position, SortBy, SortKey, SortValue};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

/// What a path names.
pub type Path<'a> = (&'a CompanyName, Option<&'a OrgName>, Option<&'a FolderName>);

/// A [`Path`] that goes to another thread.
#[derive(Clone, Debug)]
pub struct Place(CompanyName, Option<OrgName>, Option<FolderName>);

impl Place {
    /// Of a path.
    pub fn of((company, org, folder): Path<'_>) -> Self {
        Self(company.clone(), org.cloned(), folder.cloned())
    }

    /// The path.
    pub fn path(&self) -> Path<'_> {
        (&self.0, self.1.as_ref(), self.2.as_ref())
    }
}

/// What a cursor goes with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Binding([u8; 32]);

impl Binding {
    /// Of a search by a token in a life of the store.
    pub fn of(epoch: u64, caller: &Caller, path: Path<'_>, request: &SearchRequest) -> Self {
        let plain = SearchRequest::default();
        // What is named here may change between pages; everything else, also what is new, may not.
        let asked = SearchRequest {
            output: plain.output,
            format: plain.format,
            fields: plain.fields,
            offset: plain.offset,
            size: plain.size,
            cursor: plain.cursor,
            facets: plain.facets,
            stats: plain.stats,
            histograms: plain.histograms,
            texts: plain.texts,
            moments: plain.moments,
            after: plain.after,
            timeout: plain.timeout,
            ..request.clone()
        };
        Self(digest::sha256(format!("{epoch} {:?} {path:?} {asked:?}", caller.token_id()).as_bytes()))
    }
}

/// Where to go on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Bookmark {
    /// When the first page was asked for: microseconds.
    pub now: i64,
    /// Where the last page ended.
    pub position: Position,
}

impl Bookmark {
    /// As it is sent.
    ///
    /// # Errors
    /// When a score is no number that JSON could spell.
    pub fn seal(&self, key: &[u8; 32], binding: &Binding) -> Result<String, serde_json::Error> {
        let plain = serde_json::to_vec(self)?;
        Ok(URL_SAFE_NO_PAD.encode(seal::seal(key, &binding.0, &plain)))
    }

    /// Reads one back.
    ///
    /// # Errors
    /// `cursor_unknown`, in the same words whatever is wrong.
    pub fn open(text: &str, key: &[u8; 32], binding: &Binding) -> Result<Self, Refusal> {
        let sealed = URL_SAFE_NO_PAD.decode(text).map_err(|_| unknown())?;
        let plain = seal::open(key, &binding.0, &sealed).ok_or_else(unknown)?;
        serde_json::from_slice(&plain).map_err(|_| unknown())
    }

    /// The first moment of the walk.
    pub fn now(&self) -> Timestamp {
        Timestamp(self.now)
    }

    /// Refuses a position that is none in this order: a field got another type since.
    ///
    /// # Errors
    /// `cursor_unknown`.
    pub fn fits(&self, order: &[SortKey]) -> Result<(), Refusal> {
        let values = &self.position.values;
        let fit = values.len() == order.len() && values.iter().zip(order).all(|(value, key)| goes_with(value, key));
        if fit { Ok(()) } else { Err(unknown()) }
    }
}

fn goes_with(value: &Option<SortValue>, key: &SortKey) -> bool {
    match (&key.by, value) {
        (_, None) => true,
        (SortBy::Score, Some(_)) => false,
        (SortBy::Values(source), Some(value)) => {
            let storage = match value {
                SortValue::Text(_) => Storage::Keyword,
                SortValue::Number(_) => Storage::Number,
                SortValue::Instant(_) => Storage::Instant,
            };
            source.targets.iter().all(|target| target.storage() == storage)
        }
    }
}

fn unknown() -> Refusal {
    let detail = "the cursor was not made by this store for this token, path and query; begin anew with `cursor=`";
    Refusal::at(Code::CursorUnknown, "cursor", detail)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::builtins::builtin;
    use crate::domain::limits::Limits;
    use crate::query::resolved::Target;
    use crate::query::score::Statistics;

    const KEY: [u8; 32] = [7; 32];

    fn bookmark() -> Bookmark {
        let position = Position {
            values: vec![None, Some(SortValue::Text("é".into())), Some(SortValue::Number(0.1))],
            score: 1.0 / 3.0,
            tid: "t\"1".into(),
            key: 7,
            statistics: Statistics { transcripts: 3, words: 99 },
            matching: vec![1, 2],
        };
        Bookmark { now: -5, position }
    }

    fn binding(epoch: u64, org: &str, pairs: &[(&str, &str)]) -> Binding {
        let pairs = pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let request = SearchRequest::from_pairs(pairs, &Limits::default()).unwrap();
        let (company, org) = (CompanyName::parse("A").unwrap(), OrgName::parse(org).unwrap());
        Binding::of(epoch, &Caller::owner(), (&company, Some(&org), None), &request)
    }

    #[test]
    fn a_cursor_comes_back_as_it_was_and_shows_nothing() {
        let own = binding(1, "B", &[("q", "cancel")]);
        let text = bookmark().seal(&KEY, &own).unwrap();
        assert!(text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_'));
        assert_eq!(Bookmark::open(&text, &KEY, &own).unwrap(), bookmark());
        assert_eq!(Bookmark::open("x", &KEY, &own).unwrap_err().code, Code::CursorUnknown);
        assert_eq!(
            Bookmark::open(&format!("{text}A"), &KEY, &own),
            Bookmark::open("", &KEY, &own),
            "one answer for all"
        );
    }

    #[test]
    fn a_cursor_goes_with_its_query_only() {
        let own = binding(1, "B", &[("q", "cancel"), ("cursor", ""), ("size", "5")]);
        let same = [("fields", "tid"), ("q", "cancel"), ("cursor", "x"), ("facets", "folder"), ("timeout", "3")];
        assert_eq!(binding(1, "B", &same), own);
        let q = ("q", "cancel");
        let others = [
            binding(2, "B", &[q]),
            binding(1, "C", &[q]),
            binding(1, "B", &[("q", "cancels")]),
            binding(1, "B", &[q, ("sort", "duration")]),
            binding(1, "B", &[q, ("sortdir", "asc")]),
            binding(1, "B", &[q, ("terms.queue", "x")]),
            binding(1, "B", &[q, ("daterange", "20260101-")]),
        ];
        assert!(others.iter().all(|other| *other != own));
    }

    #[test]
    fn a_position_goes_with_its_order_only() {
        let key = |name: &str| SortKey::value(Target::Builtin(builtin(name).unwrap()), true);
        let order = [SortKey::score(true), key("tid"), key("duration")];
        assert!(bookmark().fits(&order).is_ok());
        assert!(bookmark().fits(&order[..2]).is_err());
        assert!(bookmark().fits(&[SortKey::score(true), key("duration"), key("tid")]).is_err());
        assert!(bookmark().fits(&[key("tid"), SortKey::score(true), key("duration")]).is_err());
    }
}
