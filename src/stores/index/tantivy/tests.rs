//! The index from outside: what is applied is found, in the right order, and survives.
