//! Companies, organisations, folders, apps and users: read, changed, deleted. On both places.
use super::folder::{StoppedFolder, found};
use super::remote::{Asked, Remote, Sent, problem, read, segment};
use crate::domain::refusal::Code;
use crate::engine::Error;
use crate::engine::admin::{ConfigPath, DeleteOptions};
use anyhow::{Context, Result, anyhow};
use serde_json::Value;
use ureq::http::Method;

/// What became of a change.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// It is done; with `dry_run`: this is the plan.
    Done(Value),
    /// Somebody was faster.
    Stale,
}

/// How a change is made.
#[derive(Clone, Copy, Debug, Default)]
pub struct How<'a> {
    /// The entity tag it is bound to.
    pub tag: Option<&'a str>,
    /// Change nothing, answer the plan.
    pub dry_run: bool,
    /// Deletions: also what holds transcripts.
    pub tree: bool,
}

/// The calls on the configuration. A path is its names and words behind `/config`.
pub trait Settings {
    /// What is there, and its entity tag; `None` when it is not.
    ///
    /// # Errors
    /// When the place refuses.
    fn read_config(&mut self, path: &[&str]) -> Result<Option<(Value, String)>>;

    /// Lays `body` over what is there.
    ///
    /// # Errors
    /// When the place refuses.
    fn change_config(&mut self, path: &[&str], body: &Value, how: How<'_>) -> Result<Outcome>;

    /// Deletes one object.
    ///
    /// # Errors
    /// When the place refuses.
    fn delete_config(&mut self, path: &[&str], how: How<'_>) -> Result<Outcome>;
}

fn parsed(path: &[&str]) -> Result<ConfigPath> {
    let parsed = ConfigPath::parse(path).map_err(Error::from)?;
    parsed.ok_or_else(|| anyhow!("{} can be no name here", path.join("/")))
}

fn outcome(answer: crate::engine::Result<Value>, path: &[&str]) -> Result<Outcome> {
    match answer {
        Ok(answer) => Ok(Outcome::Done(answer)),
        Err(Error::Refused(refusal)) if refusal.code == Code::RevisionMismatch => Ok(Outcome::Stale),
        Err(error) => Err(anyhow::Error::new(error).context(path.join("/"))),
    }
}

impl Settings for StoppedFolder {
    fn read_config(&mut self, path: &[&str]) -> Result<Option<(Value, String)>> {
        found(self.runtime.block_on(self.app.engine().read_config(&self.owner, &parsed(path)?)))
    }

    fn change_config(&mut self, path: &[&str], body: &Value, how: How<'_>) -> Result<Outcome> {
        let (engine, at, body) = (self.app.engine(), parsed(path)?, body.to_string());
        let changed = self.runtime.block_on(engine.change_config(&self.owner, &at, &body, how.tag, how.dry_run));
        outcome(changed.map(|(answer, _)| answer), path)
    }

    fn delete_config(&mut self, path: &[&str], how: How<'_>) -> Result<Outcome> {
        let options =
            DeleteOptions { multi: true, tree: how.tree, if_match: how.tag.map(str::to_owned), dry_run: how.dry_run };
        let at = parsed(path)?;
        let deleted = self.app.engine().delete_config(&self.owner, &at, options);
        outcome(self.runtime.block_on(deleted), path)
    }
}

impl Remote {
    fn config_path(path: &[&str], query: &[(&str, bool)]) -> String {
        let names: String = path.iter().map(|name| format!("/{}", segment(name))).collect();
        let set: Vec<String> = query.iter().filter(|(_, on)| *on).map(|(name, _)| format!("{name}=true")).collect();
        let query = if set.is_empty() { String::new() } else { format!("?{}", set.join("&")) };
        format!("/config{names}{query}")
    }

    fn config_call(&self, method: &Method, path: &str, tag: Option<&str>, body: Option<&Value>) -> Result<Outcome> {
        let text = body.map(Value::to_string);
        let asked = Asked { method, path, content_type: "application/json", if_match: tag };
        let answer = read(self.response(asked, text.as_deref().map_or(Sent::Nothing, Sent::Text))?)?;
        match answer.status {
            200..=299 => Ok(Outcome::Done(serde_json::from_str(&answer.body).context("the answer is no JSON")?)),
            412 => Ok(Outcome::Stale),
            404 => Err(anyhow!("{path}: {}", problem(&answer.body))),
            status => Err(self.refused(status, &answer.body).context(path.to_owned())),
        }
    }
}

impl Settings for Remote {
    fn read_config(&mut self, path: &[&str]) -> Result<Option<(Value, String)>> {
        let at = Self::config_path(path, &[]);
        let asked = Asked { method: &Method::GET, path: &at, content_type: "", if_match: None };
        let Some(answer) = self.found(asked, Sent::Nothing)? else { return Ok(None) };
        let tag = answer.header("etag").unwrap_or_default().trim_matches('"').to_owned();
        Ok(Some((serde_json::from_str(&answer.body).context("the answer is no JSON")?, tag)))
    }

    fn change_config(&mut self, path: &[&str], body: &Value, how: How<'_>) -> Result<Outcome> {
        let at = Self::config_path(path, &[("dry_run", how.dry_run)]);
        self.config_call(&Method::POST, &at, how.tag, Some(body))
    }

    fn delete_config(&mut self, path: &[&str], how: How<'_>) -> Result<Outcome> {
        let at = Self::config_path(path, &[("dry_run", how.dry_run), ("multi", true), ("tree", how.tree)]);
        self.config_call(&Method::DELETE, &at, how.tag, None)
    }
}
