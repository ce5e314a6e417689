//! Work on many transcripts, as the interfaces call it: bulk edits, imports, jobs.
use super::access::Caller;
use super::blocking::{blocking, whole};
use super::core::Core;
use super::error::Result;
use super::intake::target::Target;
use super::types::{EditVerdict, IngestOptions};
use super::{bulk, imports, jobs};
use crate::domain::access::Right;
use crate::domain::identity::{CompanyName, OrgName};
use serde_json::Value;
use std::sync::Arc;

/// Use cases of many transcripts.
#[derive(Clone)]
pub struct Desk {
    core: Arc<Core>,
}

impl Desk {
    /// Of an engine's insides.
    pub fn new(core: Arc<Core>) -> Self {
        Self { core }
    }

    /// `PATCH /metadata/{company}/{org}`: a run of lines, in order, one verdict each.
    ///
    /// # Errors
    /// See [`bulk::lines::lines`].
    pub async fn edit_lines(
        &self,
        caller: &Caller,
        org: (&CompanyName, &OrgName),
        manner: bulk::lines::Manner,
        lines: Vec<String>,
    ) -> Result<Vec<EditVerdict>> {
        let target = Target::resolve(&self.core, caller, org.0, org.1, &IngestOptions::default())?;
        bulk::lines::lines(&self.core, caller, &target, manner, lines).await
    }

    /// `POST /metadata/{company}/{org}`: an edit by query, previewed or begun.
    ///
    /// # Errors
    /// See [`bulk::query::edit`].
    pub async fn edit_by_query(
        &self,
        caller: &Caller,
        org: (&CompanyName, &OrgName),
        body: &str,
    ) -> Result<bulk::query::Answer> {
        bulk::query::edit(&self.core, caller, org, body).await
    }

    /// `POST /imports/{company}/{org}`.
    ///
    /// # Errors
    /// See [`imports::declare::declare`].
    pub async fn declare_import(&self, caller: &Caller, org: (&CompanyName, &OrgName), body: &str) -> Result<Value> {
        let (core, caller, body) = (self.core.clone(), caller.clone(), body.to_owned());
        let (company, org) = (org.0.clone(), org.1.clone());
        whole(async move {
            let work = imports::declare::declare(&core, &caller, (&company, &org), &body).await?;
            Ok(imports::show::shown(&work, None))
        })
        .await
    }

    /// `GET /imports/{company}/{org}`: the newest first.
    ///
    /// # Errors
    /// `not_found`, `right_missing`.
    pub async fn list_imports(
        &self,
        caller: &Caller,
        org: (&CompanyName, &OrgName),
        limit: usize,
    ) -> Result<Vec<Value>> {
        let (core, caller, company, org) = (self.core.clone(), caller.clone(), org.0.clone(), org.1.clone());
        blocking(move || imports::show::list(&core, &caller, (&company, &org), limit)).await?
    }

    /// `GET /imports/{company}/{org}/{id}`: an import with some of its errors.
    ///
    /// # Errors
    /// `not_found`, `right_missing`.
    pub async fn read_import(
        &self,
        caller: &Caller,
        org: (&CompanyName, &OrgName),
        id: &str,
        (offset, size): (usize, usize),
    ) -> Result<Value> {
        let (core, caller, id) = (self.core.clone(), caller.clone(), id.to_owned());
        let (company, org) = (org.0.clone(), org.1.clone());
        blocking(move || {
            let (work, rate) = imports::show::find(&core, &caller, (&company, &org), &id)?;
            let mut told = imports::show::shown(&work, rate);
            let rows = imports::show::page(&core, &caller, &work, offset, size)?;
            if let Some(errors) = told.get_mut("errors").and_then(Value::as_object_mut) {
                errors.insert("rows".to_owned(), rows.into());
            }
            Ok(told)
        })
        .await?
    }

    /// Errors of an import's rows from a byte of its list on, and where the next ones begin.
    ///
    /// # Errors
    /// `not_found`, `right_missing`.
    pub async fn import_errors(
        &self,
        caller: &Caller,
        org: (&CompanyName, &OrgName),
        id: &str,
        (from, limit): (u64, usize),
    ) -> Result<(Vec<Value>, Option<u64>)> {
        let (core, caller, id) = (self.core.clone(), caller.clone(), id.to_owned());
        let (company, org) = (org.0.clone(), org.1.clone());
        blocking(move || {
            let (work, _) = imports::show::find(&core, &caller, (&company, &org), &id)?;
            imports::show::errors(&core, &caller, &work, from, limit)
        })
        .await?
    }

    /// `PUT /imports/{company}/{org}/{id}/rows`: takes the body piece by piece.
    ///
    /// # Errors
    /// `not_found`, `right_missing`, `import_state`.
    pub async fn begin_rows(
        &self,
        caller: &Caller,
        org: (&CompanyName, &OrgName),
        id: &str,
    ) -> Result<imports::take::Upload> {
        imports::show::find(&self.core, caller, org, id)?;
        caller.demand(Right::Write)?;
        imports::take::Upload::begin(&self.core, id).await
    }

    /// `POST /imports/{company}/{org}/{id}/retry`.
    ///
    /// # Errors
    /// See [`imports::show::retry`].
    pub async fn retry_import(&self, caller: &Caller, org: (&CompanyName, &OrgName), id: &str) -> Result<Value> {
        let work = imports::show::retry(&self.core, caller, org, id).await?;
        Ok(imports::show::shown(&work, None))
    }

    /// `DELETE /imports/{company}/{org}/{id}`.
    ///
    /// # Errors
    /// See [`imports::show::remove`].
    pub async fn remove_import(&self, caller: &Caller, org: (&CompanyName, &OrgName), id: &str) -> Result<()> {
        imports::show::remove(&self.core, caller, org, id).await
    }

    /// `GET /jobs`.
    ///
    /// # Errors
    /// See [`jobs::show::list`].
    pub async fn list_jobs(&self, caller: &Caller, filter: jobs::show::Filter, limit: usize) -> Result<Vec<Value>> {
        let (core, caller) = (self.core.clone(), caller.clone());
        blocking(move || jobs::show::list(&core, &caller, &filter, limit)).await?
    }

    /// `GET /jobs/{id}`.
    ///
    /// # Errors
    /// See [`jobs::show::one`].
    pub fn read_job(&self, caller: &Caller, id: &str) -> Result<Value> {
        jobs::show::one(&self.core, caller, id)
    }

    /// `POST /jobs/{id}/cancel`.
    ///
    /// # Errors
    /// See [`jobs::show::cancel`].
    pub fn cancel_job(&self, caller: &Caller, id: &str) -> Result<Value> {
        jobs::show::cancel(&self.core, caller, id)
    }
}
