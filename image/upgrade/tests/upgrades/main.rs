//! Upgrades of a disk image, cut short at every write and looked at with GRUB's own programs.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod loaders;
mod power_cut;
mod rig;
mod trial;
