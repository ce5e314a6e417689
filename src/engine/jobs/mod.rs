//! Long work that people can look at: what there is to do, how far it is, how it ended; and the lane that does edits of
//! many transcripts beside everything else.
pub mod account;
pub mod board;
pub mod ended;
pub mod lane;
pub mod report;
pub mod show;
pub mod step;
pub mod work;
