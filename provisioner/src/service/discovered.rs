//! Machines that asked for a boot script and are not enrolled.

use crate::node::MacAddr;
use jiff::Timestamp;
use parking_lot::Mutex;
use std::collections::HashMap;
use std::net::IpAddr;

/// Machines remembered; the one not seen for longest makes room.
const KEPT: usize = 1_024;

/// A machine that is not enrolled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Machine {
    /// Its MAC address.
    pub mac: MacAddr,
    /// Where it asked from.
    pub peer: IpAddr,
    /// When.
    pub last_seen: Timestamp,
}

/// The machines.
#[derive(Debug, Default)]
pub struct Discovered(Mutex<HashMap<MacAddr, Machine>>);

impl Discovered {
    /// Remembers a machine. True when it is new.
    pub fn see(&self, machine: Machine) -> bool {
        let mut machines = self.0.lock();
        if !machines.contains_key(&machine.mac) && machines.len() >= KEPT {
            let oldest = machines.values().min_by_key(|machine| machine.last_seen).map(|machine| machine.mac);
            if let Some(oldest) = oldest {
                machines.remove(&oldest);
            }
        }
        machines.insert(machine.mac, machine).is_none()
    }

    /// Forgets a machine that was enrolled.
    pub fn forget(&self, mac: MacAddr) {
        self.0.lock().remove(&mac);
    }

    /// All, latest first.
    pub fn all(&self) -> Vec<Machine> {
        let mut machines: Vec<_> = self.0.lock().values().cloned().collect();
        machines.sort_by_key(|machine| std::cmp::Reverse(machine.last_seen));
        machines
    }
}

#[cfg(test)]
mod tests {
    use super::{Discovered, KEPT, Machine};
    use jiff::{SignedDuration, Timestamp};

    #[test]
    fn a_flood_of_addresses_takes_no_more_room() {
        let machines = Discovered::default();
        for n in 0..KEPT + 50 {
            let at = Timestamp::UNIX_EPOCH + SignedDuration::from_secs(i64::try_from(n).unwrap());
            let mac = format!("52:54:00:00:{:02x}:{:02x}", n >> 8, n & 255).parse().unwrap();
            machines.see(Machine { mac, peer: [10, 0, 0, 1].into(), last_seen: at });
        }
        let kept = machines.all();
        assert_eq!(kept.len(), KEPT);
        assert_eq!(kept[0].last_seen.as_second(), i64::try_from(KEPT).unwrap() + 49);
    }
}
