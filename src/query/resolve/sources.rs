//! The values behind a name, for order and figures: of several organisations each has a field of its own.
use super::world::{Origin, Subject, Variant, World};
use crate::domain::builtins::builtin;
use crate::domain::fields::FieldType;
use crate::domain::fields::definition::Storage;
use crate::domain::identity::{FieldName, FolderId};
use crate::domain::refusal::{Code, Refusal};
use crate::query::resolved::{Source, Target};
use jiff::tz::TimeZone;

/// Names asked for that only some folders searched have, and the others' names.
#[derive(Clone, Debug, Default)]
pub struct Unconfigured(Vec<(FieldName, Vec<String>)>);

impl Unconfigured {
    /// Notes the folders searched that do not have the name configured.
    pub fn note(&mut self, world: &World<'_>, name: &FieldName) {
        if self.0.iter().any(|(own, _)| own == name) {
            return;
        }
        let without = world.without(name);
        if !without.is_empty() {
            let shown = world.variants(name).first().map_or_else(|| name.clone(), |one| one.field.name.clone());
            self.0.push((shown, without));
        }
    }

    /// As the answer shows them.
    pub fn shown(self) -> Vec<(String, Vec<String>)> {
        self.0.into_iter().map(|(name, without)| (name.shown().to_owned(), without)).collect()
    }
}

/// What is known of the values behind a name.
#[derive(Clone, Debug)]
pub struct Valued<'a> {
    /// Which they are.
    pub source: Source,
    /// Whether they are booleans, which an index keeps as text.
    pub boolean: bool,
    /// The time zones of the organisations that have them, each once.
    pub zones: Vec<&'a TimeZone>,
}

impl Valued<'_> {
    /// How the values are kept, when every organisation keeps them in one way.
    pub fn storage(&self) -> Option<Storage> {
        let mut kinds = self.source.targets.iter().map(|target| target.storage());
        let first = kinds.next()?;
        kinds.all(|kind| kind == first).then_some(first)
    }
}

/// The values behind a name, for whoever may see them one by one.
///
/// # Errors
/// As [`World::subject`]; `parameter_invalid` for texts, `right_missing` for personal data.
pub fn valued<'a>(
    world: &World<'a>,
    name: &FieldName,
    origin: Origin<'_>,
    unconfigured: &mut Unconfigured,
) -> Result<Valued<'a>, Refusal> {
    match world.subject(name, origin, 0)? {
        Subject::Builtin(builtin) => {
            let zones = distinct(world.searched.iter().map(|one| &one.org.zone));
            Ok(Valued { source: Source::of(Target::Builtin(builtin)), boolean: false, zones })
        }
        Subject::Field(variants) => {
            unconfigured.note(world, name);
            whole_values(&variants, origin)?;
            guard(world, name, origin)?;
            let targets =
                variants.iter().map(|one| Target::Field(one.field.id, one.field.definition.kind.storage())).collect();
            let folders: Vec<FolderId> = variants.iter().flat_map(|one| one.folders.iter().copied()).collect();
            let only_folders = (folders.len() < world.folders().count()).then(|| folders.into());
            let boolean = variants.iter().all(|one| one.field.definition.kind == FieldType::Boolean);
            let zones = distinct(variants.iter().map(|one| &one.org.zone));
            Ok(Valued { source: Source { targets, only_folders }, boolean, zones })
        }
        Subject::Speaker(_) => Err(world.absent(name, origin, 0)),
    }
}

fn distinct<'a>(zones: impl Iterator<Item = &'a TimeZone>) -> Vec<&'a TimeZone> {
    let mut all = Vec::new();
    for zone in zones {
        if !all.contains(&zone) {
            all.push(zone);
        }
    }
    all
}

/// Refuses values that organisations keep in ways that do not compare; how they are kept.
///
/// # Errors
/// `parameter_invalid`.
pub fn alike(name: &FieldName, values: &Valued<'_>, origin: Origin<'_>) -> Result<Storage, Refusal> {
    values.storage().ok_or_else(|| {
        let detail =
            format!("{:?} has types that do not compare in several organisations; search one of them", name.shown());
        origin.refusal(Code::ParameterInvalid, 0, detail)
    })
}

/// Refuses to order or count texts and embeddings: hardly two are equal, and an index does not keep them whole.
fn whole_values(variants: &[Variant<'_>], origin: Origin<'_>) -> Result<(), Refusal> {
    for one in variants {
        let what = match one.field.definition.kind {
            FieldType::Text => "a text field: it holds words, which are neither sorted nor counted",
            FieldType::Embedding => {
                "an embedding: it is neither sorted nor counted; near orders by likeness to a vector"
            }
            _ => continue,
        };
        let detail = format!("{:?} is {what}", one.field.name.shown());
        return Err(origin.refusal(Code::ParameterInvalid, 0, detail));
    }
    Ok(())
}

/// Refuses to tell values of personal data: order, figures, patterns and pages of rows give them away one by one.
///
/// # Errors
/// `right_missing`.
pub fn guard(world: &World<'_>, name: &FieldName, origin: Origin<'_>) -> Result<(), Refusal> {
    let secret = world.variants(name).into_iter().any(|one| one.field.definition.pii);
    if !secret || world.pii || builtin(name.folded()).is_some() {
        return Ok(());
    }
    let detail = format!("the values of {:?} need the right \"pii\"", name.shown());
    Err(origin.refusal(Code::RightMissing, 0, detail))
}
