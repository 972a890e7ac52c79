//! Labs for Daybreak: networks in namespaces, machines in QEMU, and what tests wait on.
//!
//! Start at [`bridge::Bridge`] (a wire), [`namespace::Namespace`] (who is on it) and [`machine::Machine`] (what boots
//! on it); [`lab::Lab`] is the usual set of them with a provisioner. Everything a lab makes dies with the process that made it.

pub mod ansible;
pub mod bridge;
pub mod demo;
pub mod dhcp_client;
pub mod directory;
pub mod environment;
pub mod error;
pub mod frr;
pub mod hosts;
pub mod influx;
pub mod lab;
pub mod machine;
pub mod namespace;
pub mod newer;
pub mod patience;
mod plain_text;
pub mod process;
pub mod provisioner;
pub mod routed;
pub mod seeded;
pub mod slots;
pub mod ssh;
pub mod story;
pub mod text_log;
pub mod timeline;
pub mod told;
pub mod vlan;
