//! The values behind a name: the columns of all its targets in every segment, or the names of folders.
use super::context::Context;
use super::matches::Matches;
use super::values;
use crate::base::fold;
use crate::domain::fields::definition::Storage;
use crate::query::resolved::{SortValue, Source, Target};
use crate::stores::error::Result;
use crate::stores::index::tantivy::bits::Bits;
use crate::stores::index::tantivy::columns::entries::Own;
use crate::stores::index::tantivy::columns::numbers::{from_double, to_double};
use crate::stores::index::tantivy::columns::{Column, Rank};
use crate::stores::index::tantivy::entries::Entry;
use crate::stores::index::tantivy::schema;
use std::borrow::Cow;
use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

/// A source looked up in one snapshot.
pub struct Columns {
    /// How its values are kept.
    pub storage: Storage,
    targets: Vec<Target>,
    /// Columns with values, slot by slot.
    columns: Vec<Arc<Column>>,
    /// Those of each slot.
    slots: Vec<Range<usize>>,
    /// Names of folders by number, folded and as shown, when they are the values.
    folders: Option<HashMap<u32, (String, String)>>,
    /// The transcripts beside these have no values.
    only: Option<Bits>,
}

/// Whether the values are the names of folders.
pub fn is_folder(target: Target) -> bool {
    matches!(target, Target::Builtin(builtin) if builtin.name == schema::FOLDER)
}

impl Columns {
    /// Looks the source up.
    pub fn of(context: &Context<'_>, source: &Source) -> Result<Self> {
        Self::of_targets(context, source, |_| true)
    }

    /// Looks up those targets of the source that are `meant`.
    pub fn of_targets(context: &Context<'_>, source: &Source, meant: impl Fn(Target) -> bool) -> Result<Self> {
        let targets: Vec<Target> = source.targets.iter().copied().filter(|target| meant(*target)).collect();
        let only = source.only_folders.as_ref();
        let only = only.map(|folders| context.snapshot.scope(folders.iter().map(|folder| folder.0)));
        let storage = targets.first().map_or(Storage::Keyword, |target| target.storage());
        let mut own = Self { storage, targets, columns: Vec::new(), slots: Vec::new(), folders: None, only };
        if own.targets.iter().any(|target| is_folder(*target)) {
            let names = context.search.folder_names.iter();
            let both = |name: &str| (fold::fold_value(name), name.to_owned());
            own.folders = Some(names.map(|(id, name)| (id.0, both(name.as_str()))).collect());
            return Ok(own);
        }
        for segment in &context.snapshot.records {
            context.deadline.check()?;
            let from = own.columns.len();
            if let Some(segment) = segment {
                for target in &own.targets {
                    let column = values::column(&segment.cache, *target, &context.deadline)?;
                    if column.values() > 0 {
                        own.columns.push(column);
                    }
                }
            }
            own.slots.push(from..own.columns.len());
        }
        Ok(own)
    }

    /// Whose values they are.
    pub fn targets(&self) -> &[Target] {
        &self.targets
    }

    /// Names of folders by number, folded and as shown, when they are the values.
    pub fn folders(&self) -> Option<&HashMap<u32, (String, String)>> {
        self.folders.as_ref()
    }

    /// All columns with values.
    pub fn all(&self) -> &[Arc<Column>] {
        &self.columns
    }

    /// The columns with values of a segment.
    #[inline]
    pub fn slot(&self, slot: u32) -> &[Arc<Column>] {
        self.slots.get(slot as usize).and_then(|range| self.columns.get(range.clone())).unwrap_or(&[])
    }

    /// Whether everybody can have values.
    pub fn are_of_everybody(&self) -> bool {
        self.only.is_none()
    }

    /// Those of `keys` that can have values.
    pub fn within<'k>(&self, keys: &'k Bits) -> Cow<'k, Bits> {
        match &self.only {
            None => Cow::Borrowed(keys),
            Some(only) => {
                let mut keys = keys.clone();
                keys.keep(only);
                Cow::Owned(keys)
            }
        }
    }

    /// The least or the greatest value of a transcript.
    #[inline]
    pub fn rank(&self, key: u32, entry: &Entry, greatest: bool) -> Option<Rank<'_>> {
        if self.only.as_ref().is_some_and(|only| !only.contains(key))
            || matches!(self.storage, Storage::Words | Storage::Vector)
        {
            // Texts and embeddings have no place in an order.
            return None;
        }
        if let Some(folders) = &self.folders {
            return folders.get(&entry.folder).map(|(folded, _)| Rank::Text(folded));
        }
        self.slot(entry.slot).iter().find_map(|column| column.end(entry.doc, greatest).map(|value| column.rank(value)))
    }

    /// What each transcript of `matching` has: `each` gets the place of the column in [`Self::all`]. Answers how many
    /// transcripts have something.
    pub fn each(
        &self,
        context: &Context<'_>,
        matching: &Matches<'_>,
        mut each: impl FnMut(usize, &Column, Own<'_>),
    ) -> Result<u64> {
        let mut having = 0;
        self.each_block(context, matching, |slot, docs| {
            having += docs.iter().filter(|doc| self.first(slot, **doc, &mut each)).count() as u64;
        })?;
        Ok(having)
    }

    /// How many transcripts of `matching` have each entry of each column. One with several entries is handed to `several`
    /// with its column and what is counted of it.
    pub fn tally(
        &self,
        context: &Context<'_>,
        matching: &Matches<'_>,
        mut several: impl FnMut(&mut [u32], &Column, Own<'_>),
    ) -> Result<Vec<Vec<u32>>> {
        let mut tallies: Vec<Vec<u32>> = self.columns.iter().map(|column| vec![0; column.kinds_of_entries()]).collect();
        self.each_block(context, matching, |slot, docs| {
            let places = self.slots.get(slot).cloned().unwrap_or_default();
            let alone = self.columns.get(places.start).filter(|_| places.len() == 1);
            if let (Some(entries), Some(tally)) = (alone.and_then(|own| own.one_each()), tallies.get_mut(places.start))
            {
                return entries.tally(docs, tally);
            }
            for doc in docs {
                self.first(slot, *doc, &mut |place, column, own| {
                    let Some(tally) = tallies.get_mut(place) else { return };
                    match own.only().map(|one| tally.get_mut(one as usize)) {
                        Some(count) => count.into_iter().for_each(|count| *count += 1),
                        None => several(tally, column, own),
                    }
                });
            }
        })?;
        Ok(tallies)
    }

    /// The first column in which a document has something.
    fn first(&self, slot: usize, doc: u32, each: &mut impl FnMut(usize, &Column, Own<'_>)) -> bool {
        let places = self.slots.get(slot).cloned().unwrap_or_default();
        for place in places {
            let Some(column) = self.columns.get(place) else { continue };
            let own = column.of(doc);
            if !own.is_empty() {
                each(place, column, own);
                return true;
            }
        }
        false
    }

    /// The documents of `matching` that can have values, segment by segment, some at a time.
    fn each_block(
        &self,
        context: &Context<'_>,
        matching: &Matches<'_>,
        mut each: impl FnMut(usize, &[u32]),
    ) -> Result<()> {
        let mut having: Vec<u32> = Vec::new();
        for ((slot, docs), segment) in matching.docs().iter().enumerate().zip(&context.snapshot.records) {
            let Some(segment) = segment else { continue };
            docs.each_run(|docs| {
                context.deadline.tick()?;
                let Some(only) = &self.only else {
                    each(slot, docs);
                    return Ok(());
                };
                let can_have = |doc: &u32| segment.cache.keys.get(*doc as usize).is_some_and(|key| only.contains(*key));
                having.clear();
                having.extend(docs.iter().copied().filter(can_have));
                each(slot, &having);
                Ok(())
            })?;
        }
        Ok(())
    }
}

/// A value as searches pass it on.
pub fn shown(rank: Rank<'_>, storage: Storage) -> SortValue {
    match (rank, storage) {
        (Rank::Text(text), _) => SortValue::Text(text.to_owned()),
        (Rank::Whole(whole), Storage::Number) => SortValue::Number(to_double(whole)),
        (Rank::Whole(whole), _) => SortValue::Instant(whole),
    }
}

/// A value passed on, as rows are ordered by it.
pub fn rank_of(value: &SortValue) -> Rank<'_> {
    match value {
        SortValue::Text(text) => Rank::Text(text),
        SortValue::Number(number) => Rank::Whole(from_double(*number)),
        SortValue::Instant(instant) => Rank::Whole(*instant),
    }
}
