//! Which nodes of a tree are asked for.

mod selection;
mod subtree;

pub use selection::{Picked, Selection};
pub use subtree::SubtreeFilter;
