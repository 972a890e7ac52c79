//! What libyang takes for the same: a copy of the tree, a merge, validation and the difference. Nothing goes to disk.

use crate::configuration::{interfaces, one_leaf};
use crate::figures::Times;
use anyhow::{Result, ensure};
use daybreak_yang::yang5::data::{DataDiffFlags, DataFormat, DataParserFlags, DataTree, DataValidationFlags};
use std::time::Instant;

pub(crate) const NAME: &str = "libyang 5.4: duplicate, merge, validate, diff; no disk";

/// Times of edits of one leaf.
pub(crate) fn edits(count: usize, rounds: usize) -> Result<Times> {
    let context = daybreak_yang::context()?;
    let parse = |xml: &str| {
        let options = DataParserFlags::NO_VALIDATION | DataParserFlags::STRICT;
        DataTree::parse_string(context, xml, DataFormat::XML, options, DataValidationFlags::NO_STATE)
    };
    let mut running = parse(&interfaces(0..count))?;
    running.validate(DataValidationFlags::NO_STATE)?;
    let mut times = Times::new();
    for round in 0..rounds {
        let edit = one_leaf(round * 7919 % count, 1400 + round);
        let started = Instant::now();
        let mut candidate = running.duplicate()?;
        candidate.merge(&parse(&edit)?)?;
        candidate.validate(DataValidationFlags::NO_STATE)?;
        let diff = running.diff(&candidate, DataDiffFlags::empty())?;
        ensure!(diff.iter().next().is_some(), "the edit changes nothing");
        times.push(started.elapsed());
        running = candidate;
    }
    Ok(times)
}
