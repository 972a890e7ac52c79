//! Debian packages: writing our own, reading any, and what dpkg's database says of them.

mod control;
mod read;
mod write;

pub(crate) use control::{Control, Status, status_of};
pub(crate) use read::Deb;
pub(crate) use write::write_deb;
