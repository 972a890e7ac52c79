//! A subnet with what can be worked out once: its server address and its options as bytes.

use crate::{
    config::{ExtraOption, Subnet},
    wire::code,
};
use std::net::Ipv4Addr;

/// An option ready to send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PlannedOption {
    pub(super) code: u8,
    pub(super) value: Vec<u8>,
    pub(super) always: bool,
}

impl PlannedOption {
    pub(super) fn extra(option: &ExtraOption) -> Self {
        Self { code: option.code, value: option.value.encode(), always: option.always }
    }
}

/// One subnet as the engine uses it.
#[derive(Debug)]
pub struct SubnetPlan {
    pub(super) index: usize,
    pub(super) interface: usize,
    pub(super) server: Ipv4Addr,
    pub(super) config: Subnet,
    pub(super) options: Vec<PlannedOption>,
}

impl SubnetPlan {
    /// `index` is the subnet's place in the lease table, `interface` that of its interface in the server, `server`
    /// the address that names this server to clients.
    pub fn new(index: usize, interface: usize, server: Ipv4Addr, config: Subnet) -> Self {
        let options = options(&config);
        Self { index, interface, server, config, options }
    }

    /// True for addresses of the subnet that are nobody's to lease.
    pub(super) fn is_special(&self, ip: Ipv4Addr) -> bool {
        self.config.is_special(ip, self.server)
    }
}

fn options(config: &Subnet) -> Vec<PlannedOption> {
    let mut all: Vec<PlannedOption> = Vec::new();
    let mut add = |code, value: Vec<u8>| {
        if !value.is_empty() {
            all.push(PlannedOption { code, value, always: false });
        }
    };
    let addresses = |ips: &[Ipv4Addr]| ips.iter().flat_map(Ipv4Addr::octets).collect::<Vec<u8>>();
    add(code::ROUTER, addresses(config.router.as_slice()));
    add(code::DNS, addresses(&config.dns));
    add(code::DOMAIN_NAME, config.domain.clone().unwrap_or_default().into_bytes());
    add(code::MTU, config.mtu.map(|mtu| mtu.to_be_bytes().to_vec()).unwrap_or_default());
    add(code::BROADCAST, config.subnet.broadcast().octets().to_vec());
    add(code::NTP, addresses(&config.ntp));
    for option in &config.options {
        let planned = PlannedOption::extra(option);
        match all.iter_mut().find(|o| o.code == option.code) {
            Some(present) => *present = planned,
            None => all.push(planned),
        }
    }
    all
}
