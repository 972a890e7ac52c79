//! `/proc/stat`: time of each core, in clock ticks (proc(5)).

use crate::catalogue::CPU;
use crate::collect::CollectError;
use crate::collect::tree::{Machine, field, text};
use crate::point::Point;

const FIELDS: [&str; 8] = ["user", "nice", "system", "idle", "iowait", "irq", "softirq", "steal"];

/// One point for each core that is online; the line `cpu`, their sum, is left to queries.
pub(in crate::collect) fn read(machine: &Machine) -> Result<Vec<Point>, CollectError> {
    let path = machine.proc.join("stat");
    let mut points = Vec::new();
    for line in text(&path)?.lines() {
        let words: Vec<&str> = line.split_ascii_whitespace().collect();
        let Some(core) = words.first().and_then(|word| word.strip_prefix("cpu")) else { continue };
        if core.is_empty() {
            continue;
        }
        let mut point = Point::new(&CPU, [core]);
        for (index, name) in FIELDS.into_iter().enumerate() {
            point = point.with(name, machine.microseconds(field(&path, line, &words, index + 1, name)?));
        }
        points.push(point);
    }
    if points.is_empty() {
        return Err(CollectError::parse(&path, "line of a core", ""));
    }
    Ok(points)
}
