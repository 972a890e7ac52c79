//! `/proc/meminfo`: `MemTotal:  24684092 kB` (proc(5)).

use crate::catalogue::MEMORY;
use crate::collect::CollectError;
use crate::collect::tree::{Machine, text};
use crate::point::Point;

const LINES: [(&str, &str); 9] = [
    ("MemTotal", "total"),
    ("MemFree", "free"),
    ("MemAvailable", "available"),
    ("Buffers", "buffers"),
    ("Cached", "cached"),
    ("Dirty", "dirty"),
    ("Slab", "slab"),
    ("SwapTotal", "swap_total"),
    ("SwapFree", "swap_free"),
];

/// One point. A line that the kernel does not write is left out, but the total must be there.
pub(in crate::collect) fn read(machine: &Machine) -> Result<Vec<Point>, CollectError> {
    let path = machine.proc.join("meminfo");
    let mut point = Point::new(&MEMORY, []);
    for line in text(&path)?.lines() {
        let Some((label, rest)) = line.split_once(':') else { continue };
        let Some((_, name)) = LINES.into_iter().find(|(known, _)| *known == label) else { continue };
        let kilobytes = rest
            .trim()
            .strip_suffix(" kB")
            .and_then(|digits| digits.parse::<u64>().ok())
            .ok_or_else(|| CollectError::parse(&path, "number of kB", line))?;
        point = point.with(name, kilobytes.saturating_mul(1024));
    }
    if !point.values.iter().any(|(name, _)| *name == "total") {
        return Err(CollectError::parse(&path, "line MemTotal", ""));
    }
    Ok(vec![point])
}
