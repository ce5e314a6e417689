//! Floor 2: the vocabulary and the rules. Pure: no I/O, no clock, no async.
//!
//! Glossary: *transcript* one recorded conversation · *body* its JSON less `client_data` · *turn* one element of
//! `utterances` · *metadata* its `client_data` · *field* a metadata name, configured for a folder or not · *schema*
//! what is configured · *projection* metadata seen through a schema · *built-in* a value every transcript has
//! (`datetime`, `duration`, …) · *revision* grows by one with every accepted write · *words revision* the revision
//! that brought the present body · *key* the dense number the database gives an incarnation of a transcript.
pub mod access;
pub mod builtins;
pub mod catalogue;
pub mod fields;
pub mod identity;
pub mod limits;
pub mod metadata;
pub mod projection;
pub mod receipt;
pub mod record;
pub mod refusal;
pub mod transcript;
pub mod words;
