//! Installer of the appliance on a disk.
//!
//! [`Answer`] says what to do, [`disk`] chooses where, [`Source`] gives the image, [`install`] does it step by step, and
//! every way in which it can end badly has a [`Code`].
//!
//! The disk becomes bootable by the very last write, that of sector 0: an installation that was cut short at any point
//! leaves a disk that no firmware starts from, so that the machine boots over the network and installs again.

mod answer;
mod code;
pub mod disk;
mod error;
mod http;
mod install;
mod loaders;
mod report;
mod seed;
mod size;
mod source;
mod steps;
mod target;

pub use answer::{After, Answer, DiskHints, ImageAnswer};
pub use code::{Code, Effect};
pub use error::InstallError;
pub use http::{FetchError, HttpClient, Pause};
pub use install::{Installed, Prepared, Request, install};
pub use loaders::LoaderFiles;
pub use report::{Event, Observer, Reporter, Step};
pub use seed::Seed;
pub use size::ByteSize;
pub use source::{Archive, Belief, Source, Trust};
pub use steps::slot;
pub use target::{ImageTarget, Target, holds_data};
