//! Tests of bringing the sources of the configuration together.
use super::*;

fn load(
    file: &str,
    environment: &[(&str, &str)],
    flags: &[(&'static str, &'static str, &str)],
) -> Result<Loaded, Vec<String>> {
    let pairs = environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Sources {
        file: Some((PathBuf::from("f.toml"), file.to_owned())),
        environment: Environment::of(pairs),
        flags: flags.iter().map(|&(key, name, value)| Flag { key, name, value: value.to_owned() }).collect(),
    }
    .load()
    .map_err(|problems| problems.iter().map(ToString::to_string).collect())
}

#[test]
fn a_later_source_beats_an_earlier_and_the_origin_is_kept() {
    let file = "[server]\nlisten = \"127.0.0.1:1\"\nworkers = 3\n[log]\nformat = \"json\"\n";
    let environment = [("LINERNOTES_SERVER__LISTEN", "127.0.0.1:2"), ("LINERNOTES_LIMITS__SEARCH_SIZE", "5_000")];
    let loaded = load(file, &environment, &[("server.listen", "--listen", "127.0.0.1:3")]).unwrap();
    assert_eq!(loaded.config.server.listen, "127.0.0.1:3");
    assert_eq!(loaded.config.server.workers, 3);
    assert_eq!(loaded.config.limits.search_size, 5_000);
    assert_eq!(loaded.config.log.format, crate::telemetry::Format::Json);
    assert_eq!(loaded.origin("server.listen"), Some(&Origin::Flag("--listen")));
    assert_eq!(loaded.origin("server.workers"), Some(&Origin::File(PathBuf::from("f.toml"))));
    assert_eq!(
        loaded.origin("limits.search_size"),
        Some(&Origin::Environment(String::from("LINERNOTES_LIMITS__SEARCH_SIZE")))
    );
    assert_eq!(loaded.origin("metrics.open"), Some(&Origin::Default));
}

#[test]
fn an_unknown_key_is_refused_with_the_near_name() {
    let problems = load("[server]\nlisten_on = \"x\"\nlisten2 = 1\n[limit]\na = 1\n", &[], &[]).unwrap_err();
    assert_eq!(problems.len(), 3, "{problems:?}");
    assert!(
        problems.iter().any(|p| p.contains("server.listen2") && p.contains("did you mean `listen`")),
        "{problems:?}"
    );
    assert!(problems.iter().any(|p| p.starts_with("limit ") && p.contains("did you mean `limits`")), "{problems:?}");
}

#[test]
fn a_key_in_the_wrong_section_is_pointed_to_the_right_one() {
    let problems = load("[server]\nsearch_timeout_ms = 5\n", &[], &[]).unwrap_err();
    assert!(problems[0].contains("did you mean `limits.search_timeout_ms`"), "{problems:?}");
}

#[test]
fn problems_of_all_sources_come_at_once() {
    let file = "stray = 1\n[server]\nworkers = \"many\"\ndrain_seconds = -1\n[workers]\nsearches = 0\n";
    let environment = [("LINERNOTES_METRICS__OPEN", "yes"), ("LINERNOTES_LOG__FORMAT", "xml")];
    let problems = load(file, &environment, &[("log.level", "--log-level", "loud")]).unwrap_err();
    for part in [
        "stray",
        "server.workers",
        "server.drain_seconds",
        "metrics.open",
        "log.format",
        "log.level",
        "workers.searches",
    ] {
        assert_eq!(problems.iter().filter(|p| p.starts_with(part)).count(), 1, "{part} in {problems:#?}");
    }
    assert_eq!(problems.len(), 7, "{problems:#?}");
}

#[test]
fn a_variable_with_one_underscore_too_few_is_named_and_foreign_ones_are_left_alone() {
    let foreign =
        [("LINERNOTES_PORT", "tcp://10.0.0.1:3000"), ("LINERNOTES_SERVICE_HOST", "10.0.0.1"), ("PATH", "/bin")];
    assert!(load("", &foreign, &[]).is_ok());
    let problems = load("", &[("LINERNOTES_SERVER_LISTEN", "x:1")], &[]).unwrap_err();
    assert!(problems[0].contains("LINERNOTES_SERVER__LISTEN"), "{problems:?}");
    let problems = load("", &[("LINERNOTES_SERVER__LISEN", "x:1")], &[]).unwrap_err();
    assert!(problems[0].contains("did you mean `listen`"), "{problems:?}");
}

#[test]
fn the_token_is_taken_from_the_environment_and_shown_nowhere() {
    let environment = Environment::of([(String::from("LINERNOTES_TOKEN"), String::from("tok-1"))]);
    assert_eq!(environment.token.as_ref().map(|t| t.reveal().to_owned()), Some(String::from("tok-1")));
    assert!(!format!("{environment:?}").contains("tok-1"));
}

#[test]
fn a_file_that_is_not_toml_is_refused_with_its_place() {
    let problems = load("[server\n", &[], &[]).unwrap_err();
    assert!(problems[0].contains("f.toml") && problems[0].contains("not TOML"), "{problems:?}");
}

#[test]
fn a_named_file_must_be_there() {
    let problems = Sources::gather(Some(Path::new("/nonexistent/x.toml")), Environment::default(), vec![]).unwrap_err();
    assert!(problems[0].to_string().contains("/nonexistent/x.toml"), "{problems:?}");
}

/// The file that ships must hold every key with its built-in default: it is the manual of the configuration.
#[test]
fn the_file_that_ships_equals_the_built_in_defaults() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(USUAL_FILE);
    let text = std::fs::read_to_string(&path).unwrap();
    let loaded = Sources { file: Some((path.clone(), text.clone())), ..Sources::default() }.load().unwrap();
    assert_eq!(loaded.config, Config::default());
    for (key, _, origin) in &loaded.values {
        assert_eq!(*origin, Origin::File(path.clone()), "{key} is missing in {USUAL_FILE}");
    }
    let lines: Vec<&str> = text.lines().collect();
    for (above, line) in lines.iter().zip(lines.iter().skip(1)) {
        if line.contains(" = ") && !line.starts_with('#') {
            assert!(above.starts_with('#'), "no comment above `{line}`");
        }
    }
}
