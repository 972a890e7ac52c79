use super::*;

/// The address acknowledged, or whether a refusal is sent and why.
type Expected = Result<Ipv4Addr, (bool, Reason)>;

#[test]
fn four_packets_give_a_lease_and_a_record() {
    let mut lab = Lab::new(POOL_OF_THREE);
    assert_eq!(lab.lease(mac(1)), ip(10));
    assert_eq!(lab.state(ip(10)), Some(LeaseState::Bound));
    assert!(!lab.output.records.is_empty(), "the journal gets a record");
    assert_eq!(lab.lease(mac(2)), ip(11));
    assert_eq!(lab.lease(mac(1)), ip(10), "the same again");
}

#[test]
fn an_offer_alone_writes_no_record_and_is_held_for_its_client() {
    let mut lab = Lab::new(POOL_OF_THREE);
    for n in 1..=3 {
        assert!(lab.send(&PacketSpec::discover().mac(mac(n))).ip().is_some());
    }
    assert!(lab.output.records.is_empty());
    let fourth = PacketSpec::discover().mac(mac(4));
    assert_eq!(lab.send(&fourth).reason(), Some(Reason::NoFreeAddress));
    lab.now += discover::OFFER_HOLD + 1;
    assert!(lab.send(&fourth).ip().is_some(), "an offer that nobody took frees its address");
}

#[test]
fn one_lease_from_rom_through_ipxe_to_operating_system() {
    let mut lab = Lab::new(POOL_OF_THREE);
    let uuid: Vec<u8> = std::iter::once(0).chain(1..=16).collect();
    let stages = [
        PacketSpec::discover()
            .option(60, b"PXEClient:Arch:00000:UNDI:002001")
            .option(97, &uuid)
            .option(61, &uuid),
        PacketSpec::discover().option(77, b"iPXE").option(97, &uuid).option(61, &[1, 0x52, 0x54, 0, 0, 0, 7]),
        PacketSpec::discover().option(61, &[255, 9, 9, 9, 9, 0, 2, 0, 0, 171, 17]),
    ];
    let mut addresses: Vec<_> = Vec::new();
    for stage in &stages {
        let offered = lab.send(stage).ip().unwrap();
        let request = stage.clone().kind(3).ip_option(54, SERVER).ip_option(50, offered);
        addresses.push(lab.send(&request).ip().unwrap());
    }
    assert_eq!(addresses, [ip(10); 3]);
    let lease = lab.table.by_ip(ip(10)).unwrap();
    assert!(lease.client.uuid.is_some(), "the UUID of the ROM stays known although the system sends none");
    assert_eq!(lease.client.client_id.as_ref().unwrap()[0], 255, "the client identifier is the latest");
}

#[test]
fn an_expired_lease_is_kept_for_its_client_until_another_needs_it() {
    let mut lab = Lab::new(POOL_OF_THREE);
    for n in 1..=3 {
        lab.lease(mac(n));
    }
    lab.now += 1001;
    assert_eq!(lab.lease(mac(2)), ip(11), "its own again");
    assert_eq!(lab.lease(mac(9)), ip(10), "the one that expired first");
    assert_eq!(lab.lease(mac(8)), ip(12));
    let silent = PacketSpec::request().mac(mac(1)).ip_option(code::REQUESTED_IP, ip(10));
    assert_eq!(lab.send(&silent).reason(), Some(Reason::UnknownLease));
}

#[test]
fn table_of_requests() {
    let other = Ipv4Addr::new(10, 0, 0, 99);
    let foreign = Ipv4Addr::new(192, 168, 1, 5);
    let r = || PacketSpec::request().mac(mac(1));
    let asked = code::REQUESTED_IP;
    // Client 1 has .10, client 2 has .11, client 3 nothing.
    let cases: Vec<(&str, PacketSpec, Expected)> = vec![
        ("selecting us", select(mac(1), ip(10)), Ok(ip(10))),
        ("selecting us, address of another", select(mac(1), ip(11)), Err((true, Reason::NotYours))),
        ("selecting us, outside of the pool", select(mac(1), other), Err((true, Reason::NotYours))),
        ("selecting us, foreign", select(mac(1), foreign), Err((true, Reason::WrongNetwork))),
        (
            "selecting us, no address",
            r().ip_option(code::SERVER_ID, SERVER),
            Err((false, Reason::NoAddressAsked)),
        ),
        (
            "selecting another",
            r().ip_option(code::SERVER_ID, other).ip_option(asked, ip(10)),
            Err((false, Reason::OtherServer)),
        ),
        ("init-reboot", r().ip_option(asked, ip(10)), Ok(ip(10))),
        ("init-reboot, wrong address", r().ip_option(asked, ip(12)), Err((true, Reason::NotYours))),
        ("init-reboot, wrong network", r().ip_option(asked, foreign), Err((true, Reason::WrongNetwork))),
        (
            "init-reboot, stranger",
            r().mac(mac(3)).ip_option(asked, ip(12)),
            Err((false, Reason::UnknownLease)),
        ),
        (
            "init-reboot, stranger, address of another",
            r().mac(mac(3)).ip_option(asked, ip(11)),
            Err((false, Reason::UnknownLease)),
        ),
        ("renewing", r().ciaddr(ip(10)), Ok(ip(10))),
        ("renewing, rebinding by broadcast", r().ciaddr(ip(10)).broadcast(), Ok(ip(10))),
        ("renewing, not its address", r().ciaddr(ip(12)), Err((true, Reason::NotYours))),
        ("renewing, stranger", r().mac(mac(3)).ciaddr(ip(12)), Err((false, Reason::UnknownLease))),
        (
            "renewing, stranger, address of another",
            r().mac(mac(3)).ciaddr(ip(11)),
            Err((true, Reason::NotYours)),
        ),
        ("renewing, wrong network", r().ciaddr(foreign), Err((true, Reason::WrongNetwork))),
        ("nothing asked", r(), Err((false, Reason::NoAddressAsked))),
    ];
    for (name, spec, expected) in cases {
        let mut lab = Lab::new(POOL_OF_THREE);
        assert_eq!((lab.lease(mac(1)), lab.lease(mac(2))), (ip(10), ip(11)));
        let reply = lab.send(&spec);
        match expected {
            Ok(ip) => {
                assert_eq!(reply.ip(), Some(ip), "{name}");
                assert_eq!(reply.message().opts().msg_type(), Some(v4::MessageType::Ack), "{name}");
            }
            Err((nak, reason)) => {
                assert_eq!(reply.reason(), Some(reason), "{name}");
                assert_eq!(reply.to.is_some(), nak, "{name}: NAK or silence");
                if nak {
                    assert_eq!(reply.message().opts().msg_type(), Some(v4::MessageType::Nak), "{name}");
                    assert_eq!(reply.to, Some(Destination::Broadcast), "{name}");
                }
            }
        }
    }
}

#[test]
fn choosing_another_server_frees_our_offer() {
    let mut lab = Lab::new("[{interface: a, subnet: 10.0.0.0/24, pools: [10.0.0.10-10.0.0.10]}]");
    lab.send(&PacketSpec::discover().mac(mac(1)));
    assert_eq!(lab.send(&PacketSpec::discover().mac(mac(2))).reason(), Some(Reason::NoFreeAddress));
    lab.send(&PacketSpec::request().mac(mac(1)).ip_option(54, ip(99)).ip_option(50, ip(50)));
    assert_eq!(lab.send(&PacketSpec::discover().mac(mac(2))).ip(), Some(ip(10)));
}

#[test]
fn a_declined_address_is_in_quarantine_and_its_client_gets_another() {
    let mut lab = Lab::new(POOL_OF_THREE);
    assert_eq!(lab.lease(mac(1)), ip(10));
    let decline = PacketSpec::of(4).mac(mac(1)).ip_option(54, SERVER).ip_option(50, ip(10));
    assert_eq!(lab.send(&decline).event.outcome, Outcome::Decline { ip: ip(10) });
    assert_eq!(lab.state(ip(10)), Some(LeaseState::Declined));
    assert_eq!(lab.lease(mac(1)), ip(11));
    assert_eq!(lab.lease(mac(2)), ip(12));
    assert_eq!(lab.send(&PacketSpec::discover().mac(mac(3))).reason(), Some(Reason::NoFreeAddress));
    lab.now += 3601;
    assert_eq!(lab.lease(mac(3)), ip(10), "after the quarantine");
}

#[test]
fn nobody_declines_or_releases_the_address_of_another() {
    for kind in [4, 7] {
        let mut lab = Lab::new(POOL_OF_THREE);
        lab.lease(mac(1));
        lab.lease(mac(2));
        let spec = |m: u8, ip| PacketSpec::of(kind).mac(mac(m)).ip_option(50, ip).ciaddr(ip);
        assert_eq!(lab.send(&spec(2, ip(10))).reason(), Some(Reason::NotYours));
        assert_eq!(lab.send(&spec(3, ip(10))).reason(), Some(Reason::UnknownLease));
        assert_eq!(lab.send(&spec(1, ip(10)).ip_option(54, ip(77))).reason(), Some(Reason::OtherServer));
        assert_eq!(lab.state(ip(10)), Some(LeaseState::Bound), "type {kind}");
    }
}

#[test]
fn a_released_address_goes_back_to_its_client_first() {
    let mut lab = Lab::new(POOL_OF_THREE);
    lab.lease(mac(1));
    let release = PacketSpec::of(7).mac(mac(1)).ip_option(54, SERVER).ciaddr(ip(10));
    assert_eq!(lab.send(&release).event.outcome, Outcome::Release { ip: ip(10) });
    assert_eq!(lab.lease(mac(2)), ip(11), "never used comes before released");
    assert_eq!(lab.lease(mac(1)), ip(10));
}

#[test]
fn a_reservation_is_kept_from_strangers_and_wins_over_an_older_lease() {
    let node = NodeEntry { reserved: Some(ip(11)), ..NodeEntry::default() };
    let mut lab = Lab::with_nodes(POOL_OF_THREE, [(mac(1), node)]);
    assert_eq!(lab.lease(mac(2)), ip(10));
    assert_eq!(lab.lease(mac(3)), ip(12), ".11 is reserved");
    assert_eq!(
        lab.send(&PacketSpec::discover().mac(mac(4)).ip_option(50, ip(11))).reason(),
        Some(Reason::NoFreeAddress)
    );
    assert_eq!(lab.lease(mac(1)), ip(11));

    // A node that had a pool address before it was enrolled: its renewal is refused, so that it asks again.
    let node = NodeEntry { reserved: Some(ip(200)), ..NodeEntry::default() };
    let mut lab = Lab::with_nodes(POOL_OF_THREE, [(mac(1), node)]);
    lab.table.bind(
        crate::lease::NewLease {
            subnet: 0,
            ip: ip(10),
            client: ClientIdentity { hw: Some(crate::wire::HwAddr::ethernet(mac(1))), ..Default::default() },
            hostname: None,
        },
        NOW,
        NOW + 1000,
    );
    let renew = PacketSpec::request().mac(mac(1)).ciaddr(ip(10));
    assert_eq!(lab.send(&renew).reason(), Some(Reason::NotYours));
    assert_eq!(lab.lease(mac(1)), ip(200), "a reservation may lie outside of every pool");
}

#[test]
fn a_second_port_with_the_same_reservation_does_not_get_the_same_address() {
    let node = NodeEntry { reserved: Some(ip(50)), ..NodeEntry::default() };
    let mut lab = Lab::with_nodes(POOL_OF_THREE, [(mac(1), node.clone()), (mac(2), node)]);
    assert_eq!(lab.lease(mac(1)), ip(50));
    assert_eq!(lab.lease(mac(2)), ip(10));
}

#[test]
fn without_pools_only_reserved_machines_get_an_address() {
    let node = NodeEntry { reserved: Some(ip(50)), ..NodeEntry::default() };
    let mut lab = Lab::with_nodes("[{interface: a, subnet: 10.0.0.0/24}]", [(mac(1), node)]);
    assert_eq!(lab.lease(mac(1)), ip(50));
    assert_eq!(lab.send(&PacketSpec::discover().mac(mac(2))).reason(), Some(Reason::NoFreeAddress));
}

#[test]
fn network_server_router_and_broadcast_are_never_leased_although_a_pool_covers_them() {
    let mut lab = Lab::new("[{interface: a, subnet: 10.0.0.0/29, pools: [10.0.0.0/29], router: 10.0.0.2}]");
    let leased: Vec<_> = (1..=4).map(|n| lab.lease(mac(n))).collect();
    assert_eq!(leased, [ip(3), ip(4), ip(5), ip(6)]);
    assert_eq!(lab.send(&PacketSpec::discover().mac(mac(5))).reason(), Some(Reason::NoFreeAddress));
}
