//! The kernel's own figures: one file for each set, each a parser and a thin reader.

pub(super) mod cpu;
pub(super) mod disk;
pub(super) mod hugepages;
pub(super) mod interface;
pub(super) mod load;
pub(super) mod memory;
pub(super) mod process;
pub(super) mod uptime;

#[cfg(test)]
mod cases;
