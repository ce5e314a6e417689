//! The configuration as one search sees it: organisations, folders, and what a name means in them.
use crate::base::fold::fold_value;
use crate::base::near::near;
use crate::domain::builtins::{BUILTINS, Builtin, builtin};
use crate::domain::catalogue::{Company, Folder, Org};
use crate::domain::fields::ConfiguredField;
use crate::domain::fields::reserved::is_reserved;
use crate::domain::fields::value::ValueBounds;
use crate::domain::identity::{FieldName, FolderId};
use crate::domain::limits::Limits;
use crate::domain::refusal::{Code, Refusal};
use crate::domain::transcript::Role;
use crate::query::resolved::Speaker;
use std::collections::HashSet;

/// An organisation searched.
#[derive(Clone, Debug)]
pub struct Searched<'a> {
    /// Its company.
    pub company: &'a Company,
    /// It.
    pub org: &'a Org,
    /// Its folders searched: all that the path names and the caller may see.
    pub folders: Vec<&'a Folder>,
}

/// What is searched.
#[derive(Clone, Copy, Debug)]
pub struct World<'a> {
    /// The organisations.
    pub searched: &'a [Searched<'a>],
    /// The bounds in force.
    pub limits: &'a Limits,
    /// Folded names that metadata of the folders searched is known to have, configured or not.
    pub seen: &'a HashSet<String>,
    /// Whether the caller may see values of fields marked `pii`.
    pub pii: bool,
    /// Whether the caller may know names that only folders beside those searched have: one that reaches a single folder
    /// may not.
    pub schema: bool,
}

/// A field as one organisation has it, and where.
#[derive(Clone, Debug)]
pub struct Variant<'a> {
    /// The organisation.
    pub org: &'a Org,
    /// The field.
    pub field: &'a ConfiguredField,
    /// The folders searched that have it configured.
    pub folders: Vec<FolderId>,
}

/// What a name means.
#[derive(Clone, Debug)]
pub enum Subject<'a> {
    /// A built-in.
    Builtin(&'static Builtin),
    /// A configured field; never empty.
    Field(Vec<Variant<'a>>),
    /// The words of a speaker.
    Speaker(Speaker),
}

/// Where a name or value was written, for error messages.
#[derive(Clone, Copy, Debug)]
pub enum Origin<'p> {
    /// In `q`.
    Query,
    /// In another parameter.
    Parameter(&'p str),
}

impl Origin<'_> {
    /// A refusal that points there; `at` counts characters of `q`.
    pub fn refusal(self, code: Code, at: usize, detail: impl std::fmt::Display) -> Refusal {
        match self {
            Origin::Query => Refusal::at(code, "q", format!("at character {at}: {detail}")),
            Origin::Parameter(name) => Refusal::at(code, name, format!("the parameter {name:?}: {detail}")),
        }
    }

    /// The code of a value that is not understood there.
    pub fn invalid(self) -> Code {
        match self {
            Origin::Query => Code::QueryInvalid,
            Origin::Parameter(_) => Code::ParameterInvalid,
        }
    }
}

impl<'a> World<'a> {
    /// All folders searched.
    pub fn folders(&self) -> impl Iterator<Item = (&'a Searched<'a>, &'a Folder)> + use<'a> {
        self.searched.iter().flat_map(|one| one.folders.iter().map(move |folder| (one, *folder)))
    }

    /// The bounds of values.
    pub fn bounds(&self) -> ValueBounds {
        ValueBounds { value_bytes: self.limits.indexed_value_bytes, text_bytes: self.limits.indexed_text_bytes }
    }

    /// A folder's name as the answer shows it: with its organisation when several are searched.
    pub fn label(&self, org: &Org, folder: &Folder) -> String {
        if self.searched.len() > 1 { format!("{}/{}", org.name, folder.name) } else { folder.name.to_string() }
    }

    /// The field of that name, organisation by organisation; empty when no folder searched has it.
    pub fn variants(&self, name: &FieldName) -> Vec<Variant<'a>> {
        let mut variants: Vec<Variant<'a>> = Vec::new();
        for (one, folder) in self.folders() {
            let Some(field) = folder.schema.field(name) else { continue };
            match variants.iter_mut().find(|variant| variant.field.id == field.id) {
                Some(variant) => variant.folders.push(folder.id),
                None => variants.push(Variant { org: one.org, field, folders: vec![folder.id] }),
            }
        }
        variants
    }

    /// The folders searched where the name is not configured, as the answer shows them.
    pub fn without(&self, name: &FieldName) -> Vec<String> {
        let without = self.folders().filter(|(_, folder)| folder.schema.field(name).is_none());
        without.map(|(one, folder)| self.label(one.org, folder)).collect()
    }

    /// What a name means: speakers first (their names are reserved), then built-ins, configured fields,
    /// `speaker.LABEL`. Speakers are known in `q` only.
    ///
    /// # Errors
    /// `field_not_configured`, `field_unknown`.
    pub fn subject(&self, name: &FieldName, origin: Origin<'_>, at: usize) -> Result<Subject<'a>, Refusal> {
        let in_query = matches!(origin, Origin::Query);
        match name.folded() {
            "agent" if in_query => return Ok(Subject::Speaker(Speaker::Role(Role::Agent))),
            "client" if in_query => return Ok(Subject::Speaker(Speaker::Role(Role::Client))),
            folded => {
                if let Some(builtin) = builtin(folded) {
                    return Ok(Subject::Builtin(builtin));
                }
            }
        }
        let variants = self.variants(name);
        if !variants.is_empty() {
            return Ok(Subject::Field(variants));
        }
        match name.folded().strip_prefix("speaker.") {
            Some(label) if in_query && !label.trim().is_empty() => {
                Ok(Subject::Speaker(Speaker::Label(fold_value(label))))
            }
            _ => Err(self.absent(name, origin, at)),
        }
    }

    /// The refusal of a name that no folder searched has.
    pub fn absent(&self, name: &FieldName, origin: Origin<'_>, at: usize) -> Refusal {
        let shown: String = name.shown().chars().take(80).collect();
        let folders = self.folder_list();
        let fix = self.fix(name, &shown);
        let defined = |one: &Searched<'_>| one.org.fields.iter().any(|field| field.name == *name);
        // `address.city` may stand inside an `address` that was seen: names within values are not remembered.
        let outer = |end: usize| name.folded().get(..end).is_some_and(|outer| self.seen.contains(outer));
        let inside = name.folded().match_indices('.').any(|(end, _)| outer(end));
        let known = self.seen.contains(name.folded()) || inside || (self.schema && self.searched.iter().any(defined));
        if known {
            let detail = format!("the field {shown:?} is not configured for any folder searched ({folders}){fix}");
            return origin.refusal(Code::FieldNotConfigured, at, detail);
        }
        let configured = self.folders().flat_map(|(_, folder)| folder.schema.fields.iter().map(|f| f.name.shown()));
        let candidates =
            configured.chain(BUILTINS.iter().map(|builtin| builtin.name)).chain(self.seen.iter().map(String::as_str));
        let meant = match near(name.shown(), candidates).as_slice() {
            [] => String::new(),
            names => {
                let names: Vec<String> = names.iter().map(|name| format!("{name:?}")).collect();
                format!("; perhaps {} is meant", names.join(" or "))
            }
        };
        let words = match origin {
            Origin::Query => "; quote it to search for the words",
            Origin::Parameter(_) => "",
        };
        let detail = format!("no folder searched ({folders}) knows a field {shown:?}{meant}{fix}{words}");
        origin.refusal(Code::FieldUnknown, at, detail)
    }

    fn folder_list(&self) -> String {
        const SHOWN: usize = 10;
        let all: Vec<String> =
            self.folders().map(|(one, folder)| self.label(one.org, folder)).take(SHOWN + 1).collect();
        match all.split_at_checked(SHOWN) {
            Some((first, rest)) if !rest.is_empty() => {
                let more = self.folders().count().saturating_sub(SHOWN);
                format!("{} and {more} more", first.join(", "))
            }
            _ if all.is_empty() => "there is none".to_owned(),
            _ => all.join(", "),
        }
    }

    fn fix(&self, name: &FieldName, shown: &str) -> String {
        match self.folders().next() {
            _ if is_reserved(name) => "; the name is reserved, no folder can configure it".to_owned(),
            Some((one, folder)) => format!(
                "; to make it searchable add {shown:?} to `custom_meta` with POST /config/{}/{}/{}",
                one.company.name, one.org.name, folder.name
            ),
            None => String::new(),
        }
    }
}
