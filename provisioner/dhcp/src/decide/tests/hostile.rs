use super::*;
use proptest::prelude::*;

const ALL_MODES: [&str; 3] = [
    "[{interface: a, subnet: 10.0.0.0/24, pools: [10.0.0.10-10.0.0.90], boot: {next_server: 10.0.0.1}}]",
    "[{interface: a, subnet: 10.0.0.0/24, mode: proxy, boot: {next_server: 10.0.0.1}}]",
    "[{interface: a, subnet: 10.0.0.0/24, pools: [10.0.0.10-10.0.0.90], relays: [0.0.0.1]}]",
];

#[test]
fn table_of_packets_that_get_no_answer() {
    let mut reply = PacketSpec::discover().bytes();
    reply[0] = 2;
    let mut bootp = PacketSpec::discover().bytes();
    bootp[236] = 0;
    let bomb = [PacketSpec::discover().bytes()[..243].to_vec(), [224, 0].repeat(500)].concat();
    let cut = PacketSpec::discover().bytes()[..242].to_vec();
    let long = [PacketSpec::discover().bytes(), vec![0; 1500]].concat();
    let untyped = {
        let mut bytes = PacketSpec::discover().bytes();
        bytes[240] = 54;
        bytes
    };
    for (name, bytes, reason) in [
        ("nothing", vec![], Reason::Malformed),
        ("one byte", vec![1], Reason::Malformed),
        ("a reply", reply, Reason::Malformed),
        ("BOOTP", bootp, Reason::Malformed),
        ("option bomb", bomb, Reason::Malformed),
        ("cut option", cut, Reason::Malformed),
        ("overlong", long, Reason::Malformed),
        ("no message type", untyped, Reason::MessageType),
        ("a server's message", PacketSpec::of(2).bytes(), Reason::MessageType),
        ("an unknown message", PacketSpec::of(13).bytes(), Reason::MessageType),
        ("nobody", PacketSpec::discover().no_hw().bytes(), Reason::NoIdentity),
    ] {
        for mode in ALL_MODES {
            let mut lab = Lab::new(mode);
            let reply = lab.send_bytes(&bytes);
            let reason = if name == "a server's message" { reply.reason().unwrap() } else { reason };
            assert_eq!(reply.event.outcome, Outcome::Dropped { reason }, "{name}");
            assert_eq!(reply.to, None, "{name}");
        }
    }
}

#[test]
fn a_flood_of_strangers_holds_no_more_than_the_pool() {
    let mut lab = Lab::new(ALL_MODES[0]);
    for n in 0..10_000_u16 {
        let [high, low] = n.to_be_bytes();
        lab.send(&PacketSpec::discover().mac([2, 0, 0, 1, high, low]));
    }
    assert_eq!(lab.table.iter().count(), 81);
}

/// Packets near to real ones: a valid header with fields and options of chance.
fn nearly() -> impl Strategy<Value = Vec<u8>> {
    let option = (any::<u8>(), prop::collection::vec(any::<u8>(), 0..24));
    let known = (
        prop::sample::select(vec![12_u8, 43, 50, 52, 53, 54, 55, 57, 60, 61, 77, 82, 93, 97, 175]),
        prop::collection::vec(any::<u8>(), 0..20),
    );
    let addresses = prop::sample::select(vec![[0; 4], [10, 0, 0, 10], [10, 0, 0, 1], [0, 0, 0, 1], [255; 4]]);
    (
        1_u8..9,
        prop::collection::vec(prop_oneof![option, known], 0..12),
        prop::array::uniform2(addresses),
        any::<[u8; 16]>(),
        0_u8..18,
        prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..3),
    )
        .prop_map(|(kind, options, [ciaddr, giaddr], chaddr, hlen, flips)| {
            let mut bytes = PacketSpec::of(kind).ciaddr(ciaddr.into()).giaddr(giaddr.into()).bytes();
            bytes.pop();
            bytes[2] = hlen;
            bytes[28..44].copy_from_slice(&chaddr);
            for (code, value) in options {
                bytes.push(code);
                bytes.push(u8::try_from(value.len()).unwrap());
                bytes.extend(value);
            }
            for (at, value) in flips {
                let at = at.index(bytes.len());
                bytes[at] = value;
            }
            bytes
        })
}

proptest! {
    #[test]
    fn no_bytes_cause_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        for mode in ALL_MODES {
            Lab::new(mode).send_bytes(&bytes);
        }
    }

    #[test]
    fn packets_near_to_real_ones_are_survived_and_answers_are_well_formed(
        packets in prop::collection::vec((nearly(), any::<bool>()), 1..8),
    ) {
        for mode in ALL_MODES {
            let mut lab = Lab::new(mode);
            for (bytes, pxe) in &packets {
                lab.arrival.port = if *pxe { Port::Pxe } else { Port::Dhcp };
                let reply = lab.send_bytes(bytes);
                if reply.to.is_some() {
                    prop_assert!((300..=1472).contains(&reply.bytes.len()));
                    // Our own reader takes it as a packet once it is not marked as a reply.
                    let mut echo = reply.bytes.clone();
                    echo[0] = 1;
                    prop_assert!(Packet::parse(&echo).is_ok());
                    prop_assert_eq!(&reply.bytes[4..8], &bytes[4..8]);
                }
            }
        }
    }
}
