//! Compares what was rendered with what FRR runs.

use std::collections::BTreeSet;

/// The lines of a configuration without their order: each with the block and the address family that it stands in.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Lines(BTreeSet<(String, String, String)>);

/// Beginnings of lines that FRR adds of itself, or shows although they are the same for everybody.
const NOT_COMPARED: &[&str] = &[
    "frr version ",
    "frr defaults ",
    "hostname ",
    "log ",
    "service ",
    "no ip forwarding",
    "no ipv6 forwarding",
];

impl Lines {
    /// Reads a configuration file, or what `show running-config no-header` says.
    pub(super) fn of(text: &str) -> Self {
        let (mut block, mut family) = (String::new(), String::new());
        let mut lines = BTreeSet::new();
        for raw in text.lines() {
            let line = raw.trim();
            let skip = line.is_empty() || line.starts_with(['!', '#']) || line == "end";
            if skip || NOT_COMPARED.iter().any(|start| line.starts_with(start)) {
                continue;
            }
            match line {
                "exit" => (block, family) = (String::new(), String::new()),
                "exit-address-family" => family = String::new(),
                _ => {
                    if !raw.starts_with(' ') {
                        (block, family) = (String::new(), String::new());
                    }
                    lines.insert((block.clone(), family.clone(), line.to_owned()));
                    if line.starts_with("address-family ") {
                        line.clone_into(&mut family);
                    } else if !raw.starts_with(' ') {
                        line.clone_into(&mut block);
                    }
                }
            }
        }
        Self(lines)
    }

    /// Lines of this one that the other has not.
    pub(super) fn missing_in(&self, other: &Self) -> Vec<&str> {
        self.0.iter().filter(|line| !other.0.contains(*line)).map(|(_, _, line)| line.as_str()).collect()
    }

    /// Lines of the other one that this one has not. An address family without a line in it is nothing.
    pub(super) fn too_many_in<'a>(&self, other: &'a Self) -> Vec<&'a str> {
        let extra = other.0.iter().filter(|line| !self.0.contains(*line)).map(|(_, _, line)| line.as_str());
        extra.filter(|line| !line.starts_with("address-family ")).collect()
    }

    /// Whether FRR has these and no others.
    pub(super) fn match_running(&self, running: &Self) -> bool {
        self.missing_in(running).is_empty() && self.too_many_in(running).is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::Lines;

    const OURS: &str = "! by us\nfrr defaults traditional\nfpm address 127.0.0.1\nip route 10.0.0.0/8 192.0.2.1\nrouter bgp 1\n neighbor 192.0.2.1 remote-as 2\n !\n address-family ipv4 unicast\n  neighbor 192.0.2.1 activate\n exit-address-family\nexit\n";

    #[test]
    fn order_headers_and_comments_do_not_count() {
        let running = "frr version 8.4.4\nhostname x\nrouter bgp 1\n neighbor 192.0.2.1 remote-as 2\n !\n address-family ipv4 unicast\n  neighbor 192.0.2.1 activate\n exit-address-family\nexit\n!\nip route 10.0.0.0/8 192.0.2.1\nfpm address 127.0.0.1\nend\n";
        assert!(Lines::of(OURS).match_running(&Lines::of(running)));
    }

    #[test]
    fn what_is_missing_and_what_is_too_much_is_told() {
        let running = OURS.replace("  neighbor 192.0.2.1 activate\n", "").replace("10.0.0.0/8", "10.0.0.0/9");
        let (ours, running) = (Lines::of(OURS), Lines::of(&running));
        assert_eq!(
            ours.missing_in(&running),
            ["ip route 10.0.0.0/8 192.0.2.1", "neighbor 192.0.2.1 activate"]
        );
        assert_eq!(ours.too_many_in(&running), ["ip route 10.0.0.0/9 192.0.2.1"]);
        assert!(!ours.match_running(&running));
    }

    #[test]
    fn the_same_line_in_another_block_is_another_line() {
        let other = OURS.replace("ipv4 unicast", "ipv6 unicast");
        assert!(Lines::of(OURS).missing_in(&Lines::of(&other)).contains(&"neighbor 192.0.2.1 activate"));
    }
}
