//! `near` bound to the configuration.
//!
//! *Decision* where the contract is open: of several organisations those are asked whose field is an embedding of the
//! vector's size; it is refused when there is none.
use super::sources::{Unconfigured, guard};
use super::world::{Origin, Subject, Variant, World};
use crate::domain::fields::FieldType;
use crate::domain::identity::{FieldName, FolderId};
use crate::domain::refusal::{Code, Refusal};
use crate::query::request::near::NearChoice;
use crate::query::resolved::Near;

/// Binds what `near` asks for.
///
/// # Errors
/// As [`World::subject`]; `parameter_invalid` for another type or size; `right_missing` for personal data, which how near
/// it is to a vector gives away.
pub fn near(world: &World<'_>, asked: &NearChoice, unconfigured: &mut Unconfigured) -> Result<Near, Refusal> {
    let origin = Origin::Parameter("near");
    let name = FieldName::lenient(&asked.field);
    let variants = match world.subject(&name, origin, 0)? {
        Subject::Field(variants) => variants,
        Subject::Builtin(builtin) => {
            let detail = format!("{:?} is a built-in; near looks at fields of the type embedding", builtin.name);
            return Err(origin.refusal(Code::ParameterInvalid, 0, detail));
        }
        Subject::Speaker(_) => return Err(world.absent(&name, origin, 0)),
    };
    unconfigured.note(world, &name);
    guard(world, &name, origin)?;
    let fits = |one: &&Variant<'_>| one.field.definition.size.map(usize::from) == Some(asked.vector.len());
    let fitting: Vec<&Variant<'_>> = variants.iter().filter(fits).collect();
    if let ([], Some(first)) = (fitting.as_slice(), variants.first()) {
        let (definition, shown) = (&first.field.definition, first.field.name.shown());
        let detail = match definition.kind {
            FieldType::Embedding => format!(
                "{shown:?} is an embedding of {} numbers; the vector has {}",
                definition.numbers(),
                asked.vector.len()
            ),
            kind => format!("{shown:?} is a {} field; near looks at fields of the type embedding", kind.text()),
        };
        return Err(origin.refusal(Code::ParameterInvalid, 0, detail));
    }
    let folders: Vec<FolderId> = fitting.iter().flat_map(|one| one.folders.iter().copied()).collect();
    Ok(Near {
        fields: fitting.iter().map(|one| one.field.id).collect(),
        only_folders: (folders.len() < world.folders().count()).then(|| folders.into()),
        vector: asked.vector.as_slice().into(),
        k: asked.k,
    })
}
