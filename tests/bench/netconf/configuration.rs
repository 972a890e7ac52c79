//! The configuration that all are measured with: interfaces of ten nodes each.

use std::fmt::Write as _;

const INTERFACES: &str = "<interfaces xmlns=\"urn:ietf:params:xml:ns:yang:ietf-interfaces\">";
const IP: &str = "xmlns=\"urn:ietf:params:xml:ns:yang:ietf-ip\"";

/// The name of an interface.
pub(crate) fn name(number: usize) -> String {
    format!("p{number}")
}

/// Interfaces `numbers` in one element.
pub(crate) fn interfaces(numbers: std::ops::Range<usize>) -> String {
    let mut xml = String::from(INTERFACES);
    for number in numbers {
        let (a, b) = (number >> 8 & 0xff, number & 0xff);
        let high = 10 + (number >> 16);
        let name = name(number);
        let _ = write!(
            xml,
            "<interface><name>{name}</name><description>port {number}</description>\
             <type xmlns:ianaift=\"urn:ietf:params:xml:ns:yang:iana-if-type\">ianaift:ethernetCsmacd</type>\
             <enabled>true</enabled><ipv4 {IP}><mtu>1500</mtu>\
             <address><ip>{high}.{a}.{b}.1</ip><prefix-length>24</prefix-length></address></ipv4>\
             <ipv6 {IP}><enabled>true</enabled></ipv6></interface>"
        );
    }
    xml.push_str("</interfaces>");
    xml
}

/// An edit of one leaf, on which a `must` depends in our modules.
pub(crate) fn one_leaf(number: usize, mtu: usize) -> String {
    let name = name(number);
    format!(
        "{INTERFACES}<interface><name>{name}</name><ipv4 {IP}><mtu>{mtu}</mtu></ipv4></interface></interfaces>"
    )
}

/// A subtree filter for one interface.
pub(crate) fn filter(number: usize) -> String {
    format!("{INTERFACES}<interface><name>{}</name></interface></interfaces>", name(number))
}
