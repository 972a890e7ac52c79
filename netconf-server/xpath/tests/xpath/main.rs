//! The crate over a tree that libyang has filled: tables, costs, what is read, and the same node sets as libyang.

mod arena;
mod cost;
mod libyang;
mod reads;
mod table;
