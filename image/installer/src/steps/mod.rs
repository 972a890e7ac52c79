//! The steps of an installation, one per file. Each can be cut short at any byte and done again from the first.

pub(crate) mod bootloader;
pub mod slot;
pub(crate) mod state;
pub(crate) mod wipe;
