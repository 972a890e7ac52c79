//! `/proc/diskstats`: sectors here are 512 bytes whatever the device has (Documentation/admin-guide/iostats.rst).

use crate::catalogue::DISK;
use crate::collect::CollectError;
use crate::collect::tree::{Machine, field, text};
use crate::point::Point;

/// Bytes of what the kernel calls a sector in this file.
const SECTOR: u64 = 512;

/// One point for each device that has done any work: the kernel makes unused loop and RAM devices by the dozen.
pub(in crate::collect) fn read(machine: &Machine) -> Result<Vec<Point>, CollectError> {
    let path = machine.proc.join("diskstats");
    let mut points = Vec::new();
    for line in text(&path)?.lines() {
        let words: Vec<&str> = line.split_ascii_whitespace().collect();
        let number = |index, wanted| field(&path, line, &words, index, wanted);
        let Some(device) = words.get(2) else {
            return Err(CollectError::parse(&path, "name of a device", line));
        };
        let (reads, writes) = (number(3, "reads")?, number(7, "writes")?);
        if reads == 0 && writes == 0 {
            continue;
        }
        let point = Point::new(&DISK, [device])
            .with("reads", reads)
            .with("read", number(5, "sectors read")?.saturating_mul(SECTOR))
            .with("read_time", number(6, "time of reads")?)
            .with("writes", writes)
            .with("written", number(9, "sectors written")?.saturating_mul(SECTOR))
            .with("write_time", number(10, "time of writes")?)
            .with("in_flight", number(11, "requests in flight")?)
            .with("busy_time", number(12, "time of work")?);
        points.push(point);
    }
    Ok(points)
}
