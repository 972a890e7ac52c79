//! Disk image and appliance formats of hypervisors and clouds, as streaming byte writers, and their lint.
//!
//! Each writer takes a raw disk ([`Disk`]) and writes front to back, without reading holes, in bounded memory, to the letter
//! of its format; the same disk gives the same bytes, whatever the number of threads and the holes of the file. Nothing here
//! opens a file, reads a clock or runs a program.
//!
//! | format | writer | for |
//! |---|---|---|
//! | VMDK, stream-optimised | [`write_vmdk`] | VMware |
//! | OVA | [`ova::write_ova`] | VMware, and whoever imports OVF |
//! | VHD, fixed | [`write_vhd`] | Azure |
//! | `disk.raw` in a `.tar.gz` | [`write_gce`] | Google Compute Engine |
//! | gzip | [`Gzip`] | USB sticks |
//!
//! [`lint`] checks anybody's OVA and VMDK by the same rules.

mod disk;
mod error;
mod gce;
mod gzip;
pub mod lint;
pub mod ova;
mod tar;
mod vhd;
mod vmdk;

pub use disk::Disk;
pub use error::FormatError;
pub use gce::write_gce;
pub use gzip::Gzip;
pub use vhd::write_vhd;
pub use vmdk::{Adapter, VmdkSpec, VmdkWritten, write_vmdk};
