//! The crate over a tree that libyang has filled: tables, costs, what is read, and the same values as
//! libyang and libxml2.

#![allow(clippy::unwrap_used, reason = "a helper that cannot go on fails the test")]

mod arena;
mod cost;
mod libxml2;
mod libyang;
mod reads;
mod strategies;
mod table;
