//! Management plane of the appliance. For now its command line, `vrouter`: see [`cli`].

pub mod cli;
pub mod engine;
pub mod intent;
pub mod login;
pub mod nacm;
pub mod operation;
pub mod server;
pub mod state;
