//! Binds a search to the configuration: names become fields, values get their types, folders get their numbers.
//!
//! *Decisions* where the contract is open: one name with different types in several organisations is asked in each of
//! them by its own type, and refused only when the value fits none; `>` a bare day means after that day; `enum`
//! values need not be options (options change). Rows are sorted and counted by a name that several organisations define
//! when they keep its values alike.
pub mod condition;
pub mod figures;
pub mod near;
pub mod said;
pub mod sources;
pub mod tree;
pub mod world;

use super::ast::{FieldTest, Named, Query, Written};
use super::columns::Columns;
use super::facets::FacetPlan;
use super::figures::{HistogramPlan, StatsPlan};
use super::ranges::DateRange;
use super::request::scores::Scores;
use super::request::sorting::SortChoice;
use super::request::{Output, SearchRequest};
use super::resolved::{Node, ResolvedSearch, Scope, SortBy, SortKey, Target, Test, ValueTest};
use crate::base::clock::Timestamp;
use crate::domain::builtins::{BUILTINS, Builtin, builtin};
use crate::domain::catalogue::Org;
use crate::domain::fields::definition::Storage;
use crate::domain::fields::{Definition, FieldType};
use crate::domain::identity::{FieldName, FolderId};
use crate::domain::refusal::Refusal;
use crate::domain::transcript::scores::score_id;
use condition::{Misfit, Reading};
use figures::{Figures, figures};
use sources::{Unconfigured, alike, guard, valued};
use std::sync::Arc;
use tree::{conjunction, disjunction, negation};
use world::{Origin, Searched, Subject, Variant, World};

/// A search bound to the configuration.
#[derive(Clone, Debug)]
pub struct Resolved {
    /// For the index.
    pub search: ResolvedSearch,
    /// Names asked for that only some folders searched have, and the others' names.
    pub unconfigured: Vec<(String, Vec<String>)>,
    /// For the rows.
    pub columns: Columns,
    /// For [`super::facets::answer`].
    pub facets: Vec<FacetPlan>,
    /// For [`super::figures::stats`].
    pub stats: Vec<StatsPlan>,
    /// For [`super::figures::histograms`].
    pub histograms: Vec<HistogramPlan>,
    /// Words for a person.
    pub warnings: Vec<String>,
}

/// Binds a search.
///
/// # Errors
/// `field_not_configured`, `field_unknown`, `query_invalid`, `parameter_invalid`; `right_missing` for order, figures,
/// patterns and ranges of a `pii` field.
pub fn resolve(request: &SearchRequest, world: &World<'_>, now: Timestamp) -> Result<Resolved, Refusal> {
    let mut resolver = Resolver { world, now, unconfigured: Unconfigured::default() };
    let mut parts = vec![resolver.node(&request.query, Origin::Query)?];
    for condition in &request.conditions {
        parts.push(resolver.node(&condition.query, Origin::Parameter(&condition.parameter))?);
    }
    for (name, range) in [("datetime", request.daterange), ("last_modified", request.modified)] {
        if let (Some(range), Some(builtin)) = (range, builtin(name)) {
            parts.push(resolver.dates(builtin, range));
        }
    }
    parts.extend(scores(&request.scores));
    let near = request.near.as_ref().map(|asked| near::near(world, asked, &mut resolver.unconfigured)).transpose()?;
    let order =
        request.sort.iter().map(|choice| resolver.order(choice, request.descending)).collect::<Result<_, _>>()?;
    let asked = figures(request, world, &mut resolver.unconfigured)?;
    // Not every answer shows figures, but a name that makes no sense is told whatever is answered.
    let shown = matches!(request.output, Output::Summary | Output::Details);
    let figures = if shown { asked } else { Figures::default() };
    let columns = resolver.columns(request)?;
    let count = request.output == Output::Count;
    let scope = Scope {
        orgs: world.searched.iter().map(|one| one.org.id).collect(),
        folders: world.folders().map(|(_, folder)| folder.id).collect(),
    };
    let search = ResolvedSearch {
        near,
        order,
        offset: request.offset,
        size: if count { 0 } else { request.size },
        facets: figures.facets,
        stats: figures.stats,
        histograms: figures.histograms,
        moments: if request.output == Output::Summary { request.moments } else { 0 },
        expansions: world.limits.query_expansions,
        speakers: Arc::new(
            world
                .folders()
                .filter(|(_, folder)| !folder.speakers.is_empty())
                .map(|(_, folder)| (folder.id, folder.speakers.clone()))
                .collect(),
        ),
        folder_names: Arc::new(world.folders().map(|(_, folder)| (folder.id, folder.name.clone())).collect()),
        infix: Arc::new(
            world
                .folders()
                .flat_map(|(_, folder)| &folder.schema.fields)
                .filter(|field| field.definition.substring)
                .map(|field| field.id)
                .collect(),
        ),
        ..ResolvedSearch::new(scope, conjunction(parts))
    };
    Ok(Resolved {
        search,
        unconfigured: resolver.unconfigured.shown(),
        columns,
        facets: figures.facet_plans,
        stats: figures.stats_plans,
        histograms: figures.histogram_plans,
        warnings: figures.warnings,
    })
}

struct Resolver<'a, 'w> {
    world: &'w World<'a>,
    now: Timestamp,
    unconfigured: Unconfigured,
}

impl<'a> Resolver<'a, '_> {
    /// Recurses as deep as the parser lets queries nest.
    fn node(&mut self, query: &Query, origin: Origin<'_>) -> Result<Node, Refusal> {
        match query {
            Query::All => Ok(Node::All),
            Query::And(parts) => self.nodes(parts, origin).map(conjunction),
            Query::Or(parts) => self.nodes(parts, origin).map(disjunction),
            Query::Not(inner) => Ok(negation(self.node(inner, origin)?)),
            Query::Said(by, text) => said::node(by.clone(), text, origin),
            Query::Named(named) => self.named(named, origin),
        }
    }

    fn nodes(&mut self, parts: &[Query], origin: Origin<'_>) -> Result<Vec<Node>, Refusal> {
        parts.iter().map(|part| self.node(part, origin)).collect()
    }

    fn named(&mut self, named: &Named, origin: Origin<'_>) -> Result<Node, Refusal> {
        match self.world.subject(&named.name, origin, named.at)? {
            Subject::Speaker(by) => said::of_speaker(by, named, origin),
            Subject::Builtin(builtin) => self.builtin(builtin, named, origin),
            Subject::Field(variants) => self.field(&variants, named, origin),
        }
    }

    fn field(&mut self, variants: &[Variant<'a>], named: &Named, origin: Origin<'_>) -> Result<Node, Refusal> {
        self.unconfigured.note(self.world, &named.name);
        if !whole(&named.test) {
            guard(self.world, &named.name, origin)?;
        }
        let mut nodes = Vec::new();
        let mut refused = None;
        for Variant { org, field, folders } in variants {
            match condition::test(&field.definition, &named.test, self.reading(org)) {
                Ok(test) => {
                    let target = Target::Field(field.id, field.definition.kind.storage());
                    nodes.push(Node::Values(ValueTest { target, only_folders: self.only(folders), test }));
                }
                Err(Misfit { at, why }) => {
                    let kind = field.definition.kind.text();
                    let why = if field.definition.pii { "what was asked does not fit".to_owned() } else { why };
                    refused.get_or_insert((at, format!("{:?} is a {kind} field: {why}", field.name.shown())));
                }
            }
        }
        match refused {
            Some((at, detail)) if nodes.is_empty() => {
                Err(origin.refusal(origin.invalid(), at.unwrap_or(named.test_at), detail))
            }
            _ => Ok(disjunction(nodes)),
        }
    }

    fn builtin(&self, builtin: &'static Builtin, named: &Named, origin: Origin<'_>) -> Result<Node, Refusal> {
        let refuse = |Misfit { at, why }: Misfit| {
            origin.refusal(origin.invalid(), at.unwrap_or(named.test_at), format!("{:?}: {why}", builtin.name))
        };
        match (builtin.name, &named.test) {
            ("tid" | "folder", FieldTest::Exists) => Ok(Node::All),
            ("tid", FieldTest::Equals(text)) if !text.is_pattern() && !text.regex && text.signs.is_empty() => {
                let test = Test::OneOf(vec![text.value()]);
                Ok(Node::Values(ValueTest { target: Target::Builtin(builtin), only_folders: None, test }))
            }
            ("folder", FieldTest::Equals(text)) => match condition::pattern(text).map_err(refuse)? {
                Some(pattern) => {
                    Ok(self.folder_node(builtin, |name| pattern.matches(&crate::base::fold::fold_value(name))))
                }
                None => {
                    let value = text.value();
                    Ok(self.folder_node(builtin, |name| name == value))
                }
            },
            ("tid", _) => {
                Err(refuse("ids are compared as a whole; patterns and ranges do not go with them".to_owned().into()))
            }
            ("folder", _) => Err(refuse("ranges do not go with folders".to_owned().into())),
            _ => {
                let definition = Definition::of(match builtin.storage {
                    Storage::Number => FieldType::Number,
                    Storage::Instant => FieldType::Datetime,
                    Storage::Keyword => FieldType::Varchar,
                    Storage::Words => FieldType::Text,
                    Storage::Vector => FieldType::Embedding,
                });
                let test = |org: &Org| condition::test(&definition, &named.test, self.reading(org));
                let tests: Result<Vec<_>, Misfit> =
                    self.world.searched.iter().map(|one| Ok((one, Some(test(one.org)?)))).collect();
                Ok(self.by_org(builtin, tests.map_err(refuse)?))
            }
        }
    }

    fn folder_node(&self, builtin: &'static Builtin, is: impl Fn(&str) -> bool) -> Node {
        let folders: Vec<FolderId> =
            self.world.folders().filter(|(_, folder)| is(folder.name.as_str())).map(|(_, folder)| folder.id).collect();
        if folders.is_empty() {
            return Node::Nothing;
        }
        let test = Test::Folders(folders);
        Node::Values(ValueTest { target: Target::Builtin(builtin), only_folders: None, test })
    }

    /// A range of dates, in each organisation by its own time zone.
    fn dates(&self, builtin: &'static Builtin, range: DateRange) -> Node {
        let test = |one: &Searched<'_>| range.instants(&one.org.zone).map(|(from, to)| Test::Instants(from, to));
        let tests: Vec<_> = self.world.searched.iter().map(|one| (one, test(one))).collect();
        if tests.is_empty() {
            return Node::Nothing;
        }
        self.by_org(builtin, tests)
    }

    /// One test for all organisations when they agree, else each in its own folders.
    fn by_org(&self, builtin: &'static Builtin, tests: Vec<(&Searched<'a>, Option<Test>)>) -> Node {
        let target = Target::Builtin(builtin);
        let agreed = tests.first().filter(|first| tests.iter().all(|other| other.1 == first.1));
        match agreed {
            Some((_, Some(test))) => Node::Values(ValueTest { target, only_folders: None, test: test.clone() }),
            Some((_, None)) => Node::Nothing,
            None => disjunction(
                tests
                    .into_iter()
                    .filter_map(|(one, test)| {
                        let folders: Vec<FolderId> = one.folders.iter().map(|folder| folder.id).collect();
                        test.map(|test| Node::Values(ValueTest { target, only_folders: Some(folders.into()), test }))
                    })
                    .collect(),
            ),
        }
    }

    fn order(&mut self, choice: &SortChoice, descending: bool) -> Result<SortKey, Refusal> {
        let name = FieldName::lenient(&choice.name);
        let descending = choice.descending.unwrap_or(descending);
        if name.folded() == "score" {
            return Ok(SortKey::score(descending));
        }
        let origin = Origin::Parameter("sort");
        let values = valued(self.world, &name, origin, &mut self.unconfigured)?;
        alike(&name, &values, origin)?;
        Ok(SortKey { by: SortBy::Values(values.source), descending })
    }

    fn columns(&self, request: &SearchRequest) -> Result<Columns, Refusal> {
        let mut builtins: Vec<&'static str> = Vec::new();
        let mut fields: Vec<FieldName> = Vec::new();
        let all_builtins = || BUILTINS.iter().filter(|b| b.voci).map(|b| b.name).chain(["score"]);
        let all_fields =
            || self.world.folders().flat_map(|(_, f)| f.schema.fields.iter().map(|field| field.name.clone()));
        if request.fields.iter().all(|chosen| chosen.dropped) {
            builtins.extend(all_builtins());
            fields.extend(all_fields());
        }
        for chosen in &request.fields {
            let name = FieldName::lenient(&chosen.name);
            let known = if name.folded() == "score" { Some("score") } else { builtin(name.folded()).map(|b| b.name) };
            match (name.folded(), chosen.dropped, known) {
                ("voci", false, _) => builtins.extend(all_builtins()),
                ("voci", true, _) => builtins.clear(),
                ("meta", false, _) => fields.extend(all_fields()),
                ("meta", true, _) => fields.clear(),
                (_, false, Some(known)) => builtins.push(known),
                (_, true, Some(known)) => builtins.retain(|own| *own != known),
                (_, true, None) => fields.retain(|own| *own != name),
                (_, false, None) => match self.world.variants(&name).first() {
                    Some(variant) => fields.push(variant.field.name.clone()),
                    None => return Err(self.world.absent(&name, Origin::Parameter("fields"), 0)),
                },
            }
        }
        Ok(Columns::new(builtins, fields))
    }

    /// The folders where a field is configured, unless that is all of them.
    fn only(&self, folders: &[FolderId]) -> Option<Arc<[FolderId]>> {
        (folders.len() < self.world.folders().count()).then(|| folders.into())
    }

    fn reading<'o>(&self, org: &'o Org) -> Reading<'o> {
        Reading { zone: &org.zone, now: self.now, bounds: self.world.bounds() }
    }
}

/// Whether a condition asks for a value one must know. Patterns, ranges and what is similar find values out bit by bit,
/// which is telling them.
fn whole(test: &FieldTest) -> bool {
    match test {
        FieldTest::Exists | FieldTest::Range { low: None, high: None } => true,
        FieldTest::Range { .. } | FieldTest::Equals(Written { regex: true, .. }) => false,
        FieldTest::Equals(Written { letters, signs, .. }) => {
            // Within quotes too: the words of a text may be patterns there.
            signs.is_empty() && !letters.iter().any(|letter| ['*', '?', '~'].iter().any(|sign| letter.is_sign(*sign)))
        }
    }
}

/// The levels asked of an application's scores.
fn scores(asked: &Scores) -> impl Iterator<Item = Node> {
    let app = asked.app.as_deref().unwrap_or_default();
    asked.paths.iter().map(move |(path, level)| {
        let (low, high) = level.range();
        let target = Target::Score(score_id(app, path));
        Node::Values(ValueTest { target, only_folders: None, test: Test::Numbers(low, high) })
    })
}

#[cfg(test)]
mod tests;
