//! `/proc/uptime` (`4565.09 3951.78`) and the line `btime` of `/proc/stat` (proc(5)).

use crate::catalogue::UPTIME;
use crate::collect::CollectError;
use crate::collect::tree::{Machine, text};
use crate::point::Point;

/// One point.
pub(in crate::collect) fn read(machine: &Machine) -> Result<Vec<Point>, CollectError> {
    let path = machine.proc.join("uptime");
    let line = text(&path)?;
    let uptime =
        milliseconds(&line).ok_or_else(|| CollectError::parse(&path, "seconds since boot", &line))?;
    Ok(vec![Point::new(&UPTIME, []).with("uptime", uptime).with("boot_time", boot_time(machine)?)])
}

/// When the machine booted, in seconds since 1970.
pub(super) fn boot_time(machine: &Machine) -> Result<u64, CollectError> {
    let path = machine.proc.join("stat");
    text(&path)?
        .lines()
        .find_map(|line| line.strip_prefix("btime ")?.trim().parse().ok())
        .ok_or_else(|| CollectError::parse(&path, "line btime", ""))
}

fn milliseconds(line: &str) -> Option<u64> {
    let (whole, part) = line.split_ascii_whitespace().next()?.split_once('.')?;
    let part: u64 = if part.len() == 2 { part.parse().ok()? } else { return None };
    whole.parse::<u64>().ok()?.checked_mul(1000)?.checked_add(part * 10)
}
