//! Clauses over words said: which transcripts match, and how often the words stand in them.
use super::arranged::Arranged;
use super::cursor::Cursor;
use super::deadline::Deadline;
use super::expand::{self, Lexicon, Meant, Wanted};
use super::speakers::Filter;
use super::when::Clock;
use crate::domain::identity::OrgId;
use crate::query::resolved::{ResolvedSearch, Said};
use crate::stores::error::Result;
use crate::stores::index::tantivy::bits::Bits;
use crate::stores::index::tantivy::failure::unread;
use crate::stores::index::tantivy::runs::Run;
use crate::stores::index::tantivy::schema;
use crate::stores::index::tantivy::snapshot::Snapshot;
use crate::stores::index::tantivy::turns::TurnSegment;
use tantivy::TERMINATED;
use tantivy::postings::TermInfo;
use tantivy::schema::IndexRecordOption;

/// How many turns of a clause's walk are kept for the rows shown; beyond, the rows are looked up again.
const KEPT_MOST: usize = 1 << 20;

/// What a search asks, and where and how long it may look.
#[derive(Clone, Copy)]
pub struct Asked<'a> {
    /// The state searched.
    pub snapshot: &'a Snapshot,
    /// What is asked.
    pub search: &'a ResolvedSearch,
    /// The transcripts in scope.
    pub scope: &'a Bits,
    /// The time.
    pub deadline: &'a Deadline,
}

/// A clause with its terms looked up.
pub struct Clause<'a> {
    /// The clause.
    pub said: &'a Said,
    /// Where it is looked for: segments, and within them organisations, in which all its words stand.
    places: Vec<Place<'a>>,
}

struct Place<'a> {
    segment: &'a TurnSegment,
    words: Words,
}

enum Words {
    /// Side by side, anywhere in any turn: the terms in order.
    Plain(Vec<TermInfo>),
    /// All else; and whether no word of a turn can be meant by two of them.
    Arranged(Vec<Meant>, bool),
}

/// What a clause matches.
pub struct Found {
    /// The transcripts.
    pub keys: Bits,
    /// Each with the occurrences in its turns; only when asked for. A transcript's turns stand side by side, so each
    /// stands here once.
    pub counts: Option<Vec<(u32, u32)>>,
    /// For each place the turns with the occurrences, when they were looked for one by one.
    kept: Vec<Option<Vec<(u32, u32)>>>,
}

/// A turn that matched.
#[derive(Clone, Copy)]
pub struct Spoken<'a> {
    /// Its segment.
    pub segment: &'a TurnSegment,
    /// Its document.
    pub doc: u32,
    /// How often the words stand in it.
    pub count: u32,
}

impl<'a> Clause<'a> {
    /// Looks up the words in every segment.
    ///
    /// # Errors
    /// `TooBroad` when a pattern stands for too many words; `TooExpensive`; `Corrupt` or `Unavailable`.
    pub fn new(snapshot: &'a Snapshot, search: &ResolvedSearch, said: &'a Said, deadline: &Deadline) -> Result<Self> {
        let places = match said.phrase.plain().filter(|_| said.when.is_empty()) {
            Some(words) => plain(snapshot, &search.scope.orgs, &words)?,
            None => arranged(snapshot, search, said, deadline)?,
        };
        Ok(Self { said, places })
    }

    /// Every transcript that matches; with `counts`, how often.
    pub fn find(&self, asked: &Asked<'_>, counts: bool) -> Result<Found> {
        let snapshot = asked.snapshot;
        let mut sink = Sink { keys: Bits::below(snapshot.bound), counts: counts.then(Vec::new), last: None };
        let (mut kept, mut room) = (Vec::new(), KEPT_MOST);
        for place in &self.places {
            let filter = Filter::new(snapshot, place.segment, &self.said.by, &asked.search.speakers)?;
            match &place.words {
                Words::Plain(infos) if infos.len() == 1 => {
                    place.walk_word(infos, &filter, &mut sink, asked.deadline)?
                }
                Words::Plain(infos) => place.walk(infos, &filter, &mut sink, asked.deadline)?,
                Words::Arranged(words, apart) => {
                    let mut turns = Some(Vec::new());
                    self.arrange(place, (words, *apart), asked, None, |doc, key, count| {
                        sink.add(key, count);
                        match &mut turns {
                            Some(turns) if turns.len() < room => turns.push((doc, count)),
                            _ => turns = None,
                        }
                    })?;
                    room -= turns.as_ref().map_or(0, Vec::len);
                    kept.push(turns);
                }
            }
            sink.end_run();
        }
        Ok(Found { keys: sink.keys, counts: sink.counts, kept })
    }

    /// The turns of these transcripts that match, by transcript; `each` gets the position in `keys`. `found` is what
    /// the clause matches, when that is known already.
    pub fn in_transcripts(
        &self,
        asked: &Asked<'_>,
        keys: &[u32],
        found: Option<&Found>,
        mut each: impl FnMut(usize, Spoken<'a>),
    ) -> Result<()> {
        for (number, place) in self.places.iter().enumerate() {
            let cache = &place.segment.cache;
            let mut runs: Vec<_> = keys
                .iter()
                .enumerate()
                .flat_map(|(at, key)| cache.runs.of_key(*key).map(move |run| (run.from, run.to, at, run.key)))
                .collect();
            if runs.is_empty() {
                continue;
            }
            runs.sort_unstable();
            let segment = place.segment;
            match &place.words {
                Words::Plain(infos) => {
                    let filter = Filter::new(asked.snapshot, segment, &self.said.by, &asked.search.speakers)?;
                    let deadline = asked.deadline;
                    let Some(mut cursor) = Cursor::open(&cache.words, infos, deadline)? else { continue };
                    for (from, to, at, key) in runs {
                        deadline.tick()?;
                        let mut doc = cursor.seek(from, deadline)?;
                        while doc < to {
                            if segment.has(doc) && filter.passes(doc, key) {
                                each(at, Spoken { segment, doc, count: cursor.count() });
                            }
                            doc = cursor.advance(deadline)?;
                        }
                    }
                }
                Words::Arranged(words, apart) => {
                    let mut turns = Vec::new();
                    let kept = match found.and_then(|found| found.kept.get(number)) {
                        Some(Some(kept)) => kept,
                        _ => {
                            let docs: Vec<u32> = runs.iter().flat_map(|(from, to, ..)| *from..*to).collect();
                            self.arrange(place, (words, *apart), asked, Some(&docs), |doc, _, count| {
                                turns.push((doc, count));
                            })?;
                            &turns
                        }
                    };
                    for (from, to, at, _) in runs {
                        let first = kept.partition_point(|(doc, _)| *doc < from);
                        let own = kept.get(first..).unwrap_or(&[]).iter().take_while(|(doc, _)| *doc < to);
                        own.for_each(|(doc, count)| each(at, Spoken { segment, doc: *doc, count: *count }));
                    }
                }
            }
        }
        Ok(())
    }

    /// Calls `each` with turn, transcript and occurrences.
    fn arrange(
        &self,
        place: &Place<'_>,
        (words, apart): (&[Meant], bool),
        asked: &Asked<'_>,
        among: Option<&[u32]>,
        mut each: impl FnMut(u32, u32, u32),
    ) -> Result<()> {
        let (segment, cache) = (place.segment, &place.segment.cache);
        let filter = Filter::new(asked.snapshot, segment, &self.said.by, &asked.search.speakers)?;
        let clock = Clock::new(asked.snapshot, segment, &self.said.when)?;
        let lengths = cache.lengths()?;
        let key = |doc: u32| cache.runs.key(doc).unwrap_or(u32::MAX);
        let keep = |doc: u32| {
            let key = key(doc);
            segment.has(doc)
                && asked.scope.contains(key)
                && filter.passes(doc, key)
                && clock.holds(asked.snapshot, doc, key)
        };
        let length = |doc: u32| lengths.first(doc).and_then(|words| u32::try_from(words).ok()).unwrap_or(0);
        let arranged = Arranged {
            phrase: &self.said.phrase,
            words,
            apart,
            reader: &cache.words,
            docs: cache.runs.turns(),
            length: &length,
            keep: &keep,
            deadline: asked.deadline,
        };
        arranged.walk(among, |doc, count| each(doc, key(doc), count))
    }
}

fn plain<'a>(snapshot: &'a Snapshot, orgs: &[OrgId], words: &[&str]) -> Result<Vec<Place<'a>>> {
    let mut places = Vec::new();
    for org in orgs {
        let terms: Vec<_> = words.iter().map(|word| snapshot.turn_fields.word(*org, word)).collect();
        for segment in &snapshot.turns {
            let infos = terms
                .iter()
                .map(|term| segment.cache.words.get_term_info(term))
                .collect::<std::io::Result<Option<Vec<TermInfo>>>>()
                .map_err(unread)?;
            if let Some(infos) = infos.filter(|infos| !infos.is_empty()) {
                places.push(Place { segment, words: Words::Plain(infos) });
            }
        }
    }
    Ok(places)
}

fn arranged<'a>(
    snapshot: &'a Snapshot,
    search: &ResolvedSearch,
    said: &Said,
    deadline: &Deadline,
) -> Result<Vec<Place<'a>>> {
    let wanted: Vec<Wanted<'_>> = said.phrase.words.iter().map(|word| Wanted::new(word, true)).collect();
    let mut places = Vec::new();
    for (number, org) in search.scope.orgs.iter().enumerate() {
        let head = schema::head(snapshot.turn_fields.words, &schema::TurnFields::path(*org));
        for segment in &snapshot.turns {
            let vocabulary = || {
                if !segment.cache.knows_vocabulary(&head) {
                    deadline.before_reading()?;
                }
                segment.cache.vocabulary(&head).map(Some)
            };
            let reader = &segment.cache.words;
            let most = search.expansions;
            let lexicon = Lexicon { reader, head: &head, vocabulary: &vocabulary, most, deadline };
            let Some(words) = expand::all(&wanted, &lexicon)? else { continue };
            // Any word is anybody's: the turns in scope are walked once, not once for each organisation.
            if number > 0 && words.iter().all(|word| matches!(word, Meant::Any)) {
                continue;
            }
            let apart = expand::apart(&words);
            places.push(Place { segment, words: Words::Arranged(words, apart) });
        }
    }
    Ok(places)
}

impl Place<'_> {
    /// One word: block by block, 128 turns each.
    fn walk_word(&self, infos: &[TermInfo], filter: &Filter<'_>, sink: &mut Sink, deadline: &Deadline) -> Result<()> {
        let Some(info) = infos.first() else { return Ok(()) };
        let cache = &self.segment.cache;
        let option = if sink.counts.is_some() { IndexRecordOption::WithFreqs } else { IndexRecordOption::Basic };
        let mut block = cache.words.read_block_postings_from_terminfo(info, option).map_err(unread)?;
        let plain = filter.is_open() && self.segment.alive().is_none();
        if let Some(counts) = &mut sink.counts {
            counts.reserve(info.doc_freq.min(cache.runs.len()) as usize);
        }
        let mut run = Run { key: u32::MAX, from: 0, to: 0 };
        while !block.docs().is_empty() {
            deadline.tick()?;
            if plain && sink.counts.is_none() {
                for doc in block.docs() {
                    if *doc >= run.to {
                        let Some(next) = cache.runs.of(*doc) else { continue };
                        run = next;
                        sink.keys.insert(run.key);
                    }
                }
            } else {
                let counts = block.freqs().iter().copied().chain(std::iter::repeat(1));
                for (doc, count) in block.docs().iter().zip(counts) {
                    if *doc >= run.to {
                        let Some(next) = cache.runs.of(*doc) else { continue };
                        run = next;
                    }
                    if plain || (self.segment.has(*doc) && filter.passes(*doc, run.key)) {
                        sink.add(run.key, count);
                    }
                }
            }
            block.advance();
        }
        Ok(())
    }

    fn walk(&self, infos: &[TermInfo], filter: &Filter<'_>, sink: &mut Sink, deadline: &Deadline) -> Result<()> {
        let cache = &self.segment.cache;
        let Some(mut cursor) = Cursor::open(&cache.words, infos, deadline)? else { return Ok(()) };
        let mut doc = cursor.doc();
        while doc != TERMINATED {
            if let Some(key) = cache.runs.key(doc)
                && self.segment.has(doc)
                && filter.passes(doc, key)
            {
                sink.add(key, cursor.count());
            }
            doc = cursor.advance(deadline)?;
        }
        Ok(())
    }
}

/// Takes in matching turns, one run after the other.
struct Sink {
    keys: Bits,
    counts: Option<Vec<(u32, u32)>>,
    last: Option<(u32, u32)>,
}

impl Sink {
    #[inline]
    fn add(&mut self, key: u32, count: u32) {
        match &mut self.last {
            Some((last, sum)) if *last == key => *sum = sum.saturating_add(count),
            _ => {
                self.end_run();
                self.keys.insert(key);
                self.last = Some((key, count));
            }
        }
    }

    fn end_run(&mut self) {
        if let (Some(counts), Some(run)) = (&mut self.counts, self.last.take()) {
            counts.push(run);
        }
    }
}
