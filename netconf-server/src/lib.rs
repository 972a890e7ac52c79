//! Management plane of the appliance. For now its command line, `vrouter`: see [`cli`].

pub mod cli;
pub mod intent;
pub mod nacm;
pub mod state;
