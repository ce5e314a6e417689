//! A server process on a scratch folder, and a plain HTTP/1.1 client that sends exactly what a test says.
pub mod client;
pub mod server;

pub use client::Answer;
pub use server::Server;
