//! Builder of the appliance image and its formats.
//!
//! A build is a list of steps ([`Plan`]), each with a key made of everything that decides about its result; [`build`] runs
//! those whose result is not in the cache. The root of the image is a tar archive that is never unpacked on the build
//! machine: packages, overlay and users are merged into the stream that the packer reads. Start reading with [`spec`]
//! (what an operator writes), then `build.rs` (the order of the steps) and `steps/` (one file each).

mod apt;
mod archive;
mod build;
mod cache;
pub mod cli;
mod command;
mod deb;
mod digest;
mod error;
mod formats;
#[cfg(test)]
mod killed;
mod plan;
mod previous;
mod progress;
mod recipe;
mod record;
mod sbom;
pub mod signing;
pub mod spec;
mod steps;
mod users;

pub use build::{Built, Request, build, plan};
pub use error::ImageError;
pub use plan::{Observed, Plan, Step};
pub use progress::{Progress, Silent};
pub use record::{BuildRecord, StepRecord};
