//! `make demo`: from an empty machine to an SSH login, told as it happens.
//!
//! The lab outlives the command, so two processes share the work: the keeper ([`keeper`]) owns the lab and reports on a
//! pipe, the front ([`front`]) shows the reports and goes. `make demo-down` ends the keeper, and with it the lab.

pub mod front;
pub mod keeper;
mod message;
mod phases;
mod runtime;
