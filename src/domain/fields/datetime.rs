//! Instants as people write them: ISO 8601, or `YYYY-MM-DD[ HH:MM:SS]`, with or without a zone.
use jiff::tz::TimeZone;

/// Microseconds since 1970 UTC of `text`; a time without zone is of `zone`. `None` when it is not an instant.
pub fn parse_instant(text: &str, zone: &TimeZone) -> Option<i64> {
    let _ = (text, zone);
    todo!()
}

/// The first and the last microsecond that `text` names: a bare day is the whole day, an instant is itself.
pub fn parse_span(text: &str, zone: &TimeZone) -> Option<(i64, i64)> {
    let _ = (text, zone);
    todo!()
}
