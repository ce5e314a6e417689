//! The index from outside: what is applied is found, in the right order, and survives.
mod durability;
mod oracle;
mod phrases;
mod said;
mod shown;
mod support;
mod values;
