//! Disks made of real boot loader files: read by programs of others, and booted.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod boot;
mod media;
mod rig;
mod whole;
