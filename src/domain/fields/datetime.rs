//! Instants as people write them: ISO 8601, or `YYYY-MM-DD[ HH:MM:SS]`, with or without a zone.
use jiff::civil::{Date, DateTime, Time};
use jiff::fmt::temporal::DateTimeParser;
use jiff::tz::{AmbiguousOffset, Offset, TimeZone};

static PARSER: DateTimeParser = DateTimeParser::new();

/// Microseconds since 1970 UTC of `text`; a time without zone is of `zone`. `None` when it is not an instant.
/// A bare day is its first instant; outer blanks do not count; years are 0000 to 9999 (and jiff's negative ones).
pub fn parse_instant(text: &str, zone: &TimeZone) -> Option<i64> {
    let read = Written::read(text)?;
    micros(read.date.to_datetime(read.time.unwrap_or(Time::midnight())), read.offset, zone)
}

/// The first and the last microsecond that `text` names: a bare day is the whole day, an instant is itself.
pub fn parse_span(text: &str, zone: &TimeZone) -> Option<(i64, i64)> {
    let read = Written::read(text)?;
    let first = micros(read.date.to_datetime(read.time.unwrap_or(Time::midnight())), read.offset, zone)?;
    if read.time.is_some() {
        return Some((first, first));
    }
    // A day is as long as its zone makes it (23 to 25 hours): it ends where the next one begins.
    let last = match read.date.tomorrow() {
        Ok(next) => micros(next.to_datetime(Time::midnight()), read.offset, zone)?.checked_sub(1)?,
        Err(_) => micros(read.date.to_datetime(Time::MAX), read.offset, zone)?,
    };
    Some((first, last))
}

/// What a text says, before a zone is applied.
struct Written {
    date: Date,
    time: Option<Time>,
    offset: Option<Offset>,
}

impl Written {
    fn read(text: &str) -> Option<Self> {
        let pieces = PARSER.parse_pieces(text.trim()).ok()?;
        // `…[Europe/Berlin]` is no ISO 8601, and could contradict the offset beside it.
        if pieces.time_zone_annotation().is_some() {
            return None;
        }
        Some(Self { date: pieces.date(), time: pieces.time(), offset: pieces.to_numeric_offset() })
    }
}

/// Computed on the civil time line, so that the last days of 9999 (a common way to say "for ever") fit in every zone.
fn micros(civil: DateTime, offset: Option<Offset>, zone: &TimeZone) -> Option<i64> {
    let offset = offset.unwrap_or_else(|| match zone.to_ambiguous_timestamp(civil).offset() {
        AmbiguousOffset::Unambiguous { offset } => offset,
        // "Compatible": a time skipped by the clocks moves on by the gap, one that comes twice is the first.
        AmbiguousOffset::Gap { before, .. } | AmbiguousOffset::Fold { before, .. } => before,
    });
    let since_epoch = civil.duration_since(DateTime::constant(1970, 1, 1, 0, 0, 0, 0)).as_nanos();
    let utc = since_epoch - i128::from(offset.seconds()) * 1_000_000_000;
    i64::try_from(utc.div_euclid(1_000)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn berlin() -> TimeZone {
        TimeZone::get("Europe/Berlin").unwrap()
    }

    fn utc(text: &str) -> i64 {
        text.parse::<jiff::Timestamp>().unwrap().as_microsecond()
    }

    #[test]
    fn instants_in_every_usual_spelling_are_read() {
        let noon = utc("2021-02-03T12:30:00Z");
        for text in [
            "2021-02-03T12:30:00Z",
            "2021-02-03 12:30:00Z",
            "2021-02-03T12:30Z",
            "2021-02-03T14:30:00+02:00",
            "2021-02-03T14:30:00+0200",
            "2021-02-03T14:30+02",
            "2021-02-03t12:30:00z",
            "20210203T123000Z",
            "2021-02-03 13:30:00",
            "2021-02-03T13:30",
            "2021-02-03 13:30",
            "  2021-02-03 13:30:00.000000\n",
            "2021-02-03T13:30:00,0",
        ] {
            assert_eq!(parse_instant(text, &berlin()), Some(noon), "{text}");
        }
        assert_eq!(parse_instant("2021-02-03T12:30:00.123456789Z", &berlin()), Some(noon + 123_456));
        assert_eq!(parse_instant("2021-02-03", &berlin()), Some(utc("2021-02-02T23:00:00Z")));
    }

    #[test]
    fn what_is_no_instant_is_refused() {
        for text in [
            "",
            " ",
            "tomorrow",
            "2021-02-30",
            "2021-13-01",
            "2021-02-03T25:00",
            "2021-02-03T12:60",
            "12:30",
            "2021",
            "2021-02",
            "03.02.2021",
            "2/3/2021",
            "1612355400",
            "2021-02-03T12:30:00Z[Europe/Berlin]",
            "2021-02-03T12:30:00Q",
            "10000-01-01",
        ] {
            assert_eq!(parse_instant(text, &berlin()), None, "{text:?}");
            assert_eq!(parse_span(text, &berlin()), None, "{text:?}");
        }
    }

    #[test]
    fn skipped_and_repeated_times_resolve_compatibly() {
        assert_eq!(parse_instant("2021-03-28 02:30:00", &berlin()), Some(utc("2021-03-28T01:30:00Z")));
        assert_eq!(parse_instant("2021-10-31 02:30:00", &berlin()), Some(utc("2021-10-31T00:30:00Z")));
    }

    #[test]
    fn a_bare_day_spans_its_hours_in_the_zone() {
        let (first, last) = parse_span("2021-03-28", &berlin()).unwrap();
        assert_eq!(last + 1 - first, 23 * 3_600_000_000);
        let (first, last) = parse_span("2021-10-31", &berlin()).unwrap();
        assert_eq!(last + 1 - first, 25 * 3_600_000_000);
        let instant = utc("2021-10-31T10:00:00Z");
        assert_eq!(parse_span("2021-10-31T10:00Z", &berlin()), Some((instant, instant)));
    }

    #[test]
    fn a_day_whose_midnight_is_skipped_begins_later() {
        let zone = TimeZone::get("America/Sao_Paulo").unwrap();
        assert_eq!(parse_instant("2018-11-04", &zone), Some(utc("2018-11-04T03:00:00Z")));
    }

    #[test]
    fn the_ends_of_the_calendar_fit() {
        let zone = TimeZone::get("America/Los_Angeles").unwrap();
        let (first, last) = parse_span("9999-12-31", &zone).unwrap();
        assert_eq!(last + 1 - first, 24 * 3_600_000_000);
        assert!(parse_instant("0001-01-01", &zone).is_some());
        assert_eq!(parse_instant("1969-12-31T23:59:59.9999995Z", &zone), Some(-1));
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "\\PC*") {
            let _ = parse_span(&text, &berlin());
        }

        #[test]
        fn digits_and_signs_never_make_it_panic(text in "[0-9TZ:+. -]{0,32}") {
            if let Some((first, last)) = parse_span(&text, &berlin()) {
                prop_assert!(first <= last);
                prop_assert_eq!(parse_instant(&text, &berlin()), Some(first));
            }
        }
    }
}
