//! Acknowledged leases outlive the process, whatever ends it. Needs root.
#![allow(clippy::unwrap_used, reason = "in a test a panic is the report")]

mod common;

use common::{CLIENT, Net, Process, SERVER, client, daemon_path, subnet};
use dhcproto::v4;
use std::{
    collections::HashMap,
    net::{Ipv4Addr, UdpSocket},
    time::{Duration, Instant},
};

type Acked = HashMap<[u8; 6], Ipv4Addr>;

fn relayed(mut message: v4::Message) -> Vec<u8> {
    message.set_giaddr(CLIENT);
    client::encode(&message)
}

fn mac(n: u32) -> [u8; 6] {
    let [_, b, c, d] = n.to_be_bytes();
    [2, 0, 9, b, c, d]
}

/// A relay's socket. Run it inside of the client's namespace.
fn relay() -> UdpSocket {
    let socket = UdpSocket::bind((CLIENT, 67)).unwrap();
    socket.connect((SERVER, 67)).unwrap();
    socket.set_read_timeout(Some(Duration::from_millis(200))).unwrap();
    socket
}

/// New clients one after another, 64 at a time, until `done` says so; notes every acknowledgement.
fn load(socket: &UdpSocket, acked: &mut Acked, first: u32, mut done: impl FnMut(&Acked) -> bool) {
    let mut next = first;
    let mut buffer = [0; 1500];
    let discover = |n| relayed(client::message(v4::MessageType::Discover, mac(n)));
    let send = |bytes: &[u8]| {
        // The port is closed between two runs of the server: the error of an earlier packet.
        let _ = socket.send(bytes);
    };
    for _ in 0..64 {
        send(&discover(next));
        next += 1;
    }
    let mut heard = Instant::now();
    while !done(acked) {
        let Ok(len) = socket.recv(&mut buffer) else {
            assert!(heard.elapsed() < common::PATIENCE, "awaited: any reply of the server");
            send(&discover(next));
            next += 1;
            continue;
        };
        heard = Instant::now();
        let reply = client::decode(&buffer[..len]);
        let client: [u8; 6] = reply.chaddr().try_into().unwrap();
        match client::kind(&reply) {
            v4::MessageType::Offer => {
                let request = client::message(v4::MessageType::Request, client);
                let request = client::with_server(client::with_requested(request, reply.yiaddr()), SERVER);
                send(&relayed(request));
            }
            v4::MessageType::Ack => {
                let before = acked.insert(client, reply.yiaddr());
                assert!(before.is_none_or(|ip| ip == reply.yiaddr()), "one client, two addresses");
                send(&discover(next));
                next += 1;
            }
            other => panic!("unexpected {other:?}"),
        }
    }
}

/// Asks for each lease as a client does that reboots: the server answers only what it knows.
fn verify(socket: &UdpSocket, acked: &Acked) {
    let mut buffer = [0; 1500];
    for (mac, ip) in acked {
        let request = relayed(client::with_requested(client::message(v4::MessageType::Request, *mac), *ip));
        let deadline = Instant::now() + Duration::from_secs(10);
        loop {
            assert!(Instant::now() < deadline, "lease of {mac:?}, {ip} is lost");
            let _ = socket.send(&request);
            let Ok(len) = socket.recv(&mut buffer) else { continue };
            let reply = client::decode(&buffer[..len]);
            if reply.chaddr() == mac {
                assert_eq!(client::kind(&reply), v4::MessageType::Ack, "lease of {mac:?}, {ip} is refused");
                assert_eq!(reply.yiaddr(), *ip);
                break;
            }
        }
    }
}

#[test]
fn kill_9_under_load_loses_no_acknowledged_lease() {
    let net = Net::pair();
    net.address("c", 0, CLIENT, 16);
    let subnets = subnet(&net, &format!("  relays: [{CLIENT}]\n"));
    let mut acked = Acked::new();
    for (round, count) in [(1, 300), (2, 1111), (3, 2222)] {
        let daemon = Process::daemon(&net, "s", &subnets);
        let mut daemon = Some(daemon);
        let mut killed_at = None;
        net.inside("c", || {
            let socket = relay();
            load(&socket, &mut acked, round * 1_000_000, |acked| {
                if acked.len() >= count
                    && let Some(daemon) = daemon.take()
                {
                    // Replies under way are still read below: all that was sent counts.
                    daemon.kill();
                    killed_at = Some(Instant::now());
                }
                killed_at.is_some_and(|at| at.elapsed() > Duration::from_millis(500))
            });
        });
        assert!(acked.len() >= count);
    }
    let daemon = Process::daemon(&net, "s", &subnets);
    net.inside("c", || verify(&relay(), &acked));
    let distinct: std::collections::HashSet<_> = acked.values().collect();
    assert_eq!(distinct.len(), acked.len(), "no address was given twice");
    drop(daemon);
}

#[test]
fn a_full_disk_means_no_acknowledgement_and_service_returns_with_space() {
    let net = Net::pair();
    net.address("c", 0, CLIENT, 16);
    let config = net.file("subnets.yaml", &subnet(&net, &format!("  relays: [{CLIENT}]\n")));
    let disk = net.folder.path().join("disk");
    std::fs::create_dir(&disk).unwrap();
    // `ip netns exec` has a mount namespace of its own, which ends with the process.
    let command = format!(
        "mount -t tmpfs -o size=64k none {disk} && head -c 57344 /dev/zero > {disk}/ballast && \
         exec {daemon} -v {config} {disk}/leases.journal",
        disk = disk.display(),
        daemon = daemon_path().display(),
        config = config.display()
    );
    let mut daemon = Process::start(net.exec("s", "sh").args(["-c", &command]));
    daemon.await_line("the daemon listens", |line| line == "ready");
    let pid = daemon.child.id();
    let mut acked = Acked::new();
    net.inside("c", || {
        let socket = relay();
        let mut quiet = None;
        let mut before = 0;
        load(&socket, &mut acked, 0, |acked| {
            if acked.len() > before {
                before = acked.len();
                quiet = None;
            }
            quiet.get_or_insert_with(Instant::now).elapsed() > Duration::from_secs(2)
        });
    });
    assert!(!acked.is_empty() && acked.len() < 500, "{} acknowledged on a disk for about 100", acked.len());
    daemon.await_line("the drop", |line| line.contains("Dropped { reason: JournalFailed }"));
    std::fs::remove_file(format!("/proc/{pid}/root{}/ballast", disk.display())).unwrap();
    net.inside("c", || verify(&relay(), &acked));
}
