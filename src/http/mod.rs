//! Floor 6: HTTP. The only floor that knows status codes and headers. The whole URL table is on this page; a handler
//! takes the request apart ([`extract`]), makes one call of the engine and dresses the answer ([`respond`]). Failures
//! are values that the one middleware ([`observe`]) turns into a body ([`error`]).
//!
//! *Decision:* names in paths are decoded from the raw segments, not from actix's captures: actix leaves `%25`, `%2F`
//! and `%2B` as they are, and a name may hold `%` and `+`.
pub mod access_log;
pub mod answers;
pub mod archive;
pub mod batches;
pub mod bodies;
pub mod body;
pub mod csv;
pub mod echo;
pub mod error;
pub mod extract;
pub mod headers;
pub mod multipart;
pub mod ndjson;
pub mod observe;
pub mod parameters;
pub mod respond;
pub mod results;
pub mod route;
pub mod routes;
pub mod server;
pub mod table;

use actix_web::http::Method;
use actix_web::web::ServiceConfig;
use route::Route;
use routes::{
    bulk, config, erase, fields, imports, jobs, list, metadata, operations, search, standing, tokens, transcribe,
    transcripts, upkeep,
};
use table::{resource, serves};

// The busiest line comes first: actix tries them in order.
table::table! {
    "/metadata/{company}/{org}/{tid}" {
        GET metadata::read, PATCH metadata::patch, PUT metadata::replace, DELETE metadata::remove
    }
    "/metadata/{company}/{org}" { PATCH bulk::lines, POST bulk::by_query }
    "/search/{company}/{org}/{folder}" { GET search::by_query, POST search::by_body, DELETE search::erase }
    "/search/{company}/{org}" { GET search::by_query, POST search::by_body, DELETE search::erase }
    "/search/{company}" { GET search::by_query, POST search::by_body }
    "/transcripts/{company}/{org}/{tid}" {
        GET transcripts::read, PUT transcripts::put, DELETE transcripts::erase
    }
    "/transcripts/{company}/{org}" { POST transcripts::bring }
    "/transcribe/{org}/{folder}" { POST transcribe::upload }
    "/request/{org}/status" { GET transcribe::status }
    "/imports/{company}/{org}" { GET imports::list, POST imports::declare }
    "/imports/{company}/{org}/{id}" { GET imports::read, DELETE imports::remove }
    "/imports/{company}/{org}/{id}/rows" { PUT imports::rows }
    "/imports/{company}/{org}/{id}/errors" { GET imports::errors }
    "/imports/{company}/{org}/{id}/retry" { POST imports::retry }
    "/jobs" { GET jobs::list }
    "/jobs/{id}" { GET jobs::read }
    "/jobs/{id}/cancel" { POST jobs::cancel }
    "/config" { GET config::read, POST config::change, DELETE config::delete }
    "/config/{company}/{org}/fields" { GET fields::list }
    "/config/{company}/{org}/fields/{name}" { GET fields::read, POST fields::define, DELETE fields::delete }
    "/config/{company}/{org}/fields/{name}/restore" { POST fields::restore }
    "/config/{company}/{org}/unconfigured" { GET fields::unconfigured_in_org }
    "/config/{company}/{org}/{folder}/unconfigured" { GET fields::unconfigured, POST fields::promote }
    "/config/{path:.*}" { GET config::read, POST config::change, DELETE config::delete }
    "/list" { GET list::names }
    "/list/{path:.*}" { GET list::names }
    "/tokens" { GET tokens::list, POST tokens::make }
    "/tokens/{id}" { DELETE tokens::revoke }
    "/erase/{company}/{org}/{folder}" { GET erase::standing, POST erase::begin }
    "/erase/{company}/{org}" { GET erase::standing, POST erase::begin }
    "/reindex" { GET upkeep::reindexing, POST upkeep::reindex }
    "/backup" { GET upkeep::backup_standing, POST upkeep::backup }
    "/status" { GET standing::folders }
    "/status/{path:.*}" { GET standing::folders }
    "/sysinfo" { GET standing::system }
    "/livez" { GET operations::alive }
    "/readyz" { GET operations::ready }
    "/metrics" { GET operations::metrics }
    "/openapi.json" { GET operations::description }
}

#[cfg(test)]
mod tests;
