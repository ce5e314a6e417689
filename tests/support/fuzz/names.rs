//! What stands in addresses and headers: parameters, names, dates, conditions.
use super::{parted, text, world};
use actix_web::http::header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, IF_MATCH, IF_NONE_MATCH};
use linernotes::domain::fields::datetime::{parse_instant, parse_span};
use linernotes::domain::identity::field_name::NameRules;
use linernotes::domain::identity::{CompanyName, FieldName, FolderName, OrgName, Tid};
use linernotes::http::extract::segments;
use linernotes::http::headers;
use linernotes::http::parameters::Parameters;
use linernotes::query::ranges::{DateRange, ends, relative};

/// A query string and a path.
pub fn parameters(data: &[u8]) {
    let text = text(data);
    if let Ok(parameters) = Parameters::read(&text) {
        let _ = (parameters.only(&["timeout", "wait"]), parameters.wait(), parameters.flag("dry_run"));
        if let Ok(timeout) = parameters.timeout() {
            assert!(timeout.as_secs_f64() <= 30.0, "{timeout:?}");
        }
        assert!(parameters.into_pairs().iter().all(|(name, _)| name != "token"));
    }
    for segment in segments(&text).flatten() {
        for name in [
            CompanyName::parse(&segment).map(|name| name.as_str().to_owned()),
            OrgName::parse(&segment).map(|name| name.as_str().to_owned()),
            FolderName::parse(&segment).map(|name| name.as_str().to_owned()),
            Tid::parse(&segment).map(|name| name.as_str().to_owned()),
        ] {
            let Ok(name) = name else { continue };
            assert!(!matches!(name.as_str(), "" | "." | "..") && !name.contains(['/', '\0']), "{name:?}");
        }
        for rules in [NameRules::VSpark, NameRules::Free] {
            if let Ok(name) = FieldName::parse(&segment, rules) {
                assert_eq!(FieldName::lenient(name.folded()).folded(), name.folded(), "folding twice is folding once");
            }
        }
    }
    let _ = world::config_path(&text);
}

/// Each line is one header's value.
pub fn headers(data: &[u8]) {
    let mut map = HeaderMap::new();
    let names = [IF_MATCH, IF_NONE_MATCH, HeaderName::from_static("idempotency-key"), CONTENT_TYPE, ACCEPT];
    for (at, line) in data.split(|byte| *byte == b'\n').enumerate().take(10) {
        if let Ok(value) = HeaderValue::from_bytes(line) {
            map.append(names[at % names.len()].clone(), value);
        }
    }
    let _ = (headers::if_match(&map), headers::if_match_opaque(&map), headers::unchanged(&map, "7"));
    if let Ok(Some(key)) = headers::idempotency_key(&map) {
        assert!((1..=256).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic()));
    }
    let _ = (headers::media(&map), headers::expect_json(&map), headers::expect_any_json(&map));
    let _ = (headers::accepts_json(&map), headers::bearer(&map));
}

/// Dates and times: in values, in ranges, relative to now.
pub fn dates(data: &[u8]) {
    let (first, rest) = parted(data);
    let Some(zone) = world::zone() else { return };
    let text = text(first);
    let now = rest.iter().take(8).fold(0_i64, |number, byte| (number << 7) | i64::from(*byte));
    if let Some((from, to)) = parse_span(&text, &zone) {
        assert!(from <= to, "{text:?} ends before it begins");
    }
    let _ = parse_instant(&text, &zone);
    let _ = ends(&text);
    let _ = DateRange::parse(&text).instants(&zone);
    if let Some((from, to)) = relative(&text, world::NOW, &zone) {
        assert!(from <= to, "{text:?} ends before it begins");
    }
    let _ = relative(&text, linernotes::base::clock::Timestamp(now), &zone);
}
