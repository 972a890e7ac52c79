//! Configuration as it stands in `site.yaml` under `subnets:`.

mod boot;
mod option;
mod pool;
mod seconds;
mod validate;

pub use boot::{Boot, Loaders};
pub use option::{ExtraOption, OptionValue};
pub use pool::AddressRange;
pub use seconds::Seconds;
pub use validate::{ConfigError, check_options, validate};

use ipnet::Ipv4Net;
use serde::Deserialize;
use std::net::Ipv4Addr;

/// What the server does in a subnet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// Gives addresses and boot files.
    Server,
    /// Another server gives addresses; this one adds boot files only (ports 67 and 4011).
    Proxy,
}

/// One subnet. In proxy mode `pools`, `router` and the other address settings have no meaning and are refused.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Subnet {
    /// Network interface on which packets of this subnet arrive, directly or from its relays. The server is
    /// silent on every interface that no subnet names.
    pub interface: String,
    /// Prefix, such as `192.0.2.0/24`.
    pub subnet: Ipv4Net,
    /// `server` or `proxy`.
    #[serde(default = "server_mode")]
    pub mode: Mode,
    /// Ranges for machines without a reservation, `first-last` or a prefix. Without any, only reserved machines
    /// get an address.
    #[serde(default)]
    pub pools: Vec<AddressRange>,
    /// Default router (option 3).
    pub router: Option<Ipv4Addr>,
    /// Name servers (option 6).
    #[serde(default)]
    pub dns: Vec<Ipv4Addr>,
    /// Domain name (option 15).
    pub domain: Option<String>,
    /// Time servers (option 42).
    #[serde(default)]
    pub ntp: Vec<Ipv4Addr>,
    /// Interface MTU (option 26), 576 to 65535.
    pub mtu: Option<u16>,
    /// How long a lease lasts: seconds or `30m`, `12h`, `1d`.
    #[serde(default = "Seconds::default_lease")]
    pub lease_time: Seconds,
    /// How long an address that a client declined stays unused.
    #[serde(default = "Seconds::default_quarantine")]
    pub quarantine: Seconds,
    /// Address that names this server to clients (option 54). Default: the interface's address in this subnet,
    /// else its first.
    pub server_address: Option<Ipv4Addr>,
    /// Relays that reach this subnet, by the address they put in `giaddr`. A subnet with relays is served only
    /// through them; without, only on the link.
    #[serde(default)]
    pub relays: Vec<Ipv4Addr>,
    /// Network boot. Without it no boot file is ever named.
    pub boot: Option<Boot>,
    /// Further options for every client of the subnet.
    #[serde(default)]
    pub options: Vec<ExtraOption>,
}

impl Subnet {
    /// True for addresses of the subnet that are no machine's: the network's, the broadcast's, the router's and that of the
    /// `server`.
    pub fn is_special(&self, ip: Ipv4Addr, server: Ipv4Addr) -> bool {
        let net = self.subnet;
        ip == server || Some(ip) == self.router || ip == net.network() || ip == net.broadcast()
    }
}

fn server_mode() -> Mode {
    Mode::Server
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(yaml: &str) -> Result<Subnet, String> {
        serde_saphyr::from_str(yaml).map_err(|e| e.to_string())
    }

    #[test]
    fn a_full_subnet_and_its_defaults() {
        let subnet = parse(
            "interface: eth1\nsubnet: 192.0.2.0/24\npools: [192.0.2.10-192.0.2.20, 192.0.2.64/26]\n\
             router: 192.0.2.1\nlease_time: 12h\nboot: {next_server: 192.0.2.1}\n\
             options:\n  - {code: 150, value: {ips: [192.0.2.1]}}\n  - {code: 224, value: {hex: 00ff}, always: true}\n",
        )
        .unwrap();
        assert_eq!(subnet.mode, Mode::Server);
        assert_eq!(subnet.lease_time.get(), 43_200);
        assert_eq!(subnet.quarantine.get(), 3_600);
        assert_eq!(subnet.pools[1].first(), Ipv4Addr::new(192, 0, 2, 64));
        assert_eq!(subnet.options[0].value.encode(), [192, 0, 2, 1]);
        assert_eq!(subnet.options[1].value.encode(), [0, 255]);
        let boot = subnet.boot.unwrap();
        assert_eq!(boot.script_url(), "http://192.0.2.1/boot/script.ipxe");
        assert_eq!(boot.loaders.bios.as_deref(), Some("undionly.kpxe"));
    }

    #[test]
    fn errors_name_the_key_and_what_is_accepted() {
        let base = "interface: eth1\nsubnet: 192.0.2.0/24\n";
        for (line, words) in [
            ("mode: prox\n", &["prox", "server", "proxy"][..]),
            ("rooter: 192.0.2.1\n", &["rooter", "router"]),
            ("pools: [192.0.2.20-192.0.2.10]\n", &["192.0.2.20", "first-last"]),
            ("pools: [192.0.2.20]\n", &["first-last"]),
            ("lease_time: soon\n", &["soon", "12h"]),
            ("lease_time: 0\n", &["0", "1 second"]),
            ("boot: {next_server: 192.0.2.1, loaders: {amiga: x}}\n", &["amiga", "bios"]),
            ("options: [{code: 150, value: {hex: abc}}]\n", &["abc", "hexadecimal"]),
        ] {
            let error = parse(&format!("{base}{line}")).unwrap_err();
            for word in words {
                assert!(error.contains(word), "{line}: no {word:?} in {error}");
            }
        }
    }
}
