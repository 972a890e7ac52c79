//! Sources that are asked, and may be slow or absent, in contrast to files of the kernel.

use super::CollectError;
use crate::catalogue::Set;
use crate::point::Point;
use jiff::Timestamp;

/// What a source said at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    /// When.
    pub time: Timestamp,
    /// Points of any of its sets.
    pub points: Vec<Point>,
}

/// A source that is asked; one answer fills all of its sets.
pub trait Remote: Send + 'static {
    /// Its name in the log.
    const NAME: &'static str;
    /// The sets that it fills.
    const SETS: &'static [&'static Set];

    /// Asks once, within a deadline of its own.
    fn read(&mut self) -> impl Future<Output = Result<Reading, CollectError>> + Send;
}
