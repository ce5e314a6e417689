//! The index from outside: what is applied is found, in the right order, and survives.
mod durability;
mod figures;
mod near;
mod oracle;
mod pages;
mod phrases;
mod said;
mod shown;
mod support;
mod timing;
mod values;
