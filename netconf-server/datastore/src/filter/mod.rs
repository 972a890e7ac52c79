//! Which nodes of a tree are asked for.

mod selection;
mod subtree;
mod xpath;

pub use selection::{Picked, Selection};
pub use subtree::SubtreeFilter;
pub use xpath::XPathFilter;

#[cfg(test)]
mod tests;
