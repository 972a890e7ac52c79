use super::*;

const TWO_NETWORKS: &str = "[{interface: a, subnet: 10.0.0.0/24, pools: [10.0.0.10-10.0.0.12]}, \
    {interface: a, subnet: 10.1.0.0/24, pools: [10.1.0.10-10.1.0.12], relays: [10.1.0.1, 10.9.0.1]}, \
    {interface: a, subnet: 10.2.0.0/24, pools: [10.2.0.10-10.2.0.12], relays: [10.9.0.1]}]";

fn relay(a: u8) -> Ipv4Addr {
    Ipv4Addr::new(10, a, 0, 1)
}

#[test]
fn table_of_subnet_choice() {
    let link = |a: u8, relay: Ipv4Addr| {
        PacketSpec::discover().giaddr(relay).option(82, &[1, 1, 7, 5, 4, 10, a, 0, 0])
    };
    let first = |a: u8| Ok(Ipv4Addr::new(10, a, 0, 10));
    for (name, spec, expected) in [
        ("on the link", PacketSpec::discover(), first(0)),
        ("relay inside of its subnet", PacketSpec::discover().giaddr(relay(1)), first(1)),
        ("link selection", link(2, relay(9)), first(2)),
        ("link selection of the other", link(1, relay(9)), first(1)),
        ("link selection of a subnet not behind this relay", link(2, relay(1)), Err(Reason::NoSubnet)),
        ("link selection of the link", link(0, relay(9)), Err(Reason::NoSubnet)),
        (
            "a relay for two, no link selection",
            PacketSpec::discover().giaddr(relay(9)),
            Err(Reason::NoSubnet),
        ),
        ("unknown relay", PacketSpec::discover().giaddr(relay(3)), Err(Reason::UnknownRelay)),
        ("unknown relay on the link", PacketSpec::discover().giaddr(ip(99)), Err(Reason::UnknownRelay)),
        (
            "cut link selection",
            PacketSpec::discover().giaddr(relay(1)).option(82, &[5, 2, 10, 1]),
            Err(Reason::Malformed),
        ),
    ] {
        let mut lab = Lab::new(TWO_NETWORKS);
        let reply = lab.send(&spec);
        match expected {
            Ok(ip) => assert_eq!(reply.ip(), Some(ip), "{name}"),
            Err(reason) => assert_eq!(reply.reason(), Some(reason), "{name}"),
        }
    }
}

#[test]
fn option_82_comes_back_byte_for_byte_as_the_last_option() {
    let info = [1, 4, 0, 1, 2, 3, 2, 6, 9, 9, 9, 9, 9, 9, 151, 3, 0, b'v', b'r'];
    let mut lab = Lab::new(TWO_NETWORKS);
    let spec = PacketSpec::discover().giaddr(relay(1)).option(82, &info);
    let reply = lab.send(&spec);
    assert_eq!(reply.to, Some(Destination::Udp(SocketAddrV4::new(relay(1), 67))));
    let end = reply.bytes.iter().rposition(|b| *b == 255).unwrap();
    assert_eq!(&reply.bytes[end - info.len()..end], info);
    assert_eq!(&reply.bytes[end - info.len() - 2..][..2], [82, 19]);
    assert_eq!(reply.message().giaddr(), relay(1));
}

#[test]
fn a_refusal_through_a_relay_has_the_broadcast_bit() {
    let mut lab = Lab::new(TWO_NETWORKS);
    let spec = PacketSpec::request().giaddr(relay(1)).ip_option(50, ip(10)).option(82, &[1, 1, 7]);
    let reply = lab.send(&spec);
    assert_eq!(reply.reason(), Some(Reason::WrongNetwork));
    assert_eq!(reply.to, Some(Destination::Udp(SocketAddrV4::new(relay(1), 67))));
    assert!(reply.message().flags().broadcast());
    assert!(reply.bytes.windows(5).any(|w| w == [82, 3, 1, 1, 7]));
}

#[test]
fn a_relayed_client_renews_by_unicast_without_its_relay() {
    let mut lab = Lab::new(TWO_NETWORKS);
    let leased = lab.send(&PacketSpec::discover().giaddr(relay(1))).ip().unwrap();
    let select = select(PacketSpec::MAC, leased).giaddr(relay(1));
    assert_eq!(lab.send(&select).ip(), Some(leased));
    let reply = lab.send(&PacketSpec::request().ciaddr(leased));
    assert_eq!(reply.ip(), Some(leased));
    assert_eq!(reply.to, Some(Destination::Udp(SocketAddrV4::new(leased, 68))));
}

#[test]
fn a_subnet_with_relays_only_leaves_the_link_alone() {
    let mut lab = Lab::new("[{interface: a, subnet: 10.1.0.0/24, relays: [10.1.0.1]}]");
    assert_eq!(lab.send(&PacketSpec::discover()).reason(), Some(Reason::NoSubnet));
}

#[test]
fn a_relay_loop_is_cut() {
    let mut lab = Lab::new(TWO_NETWORKS);
    let mut bytes = PacketSpec::discover().giaddr(relay(1)).bytes();
    bytes[3] = 16;
    assert!(lab.send_bytes(&bytes).ip().is_some());
    bytes[3] = 17;
    assert_eq!(lab.send_bytes(&bytes).reason(), Some(Reason::TooManyHops));
}
