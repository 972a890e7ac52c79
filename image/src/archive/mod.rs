//! Archives that the builder reads and writes as streams: nothing is unpacked on the build machine.

mod cpio;
mod layer;
mod merge;
mod raw;

pub(crate) use cpio::Cpio;
pub(crate) use layer::{Content, Layer, Node};
pub(crate) use merge::{Edits, Merge, append};
pub(crate) use raw::{RawEntry, RawTar};
