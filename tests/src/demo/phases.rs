//! Times per phase, from the events of a deployment.

use std::fmt::Write as _;

/// A phase: its name, and the event that ends it. The first starts at power-on.
const PHASES: &[(&str, &str, &str)] = &[
    ("firmware to boot script", "BOOT-INSTALL", ""),
    ("kernel and initrd over HTTP", "HTTP-SENT", "initrd.img"),
    ("root over HTTP, checked", "HTTP-SENT", "root.squashfs"),
    ("live system up, seed read", "SEED-READ", "user-data"),
    ("disk partitioned", "INSTALL-STEP", "write:"),
    ("image written", "INSTALL-STEP", "verify:"),
    ("image read back", "INSTALL-STEP", "seed:"),
    ("seed and boot loader stored", "INSTALL-DONE", ""),
    ("restart, sent to its disk", "BOOT-DISK", ""),
    ("first boot, phoned home", "PHONE-HOME", ""),
    ("SSH login", "SSH", ""),
    ("NETCONF answers", "NETCONF", ""),
    ("configured by Ansible", "ANSIBLE", ""),
    ("BGP session, first packet", "BGP", ""),
    ("traffic through DPDK", "TRAFFIC", ""),
    ("KPIs in InfluxDB", "KPI", ""),
];

/// Collects when each phase ended.
#[derive(Debug, Default)]
pub(super) struct Phases {
    ended: Vec<f64>,
}

impl Phases {
    /// Takes an event into account.
    pub(super) fn see(&mut self, seconds: f64, code: &str, text: &str) {
        // A phase whose end was not seen (a step too quick to be reported) ends with the one after it.
        let rest = &PHASES[self.ended.len()..];
        if let Some(at) = rest.iter().position(|(_, ends, word)| code == *ends && text.contains(word)) {
            self.ended.extend(std::iter::repeat_n(seconds, at + 1));
        }
    }

    /// A table: phase, its time, time since power-on.
    pub(super) fn table(&self) -> String {
        let mut table = format!("  {:<30} {:>8} {:>9}\n", "phase", "seconds", "since on");
        let mut before = 0.0;
        for ((name, ..), seconds) in PHASES.iter().zip(&self.ended) {
            let _ = writeln!(table, "  {name:<30} {:>8.1} {seconds:>9.1}", seconds - before);
            before = *seconds;
        }
        table
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phases_add_up_and_a_repeated_event_counts_once() {
        let mut phases = Phases::default();
        for (seconds, code, text) in [
            (10.0, "BOOT-INSTALL", "to 10.77.0.50"),
            (12.5, "HTTP-SENT", "vmlinuz"),
            (13.0, "HTTP-SENT", "initrd.img"),
            (20.0, "BOOT-INSTALL", "to 10.77.0.50"),
            (25.0, "HTTP-SENT", "root.squashfs"),
        ] {
            phases.see(seconds, code, text);
        }
        assert_eq!(phases.ended, [10.0, 13.0, 25.0]);
        let table = phases.table();
        assert!(table.contains("root over HTTP, checked            12.0      25.0"), "{table}");
    }

    #[test]
    fn an_unseen_step_does_not_stop_the_clock_of_the_later_ones() {
        let mut phases = Phases::default();
        phases.see(50.0, "INSTALL-DONE", "");
        phases.see(60.0, "BOOT-DISK", "");
        assert_eq!(phases.ended.len(), 9);
        assert!((phases.ended[8] - 60.0).abs() < 1e-9);
    }
}
