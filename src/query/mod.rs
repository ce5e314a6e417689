//! Floor 3: what can be asked. Two languages and the parameters make one tree; the tree is resolved against the
//! configuration; a resolved tree can be evaluated over one transcript in memory (the oracle). Pure: no I/O.
pub mod ast;
pub mod columns;
pub mod evaluate;
pub mod explain;
pub mod facets;
pub mod figures;
pub mod glob;
pub mod intervals;
pub mod lexer;
pub mod parser;
pub mod pattern;
pub mod phrase;
pub mod places;
pub mod plain;
pub mod ranges;
pub mod render;
pub mod request;
pub mod resolve;
pub mod resolved;
pub mod score;
