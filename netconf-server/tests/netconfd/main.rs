//! `netconfd` as a process, asked by clients that we did not write.
#![allow(clippy::unwrap_used, reason = "a helper that fails fails its test")]

mod hostile;
mod ncclient;
mod rig;
mod ssh;
