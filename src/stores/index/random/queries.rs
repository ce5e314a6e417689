//! Random searches: everything that a resolved search can ask.
use super::Random;
use super::corpus::{CALLED_2, GIST_2, HOLD_2, LABELS, PLACES, QUEUE_2, VALUES, WORDS, direction};
use crate::base::fold::fold_value;
use crate::domain::builtins::builtin;
use crate::domain::fields::definition::Storage;
use crate::domain::identity::{FieldId, FolderId, OrgId};
use crate::domain::transcript::Role;
use crate::domain::words;
use crate::query::intervals::Interval;
use crate::query::pattern::Pattern;
use crate::query::resolved::{
    Arrangement, Edge, FacetAsked, HistogramAsked, Near, Node, Phrase, ResolvedSearch, Said, SortBy, SortKey, Source,
    Speaker, Target, Test, ValueTest, When, Word,
};
use crate::stores::index::conformance::asking::{fuzzy, glob, regex};
use crate::stores::index::conformance::world::{CALLED, GIST, HOLD, NOTE, QUEUE, everything};
use jiff::tz::TimeZone;
use std::sync::Arc;

/// A search with everything beside its rows.
pub(super) fn search(random: &mut Random) -> ResolvedSearch {
    let mut search = everything(node(random, 3));
    search.order = order(random);
    if random.chance(3) {
        search.near = Some(near(random));
        if random.chance(2) {
            search.order.insert(0, SortKey::score(!random.chance(4)));
        }
    }
    search.moments = random.below(3);
    if random.chance(3) {
        (search.offset, search.size) = (random.below(4), random.below(6));
    }
    search.paging = random.chance(3);
    scope(random, &mut search);
    search.facets = random.several(2, facet);
    search.stats = random.several(2, |random| {
        let kind = random.one(&[Storage::Keyword, Storage::Number, Storage::Instant]);
        source(random, kind)
    });
    search.histograms = random.several(2, histogram);
    search
}

/// The nearest to a direction, in one organisation or both.
pub(super) fn near(random: &mut Random) -> Near {
    let fields = random.one(&[&[GIST, GIST_2] as &[_], &[GIST], &[GIST_2]]).to_vec();
    Near { fields, only_folders: only(random), vector: direction(random).into(), k: 1 + random.below(8) }
}

/// A search for words, by score or date.
pub(super) fn worded(random: &mut Random) -> ResolvedSearch {
    let root = match random.below(4) {
        0 => Node::And(vec![said(random), said(random)]),
        1 => Node::Or(vec![said(random), Node::Not(Box::new(said(random)))]),
        _ => said(random),
    };
    let date = Target::Builtin(builtin("datetime").unwrap());
    let order = if random.chance(2) { SortKey::score(!random.chance(4)) } else { SortKey::value(date, true) };
    let mut search = ResolvedSearch { order: vec![order], moments: random.below(4), ..everything(root) };
    scope(random, &mut search);
    search
}

/// A search for walking through its pages.
pub(super) fn paged(random: &mut Random) -> ResolvedSearch {
    // What finds little ends soon.
    let root = if random.chance(2) { Node::Or(vec![said(random), Node::All]) } else { node(random, 2) };
    let mut search = ResolvedSearch { order: order(random), size: 1 + random.below(5), ..everything(root) };
    search.paging = true;
    scope(random, &mut search);
    search
}

fn scope(random: &mut Random, search: &mut ResolvedSearch) {
    if random.chance(3) {
        let (org, folder) = random.one(&PLACES);
        search.scope.orgs = vec![OrgId(org)];
        search.scope.folders = vec![FolderId(folder)];
    }
}

/// One or more keys; sometimes the same again.
fn order(random: &mut Random) -> Vec<SortKey> {
    (0..=random.below(3)).map(|_| sort_key(random)).collect()
}

fn sort_key(random: &mut Random) -> SortKey {
    let descending = random.chance(2);
    let by = match random.below(10) {
        0 | 1 => SortBy::Score,
        2 => SortBy::Values(of(random, "tid")),
        3 => SortBy::Values(of(random, "last_modified")),
        4 => SortBy::Values(of(random, "folder")),
        place => {
            let kind = [Storage::Keyword, Storage::Number, Storage::Instant][place % 3];
            SortBy::Values(source(random, kind))
        }
    };
    SortKey { by, descending }
}

fn of(random: &mut Random, name: &str) -> Source {
    Source { targets: vec![Target::Builtin(builtin(name).unwrap())], only_folders: only(random) }
}

/// The values of a built-in, of a field of one organisation, or of a field of each.
fn source(random: &mut Random, kind: Storage) -> Source {
    let (own, other, name) = match kind {
        Storage::Number => (HOLD, HOLD_2, "duration"),
        Storage::Instant => (CALLED, CALLED_2, "datetime"),
        _ => (QUEUE, QUEUE_2, "agentid"),
    };
    let targets = match random.below(5) {
        0 => return of(random, name),
        1 => vec![Target::Field(own, kind)],
        2 => vec![Target::Field(other, kind), Target::Field(own, kind)],
        _ => vec![Target::Field(own, kind), Target::Field(other, kind)],
    };
    Source { targets, only_folders: only(random) }
}

fn only(random: &mut Random) -> Option<Arc<[FolderId]>> {
    random.chance(4).then(|| random.several(2, |random| FolderId(random.one(&[11, 12, 21]))).into())
}

fn facet(random: &mut Random) -> FacetAsked {
    let source = match random.below(6) {
        0 => of(random, "folder"),
        // The organisations keep the values of one name in different ways.
        1 => {
            let other = random.one(&[
                Target::Field(HOLD_2, Storage::Number),
                Target::Field(CALLED_2, Storage::Instant),
                Target::Field(QUEUE_2, Storage::Keyword),
            ]);
            Source { targets: vec![Target::Field(QUEUE, Storage::Keyword), other], only_folders: only(random) }
        }
        2 => source(random, Storage::Number),
        3 => source(random, Storage::Instant),
        _ => source(random, Storage::Keyword),
    };
    let prefix = random.chance(3).then(|| random.one(&["b", "x ", "über", "2", "", "none", "1.5"]).to_owned());
    FacetAsked { source, size: 1 + random.below(10), prefix }
}

fn histogram(random: &mut Random) -> HistogramAsked {
    if random.chance(2) {
        let interval = Interval::Step(random.one(&[1.0, 0.5, 2.0, 0.3, 7.0]));
        return HistogramAsked { source: source(random, Storage::Number), interval };
    }
    let zone = TimeZone::get(random.one(&["UTC", "Europe/Berlin", "Asia/Kathmandu"])).unwrap();
    let interval = Interval::time(random.one(&["1s", "15m", "1h", "6h", "1d", "1w", "1M", "1y"]), &zone).unwrap();
    let source = if random.chance(2) { of(random, "datetime") } else { source(random, Storage::Instant) };
    HistogramAsked { source, interval }
}

fn node(random: &mut Random, depth: usize) -> Node {
    if depth > 0 && random.chance(2) {
        let mut parts: Vec<Node> = (0..2).map(|_| node(random, depth - 1)).collect();
        return match random.below(3) {
            0 => Node::And(parts),
            1 => Node::Or(parts),
            _ => Node::Not(Box::new(parts.remove(0))),
        };
    }
    match random.below(9) {
        0 => random.one(&[Node::All, Node::Nothing].each_ref()).clone(),
        1..=4 => said(random),
        _ => value_test(random),
    }
}

fn said(random: &mut Random) -> Node {
    let by = match random.below(5) {
        0 => Speaker::Role(random.one(&[Role::Agent, Role::Client, Role::Unknown])),
        1 => Speaker::Label(fold_value(random.one(&LABELS))),
        _ => Speaker::Anyone,
    };
    let mut phrase = phrase(random);
    if phrase.words.len() > 1 {
        phrase.how = match random.below(6) {
            0 | 1 => Arrangement::Within(random.below(4) as u32),
            2 => Arrangement::SameTurn,
            _ => Arrangement::Adjacent,
        };
    }
    (phrase.first, phrase.last) = (random.chance(6), random.chance(6));
    let when = if random.chance(4) { random.several(2, when) } else { Vec::new() };
    Node::Said(Said { by, phrase, when })
}

/// Words side by side.
fn phrase(random: &mut Random) -> Phrase {
    let words = (0..=random.below(3)).map(|_| word(random)).collect();
    Phrase { words, ..Phrase::exact([""]) }
}

fn word(random: &mut Random) -> Word {
    match random.below(6) {
        0 => Word::Like(glob(random.one(&["c*", "*n*", "?", "z*ch", "can?el*", "*", "pl??*", "don*", "x*"]))),
        1 => Word::Like(regex(random.one(&["can(cel|cle)", "[ab]", "pl.*", ".*s", "z.rich", "[0-9]+", "x"]))),
        2 => Word::Like(nearly(random, &["cancel", "plan", "a", "zurich", "nowhere"])),
        _ => {
            let mut tokens = words::tokens(random.one(&WORDS));
            Word::Exact(tokens.swap_remove(random.below(tokens.len())).text)
        }
    }
}

fn nearly(random: &mut Random, words: &[&str]) -> Pattern {
    fuzzy(random.one(words), 1 + random.below(2) as u8)
}

fn when(random: &mut Random) -> When {
    When {
        from: random.one(&[Edge::Start, Edge::End]),
        within: random.chance(2),
        seconds: random.one(&[0.0, 2.5, 5.0, 7.25, 15.0]),
    }
}

fn value_test(random: &mut Random) -> Node {
    let twin = random.chance(4);
    let [queue, hold, called] = if twin { [QUEUE_2, HOLD_2, CALLED_2] } else { [QUEUE, HOLD, CALLED] };
    let field = |id: FieldId, storage, test| (Target::Field(id, storage), test);
    let number = |random: &mut Random| (!random.chance(3)).then(|| (random.below(6) as f64 - 2.5, random.chance(2)));
    let (target, test) = match random.below(11) {
        0 => field(queue, Storage::Keyword, Test::OneOf(vec![fold_value(random.one(&VALUES)), "none".to_owned()])),
        1 => {
            let pattern = random.one(&["*", "b*", "*s", "*l*", "?ber", "x?y", "20??", "*i*i*", "x"]);
            field(queue, Storage::Keyword, Test::Like(glob(pattern)))
        }
        2 => {
            let pattern = random.one(&["(billing|sales)", ".*l.*", "[0-9]+", "x.y", ".ber"]);
            field(queue, Storage::Keyword, Test::Like(regex(pattern)))
        }
        3 => field(queue, Storage::Keyword, Test::Like(nearly(random, &["biling", "sales", "xy", "2062"]))),
        4 => {
            let end =
                |random: &mut Random| random.chance(2).then(|| (fold_value(random.one(&VALUES)), random.chance(2)));
            field(queue, Storage::Keyword, Test::Between(end(random), end(random)))
        }
        5 => field(hold, Storage::Number, Test::Numbers(number(random), number(random))),
        6 => {
            let end = |random: &mut Random| random.chance(2).then(|| random.below(5) as i64 * 1_000 - 2_000);
            field(called, Storage::Instant, Test::Instants(end(random), end(random)))
        }
        7 | 8 => field(NOTE, Storage::Words, Test::Words(phrase(random))),
        9 => match random.below(3) {
            0 => field(queue, Storage::Keyword, Test::Exists),
            1 => field(hold, Storage::Number, Test::Exists),
            _ => field(NOTE, Storage::Words, Test::Exists),
        },
        _ => {
            let folder = FolderId(random.one(&[11, 12, 21]));
            (Target::Builtin(builtin("folder").unwrap()), Test::Folders(vec![folder]))
        }
    };
    Node::Values(ValueTest { target, only_folders: only(random), test })
}
