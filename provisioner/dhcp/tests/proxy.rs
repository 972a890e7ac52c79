//! Proxy mode beside a DHCP server that we did not write. Needs root.
#![allow(clippy::unwrap_used, reason = "in a test a panic is the report")]

mod common;

use common::{Net, PATIENCE, Process, client, run};
use dhcproto::v4;
use socket2::{Domain, Protocol, Socket, Type};
use std::{
    net::{Ipv4Addr, SocketAddrV4, UdpSocket},
    os::fd::OwnedFd,
};

const CLASS: &[u8] = b"PXEClient:Arch:00007:UNDI:003016";

/// dnsmasq gives addresses in "d", the daemon boot files in "s", clients are in "c"; all on one bridge in "b".
fn lab() -> (Net, Process, Process) {
    let mut net = Net::new();
    for (port, space) in ["b", "s", "d", "c"].into_iter().enumerate() {
        net.space(space);
        if let Some(port) = port.checked_sub(1) {
            net.cable(("b", u8::try_from(port).unwrap()), (space, 0));
        }
    }
    net.bridge("b", 3);
    net.address("s", 0, [10, 77, 0, 1].into(), 16);
    net.address("d", 0, [10, 77, 0, 9].into(), 16);
    let mut dnsmasq = Process::start(net.exec("d", "dnsmasq").args([
        "-k",
        "-p0",
        "-C",
        "/dev/null",
        "--log-facility=-",
        "--dhcp-range=10.77.9.10,10.77.9.20",
        "--dhcp-leasefile=/dev/null",
        "--no-ping",
        "--dhcp-authoritative",
        "-u",
        "root",
        "--pid-file=",
        "-i",
        &net.device("d", 0),
    ]));
    dnsmasq.await_line("dnsmasq listens", |line| line.contains("DHCP, IP range"));
    let subnets = format!(
        "- interface: {}\n  subnet: 10.77.0.0/16\n  mode: proxy\n  boot: {{next_server: 10.77.0.1}}\n",
        net.device("s", 0)
    );
    let daemon = Process::daemon(&net, "s", &subnets);
    (net, daemon, dnsmasq)
}

/// A socket on port 68 of an interface without an address.
fn rom_socket(device: &str) -> UdpSocket {
    let socket = Socket::new(Domain::IPV4, Type::DGRAM, Some(Protocol::UDP)).unwrap();
    socket.bind_device(Some(device.as_bytes())).unwrap();
    socket.set_broadcast(true).unwrap();
    socket.set_reuse_address(true).unwrap();
    socket.bind(&SocketAddrV4::new(Ipv4Addr::UNSPECIFIED, 68).into()).unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    UdpSocket::from(OwnedFd::from(socket))
}

fn rom(kind: v4::MessageType) -> v4::Message {
    let mut message = client::message(kind, [0x52, 0x54, 0, 0, 0, 9]);
    message.set_flags(v4::Flags::default().set_broadcast());
    message.opts_mut().insert(v4::DhcpOption::ClassIdentifier(CLASS.to_vec()));
    message.opts_mut().insert(v4::DhcpOption::ClientSystemArchitecture(v4::Architecture::BC));
    message
}

/// The reply of the server whose address is given, among those of both.
fn reply_of(socket: &UdpSocket, server: Ipv4Addr) -> v4::Message {
    let mut buffer = [0; 1500];
    loop {
        let len = socket.recv(&mut buffer).unwrap_or_else(|e| panic!("awaited: a reply of {server}; {e}"));
        let message = client::decode(&buffer[..len]);
        if message.opts().get(v4::OptionCode::ServerIdentifier)
            == Some(&v4::DhcpOption::ServerIdentifier(server))
        {
            return message;
        }
    }
}

fn file(message: &v4::Message) -> String {
    String::from_utf8_lossy(message.fname().unwrap_or_default()).trim_end_matches('\0').to_owned()
}

#[test]
fn firmware_gets_an_address_from_one_server_and_a_boot_file_from_the_other() {
    let (net, mut daemon, _dnsmasq) = lab();
    let device = net.device("c", 0);
    net.inside("c", || {
        let socket = rom_socket(&device);
        let all = SocketAddrV4::new(Ipv4Addr::BROADCAST, 67);
        for server in [Ipv4Addr::new(10, 77, 0, 1), Ipv4Addr::new(10, 77, 0, 9)] {
            socket.send_to(&client::encode(&rom(v4::MessageType::Discover)), all).unwrap();
            let offer = reply_of(&socket, server);
            assert_eq!(client::kind(&offer), v4::MessageType::Offer);
            let proxied = server.octets()[3] == 1;
            assert_eq!(offer.yiaddr().is_unspecified(), proxied, "only dnsmasq gives an address");
            assert_eq!(file(&offer), if proxied { "snponly.efi" } else { "" });
        }
    });
    daemon.await_line("the boot file", |line| line.contains("Proxy { boot_file: \"snponly.efi\" }"));
}

#[test]
fn the_boot_server_on_4011_acknowledges_to_the_port_that_asked() {
    let (net, _daemon, _dnsmasq) = lab();
    net.address("c", 0, [10, 77, 9, 15].into(), 16);
    net.inside("c", || {
        let socket = UdpSocket::bind((Ipv4Addr::new(10, 77, 9, 15), 0)).unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        let mut request = rom(v4::MessageType::Request);
        request.set_ciaddr([10, 77, 9, 15]);
        socket.send_to(&client::encode(&request), "10.77.0.1:4011").unwrap();
        let ack = reply_of(&socket, Ipv4Addr::new(10, 77, 0, 1));
        assert_eq!(client::kind(&ack), v4::MessageType::Ack);
        assert_eq!(file(&ack), "snponly.efi");
    });
}

#[test]
fn an_operating_system_is_left_to_the_other_server() {
    let (net, daemon, _dnsmasq) = lab();
    let script = net.script("s.sh", r#"[ "$1" = bound ] && echo "GOT $ip from $serverid""#);
    let mut command = net.exec("c", "busybox");
    command.args(["udhcpc", "-i", &net.device("c", 0), "-n", "-q", "-f", "-t", "8", "-T", "2", "-s"]);
    let output = run(command.arg(script));
    let got = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(got.contains("from 10.77.0.9"), "{output:?}");
    let lines = daemon.finish();
    assert!(
        !lines.iter().any(|line| line.starts_with("proxy-offers") || line.starts_with("offers")),
        "{lines:?}"
    );
}
