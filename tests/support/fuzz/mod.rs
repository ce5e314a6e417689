//! What strangers send, as plain functions of bytes: each reads its input as the server would and checks what must hold
//! whatever it is. The fuzzer of `tests/fuzz` follows coverage through them; `tests/trust/fuzzed.rs` replays what was kept.
//!
//! Where one input holds two things, the first line is the first of them.
mod edits;
mod files;
mod intake;
mod names;
mod questions;
mod settings;
mod world;

/// A target: its name, and what it does with an input.
pub type Target = (&'static str, fn(&[u8]));

/// Every target.
pub const TARGETS: &[Target] = &[
    ("edit", edits::edit),
    ("query", questions::query),
    ("request", questions::request),
    ("index", questions::index),
    ("words", questions::words),
    ("transcript", intake::transcript),
    ("lines", intake::lines),
    ("archive", files::archive),
    ("opaque", files::opaque),
    ("parameters", names::parameters),
    ("headers", names::headers),
    ("dates", names::dates),
    ("configuration", settings::configuration),
    ("toml", settings::toml),
];

/// The first line, and what follows it.
fn parted(data: &[u8]) -> (&[u8], &[u8]) {
    match data.iter().position(|byte| *byte == b'\n') {
        Some(at) => (&data[..at], &data[at + 1..]),
        None => (data, &[]),
    }
}

/// As text, whatever it is.
fn text(data: &[u8]) -> std::borrow::Cow<'_, str> {
    String::from_utf8_lossy(data)
}
