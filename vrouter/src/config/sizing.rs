//! What the configuration leaves to the machine: how many packet buffers, and how much memory for packets.

use super::{Buffers, Hugepages};

/// Buffers that a port and its twin hold in their queues.
const PER_PORT: u32 = 1536;
/// Buffers under way.
const UNDER_WAY: u32 = 4095;
/// Enough for as many ports as most machines have, and for some that come later.
const USUAL: u32 = 16_383;
/// The least that the packet thread works with.
const LEAST: u32 = 1023;
/// Beside the packet of a buffer: its structure, headroom and place in the pool, in bytes.
const OVERHEAD: u32 = 384;
const MIB: u64 = 1024 * 1024;

/// Packet buffers for so many ports at start, when they are to be in so much memory.
pub fn buffers(config: &Buffers, ports: usize, memory_mib: u32) -> u32 {
    config.count.unwrap_or_else(|| {
        let ports = u32::try_from(ports).unwrap_or(u32::MAX);
        let wanted = ports.saturating_mul(PER_PORT).saturating_add(UNDER_WAY).max(USUAL);
        // The rest is for rings and what drivers keep.
        let room = u64::from(memory_mib) * MIB / 4 * 3 / u64::from(u32::from(config.size) + OVERHEAD);
        wanted.min(u32::try_from(room).unwrap_or(u32::MAX)).max(LEAST)
    })
}

/// An amount of memory for packets, and why it is that.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Share {
    /// How much, in MiB.
    pub mib: u32,
    /// Why.
    pub why: &'static str,
}

/// Memory for packets, of a machine with `total` KiB: what the configuration says, else what the ports' buffers need or a
/// sixteenth of the machine, up to 256 MiB, so that ports can be added later; in any case at most a quarter.
pub fn memory(hugepages: &Hugepages, buffers: &Buffers, ports: usize, total: Option<u32>) -> Share {
    /// Where a sixteenth ends.
    const AMPLE: u32 = 256;
    /// For rings and drivers, of the whole and of each port.
    const FIXED: u32 = 16;
    const OF_PORT: u32 = 2;
    let count = self::buffers(buffers, ports, u32::MAX);
    let bytes = u64::from(count) * u64::from(u32::from(buffers.size) + OVERHEAD);
    let ports = u32::try_from(ports).unwrap_or(u32::MAX);
    let need = u32::try_from(bytes.div_ceil(MIB)).unwrap_or(u32::MAX);
    let need = need.saturating_add(FIXED).saturating_add(ports.saturating_mul(OF_PORT));
    let total = total.map(|kib| kib / 1024);
    let share = total.map_or(AMPLE, |mib| mib / 16).min(AMPLE);
    let wanted = match hugepages.memory {
        Some(size) => Share { mib: size.to_mib(), why: "the configuration says so" },
        None if need > share => Share { mib: need, why: "what the ports' buffers need" },
        None if share == AMPLE => Share { mib: AMPLE, why: "ample for any number of ports" },
        None => Share { mib: share, why: "a sixteenth of the machine's memory" },
    };
    let quarter = total.map_or(u32::MAX, |mib| mib / 4);
    if wanted.mib <= quarter {
        wanted
    } else {
        Share { mib: quarter, why: "a quarter of the machine's memory" }
    }
}

/// The machine's memory in KiB, from the text of `/proc/meminfo`.
pub fn total_kib(meminfo: &str) -> Option<u32> {
    meminfo.lines().find_map(|line| line.strip_prefix("MemTotal:")?.split_whitespace().next()?.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Size;

    const GIB: u32 = 1024 * 1024;

    #[test]
    fn memory_follows_the_machine_and_its_ports() {
        let buffers = Buffers::default();
        let unset = Hugepages::default();
        for (gib_tenths, ports, mib, why) in [
            (5, 2, 59, "need"),
            (10, 2, 64, "sixteenth"),
            (15, 2, 96, "sixteenth"),
            (15, 16, 115, "need"),
            (20, 2, 128, "sixteenth"),
            (20, 16, 128, "sixteenth"),
            (41, 2, 256, "ample"),
            (640, 16, 256, "ample"),
        ] {
            let share = memory(&unset, &buffers, ports, Some(GIB / 10 * gib_tenths + 10));
            assert!(
                share.mib.abs_diff(mib) <= 1 && share.why.contains(why),
                "{gib_tenths} {ports}: {share:?}"
            );
        }
        assert_eq!(memory(&unset, &buffers, 2, None).mib, 256, "a machine that does not say what it has");
        let tiny = memory(&unset, &buffers, 2, Some(200 * 1024));
        assert_eq!((tiny.mib, tiny.why), (50, "a quarter of the machine's memory"));
        let set = |mib| Hugepages { memory: Some(Size::mib(mib)), ..Hugepages::default() };
        assert_eq!(memory(&set(512), &buffers, 2, Some(4 * GIB)).mib, 512);
        assert_eq!(memory(&set(512), &buffers, 2, Some(GIB)).mib, 256, "never more than a quarter");
        let jumbo = Buffers { size: 9216, ..Buffers::default() };
        assert!(memory(&unset, &jumbo, 16, Some(16 * GIB)).mib > 256);
    }

    #[test]
    fn buffers_are_enough_for_the_ports_and_fit() {
        let unset = Buffers::default();
        for (ports, mib, count) in
            [(2, 128, 16_383), (8, 128, 16_383), (16, 115, 28_671), (16, 32, 10_347), (0, 1, 1023)]
        {
            assert_eq!(buffers(&unset, ports, mib), count, "{ports} {mib}");
        }
        assert_eq!(buffers(&Buffers { count: Some(4095), ..unset }, 16, 32), 4095);
    }

    #[test]
    fn what_is_reserved_for_them_holds_the_buffers() {
        for ports in 0..=16 {
            let share = memory(&Hugepages::default(), &Buffers::default(), ports, Some(GIB * 3 / 2));
            let least = u32::try_from(ports).unwrap() * PER_PORT + UNDER_WAY;
            assert!(buffers(&Buffers::default(), ports, share.mib) >= least.max(USUAL), "{ports} {share:?}");
        }
    }

    #[test]
    fn reads_meminfo() {
        assert_eq!(total_kib("MemFree: 1 kB\nMemTotal:       2014608 kB\n"), Some(2_014_608));
        assert_eq!(total_kib(""), None);
    }
}
