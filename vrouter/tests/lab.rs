//! Two hosts with a router between them, in namespaces of Linux: the worker forwards between two veth ends, with a TAP
//! twin for each. The hosts, their ping and their ARP are Linux's own. Needs root.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on says so by a panic")]

use std::fs::File;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::process::Command;
use std::sync::mpsc::channel;
use std::time::Duration;

use daybreak_vrouter::dpdk::{Eal, EalConfig, LogLevel, MbufPool, Memory, Pci, Port, PortConfig, PortSpec};
use daybreak_vrouter::fib::{Fib, Neighbours, NextHop, NextHopPath, NextHops, PortId, Root};
use daybreak_vrouter::forward::{DropReason, Drops, Limits, Pipeline, PortInfo, Tables};
use daybreak_vrouter::packet::MacAddr;
use daybreak_vrouter::worker::{DataPort, Worker, WorkerConfig, spawn_worker};
use nix::sched::{CloneFlags, setns};

/// The namespaces: hosts 0 and 1, the router's Linux with the twins, and one for the ports. A packet socket leaves
/// packets to Linux too, which would answer a second time if the ports were beside the twins. Deleted when dropped.
struct Lab {
    hosts: [String; 2],
    router: String,
    ports: String,
}

fn ip(line: &str) -> String {
    run("ip", &line.split(' ').collect::<Vec<_>>())
}

fn run(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).output().unwrap();
    let text =
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{program} {arguments:?}: {text}");
    text
}

fn host_mac(host: usize) -> MacAddr {
    MacAddr([2, 0, 0, 0, 0xa, u8::try_from(host).unwrap()])
}

fn port_mac(port: usize) -> MacAddr {
    MacAddr([2, 0, 0, 0, 0xb, u8::try_from(port).unwrap()])
}

impl Lab {
    fn new() -> Self {
        let id = std::process::id();
        let name = |end: &str| format!("dbfwd{id}{end}");
        let lab = Self { hosts: [name("h0"), name("h1")], router: name("r"), ports: name("p") };
        ip(&format!("netns add {}", lab.router));
        ip(&format!("netns add {}", lab.ports));
        let ports = &lab.ports;
        for (number, host) in lab.hosts.iter().enumerate() {
            ip(&format!("netns add {host}"));
            ip(&format!("link add port{number} netns {ports} type veth peer name eth0 netns {host}"));
            ip(&format!("-n {host} link set eth0 address {}", host_mac(number)));
            ip(&format!("-n {ports} link set port{number} address {}", port_mac(number)));
            ip(&format!("-n {ports} link set port{number} up"));
            ip(&format!("-n {host} link set lo up"));
            ip(&format!("-n {host} link set eth0 up"));
            ip(&format!("-n {host} addr add 10.0.{number}.2/24 dev eth0"));
            ip(&format!("-n {host} addr add 2001:db8:{number}::2/64 dev eth0 nodad"));
            ip(&format!("-n {host} route add default via 10.0.{number}.1"));
            ip(&format!("-n {host} route add default via 2001:db8:{number}::1"));
        }
        lab
    }

    /// Gives the twins their addresses, as Linux's own configuration would.
    fn address_twins(&self) {
        for number in 0..2 {
            let router = &self.router;
            ip(&format!("-n {router} addr add 10.0.{number}.1/24 dev twin{number}"));
            ip(&format!("-n {router} addr add 2001:db8:{number}::1/64 dev twin{number} nodad"));
            ip(&format!("-n {router} link set twin{number} up"));
        }
    }

    /// What ping prints on host 0, whatever its end.
    fn ping(&self, arguments: &str) -> String {
        let mut line = vec!["netns", "exec", &self.hosts[0], "ping", "-n", "-q"];
        line.extend(arguments.split(' '));
        let output = Command::new("ip").args(line).output().unwrap();
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        for namespace in self.hosts.iter().chain([&self.router, &self.ports]) {
            let _ = Command::new("ip").args(["netns", "del", namespace]).status();
        }
    }
}

fn tables() -> Tables {
    let mut tables = Tables::new(
        Fib::new(Root::Small, 1000),
        Fib::new(Root::Small, 1000),
        NextHops::new(1000),
        Neighbours::new(1000),
    );
    let local = tables.next_hops.push(NextHop::Local).unwrap();
    for number in 0..2_u16 {
        let third = u8::try_from(number).unwrap();
        let (ipv4, ipv6) =
            (Ipv4Addr::new(10, 0, third, 1), Ipv6Addr::new(0x2001, 0xdb8, number, 0, 0, 0, 0, 1));
        let mac = port_mac(number.into());
        tables
            .set_port(PortId(number), Some(PortInfo { mac, mtu: 1500, ipv4: Some(ipv4), ipv6: Some(ipv6) }));
        let link = NextHop::Path(NextHopPath { port: PortId(number), gateway: None });
        let link = tables.next_hops.push(link).unwrap();
        tables.ipv4.insert(format!("10.0.{number}.0/24").parse().unwrap(), link).unwrap();
        tables.ipv6.insert(format!("2001:db8:{number}::/64").parse().unwrap(), link).unwrap();
        tables.ipv4.insert(ipv4.into(), local).unwrap();
        tables.ipv6.insert(ipv6.into(), local).unwrap();
        for address in [format!("10.0.{number}.2"), format!("2001:db8:{number}::2")] {
            let address: IpAddr = address.parse().unwrap();
            tables.neighbours.set(PortId(number), address, host_mac(number.into())).unwrap();
        }
    }
    tables
}

/// Starts DPDK, the ports and the worker.
fn start(lab: &Lab) -> (Vec<Port>, Worker) {
    let enter = |namespace: &str| {
        let namespace = File::open(format!("/run/netns/{namespace}")).unwrap();
        setns(namespace, CloneFlags::CLONE_NEWNET).unwrap();
    };
    let config =
        EalConfig { memory: Memory::Ordinary { mib: 128 }, pci: Pci::None, cpu: 0, log: LogLevel::Error };
    let eal = Eal::start(&config).unwrap();
    let pool = MbufPool::new(eal, "packets", 8191, 0, 2048).unwrap();
    let tables = tables();
    let infos = tables.ports.clone();
    let pipeline = Pipeline::new(Limits { errors: 100, resolutions: 100 });
    let worker = spawn_worker(eal, pool, tables, pipeline, WorkerConfig::default()).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let mut handles = Vec::new();
    for number in 0..2 {
        enter(&lab.ports);
        let spec = PortSpec::AfPacket { interface: format!("port{number}") };
        let (port, rx, tx) = Port::open(eal, &spec, pool, PortConfig::default()).unwrap();
        assert_eq!(port.mac().unwrap(), port_mac(number));
        enter(&lab.router);
        let spec = PortSpec::Tap { interface: format!("twin{number}"), mac: Some(port_mac(number)) };
        let (_, twin_rx, twin_tx) = Port::open(eal, &spec, pool, PortConfig::default()).unwrap();
        handles.push(port);
        let data = DataPort { rx, tx, twin: Some((twin_rx, twin_tx)) };
        let (id, info) = (PortId(u16::try_from(number).unwrap()), infos[number].unwrap());
        assert!(runtime.block_on(worker.handle().add_port(id, data, true, info)).unwrap().is_none());
    }
    (handles, worker)
}

fn drops(worker: &Worker) -> Drops {
    let (answer, drops) = channel();
    worker
        .handle()
        .request(Box::new(move |_, pipeline| answer.send(pipeline.drops().clone()).unwrap()))
        .unwrap();
    drops.recv_timeout(Duration::from_secs(30)).expect("the worker must answer within 30 s")
}

#[test]
fn hosts_reach_each_other_and_the_router() {
    let lab = Lab::new();
    let (ports, worker) = start(&lab);
    lab.address_twins();

    for target in ["10.0.0.1", "2001:db8::1", "10.0.1.2", "2001:db8:1::2"] {
        let said = lab.ping(&format!("-c 20 -i 0.01 -w 60 {target}"));
        assert!(said.contains("20 received") && !said.contains("duplicates"), "{target}: {said}");
    }
    for (target, from) in [("10.0.1.2", "10.0.0.1"), ("2001:db8:1::2", "2001:db8::1")] {
        let before = drops(&worker).get(DropReason::Expired);
        let said = lab.ping(&format!("-c 1 -t 1 -W 60 {target}"));
        assert!(said.contains("+1 errors"), "{from} must say that the packet lived too long: {said}");
        assert_eq!(drops(&worker).get(DropReason::Expired), before + 1);
    }
    let said = lab.ping("-c 1 -W 60 198.51.100.1");
    assert!(said.contains("+1 errors"), "no route must be told: {said}");
    assert_eq!(drops(&worker).get(DropReason::NoRoute), 1);

    // A change of the tables counts from the next burst on.
    let net = "10.0.1.0/24".parse().unwrap();
    worker.handle().request(Box::new(move |tables, _| assert!(tables.ipv4.remove(net).is_some()))).unwrap();
    let said = lab.ping("-c 1 -W 60 10.0.1.2");
    assert!(said.contains("+1 errors"), "the route is gone: {said}");

    // 40 pings came in on the router's second port as replies, ARP and neighbour discovery apart.
    let stats = ports[1].stats().unwrap();
    assert!(stats.rx_packets >= 40 && stats.tx_packets >= 40, "{stats:?}");
    drop(worker);
}
