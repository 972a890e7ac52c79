//! Configuration datastores: an arena for the schema, immutable trees that share what they have in common, edits that cost
//! what they change.

pub mod codec;
pub mod constraint;
pub mod diff;
pub mod edit;
pub mod error;
pub mod filter;
pub mod schema;
pub mod store;
pub mod tree;
pub mod xml;

#[cfg(test)]
mod properties;
#[cfg(test)]
mod testing;
