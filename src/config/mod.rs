//! Floor 3: what the process is told, as plain data. One TOML file; each section is a struct with its defaults.
//!
//! A value comes from, in rising order: the built-in default, the file, the environment (`LINERNOTES_SECTION__KEY`), a
//! flag. Where it came from is kept. Components get *their section*, never the whole. Nothing outside this folder reads
//! the environment.
pub mod check;
pub mod engine;
pub mod environment;
pub mod load;
pub mod sections;
pub mod server;
pub mod show;

pub use check::Problem;
pub use engine::{Backup, Compat, Retention, Workers};
pub use environment::Environment;
pub use load::{Loaded, Origin, Sources};
pub use sections::Config;
