//! Configuration bodies and the configuration file.
use super::{parted, text, world};
use linernotes::config::environment::Environment;
use linernotes::config::load::Sources;
use linernotes::engine::Caller;
use linernotes::engine::admin::show;
use std::path::PathBuf;

/// `POST /config/…`: the first line is the path, the rest the body.
pub fn configuration(data: &[u8]) {
    let (path, body) = parted(data);
    let Some(path) = world::config_path(&text(path)) else { return };
    let body = text(body);
    let Some(change) = world::changed(world::catalogue(), &path, &body) else { return };
    let (_, etag) =
        show::read(&change.catalogue, &Caller::owner(), &path, &|_| None).expect("what was posted is shown");
    assert_eq!(etag, change.etag, "the tag answered is the tag shown");
    if !change.changed {
        assert!(change.put.is_empty() && change.reprojected.is_empty());
    }
    let again = world::changed(&change.catalogue, &path, &body).expect("what was allowed once is allowed twice");
    assert!(!again.changed, "the same body changes something again: {:?}", again.plan);
}

/// The configuration file: the first line is a variable of the environment.
pub fn toml(data: &[u8]) {
    let (variable, file) = parted(data);
    let variable = text(variable);
    let pairs = variable.split_once('=').map(|(name, value)| (name.to_owned(), value.to_owned()));
    let sources = Sources {
        file: Some((PathBuf::from("linernotes.toml"), text(file).into_owned())),
        environment: Environment::of(pairs),
        flags: Vec::new(),
    };
    match sources.load() {
        Ok(loaded) => assert!(!loaded.values.is_empty()),
        Err(problems) => assert!(!problems.is_empty() && problems.iter().all(|problem| !problem.detail.is_empty())),
    }
}
