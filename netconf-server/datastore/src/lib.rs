//! Configuration datastores: an arena for the schema, immutable trees that share what they have in common, edits that cost
//! what they change.

pub mod diff;
pub mod schema;
pub mod tree;

#[cfg(test)]
mod testing;
