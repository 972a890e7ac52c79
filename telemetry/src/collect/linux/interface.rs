//! `/sys/class/net/NAME/` (Documentation/ABI/testing/sysfs-class-net and -statistics).

use crate::catalogue::INTERFACE;
use crate::collect::CollectError;
use crate::collect::tree::{Machine, names, number_if_there, text_if_there};
use crate::point::Point;
use std::path::Path;

const COUNTERS: [(&str, &str); 10] = [
    ("rx_bytes", "in_octets"),
    ("rx_packets", "in_pkts"),
    ("multicast", "in_multicast_pkts"),
    ("rx_errors", "in_errors"),
    ("rx_dropped", "in_discards"),
    ("rx_missed_errors", "in_missed"),
    ("tx_bytes", "out_octets"),
    ("tx_packets", "out_pkts"),
    ("tx_errors", "out_errors"),
    ("tx_dropped", "out_discards"),
];

/// `IFF_UP` of `linux/if.h`.
const UP: u32 = 1;

/// One point for each interface of this network namespace.
pub(in crate::collect) fn read(machine: &Machine) -> Result<Vec<Point>, CollectError> {
    let folder = machine.sys.join("class/net");
    let names = names(&folder)?;
    Ok(names.iter().filter_map(|name| interface(name, &folder.join(name))).collect())
}

/// Nothing for what is no interface (`bonding_masters` is a file) and for one that goes away in this moment.
fn interface(name: &str, folder: &Path) -> Option<Point> {
    let mut point = Point::new(&INTERFACE, [name]);
    for (file, kpi) in COUNTERS {
        point = point.with(kpi, number_if_there(&folder.join("statistics").join(file))?);
    }
    let admin = text_if_there(&folder.join("flags")).and_then(|flags| admin_status(&flags));
    let oper = text_if_there(&folder.join("operstate")).and_then(|state| oper_status(&state));
    // In Mbit/s; reading fails while the interface is down, and a virtual one may say -1.
    let speed = number_if_there(&folder.join("speed")).map(|speed| speed.saturating_mul(1_000_000));
    Some(
        point
            .with_known("carrier_transitions", number_if_there(&folder.join("carrier_changes")))
            .with_known("admin_status", admin)
            .with_known("oper_status", oper)
            .with_known("mtu", number_if_there(&folder.join("mtu")))
            .with_known("speed", speed),
    )
}

/// ifAdminStatus from a line such as `0x1003`.
fn admin_status(flags: &str) -> Option<u64> {
    let flags = u32::from_str_radix(flags.trim().strip_prefix("0x")?, 16).ok()?;
    Some(if flags & UP == UP { 1 } else { 2 })
}

/// ifOperStatus from a word such as `lowerlayerdown`.
fn oper_status(state: &str) -> Option<u64> {
    let number = match state.trim() {
        "up" => 1,
        "down" => 2,
        "testing" => 3,
        "unknown" => 4,
        "dormant" => 5,
        "notpresent" => 6,
        "lowerlayerdown" => 7,
        _ => return None,
    };
    Some(number)
}
