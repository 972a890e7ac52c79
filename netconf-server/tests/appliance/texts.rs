//! Configurations, in pieces.

/// An interface of ietf-interfaces.
pub(crate) fn interface(name: &str, inner: &str, address: &str) -> String {
    format!(
        "<interface><name>{name}</name><type xmlns:t=\"urn:ietf:params:xml:ns:yang:iana-if-type\">t:ethernetCsmacd</type>\
         {inner}<ipv4 xmlns=\"urn:ietf:params:xml:ns:yang:ietf-ip\"><address><ip>{address}</ip>\
         <prefix-length>24</prefix-length></address></ipv4></interface>"
    )
}

pub(crate) fn interfaces(list: &[String]) -> String {
    format!(
        "<interfaces xmlns=\"urn:ietf:params:xml:ns:yang:ietf-interfaces\">{}</interfaces>",
        list.concat()
    )
}

/// Ports of the data plane, by name and device.
pub(crate) fn ports(list: &[(&str, &str)]) -> String {
    let port =
        |(name, device): &(&str, &str)| format!("<port><name>{name}</name><device>{device}</device></port>");
    let list: String = list.iter().map(port).collect();
    format!("<dataplane xmlns=\"urn:daybreak:yang:daybreak-dataplane\">{list}</dataplane>")
}

/// BGP with neighbors of AS 65002 at these addresses, and a static route.
pub(crate) fn routing(neighbors: &[&str]) -> String {
    let family = "<afi-safis><afi-safi><name xmlns:t=\"urn:ietf:params:xml:ns:yang:iana-bgp-types\">t:ipv4-unicast</name>\
                  <enabled>true</enabled></afi-safi></afi-safis>";
    let neighbor = |address: &&str| {
        format!(
            "<neighbor><remote-address>{address}</remote-address><peer-as>65002</peer-as>{family}</neighbor>"
        )
    };
    let neighbors: String = neighbors.iter().map(neighbor).collect();
    format!(
        "<routing xmlns=\"urn:ietf:params:xml:ns:yang:ietf-routing\"><control-plane-protocols>\
         <control-plane-protocol><type xmlns:b=\"urn:ietf:params:xml:ns:yang:ietf-bgp\">b:bgp</type><name>main</name>\
         <bgp xmlns=\"urn:ietf:params:xml:ns:yang:ietf-bgp\"><global><as>65001</as>{family}</global>\
         <neighbors>{neighbors}</neighbors></bgp></control-plane-protocol>\
         <control-plane-protocol><type>static</type>\
         <name>main</name><static-routes><ipv4 xmlns=\"urn:ietf:params:xml:ns:yang:ietf-ipv4-unicast-routing\"><route>\
         <destination-prefix>198.51.100.0/24</destination-prefix><next-hop><next-hop-address>10.8.0.9</next-hop-address>\
         </next-hop></route></ipv4></static-routes></control-plane-protocol></control-plane-protocols></routing>"
    )
}

/// A router with one port that was found, `p8`, and a neighbor on it.
pub(crate) fn small() -> String {
    interfaces(&[interface("p8", "", "10.8.0.1")]) + &routing(&["10.8.0.2"])
}

/// The same router with another port, `p5`, and a neighbor on that.
pub(crate) fn large() -> String {
    interfaces(&[interface("p8", "", "10.8.0.1"), interface("p5", "", "10.5.0.1")])
        + &ports(&[("p5", "null")])
        + &routing(&["10.8.0.2", "10.5.0.2"])
}
