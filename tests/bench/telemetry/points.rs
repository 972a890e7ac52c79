//! What is written: the counters of a thousand ports, again and again, in batches of the size that telemetryd sends.

use daybreak_telemetry::catalogue::DATAPLANE_PORT;
use daybreak_telemetry::line::{self, CommonTags};
use daybreak_telemetry::point::Point;
use jiff::Timestamp;

/// Points in a batch; with 13 values each they are about 200 KiB.
pub(crate) const BATCH: u32 = 600;

/// Batches of a run.
pub(crate) const BATCHES: u32 = 200;

const PORTS: u32 = 1000;

/// Point number `number` of a run, and its time.
pub(crate) fn point(number: u32) -> (Point, Timestamp) {
    let (port, second) = (number % PORTS, number / PORTS);
    let count = u64::from(second) * 1_000_003 + u64::from(port) * 1_000_000_007;
    let values =
        ["rx_packets", "rx_bytes", "tx_packets", "tx_bytes", "rx_missed", "rx_errors", "rx_no_buffer"];
    let more = ["tx_errors", "punted_packets", "injected_packets", "link_up", "started", "mtu"];
    let point = Point::new(&DATAPLANE_PORT, [format!("et-0/{}/{}", port / 48, port % 48).as_str()]);
    let point = (values.into_iter().chain(more).zip(0..))
        .fold(point, |point, (name, place): (_, u64)| point.with(name, count.wrapping_add(place)));
    (point, Timestamp::from_second(1_800_000_000 + i64::from(second) * 10).unwrap_or_default())
}

/// Tags of every point.
pub(crate) fn common() -> CommonTags {
    CommonTags::new([("host".to_owned(), "vr1".to_owned()), ("site".to_owned(), "lab".to_owned())])
}

/// The lines of batch number `batch`.
pub(crate) fn batch(batch: u32) -> String {
    let (common, mut text) = (common(), String::new());
    for number in batch * BATCH..(batch + 1) * BATCH {
        let (point, time) = point(number);
        line::write(&mut text, &point, &common, time);
    }
    text
}
