//! ietf-interfaces and ietf-ip.

use super::{IntentError, place::Place};
use daybreak_appliers::intent::{Address, Interface, InterfaceKind, IpConfig};
use ipnet::IpNet;
use std::net::IpAddr;

/// An entry of the list `interface`.
pub(super) fn interface(entry: &Place<'_>) -> Result<Interface, IntentError> {
    let kind = match entry.need("type")? {
        "iana-if-type:ethernetCsmacd" => InterfaceKind::Ethernet,
        "iana-if-type:softwareLoopback" => InterfaceKind::Loopback,
        other => return Err(entry.wrong("type", other, "ethernetCsmacd or softwareLoopback")),
    };
    Ok(Interface {
        at: entry.at(),
        name: entry.need("name")?.to_owned(),
        kind,
        description: entry.text("description")?,
        enabled: entry.flag("enabled")?,
        ipv4: entry.inner("ipv4")?.map(|ip| family(&ip)).transpose()?,
        ipv6: entry.inner("ipv6")?.map(|ip| family(&ip)).transpose()?,
    })
}

/// The container `ipv4` or `ipv6`.
fn family(ip: &Place<'_>) -> Result<IpConfig, IntentError> {
    Ok(IpConfig {
        at: ip.at(),
        enabled: ip.flag("enabled")?,
        forwarding: ip.parse("forwarding", "true or false")?,
        mtu: ip.parse("mtu", "a number of bytes")?,
        addresses: ip.entries("address")?.map(|entry| address(&entry)).collect::<Result<_, _>>()?,
    })
}

fn address(entry: &Place<'_>) -> Result<Address, IntentError> {
    let ip: IpAddr = entry.need_parsed("ip", "an IP address")?;
    let length = entry.need_parsed("prefix-length", "a length of a prefix")?;
    let net = IpNet::new(ip, length)
        .map_err(|_| entry.wrong("prefix-length", &length.to_string(), "a length of a prefix"))?;
    Ok(Address { at: entry.at(), net })
}
