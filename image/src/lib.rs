//! Builder of the appliance image and its formats.

mod archive;
mod deb;
mod error;
pub mod spec;

pub use error::ImageError;
