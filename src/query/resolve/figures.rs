//! Facets, statistics and histograms bound to the configuration.
//!
//! *Decisions* where the contract is open: instants are counted and shown in the time zone of the organisations that have
//! the field; when those have different ones, in UTC, and the answer says so. Prefixes of facets go with text values only.
use super::sources::{Unconfigured, Valued, alike, valued};
use super::world::{Origin, World};
use crate::base::fold::fold;
use crate::domain::fields::definition::Storage;
use crate::domain::identity::FieldName;
use crate::domain::refusal::{Code, Refusal};
use crate::query::facets::FacetPlan;
use crate::query::figures::{HistogramPlan, StatsPlan};
use crate::query::intervals::Interval;
use crate::query::request::SearchRequest;
use crate::query::request::figures::{FacetChoice, HistogramChoice};
use crate::query::resolved::{FacetAsked, HistogramAsked, Source};
use jiff::tz::TimeZone;

/// The figures of a search.
#[derive(Clone, Debug, Default)]
pub struct Figures {
    /// For the index.
    pub facets: Vec<FacetAsked>,
    /// For [`crate::query::facets::answer`], in the same order.
    pub facet_plans: Vec<FacetPlan>,
    /// For the index.
    pub stats: Vec<Source>,
    /// For [`crate::query::figures::stats`], in the same order.
    pub stats_plans: Vec<StatsPlan>,
    /// For the index.
    pub histograms: Vec<HistogramAsked>,
    /// For [`crate::query::figures::histograms`], in the same order.
    pub histogram_plans: Vec<HistogramPlan>,
    /// What a person should know.
    pub warnings: Vec<String>,
}

/// Binds the figures asked for.
///
/// # Errors
/// `field_not_configured`, `field_unknown`, `parameter_invalid`, `right_missing`.
pub fn figures(
    request: &SearchRequest,
    world: &World<'_>,
    unconfigured: &mut Unconfigured,
) -> Result<Figures, Refusal> {
    let mut figures = Figures::default();
    for choice in &request.facets {
        let name = FieldName::lenient(&choice.name);
        let origin = Origin::Parameter("facets");
        let values = valued(world, &name, origin, unconfigured)?;
        let prefix = prefix(choice, &name, &values, origin)?;
        let instants = values.storage() == Some(Storage::Instant);
        let zone = instants.then(|| figures.zone(&choice.name, Storage::Instant, &values));
        figures.facet_plans.push(FacetPlan { name: choice.name.clone(), boolean: values.boolean, zone });
        figures.facets.push(FacetAsked { source: values.source, size: choice.size, prefix });
    }
    for own in &request.stats {
        let name = FieldName::lenient(own);
        let origin = Origin::Parameter("stats");
        let values = valued(world, &name, origin, unconfigured)?;
        let storage = alike(&name, &values, origin)?;
        let zone = figures.zone(own, storage, &values);
        figures.stats_plans.push(StatsPlan { name: own.clone(), storage, zone });
        figures.stats.push(values.source);
    }
    for choice in &request.histograms {
        let name = FieldName::lenient(&choice.name);
        let origin = Origin::Parameter("histogram");
        let values = valued(world, &name, origin, unconfigured)?;
        let storage = alike(&name, &values, origin)?;
        let zone = figures.zone(&choice.name, storage, &values);
        let interval = interval(choice, storage, &zone, origin)?;
        figures.histogram_plans.push(HistogramPlan { name: choice.name.clone(), zone });
        figures.histograms.push(HistogramAsked { source: values.source, interval });
    }
    Ok(figures)
}

impl Figures {
    /// The zone that instants are counted in; UTC, with a word about it, when organisations differ.
    fn zone(&mut self, name: &str, storage: Storage, values: &Valued<'_>) -> TimeZone {
        match values.zones.as_slice() {
            [one] => (*one).clone(),
            [] => TimeZone::UTC,
            _ => {
                let warning =
                    format!("the organisations searched have different time zones: {name:?} is counted in UTC");
                if storage == Storage::Instant && !self.warnings.contains(&warning) {
                    self.warnings.push(warning);
                }
                TimeZone::UTC
            }
        }
    }
}

/// Folded as values are, but for blanks at its end: they part words.
fn prefix(
    choice: &FacetChoice,
    name: &FieldName,
    values: &Valued<'_>,
    origin: Origin<'_>,
) -> Result<Option<String>, Refusal> {
    let Some(prefix) = &choice.prefix else { return Ok(None) };
    if values.storage() != Some(Storage::Keyword) {
        let detail = format!("{:?} has no text values: a prefix (`{prefix}*`) does not go with it", name.shown());
        return Err(origin.refusal(Code::ParameterInvalid, 0, detail));
    }
    Ok(Some(fold(prefix.trim_start())).filter(|prefix| !prefix.is_empty()))
}

fn interval(
    choice: &HistogramChoice,
    storage: Storage,
    zone: &TimeZone,
    origin: Origin<'_>,
) -> Result<Interval, Refusal> {
    let HistogramChoice { name, interval } = choice;
    let (read, wanted) = match storage {
        Storage::Number => (Interval::step(interval), "a number above 0, such as 30"),
        Storage::Instant => {
            (Interval::time(interval, zone), "s, m or h in a count that divides a day (15m, 6h), or 1d, 1w, 1M, 1y")
        }
        Storage::Keyword | Storage::Words | Storage::Vector => {
            let detail = format!("{name:?} has neither numbers nor dates; `facets` counts its values");
            return Err(origin.refusal(Code::ParameterInvalid, 0, detail));
        }
    };
    read.ok_or_else(|| {
        let shown: String = interval.chars().take(40).collect();
        origin.refusal(Code::ParameterInvalid, 0, format!("{shown:?} is no interval for {name:?}; it is {wanted}"))
    })
}
