//! A router with FRR between a host and a BGP peer, each in a namespace: the daemon forwards between veth ends by packet
//! sockets, its twins are in the router's namespace, and the routes come from FRR by FPM. Hosts, ping, traceroute, ARP and
//! BGP are Linux's and FRR's own.

use std::process::{Command, Stdio};

use crate::frr::Frr;
use crate::support::{Daemon, Namespaces, port, set, until};
use daybreak_control::v1::{self, control_client::ControlClient};
use tonic::transport::Channel;

/// The peer's own networks, and the addresses in them that answer.
const NET4: &str = "203.0.113.0/24";
const NET6: &str = "2001:db8:cafe::/48";
const FAR4: &str = "203.0.113.1";
const FAR6: &str = "2001:db8:cafe::1";

struct Lab {
    // Dropped in this order: processes before the namespaces that they are in.
    router: Frr,
    peer: Frr,
    daemon: Daemon,
    client: ControlClient<Channel>,
    namespaces: Namespaces,
}

/// Links an end's `eth0` to the wire `number` of the ports. Packets from there need checksums: a packet socket gets
/// them as they were sent, and between veth ends Linux leaves checksums out.
pub(crate) fn wire(namespaces: &Namespaces, end: &str, number: u8) {
    let (ports, host) = (namespaces.name("p"), namespaces.name(end));
    crate::support::ip(&format!("link add v{number} netns {ports} type veth peer name eth0 netns {host}"));
    namespaces.run("p", &format!("sysctl -qw net.ipv6.conf.v{number}.disable_ipv6=1"));
    namespaces.ip("p", &format!("link set v{number} up"));
    namespaces.run(end, "ethtool -K eth0 tx off rx off gso off gro off");
    namespaces.ip(end, "link set eth0 up");
    namespaces.ip(end, &format!("addr add 10.0.{number}.2/24 dev eth0"));
    namespaces.ip(end, &format!("addr add 2001:db8:{number}::2/64 dev eth0 nodad"));
    namespaces.ip(end, &format!("route add default via 10.0.{number}.1"));
    namespaces.ip(end, &format!("route add default via 2001:db8:{number}::1"));
}

/// Gives a twin its addresses, as Linux's own configuration would.
fn address_twin(namespaces: &Namespaces, number: u8) {
    namespaces.ip("r", &format!("addr add 10.0.{number}.1/24 dev p{number}"));
    namespaces.ip("r", &format!("addr add 2001:db8:{number}::1/64 dev p{number} nodad"));
    namespaces.ip("r", &format!("link set p{number} up"));
}

impl Lab {
    async fn new(test: &str) -> Self {
        Self::with(test, "").await
    }

    /// With more lines of the daemon's configuration.
    async fn with(test: &str, more: &str) -> Self {
        let namespaces = Namespaces::new(test, &["h", "b", "p", "r"]);
        wire(&namespaces, "h", 0);
        wire(&namespaces, "b", 1);
        namespaces.ip("b", &format!("addr add {FAR4}/32 dev lo"));
        namespaces.ip("b", &format!("addr add {FAR6}/128 dev lo nodad"));
        for setting in ["net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1"] {
            namespaces.run("r", &format!("sysctl -qw {setting}"));
        }
        let config = format!(
            "port_namespace: {}\nports:\n- {{name: p0, device: 'af_packet:v0'}}\n- {{name: p1, device: 'af_packet:v1'}}\n{more}",
            namespaces.name("p")
        );
        let mut daemon = Daemon::start(&namespaces, "r", &config);
        let client = daemon.client().await;
        address_twin(&namespaces, 0);
        address_twin(&namespaces, 1);
        let (router, peer) = (Frr::new(&namespaces, "r"), Frr::new(&namespaces, "b"));
        let mut lab = Self { router, peer, daemon, client, namespaces };
        lab.start_router().await;
        // The route-map comes first: one that a neighbour names before it is there denies all until bgpd looks again.
        let bgp = format!(
            "route-map next permit 1\n set ipv6 next-hop global 2001:db8:1::2\n\
             router bgp 65002\n bgp router-id 10.0.1.2\n no bgp ebgp-requires-policy\n no bgp network import-check\n \
             neighbor 10.0.1.1 remote-as 65001\n neighbor 10.0.1.1 timers connect 1\n \
             address-family ipv4 unicast\n  network {NET4}\n exit-address-family\n \
             address-family ipv6 unicast\n  network {NET6}\n  neighbor 10.0.1.1 activate\n  \
             neighbor 10.0.1.1 route-map next in\n  neighbor 10.0.1.1 route-map next out\n exit-address-family\n"
        );
        lab.peer.start("bgpd", &bgp, &["-n"]);
        lab
    }

    /// Starts the router's FRR.
    async fn start_router(&mut self) {
        let zebra = "fpm address 127.0.0.1 port 2620\nno fpm use-next-hop-groups\n";
        self.router.start("zebra", zebra, &["-M", "dplane_fpm_nl"]);
        // bgpd looks for zebra at start, and then not for 10 seconds.
        let router = &self.router;
        until("zebra listens", async || router.listens("zserv.api").then_some(())).await;
        // The peer has no zebra: bgpd ends the session when it is told of a route with a link-local next hop then. So nothing
        // is told back.
        let bgp = "route-map none deny 1\n\
                   router bgp 65001\n bgp router-id 10.0.1.1\n no bgp ebgp-requires-policy\n bgp graceful-restart\n \
                   neighbor 10.0.1.2 remote-as 65002\n neighbor 10.0.1.2 timers connect 1\n \
                   address-family ipv4 unicast\n  neighbor 10.0.1.2 route-map none out\n exit-address-family\n \
                   address-family ipv6 unicast\n  neighbor 10.0.1.2 activate\n  \
                   neighbor 10.0.1.2 route-map none out\n exit-address-family\n";
        self.router.start("bgpd", bgp, &[]);
    }

    /// Waits until a route from FRR to an address is there, or is not.
    async fn route(&self, address: &str, there: bool) {
        let what = format!("a route to {address} is {}", if there { "there" } else { "gone" });
        let client = &self.client;
        until(&what, async || {
            let request = v1::LookupRouteRequest { address: address.into() };
            let route = client.clone().lookup_route(request).await.unwrap().into_inner().route;
            (route.is_some_and(|route| route.source == "fpm") == there).then_some(())
        })
        .await;
    }

    async fn statistics(&mut self) -> v1::Statistics {
        self.client.get_statistics(v1::GetStatisticsRequest {}).await.unwrap().into_inner()
    }

    /// What ping prints on the host.
    fn ping(&self, arguments: &str) -> String {
        self.namespaces.output("h", &format!("ping -n -q {arguments}"))
    }

    /// What an interface of the host has sent.
    fn sent_by_host(&self) -> u64 {
        self.namespaces.run("h", "cat /sys/class/net/eth0/statistics/tx_packets").trim().parse().unwrap()
    }
}

fn of<'a>(statistics: &'a v1::Statistics, port: &str) -> &'a v1::PortStatistics {
    statistics.ports.iter().find(|counts| counts.port == port).unwrap()
}

fn dropped(statistics: &v1::Statistics, reason: &str) -> u64 {
    statistics.drops.iter().find(|drop| drop.reason == reason).unwrap().packets
}

#[tokio::test]
async fn packets_cross_by_the_routes_of_bgp_and_are_counted() {
    let mut lab = Lab::new("cross").await;
    lab.route(FAR4, true).await;
    lab.route(FAR6, true).await;

    // Nobody has asked for a hardware address yet; Linux does, and keeps the packet so long.
    for target in ["10.0.0.1", "2001:db8::1", "10.0.1.2", "2001:db8:1::2", FAR4, FAR6] {
        let said = lab.ping(&format!("-c 5 -i 0.01 -W 20 {target}"));
        let well = said.contains("5 received") && !said.contains("duplicates");
        assert!(well, "{target}: {said}\n{}\n{}\n{}", lab.daemon.log(), lab.router.log(), lab.peer.log());
    }

    let (hosts, before) = (lab.sent_by_host(), lab.statistics().await);
    for target in [FAR4, FAR6] {
        let said = lab.ping(&format!("-f -c 1000 -W 20 {target}"));
        assert!(said.contains("1000 received"), "{target}: {said}");
    }
    let (hosts, after) = (lab.sent_by_host() - hosts, lab.statistics().await);
    for name in ["p0", "p1"] {
        let (before, after) = (of(&before, name), of(&after, name));
        let forwarded_in =
            after.rx_packets - before.rx_packets - (after.punted_packets - before.punted_packets);
        let forwarded_out =
            after.tx_packets - before.tx_packets - (after.injected_packets - before.injected_packets);
        assert_eq!((forwarded_in, forwarded_out), (2000, 2000), "{name}: {before:?} {after:?}");
    }
    assert_eq!(
        of(&after, "p0").rx_packets - of(&before, "p0").rx_packets,
        hosts,
        "the port counts what was sent"
    );
    let lookups = after.nodes.iter().find(|node| node.node == "lookup").unwrap();
    assert!(lookups.packets >= 4000 && lookups.cycles > 0, "{lookups:?}");

    // The hops are those of the addresses on the side of the host.
    for (target, first) in [(FAR4, "10.0.0.1"), (FAR6, "2001:db8::1")] {
        let said = lab.namespaces.output("h", &format!("traceroute -n -q 1 -m 3 -w 20 {target}"));
        let hops: Vec<_> = said.lines().skip(1).filter_map(|line| line.split_whitespace().nth(1)).collect();
        assert_eq!(hops, [first, target], "{said}");
    }
    let said = lab.ping("-c 1 -W 20 198.51.100.1");
    assert!(said.contains("+1 errors"), "no route must be told: {said}");
    let end = lab.statistics().await;
    assert_eq!(dropped(&end, "expired") - dropped(&after, "expired"), 2);
    assert_eq!(dropped(&end, "no-route") - dropped(&after, "no-route"), 1);
}

#[tokio::test]
async fn a_flood_for_the_router_itself_leaves_neighbours_and_transit_alone() {
    let mut lab = Lab::with("flood", "limits: {punt: {other: 100}}\n").await;
    lab.route(FAR4, true).await;
    let before = lab.statistics().await;
    let said = lab.ping("-f -l 5000 -c 5000 -W 1 -w 5 10.0.0.1");
    let after = lab.statistics().await;
    let lost = dropped(&after, "punt-limit") - dropped(&before, "punt-limit");
    let punted = of(&after, "p0").punted_packets - of(&before, "p0").punted_packets;
    assert!(lost > 5 * punted && punted >= 100, "{punted} to Linux, {lost} not: {said}");
    // While five times as many come as are taken; it ends by itself.
    let mut pings = lab
        .namespaces
        .command("h", "ping")
        .args(["-n", "-q", "-i", "0.002", "-c", "30000", "-w", "20", "10.0.0.1"])
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    lab.namespaces.run("h", "ip neighbour flush dev eth0");
    let said = lab.ping(&format!("-c 20 -i 0.01 -W 20 {FAR4}"));
    pings.kill().unwrap();
    pings.wait().unwrap();
    assert!(said.contains("20 received"), "{said}");
}

#[tokio::test]
async fn a_restart_of_frr_stops_no_packet_and_a_withdrawn_route_does() {
    let mut lab = Lab::new("frr").await;
    lab.route(FAR4, true).await;
    let warm = lab.ping(&format!("-c 1 -W 20 {FAR4}"));
    assert!(warm.contains("1 received"), "{warm}");

    let traffic = lab
        .namespaces
        .command("h", "ping")
        .args(["-n", "-q", "-c", "500", "-i", "0.005", "-W", "20", FAR4])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let connections = lab.statistics().await.fpm.unwrap().connections;
    lab.router.crash();
    lab.start_router().await;
    let client = lab.client.clone();
    until("FRR is back", async || {
        let statistics =
            client.clone().get_statistics(v1::GetStatisticsRequest {}).await.unwrap().into_inner();
        let fpm = statistics.fpm.unwrap();
        (fpm.connected && fpm.connections > connections).then_some(())
    })
    .await;
    let router = &lab.router;
    until("BGP has the peer's route again", async || {
        router.vtysh(&["show ip route bgp"])?.contains(NET4).then_some(())
    })
    .await;
    let said = String::from_utf8(traffic.wait_with_output().unwrap().stdout).unwrap();
    assert!(said.contains("500 received"), "{said}\n{}\n{}", lab.daemon.log(), lab.router.log());

    let commands = [
        "configure terminal",
        "router bgp 65002",
        "address-family ipv4 unicast",
        "no network 203.0.113.0/24",
    ];
    lab.peer.vtysh(&commands).unwrap();
    lab.route(FAR4, false).await;
    let said = lab.ping(&format!("-c 3 -i 0.01 -W 5 {FAR4}"));
    assert!(said.contains("0 received") && said.contains("+3 errors"), "{said}");
    let said = lab.ping("-c 3 -i 0.01 -W 20 10.0.1.2");
    assert!(said.contains("3 received"), "other routes are as they were: {said}");
}

#[tokio::test]
async fn a_port_that_is_added_while_packets_flow_forwards() {
    let mut lab = Lab::new("add").await;
    lab.route(FAR4, true).await;
    let host2 = Namespaces::new("add2", &["h"]);
    // The third host comes after the start.
    let far = host2.name("h");
    crate::support::ip(&format!(
        "link add v2 netns {} type veth peer name eth0 netns {far}",
        lab.namespaces.name("p")
    ));
    lab.namespaces.run("p", "sysctl -qw net.ipv6.conf.v2.disable_ipv6=1");
    host2.ip("h", "link set eth0 up");
    host2.ip("h", "addr add 10.0.2.2/24 dev eth0");
    host2.ip("h", "route add default via 10.0.2.1");
    let traffic = lab
        .namespaces
        .command("h", "ping")
        .args(["-n", "-q", "-c", "200", "-i", "0.005", "-W", "20", FAR4])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let two = [port("p0", "af_packet:v0"), port("p1", "af_packet:v1")];
    let three = [&two[..], &[port("p2", "af_packet:v2")]].concat();
    set(&mut lab.client, &three).await;
    address_twin(&lab.namespaces, 2);
    let said = lab.ping("-c 5 -i 0.01 -W 20 10.0.2.2");
    assert!(said.contains("5 received"), "{said}\n{}", lab.daemon.log());
    let said = host2.output("h", &format!("ping -n -q -c 5 -i 0.01 -W 20 {FAR4}"));
    assert!(said.contains("5 received"), "{said}");

    set(&mut lab.client, &two).await;
    assert!(lab.ping("-c 1 -W 1 10.0.2.2").contains("0 received"), "its network went with it");
    let said = String::from_utf8(traffic.wait_with_output().unwrap().stdout).unwrap();
    assert!(said.contains("200 received"), "the others lost nothing: {said}");
}

#[tokio::test]
async fn an_idle_router_leaves_the_processor_alone() {
    let lab = Lab::new("idle").await;
    lab.route(FAR4, true).await;
    let used = || {
        let pid = lab.daemon.process.pid();
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
        let after_name = stat.rsplit(')').next().unwrap();
        let fields: Vec<u64> = after_name.split_whitespace().filter_map(|field| field.parse().ok()).collect();
        // utime and stime are fields 14 and 15 of proc(5); the state before them is no number.
        fields[10] + fields[11]
    };
    // Two seconds by somebody else's clock.
    let before = used();
    let status = Command::new("sleep").arg("2").status().unwrap();
    assert!(status.success());
    let ticks = used() - before;
    assert!(ticks <= 20, "{ticks} ticks of 10 ms in 2 s: more than a tenth of a core");
}
