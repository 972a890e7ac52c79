//! Management plane of the appliance: `netconfd`, which begins at [`server`], and its command line `vrouter`, at [`cli`].

pub mod cli;
pub mod engine;
pub mod intent;
pub mod login;
pub mod nacm;
pub mod operation;
pub mod server;
pub mod state;
