//! `/proc/loadavg`: `0.20 0.18 0.12 1/80 11206` (proc(5)).

use crate::catalogue::LOAD;
use crate::collect::CollectError;
use crate::collect::tree::{Machine, text};
use crate::point::Point;

/// One point.
pub(in crate::collect) fn read(machine: &Machine) -> Result<Vec<Point>, CollectError> {
    let path = machine.proc.join("loadavg");
    let line = text(&path)?;
    let point = parse(&line).ok_or_else(|| CollectError::parse(&path, "load averages", &line))?;
    Ok(vec![point])
}

fn parse(line: &str) -> Option<Point> {
    let mut words = line.split_ascii_whitespace();
    let mut point = Point::new(&LOAD, []);
    for name in ["load1", "load5", "load15"] {
        point = point.with(name, hundredths(words.next()?)?);
    }
    let (running, all) = words.next()?.split_once('/')?;
    Some(point.with("tasks_running", running.parse().ok()?).with("tasks", all.parse().ok()?))
}

/// The kernel writes exactly two places.
fn hundredths(text: &str) -> Option<u64> {
    let (whole, part) = text.split_once('.')?;
    let part: u64 = if part.len() == 2 { part.parse().ok()? } else { return None };
    whole.parse::<u64>().ok()?.checked_mul(100)?.checked_add(part)
}
