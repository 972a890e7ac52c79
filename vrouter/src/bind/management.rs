//! Which devices stay with Linux for management.

use std::collections::HashSet;

use crate::config::Management;
use crate::daemon::pci::Nic;
use crate::packet::MacAddr;

/// What is known of the interfaces before anything is taken.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Usage {
    /// Interfaces that have, or whose VLANs or bonds have, an address or the default route: taking one would cut somebody off.
    pub(super) busy: HashSet<String>,
    /// The hardware address that the machine was booted by.
    pub(super) booted: Option<MacAddr>,
    /// What the files of systemd-networkd are about.
    pub(super) configured: Vec<Match>,
}

/// The interfaces that a file of systemd-networkd is about.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Match {
    macs: Vec<MacAddr>,
    names: Vec<String>,
}

impl Match {
    /// Reads section `[Match]` of a `.network` file. Patterns are left out: they name no interface.
    pub(super) fn read(text: &str) -> Self {
        let (mut this, mut inside) = (Self::default(), false);
        for line in text.lines().map(str::trim) {
            if line.starts_with('[') {
                inside = line == "[Match]";
            }
            let Some((key, values)) = line.split_once('=').filter(|_| inside) else { continue };
            let values = values.split_whitespace();
            match key.trim() {
                "MACAddress" | "PermanentMACAddress" => {
                    this.macs.extend(values.filter_map(|mac| mac.parse::<MacAddr>().ok()));
                }
                "Name" => {
                    let names = values.filter(|name| !name.contains(['*', '?', '[', '!']));
                    this.names.extend(names.map(str::to_owned));
                }
                _ => {}
            }
        }
        this
    }

    fn is_about(&self, nic: &Nic) -> bool {
        if !self.macs.is_empty() {
            return nic.mac.is_some_and(|mac| self.macs.contains(&mac));
        }
        nic.interface.as_ref().is_some_and(|interface| self.names.contains(interface))
    }
}

/// The hardware address in `BOOTIF=01-52-54-00-12-34-56` of a kernel line, as PXELINUX and the provisioner write it.
pub(super) fn booted(kernel_line: &str) -> Option<MacAddr> {
    let value = kernel_line.split_whitespace().find_map(|word| word.strip_prefix("BOOTIF="))?;
    let digits = if value.len() == 20 { value.strip_prefix("01-")? } else { value };
    digits.replace('-', ":").parse().ok()
}

/// Why each device stays with Linux, in the devices' order; `None` for one that may be taken.
///
/// A rule that fits none keeps the first: a machine that cannot be reached is worse than a port too few.
pub(super) fn kept(nics: &[Nic], rule: &Management, usage: &Usage) -> Vec<Option<&'static str>> {
    const CHOSEN: &str = "it is for management, as the configuration says";
    const FIRST: &str = "it is the first, for management";
    let in_use = |nic: &Nic| nic.interface.as_ref().is_some_and(|interface| usage.busy.contains(interface));
    let by_boot = |nic: &Nic| nic.mac.is_some() && nic.mac == usage.booted;
    let find = |test: &dyn Fn(&Nic) -> bool| nics.iter().position(test);
    let named = |nic: &Nic| usage.configured.iter().any(|file| file.is_about(nic));
    let chosen = match rule {
        Management::Nothing => None,
        Management::First => Some((0, FIRST)),
        Management::Mac(mac) => {
            Some(find(&|nic| nic.mac == Some(*mac)).map_or((0, FIRST), |place| (place, CHOSEN)))
        }
        Management::Name(name) => Some(
            find(&|nic| nic.interface.as_ref() == Some(name)).map_or((0, FIRST), |place| (place, CHOSEN)),
        ),
        Management::Auto => {
            let boot = find(&by_boot).map(|place| (place, "the machine was booted through it"));
            let used = || find(&in_use).map(|place| (place, "it has an address or the default route"));
            let file = || find(&named).map(|place| (place, "the network configuration names it"));
            boot.or_else(used).or_else(file).or(Some((0, FIRST)))
        }
    };
    let why = |(place, nic): (usize, &Nic)| match chosen {
        Some((of, why)) if of == place => Some(why),
        _ if in_use(nic) => Some("it has an address or the default route"),
        _ => None,
    };
    nics.iter().enumerate().map(why).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bind::plan::tests::nic;

    fn mac(number: u8) -> MacAddr {
        MacAddr([2, 0, 0, 0, 0, number])
    }

    fn places(rule: &Management, usage: &Usage) -> Vec<usize> {
        let nics = [nic(0), nic(1), nic(2)];
        let kept = kept(&nics, rule, usage);
        (0..3).filter(|place| kept[*place].is_some()).collect()
    }

    #[test]
    fn keeps_one_for_management_by_every_rule() {
        let nothing = Usage::default();
        let busy = Usage { busy: ["eth1".to_owned()].into(), ..Usage::default() };
        let booted = Usage { booted: Some(mac(2)), ..Usage::default() };
        let file = |text: &str| Usage { configured: vec![Match::read(text)], ..Usage::default() };
        let by_mac = file("[Match]\nMACAddress=02:00:00:00:00:02\n[Network]\nName=eth1\n");
        let by_name = file("[Match]\nName=eth1 eth2\n");
        let of_all = file("[Match]\nName=en* eth*\n[Network]\nDHCP=ipv4\n");
        let of_none = file("[Match]\nMACAddress=02:00:00:00:00:09\nName=eth1\n");
        let both = Usage { booted: Some(mac(2)), ..busy.clone() };
        let (by_rule, auto) = (Management::Mac(mac(1)), Management::Auto);
        for (rule, usage, kept) in [
            (&Management::First, &nothing, &[0][..]),
            (&by_rule, &nothing, &[1]),
            (&Management::Name("eth2".into()), &nothing, &[2]),
            (&Management::Mac(mac(9)), &nothing, &[0]),
            (&Management::Name("ens3".into()), &nothing, &[0]),
            (&Management::Nothing, &nothing, &[]),
            // In use is in use, whatever the rule.
            (&Management::First, &busy, &[0, 1]),
            (&Management::Nothing, &busy, &[1]),
            (&auto, &nothing, &[0]),
            (&auto, &busy, &[1]),
            (&auto, &booted, &[2]),
            (&auto, &both, &[1, 2]),
            (&auto, &by_mac, &[2]),
            (&auto, &by_name, &[1]),
            (&auto, &of_all, &[0]),
            (&auto, &of_none, &[0]),
            (&Management::First, &by_mac, &[0]),
        ] {
            assert_eq!(places(rule, usage), kept, "{rule:?} {usage:?}");
        }
        assert!(super::kept(&[], &auto, &nothing).is_empty());
    }

    #[test]
    fn reads_the_address_that_the_machine_was_booted_by() {
        for (line, found) in [
            ("quiet BOOTIF=01-02-00-00-00-00-07 x", Some(mac(7))),
            ("BOOTIF=02-00-00-00-00-07", Some(mac(7))),
            ("BOOTIF=02:00:00:00:00:07", Some(mac(7))),
            ("BOOTIF=", None),
            ("BOOTIF=06-02-00-00-00-00-07", None),
            ("boot=daybreak", None),
        ] {
            assert_eq!(booted(line), found, "{line}");
        }
    }
}
