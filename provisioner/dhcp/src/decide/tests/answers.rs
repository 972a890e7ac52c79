use super::*;
use crate::config::{ExtraOption, OptionValue};

const FULL: &str = "[{interface: a, subnet: 10.0.0.0/24, pools: [10.0.0.10-10.0.0.90], router: 10.0.0.1, \
    dns: [10.0.0.2, 10.0.0.3], domain: lab.example, ntp: [10.0.0.4], mtu: 9000, lease_time: 1000, \
    options: [{code: 150, value: {ip: 10.0.0.5}}, {code: 224, value: {text: forced}, always: true}]}]";

/// Codes of the options area in order.
fn codes(bytes: &[u8]) -> Vec<u8> {
    let (mut at, mut codes) = (240, Vec::new());
    while bytes[at] != 255 {
        codes.push(bytes[at]);
        at += 2 + usize::from(bytes[at + 1]);
    }
    codes
}

#[test]
fn the_parameter_request_list_is_honoured_in_its_order() {
    let mut lab = Lab::new(FULL);
    let reply = lab.send(&PacketSpec::discover().option(55, &[42, 6, 3, 6, 1, 26, 99]));
    assert_eq!(codes(&reply.bytes), [53, 54, 51, 58, 59, 1, 42, 6, 3, 26, 224]);
    let all = lab.send(&PacketSpec::discover());
    assert_eq!(codes(&all.bytes), [53, 54, 51, 58, 59, 1, 3, 6, 15, 26, 28, 42, 150, 224]);
}

#[test]
fn lease_times_are_those_of_the_subnet() {
    let mut lab = Lab::new(FULL);
    let message = lab.send(&PacketSpec::discover().option(51, &[0, 0, 0, 1])).message();
    assert_eq!(
        message.opts().get(v4::OptionCode::AddressLeaseTime),
        Some(&v4::DhcpOption::AddressLeaseTime(1000))
    );
    assert_eq!(message.opts().get(v4::OptionCode::Renewal), Some(&v4::DhcpOption::Renewal(500)));
    assert_eq!(message.opts().get(v4::OptionCode::Rebinding), Some(&v4::DhcpOption::Rebinding(875)));
}

#[test]
fn options_of_the_node_win_over_those_of_the_subnet() {
    let node = NodeEntry {
        hostname: Some("vr1".into()),
        options: vec![
            ExtraOption { code: 3, value: OptionValue::Ip(ip(77)), always: false },
            ExtraOption { code: 225, value: OptionValue::U16(258), always: true },
        ],
        ..NodeEntry::default()
    };
    let mut lab = Lab::with_nodes(FULL, [(PacketSpec::MAC, node)]);
    let reply = lab.send(&PacketSpec::discover().option(55, &[3, 12]));
    assert_eq!(codes(&reply.bytes), [53, 54, 51, 58, 59, 1, 3, 12, 225, 224]);
    let message = reply.message();
    assert_eq!(message.opts().get(v4::OptionCode::Router), Some(&v4::DhcpOption::Router(vec![ip(77)])));
    assert_eq!(message.opts().get(v4::OptionCode::Hostname), Some(&v4::DhcpOption::Hostname("vr1".into())));
}

#[test]
fn client_identifier_comes_back_unaltered_also_in_a_refusal() {
    let id = [255, 1, 2, 3];
    let mut lab = Lab::new(FULL);
    let offer = lab.send(&PacketSpec::discover().option(61, &id));
    let nak = lab.send(&PacketSpec::request().option(61, &id).ip_option(50, Ipv4Addr::new(9, 9, 9, 9)));
    assert_eq!(nak.reason(), Some(Reason::WrongNetwork));
    for reply in [offer, nak] {
        assert!(reply.bytes.windows(6).any(|w| w == [61, 4, 255, 1, 2, 3]));
    }
}

#[test]
fn inform_gets_settings_and_neither_address_nor_times() {
    let mut lab = Lab::new(FULL);
    let reply = lab.send(&PacketSpec::of(8).ciaddr(ip(200)).option(55, &[3]));
    assert_eq!(reply.event.outcome, Outcome::Inform { ip: ip(200) });
    assert_eq!(reply.to, Some(Destination::Udp(SocketAddrV4::new(ip(200), 68))));
    assert_eq!(codes(&reply.bytes), [53, 54, 1, 3, 224]);
    assert_eq!(reply.message().yiaddr(), Ipv4Addr::UNSPECIFIED);
    assert!(lab.table.iter().next().is_none());
    let stranger = lab.send(&PacketSpec::of(8).ciaddr(Ipv4Addr::new(8, 8, 8, 8)));
    assert_eq!(stranger.reason(), Some(Reason::WrongNetwork), "no packets to strangers");
    assert_eq!(lab.send(&PacketSpec::of(8)).reason(), Some(Reason::NoAddressAsked));
}

#[test]
fn a_reply_keeps_to_the_size_that_the_client_takes() {
    let node = NodeEntry {
        options: (224..232)
            .map(|code| ExtraOption { code, value: OptionValue::Hex(vec![7; 100]), always: true })
            .collect(),
        ..NodeEntry::default()
    };
    for (size, limit, fits) in [([2, 64], 548, false), ([5, 220], 1472, true)] {
        let mut lab = Lab::with_nodes(FULL, [(PacketSpec::MAC, node.clone())]);
        let reply = lab.send(&PacketSpec::discover().option(57, &size).option(55, &[3]));
        assert!(reply.bytes.len() <= limit);
        assert_eq!(lab.output.left_out == 0, fits, "what fits nowhere is counted");
        assert_eq!(reply.message().yiaddr(), ip(10));
    }
}
