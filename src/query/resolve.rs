//! Binds a search to the configuration: names become fields, values get their types, folders get their numbers.
//!
//! *Decisions* where the contract is open: one name with different types in several organisations is asked in each of
//! them by its own type, and refused only when the value fits none; `>` a bare day means after that day; `enum`
//! values need not be options (options change). Rows are sorted and counted by a name that several organisations define
//! when they keep its values alike.
pub mod condition;
pub mod said;
pub mod tree;
pub mod world;

use super::ast::{FieldTest, Named, Query};
use super::columns::Columns;
use super::facets::FacetPlan;
use super::ranges::DateRange;
use super::request::{FacetChoice, Output, SearchRequest};
use super::resolved::{FacetAsked, Node, ResolvedSearch, Scope, SortBy, SortKey, Source, Target, Test, ValueTest};
use crate::base::clock::Timestamp;
use crate::domain::builtins::{BUILTINS, Builtin, builtin};
use crate::domain::catalogue::Org;
use crate::domain::fields::definition::Storage;
use crate::domain::fields::{Definition, FieldType};
use crate::domain::identity::{FieldName, FolderId};
use crate::domain::refusal::{Code, Refusal};
use condition::{Misfit, Reading};
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
}

/// Binds a search.
///
/// # Errors
/// `field_not_configured`, `field_unknown`, `query_invalid`, `parameter_invalid`; `right_missing` for a facet of a
/// `pii` field.
pub fn resolve(request: &SearchRequest, world: &World<'_>, now: Timestamp) -> Result<Resolved, Refusal> {
    let mut resolver = Resolver { world, now, unconfigured: Vec::new() };
    let mut parts = vec![resolver.node(&request.query, Origin::Query)?];
    for condition in &request.conditions {
        parts.push(resolver.node(&condition.query, Origin::Parameter(&condition.parameter))?);
    }
    for (name, range) in [("datetime", request.daterange), ("last_modified", request.modified)] {
        if let (Some(range), Some(builtin)) = (range, builtin(name)) {
            parts.push(resolver.dates(builtin, range));
        }
    }
    let order = vec![SortKey { by: resolver.order(&request.sort)?, descending: request.descending }];
    let (mut facets, plans) = resolver.facets(&request.facets)?;
    let columns = resolver.columns(request)?;
    let count = request.output == Output::Count;
    if count {
        facets.clear();
    }
    let scope = Scope {
        orgs: world.searched.iter().map(|one| one.org.id).collect(),
        folders: world.folders().map(|(_, folder)| folder.id).collect(),
    };
    let search = ResolvedSearch {
        order,
        offset: request.offset,
        size: if count { 0 } else { request.size },
        facets,
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
    let unconfigured = resolver.unconfigured.iter().map(|(name, without)| (name.shown().to_owned(), without.clone()));
    Ok(Resolved {
        search,
        unconfigured: unconfigured.collect(),
        columns,
        facets: if count { Vec::new() } else { plans },
    })
}

struct Resolver<'a, 'w> {
    world: &'w World<'a>,
    now: Timestamp,
    unconfigured: Vec<(FieldName, Vec<String>)>,
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
        self.note_unconfigured(&named.name);
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

    fn order(&mut self, sort: &str) -> Result<SortBy, Refusal> {
        let name = FieldName::lenient(if sort.is_empty() { "datetime" } else { sort });
        if name.folded() == "score" {
            return Ok(SortBy::Score);
        }
        let origin = Origin::Parameter("sort");
        let (source, _) = self.source(&name, origin)?;
        alike(&name, &source, origin)?;
        Ok(SortBy::Values(source))
    }

    /// The values behind a name, and whether they are booleans.
    ///
    /// # Errors
    /// As [`World::subject`]; for texts.
    fn source(&mut self, name: &FieldName, origin: Origin<'_>) -> Result<(Source, bool), Refusal> {
        match self.world.subject(name, origin, 0)? {
            Subject::Builtin(builtin) => Ok((Source::of(Target::Builtin(builtin)), false)),
            Subject::Field(variants) => {
                self.note_unconfigured(name);
                whole_values(&variants, origin)?;
                let targets: Vec<Target> = variants
                    .iter()
                    .map(|one| Target::Field(one.field.id, one.field.definition.kind.storage()))
                    .collect();
                let folders: Vec<FolderId> = variants.iter().flat_map(|one| one.folders.iter().copied()).collect();
                let boolean = variants.iter().all(|one| one.field.definition.kind == FieldType::Boolean);
                Ok((Source { targets, only_folders: self.only(&folders) }, boolean))
            }
            Subject::Speaker(_) => Err(self.world.absent(name, origin, 0)),
        }
    }

    fn facets(&mut self, choices: &[FacetChoice]) -> Result<(Vec<FacetAsked>, Vec<FacetPlan>), Refusal> {
        let (mut asked, mut plans) = (Vec::new(), Vec::new());
        let origin = Origin::Parameter("facets");
        for choice in choices {
            let name = FieldName::lenient(&choice.name);
            let (source, boolean) = self.source(&name, origin)?;
            self.guard(&name, origin)?;
            plans.push(FacetPlan { name: choice.name.clone(), boolean });
            asked.push(FacetAsked { source, size: choice.size, prefix: None });
        }
        Ok((asked, plans))
    }

    /// Refuses to tell values of personal data.
    fn guard(&self, name: &FieldName, origin: Origin<'_>) -> Result<(), Refusal> {
        let secret = self.world.variants(name).into_iter().any(|one| one.field.definition.pii);
        if !secret || self.world.pii || builtin(name.folded()).is_some() {
            return Ok(());
        }
        let detail = format!("the values of {:?} need the right \"pii\"", name.shown());
        Err(origin.refusal(Code::RightMissing, 0, detail))
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

    fn note_unconfigured(&mut self, name: &FieldName) {
        if self.unconfigured.iter().any(|(own, _)| own == name) {
            return;
        }
        let without = self.world.without(name);
        if !without.is_empty() {
            let shown = self.world.variants(name).first().map_or_else(|| name.clone(), |one| one.field.name.clone());
            self.unconfigured.push((shown, without));
        }
    }

    /// The folders where a field is configured, unless that is all of them.
    fn only(&self, folders: &[FolderId]) -> Option<Arc<[FolderId]>> {
        (folders.len() < self.world.folders().count()).then(|| folders.into())
    }

    fn reading<'o>(&self, org: &'o Org) -> Reading<'o> {
        Reading { zone: &org.zone, now: self.now, bounds: self.world.bounds() }
    }
}

/// Refuses values that organisations keep in ways that do not compare.
fn alike(name: &FieldName, source: &Source, origin: Origin<'_>) -> Result<(), Refusal> {
    let mut kinds = source.targets.iter().map(|target| target.storage());
    let first = kinds.next();
    if kinds.all(|kind| Some(kind) == first) {
        return Ok(());
    }
    let detail =
        format!("{:?} has types that do not compare in several organisations; search one of them", name.shown());
    Err(origin.refusal(Code::ParameterInvalid, 0, detail))
}

/// Refuses to order or count texts: they hold words, hardly two are equal, and an index does not keep them whole.
fn whole_values(variants: &[Variant<'_>], origin: Origin<'_>) -> Result<(), Refusal> {
    match variants.iter().find(|one| one.field.definition.kind == FieldType::Text) {
        Some(text) => {
            let name = text.field.name.shown();
            let detail = format!("{name:?} is a text field: it holds words, which are neither sorted nor counted");
            Err(origin.refusal(Code::ParameterInvalid, 0, detail))
        }
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests;
