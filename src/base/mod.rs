//! Floor 0: things any server needs. Nothing here knows the word "transcript".
pub mod atomic_file;
pub mod causes;
pub mod clock;
pub mod digest;
pub mod fold;
pub mod json;
pub mod lock_file;
pub mod near;
pub mod room;
pub mod seal;
pub mod secret;
