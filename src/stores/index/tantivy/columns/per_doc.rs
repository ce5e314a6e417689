//! The values of each document, read out of the library's column into plain memory.
use tantivy::columnar::{Column, ColumnIndex};

/// A value that stands for none.
pub trait Missing: Copy + PartialEq {
    /// It.
    const NONE: Self;
}

impl Missing for u32 {
    const NONE: u32 = u32::MAX;
}

impl Missing for i64 {
    const NONE: i64 = i64::MIN;
}

/// Values by document.
#[derive(Debug)]
pub enum PerDoc<T> {
    /// At most one each; [`Missing::NONE`] where there is none.
    One(Vec<T>),
    /// Any number each.
    Many {
        /// Where each document's values begin; one more than documents.
        starts: Vec<u32>,
        /// The values in the order in which they were given.
        values: Vec<T>,
    },
}

impl<T: Missing> PerDoc<T> {
    /// No values.
    pub fn none(docs: u32) -> Self {
        PerDoc::One(vec![T::NONE; docs as usize])
    }

    /// Reads a column of a segment of `docs` documents; `convert` may give [`Missing::NONE`] for what is no value.
    pub fn read<S>(column: &Column<S>, docs: u32, convert: impl Fn(S) -> T) -> Self
    where
        S: PartialOrd + Copy + std::fmt::Debug + Default + Send + Sync + 'static,
    {
        match &column.index {
            ColumnIndex::Empty { .. } => Self::none(docs),
            ColumnIndex::Full => PerDoc::One(rows(column).into_iter().map(convert).collect()),
            ColumnIndex::Optional(present) => {
                let mut values = vec![T::NONE; docs as usize];
                for (doc, value) in present.iter_non_null_docs().zip(rows(column)) {
                    if let Some(place) = values.get_mut(doc as usize) {
                        *place = convert(value);
                    }
                }
                PerDoc::One(values)
            }
            ColumnIndex::Multivalued(_) => {
                let mut starts = Vec::with_capacity(docs as usize + 1);
                // A document without a value has the range 0..0 when others have none either: it begins where the
                // one before it ends.
                let mut end = 0;
                for doc in 0..docs {
                    starts.push(end);
                    end = column.index.value_row_ids(doc).end.max(end);
                }
                starts.push(end);
                let values: Vec<T> = rows(column).into_iter().map(convert).collect();
                PerDoc::Many { starts, values }
            }
        }
    }

    /// The values of one document.
    #[inline]
    pub fn of(&self, doc: u32) -> &[T] {
        let at = doc as usize;
        match self {
            PerDoc::One(values) => match values.get(at) {
                Some(value) if *value != T::NONE => std::slice::from_ref(value),
                _ => &[],
            },
            PerDoc::Many { starts, values } => match (starts.get(at), starts.get(at + 1)) {
                (Some(from), Some(to)) => values.get(*from as usize..*to as usize).unwrap_or(&[]),
                _ => &[],
            },
        }
    }

    /// How many documents.
    pub fn docs(&self) -> u32 {
        let count = match self {
            PerDoc::One(values) => values.len(),
            PerDoc::Many { starts, .. } => starts.len().saturating_sub(1),
        };
        u32::try_from(count).unwrap_or(u32::MAX)
    }

    /// Whether a document may have several values.
    pub fn many(&self) -> bool {
        matches!(self, PerDoc::Many { .. })
    }

    /// Every value with its document, by document.
    pub fn pairs(&self) -> impl Iterator<Item = (u32, T)> + '_ {
        (0..self.docs()).flat_map(|doc| self.of(doc).iter().map(move |value| (doc, *value)))
    }
}

fn rows<S>(column: &Column<S>) -> Vec<S>
where
    S: PartialOrd + Copy + std::fmt::Debug + Default + Send + Sync + 'static,
{
    let mut all = vec![S::default(); column.values.num_vals() as usize];
    column.values.get_range(0, &mut all);
    all
}
