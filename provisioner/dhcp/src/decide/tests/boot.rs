use super::*;

const BOOT: &str =
    "[{interface: a, subnet: 10.0.0.0/24, pools: [10.0.0.10-10.0.0.90], boot: {next_server: 10.0.0.1}}]";
const PROXY: &str = "[{interface: a, subnet: 10.0.0.0/24, mode: proxy, boot: {next_server: 10.0.0.1}}]";
const SCRIPT: &str = "http://10.0.0.1/boot/script.ipxe";

fn rom(arch: u8) -> PacketSpec {
    PacketSpec::discover().option(60, b"PXEClient:Arch:00000:UNDI:002001").option(93, &[0, arch])
}

fn http(arch: u8) -> PacketSpec {
    PacketSpec::discover().option(60, b"HTTPClient:Arch:00016:UNDI:003001").option(93, &[0, arch])
}

fn file(reply: &Reply) -> String {
    String::from_utf8_lossy(reply.message().fname().unwrap_or_default()).trim_end_matches('\0').to_owned()
}

#[test]
fn table_of_boot_files_in_offers() {
    for (name, spec, expected) in [
        ("BIOS ROM", rom(0), "undionly.kpxe"),
        ("UEFI x64", rom(7), "snponly.efi"),
        ("UEFI x64 by the old number", rom(9), "snponly.efi"),
        ("UEFI arm64", rom(11), "ipxe-arm64.efi"),
        ("UEFI HTTP", http(16), "http://10.0.0.1/boot/snponly.efi"),
        ("iPXE", rom(0).option(77, b"iPXE"), SCRIPT),
        ("iPXE by option 175", rom(7).option(175, &[19, 1, 1]), SCRIPT),
        ("operating system", PacketSpec::discover(), ""),
        ("unknown machine type", rom(41), ""),
    ] {
        let mut lab = Lab::new(BOOT);
        let reply = lab.send(&spec);
        assert_eq!(file(&reply), expected, "{name}");
        let message = reply.message();
        assert_eq!(message.siaddr() == SERVER, !expected.is_empty(), "{name}");
        let class = message.opts().get(v4::OptionCode::ClassIdentifier);
        let http_class = v4::DhcpOption::ClassIdentifier(b"HTTPClient".to_vec());
        assert_eq!(class, name.contains("HTTP").then_some(&http_class), "{name}");
        let Outcome::Offer { boot_file, .. } = &reply.event.outcome else { panic!("{name}: an offer") };
        assert_eq!(boot_file.as_deref().unwrap_or_default(), expected, "{name}");
    }
}

#[test]
fn a_node_that_must_not_boot_gets_its_address_and_no_file() {
    let node = NodeEntry { may_boot: false, ..NodeEntry::default() };
    for (subnets, offered) in [(BOOT, true), (PROXY, false)] {
        let mut lab = Lab::with_nodes(subnets, [(PacketSpec::MAC, node.clone())]);
        let reply = lab.send(&rom(0));
        assert_eq!(reply.ip().is_some(), offered);
        if offered {
            assert_eq!(file(&reply), "");
        } else {
            assert_eq!(reply.reason(), Some(Reason::NoBootFile));
        }
    }
}

#[test]
fn a_node_with_a_loader_of_its_own_gets_it_where_the_architecture_is_the_right_one() {
    let node = NodeEntry { uefi_x64: Some("shimx64.efi".to_owned()), ..NodeEntry::default() };
    for (spec, expected) in [
        (rom(7), "shimx64.efi"),
        (http(16), "http://10.0.0.1/boot/shimx64.efi"),
        (rom(0), "undionly.kpxe"),
        (rom(11), "ipxe-arm64.efi"),
        (rom(7).option(77, b"iPXE"), SCRIPT),
    ] {
        let mut lab = Lab::with_nodes(BOOT, [(PacketSpec::MAC, node.clone())]);
        assert_eq!(file(&lab.send(&spec)), expected);
    }
}

#[test]
fn options_66_and_67_when_the_client_asks_for_them() {
    let mut lab = Lab::new(BOOT);
    let reply = lab.send(&rom(0).option(55, &[66, 67]));
    let message = reply.message();
    assert_eq!(
        message.opts().get(v4::OptionCode::BootfileName),
        Some(&v4::DhcpOption::BootfileName(b"undionly.kpxe".to_vec()))
    );
    assert!(message.opts().get(v4::OptionCode::TFTPServerName).is_some());
    let reply = lab.send(&rom(0).option(55, &[1, 3]));
    assert!(reply.message().opts().get(v4::OptionCode::BootfileName).is_none());
}

#[test]
fn a_proxy_offer_names_a_file_and_no_address() {
    let uuid: Vec<u8> = std::iter::once(0).chain(1..=16).collect();
    let mut lab = Lab::new(PROXY);
    let reply = lab.send(&rom(7).option(97, &uuid));
    assert_eq!(reply.event.outcome, Outcome::Proxy { boot_file: "snponly.efi".into() });
    assert_eq!(reply.to, Some(Destination::Broadcast));
    let message = reply.message();
    assert_eq!(message.opts().msg_type(), Some(v4::MessageType::Offer));
    assert_eq!((message.yiaddr(), message.siaddr()), (Ipv4Addr::UNSPECIFIED, SERVER));
    assert_eq!(file(&reply), "snponly.efi");
    let has = |bytes: &[u8]| reply.bytes.windows(bytes.len()).any(|w| w == bytes);
    assert!(has(b"\x3c\x09PXEClient"), "option 60");
    assert!(has(&[43, 4, 6, 1, 8, 255]), "option 43");
    assert!(has(&[&[97, 17][..], &uuid].concat()), "option 97");
    assert!(!message.opts().contains(v4::OptionCode::AddressLeaseTime));
    assert!(lab.output.records.is_empty() && lab.table.iter().next().is_none(), "no lease");
}

#[test]
fn proxy_mode_is_silent_where_it_must_be() {
    let mut lab = Lab::new(PROXY);
    assert_eq!(lab.send(&PacketSpec::discover()).reason(), Some(Reason::NotBooting));
    assert_eq!(lab.send(&rom(41)).reason(), Some(Reason::NoBootFile));
    let select = PacketSpec::request().option(60, b"PXEClient").option(93, &[0, 0]);
    assert_eq!(lab.send(&select.ip_option(54, ip(2))).reason(), Some(Reason::OtherServer));
}

#[test]
fn boot_server_on_4011_answers_to_the_port_that_asked() {
    let mut lab = Lab::new(PROXY);
    lab.arrival.port = Port::Pxe;
    for (source, to) in [
        (SocketAddrV4::new(ip(33), 4011), Ok(Destination::Udp(SocketAddrV4::new(ip(33), 4011)))),
        (SocketAddrV4::new(ip(33), 68), Ok(Destination::Udp(SocketAddrV4::new(ip(33), 68)))),
        (SocketAddrV4::new(Ipv4Addr::UNSPECIFIED, 68), Ok(Destination::Broadcast)),
        (SocketAddrV4::new(Ipv4Addr::new(8, 8, 8, 8), 68), Err(Reason::WrongNetwork)),
    ] {
        lab.arrival.source = source;
        let item = [71, 4, 0, 9, 0, 0, 255];
        let spec = PacketSpec::request()
            .option(60, b"PXEClient:Arch:00007:UNDI:003016")
            .option(93, &[0, 7])
            .option(43, &item)
            .ciaddr(ip(33));
        let reply = lab.send(&spec);
        match to {
            Ok(to) => {
                assert_eq!(reply.to, Some(to));
                assert_eq!(reply.message().opts().msg_type(), Some(v4::MessageType::Ack));
                assert_eq!(file(&reply), "snponly.efi");
                assert!(reply.bytes.windows(11).any(|w| w == [43, 10, 6, 1, 8, 71, 4, 0, 9, 0, 0]));
            }
            Err(reason) => assert_eq!(reply.reason(), Some(reason)),
        }
    }
    lab = Lab::new(BOOT);
    lab.arrival.port = Port::Pxe;
    assert_eq!(lab.send(&rom(0)).reason(), Some(Reason::NotBooting), "4011 is for proxy mode");
}

#[test]
fn proxy_mode_learns_who_took_which_address() {
    let mut lab = Lab::new(PROXY);
    lab.send(&rom(0));
    assert!(lab.seen.by_ip(ip(40)).is_none());
    lab.send(&PacketSpec::request().option(77, b"iPXE").ip_option(54, ip(2)).ip_option(50, ip(40)));
    let seen = lab.seen.by_ip(ip(40)).expect("known by the broadcast request");
    assert_eq!(seen.client.hw.unwrap().mac(), Some(PacketSpec::MAC));
    lab.send(&PacketSpec::request().ip_option(54, ip(2)).ip_option(50, Ipv4Addr::new(9, 9, 9, 9)));
    assert!(lab.seen.by_ip(Ipv4Addr::new(9, 9, 9, 9)).is_none(), "only addresses of the subnet");
}
