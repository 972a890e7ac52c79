//! Checks anybody's OVA and VMDK by the rules of their formats and of those who import them, and names each breach.
//!
//! [`rules`](Rule::ALL) has every rule. Nothing of a file is believed: sizes are bounded, and what is large is only streamed.

mod manifest;
mod ova;
mod ovf;
mod rules;
mod vmdk;
mod xml;

pub use ova::lint_ova;
pub use rules::{Breach, Level, Rule};
pub use vmdk::lint_vmdk;
