//! Where routes come from: FRR's own zebra and staticd, and what `ip` sets on the twins, seen by the control socket.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::atomic::Ordering;
use std::time::Duration;

use daybreak_control::v1::{self, control_client::ControlClient};
use daybreak_vrouter::netlink::{Event, Watched, watch};
use nix::sched::{CloneFlags, setns};
use tokio_util::sync::CancellationToken;
use tonic::transport::Channel;

use crate::frr::Frr;
use crate::lab::wire;
use crate::support::{DEADLINE, Daemon, Namespaces, port, set, until};

const TWO_PORTS: &str = "ports:\n- {name: p0, device: ring}\n- {name: p1, device: ring}\n";
const ZEBRA: &str = "fpm address 127.0.0.1 port 2620\nno fpm use-next-hop-groups\n";

struct Router {
    frr: Frr,
    daemon: Daemon,
    client: ControlClient<Channel>,
    namespaces: Namespaces,
}

impl Router {
    /// The daemon with two ports, whose twins are up and have addresses.
    async fn new(test: &str, config: &str) -> Self {
        let namespaces = Namespaces::new(test, &["r"]);
        let mut daemon = Daemon::start(&namespaces, "r", config);
        let client = daemon.client().await;
        let frr = Frr::new(&namespaces, "r");
        let router = Self { frr, daemon, client, namespaces };
        router.address(0);
        router.address(1);
        router
    }

    fn address(&self, number: u8) {
        self.namespaces.ip("r", &format!("link set p{number} up"));
        self.namespaces.ip("r", &format!("addr add 10.0.{number}.1/24 dev p{number}"));
        self.namespaces.ip("r", &format!("addr add 2001:db8:{number}::1/64 dev p{number} nodad"));
    }

    async fn start_frr(&mut self, zebra: &str, routes: &str) {
        self.frr.start("zebra", zebra, &["-M", "dplane_fpm_nl"]);
        // staticd tries again only after 10 s when zebra is not there yet.
        let frr = &self.frr;
        until("zebra is there", async || frr.vtysh(&["show version"]).map(drop)).await;
        self.frr.start("staticd", routes, &[]);
    }

    /// Every route from a source, as text.
    async fn routes(&self, source: &str) -> BTreeMap<String, String> {
        let mut stream =
            self.client.clone().list_routes(v1::ListRoutesRequest { family: 0 }).await.unwrap().into_inner();
        let mut routes = BTreeMap::new();
        while let Some(route) = stream.message().await.unwrap() {
            let hops: Vec<_> = route
                .next_hops
                .iter()
                .map(|hop| format!("{} {} x{}", hop.port, hop.address, hop.weight))
                .collect();
            if route.source == source {
                routes.insert(route.prefix.clone(), format!("{:?} {}", route.action(), hops.join(", ")));
            }
        }
        routes
    }

    /// Waits until the routes from a source are these.
    async fn wait_routes(&self, source: &str, expected: &[(&str, &str)]) {
        let expected: BTreeMap<_, _> =
            expected.iter().map(|(prefix, to)| ((*prefix).to_owned(), (*to).to_owned())).collect();
        let start = std::time::Instant::now();
        loop {
            let seen = self.routes(source).await;
            if seen == expected {
                return;
            }
            assert!(
                start.elapsed() < DEADLINE,
                "routes from {source} are {seen:#?}, not {expected:#?}; {}{}",
                self.daemon.log(),
                self.frr.log()
            );
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    async fn fpm(&self) -> v1::FpmStatistics {
        self.statistics().await.fpm.unwrap()
    }

    async fn statistics(&self) -> v1::Statistics {
        self.client.clone().get_statistics(v1::GetStatisticsRequest {}).await.unwrap().into_inner()
    }

    /// Waits until the neighbours are these.
    async fn wait_neighbours(&self, expected: &[&str]) {
        let start = std::time::Instant::now();
        loop {
            let mut stream =
                self.client.clone().list_neighbours(v1::ListNeighboursRequest {}).await.unwrap().into_inner();
            let mut seen = Vec::new();
            while let Some(neighbour) = stream.message().await.unwrap() {
                let mac: Vec<_> = neighbour.mac.iter().map(|byte| format!("{byte:02x}")).collect();
                seen.push(format!("{} {} {}", neighbour.port, neighbour.address, mac.join(":")));
            }
            let in_fib = self.statistics().await.tables.unwrap().neighbours;
            if seen == expected && in_fib == expected.len() as u64 {
                return;
            }
            assert!(start.elapsed() < DEADLINE, "neighbours are {seen:?} ({in_fib}), not {expected:?}");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

const PUNT: &str = "Punt ";

#[tokio::test]
async fn addresses_links_and_neighbours_of_the_twins_are_followed() {
    let mut router = Router::new("ip", TWO_PORTS).await;
    let ip = |line: &str| router.namespaces.ip("r", line);
    let p1 = [
        ("10.0.1.0/24", "Forward p1  x1"),
        ("10.0.1.1/32", PUNT),
        ("10.0.1.255/32", PUNT),
        ("2001:db8:1::/64", "Forward p1  x1"),
        ("2001:db8:1::/128", PUNT),
        ("2001:db8:1::1/128", PUNT),
    ];
    let p0 = [
        ("10.0.0.0/24", "Forward p0  x1"),
        ("10.0.0.1/32", PUNT),
        ("10.0.0.255/32", PUNT),
        ("2001:db8::/64", "Forward p0  x1"),
        ("2001:db8::/128", PUNT),
        ("2001:db8::1/128", PUNT),
    ];
    router.wait_routes("local", &[&p0[..], &p1].concat()).await;

    // An address inside of the router, and one less on a port.
    ip("addr add 192.0.2.1/32 dev lo");
    ip("addr del 2001:db8:1::1/64 dev p1");
    let inside = [("192.0.2.1/32", PUNT)];
    router.wait_routes("local", &[&p0[..], &p1[..3], &inside].concat()).await;

    // IPv6 addresses do not survive that in Linux, IPv4 addresses do.
    ip("link set p0 down");
    router.wait_routes("local", &[&p1[..3], &inside].concat()).await;
    ip("link set p0 up");
    router.wait_routes("local", &[&p0[..3], &p1[..3], &inside].concat()).await;

    ip("neigh add 10.0.0.9 lladdr 02:00:00:00:00:09 dev p0 nud permanent");
    ip("neigh add 10.0.1.7 lladdr 02:00:00:00:00:07 dev p1 nud reachable");
    ip("neigh add fe80::7 lladdr 02:00:00:00:00:07 dev p1 nud stale");
    let known =
        ["p0 10.0.0.9 02:00:00:00:00:09", "p1 10.0.1.7 02:00:00:00:00:07", "p1 fe80::7 02:00:00:00:00:07"];
    router.wait_neighbours(&known).await;
    ip("neigh replace 10.0.0.9 lladdr 02:00:00:00:00:19 dev p0 nud permanent");
    ip("neigh del 10.0.1.7 dev p1");
    // Linux asks and hears nothing: the entry becomes "failed".
    ip("neigh replace fe80::7 lladdr 02:00:00:00:00:07 dev p1 nud probe");
    router.wait_neighbours(&["p0 10.0.0.9 02:00:00:00:00:19"]).await;

    // The port goes, and with it all that leads there; it comes back, and so does all.
    set(&mut router.client, &[port("p1", "ring")]).await;
    router.wait_routes("local", &[&p1[..3], &inside].concat()).await;
    router.wait_neighbours(&[]).await;
    set(&mut router.client, &[port("p0", "ring"), port("p1", "ring")]).await;
    router.address(0);
    router.wait_routes("local", &[&p0[..], &p1[..3], &inside].concat()).await;
    let tables = router.statistics().await.tables.unwrap();
    assert_eq!((tables.ipv4_routes, tables.ipv6_routes), (7, 3));
}

#[tokio::test]
async fn routes_of_linux_are_followed_when_they_are_asked_for() {
    let config = format!("{TWO_PORTS}fpm: {{source: netlink}}\n");
    let router = Router::new("nl", &config).await;
    let ip = |line: &str| router.namespaces.ip("r", line);
    ip("route add 198.51.100.0/24 via 10.0.0.2 metric 20");
    ip("route add 198.51.100.0/24 via 10.0.1.2 metric 10");
    ip("route add 203.0.113.0/24 nexthop via 10.0.0.2 weight 2 nexthop via 10.0.1.2");
    ip("route add blackhole 192.0.2.0/24");
    ip("route add 192.0.2.128/25 via 10.0.0.2 table 100");
    ip("-6 route add 2001:db8:cafe::/48 via fe80::2 dev p1");
    let all = [
        ("192.0.2.0/24", "Drop "),
        ("198.51.100.0/24", "Forward p1 10.0.1.2 x1"),
        ("2001:db8:cafe::/48", "Forward p1 fe80::2 x1"),
        ("203.0.113.0/24", "Forward p0 10.0.0.2 x2, p1 10.0.1.2 x1"),
    ];
    router.wait_routes("netlink", &all).await;
    ip("route del 198.51.100.0/24 via 10.0.1.2 metric 10");
    ip("-6 route replace 2001:db8:cafe::/48 via fe80::3 dev p0");
    let all = [
        ("192.0.2.0/24", "Drop "),
        ("198.51.100.0/24", "Forward p0 10.0.0.2 x1"),
        ("2001:db8:cafe::/48", "Forward p0 fe80::3 x1"),
        ("203.0.113.0/24", "Forward p0 10.0.0.2 x2, p1 10.0.1.2 x1"),
    ];
    router.wait_routes("netlink", &all).await;
    // Linux takes routes over an interface that goes down away without a word, and does not bring them back.
    ip("link set p0 down");
    let left = [("192.0.2.0/24", "Drop "), ("203.0.113.0/24", "Forward p1 10.0.1.2 x1")];
    router.wait_routes("netlink", &left).await;
    ip("link set p0 up");
    router.wait_routes("local", &local_after_down()).await;
    let back = router.routes("netlink").await;
    assert!(!back.contains_key("198.51.100.0/24"), "Linux does not have it: {back:?}");
    assert!(TcpStream::connect(("127.0.0.1", 2620)).is_err(), "nobody listens for FRR");
}

/// What follows from the addresses of both twins after p0 was down.
fn local_after_down() -> Vec<(&'static str, &'static str)> {
    vec![
        ("10.0.0.0/24", "Forward p0  x1"),
        ("10.0.0.1/32", PUNT),
        ("10.0.0.255/32", PUNT),
        ("10.0.1.0/24", "Forward p1  x1"),
        ("10.0.1.1/32", PUNT),
        ("10.0.1.255/32", PUNT),
        ("2001:db8:1::/64", "Forward p1  x1"),
        ("2001:db8:1::/128", PUNT),
        ("2001:db8:1::1/128", PUNT),
    ]
}

const STATIC: &str = "ip route 198.51.100.0/24 10.0.0.2\nip route 198.51.100.0/24 10.0.1.2\n\
    ip route 203.0.113.0/24 10.0.1.2\nip route 192.0.2.0/25 Null0\nip route 192.0.2.128/25 reject\n\
    ipv6 route 2001:db8:cafe::/48 2001:db8:1::2\n";
const EXPECTED: [(&str, &str); 5] = [
    ("192.0.2.0/25", "Drop "),
    ("192.0.2.128/25", "Drop "),
    ("198.51.100.0/24", "Forward p0 10.0.0.2 x1, p1 10.0.1.2 x1"),
    ("2001:db8:cafe::/48", "Forward p1 2001:db8:1::2 x1"),
    ("203.0.113.0/24", "Forward p1 10.0.1.2 x1"),
];

#[tokio::test]
async fn routes_of_frr_come_change_go_and_outlive_it() {
    let config = format!("{TWO_PORTS}fpm: {{stale_time: 3}}\n");
    let mut router = Router::new("fpm", &config).await;
    router.start_frr(ZEBRA, STATIC).await;
    router.wait_routes("fpm", &EXPECTED).await;

    let change = ["configure terminal", "no ip route 192.0.2.0/25 Null0", "ip route 203.0.113.0/24 10.0.0.2"];
    router.frr.vtysh(&change).unwrap();
    let mut changed = EXPECTED[1..].to_vec();
    changed[3].1 = "Forward p0 10.0.0.2 x1, p1 10.0.1.2 x1";
    router.wait_routes("fpm", &changed).await;

    // Its end changes nothing.
    router.frr.crash();
    let client = router.client.clone();
    until("the connection is lost", async || {
        let statistics = client.clone().get_statistics(v1::GetStatisticsRequest {}).await.unwrap();
        (!statistics.into_inner().fpm.unwrap().connected).then_some(())
    })
    .await;
    router.wait_routes("fpm", &changed).await;
    let before = router.statistics().await.tables.unwrap();

    // One route is not there any more when it comes back: it stays for the time that is set, and then goes.
    router.start_frr(ZEBRA, &STATIC.replace("ip route 203.0.113.0/24 10.0.1.2\n", "")).await;
    until("FRR is back", async || {
        let statistics = client.clone().get_statistics(v1::GetStatisticsRequest {}).await.unwrap();
        (statistics.into_inner().fpm.unwrap().connections == 2).then_some(())
    })
    .await;
    assert!(router.routes("fpm").await.contains_key("203.0.113.0/24"), "it stays at first");
    let expected = &EXPECTED[..4];
    router.wait_routes("fpm", expected).await;
    let after = router.statistics().await.tables.unwrap();
    assert_eq!((before.ipv6_routes, before.ipv4_routes), (after.ipv6_routes, after.ipv4_routes));
    assert_eq!((after.audit_missing, after.audit_stale), (0, 0));
    assert_eq!(router.fpm().await.errors, 0);
}

#[tokio::test]
async fn next_hop_groups_of_frr_come_to_the_same() {
    let mut router = Router::new("nhg", TWO_PORTS).await;
    router.start_frr("fpm address 127.0.0.1 port 2620\nfpm use-next-hop-groups\n", STATIC).await;
    router.wait_routes("fpm", &EXPECTED).await;
    let change = ["configure terminal", "no ip route 198.51.100.0/24 10.0.1.2"];
    router.frr.vtysh(&change).unwrap();
    let mut expected = EXPECTED;
    expected[2].1 = "Forward p0 10.0.0.2 x1";
    router.wait_routes("fpm", &expected).await;
    assert_eq!(router.fpm().await.errors, 0);
}

#[tokio::test]
async fn garbage_closes_the_connection_and_a_newer_one_takes_its_place() {
    let router = Router::new("bad", TWO_PORTS).await;
    let namespace = router.namespaces.name("r");
    let connect = || {
        // A socket stays in the namespace that it was made in.
        let namespace = std::fs::File::open(format!("/run/netns/{namespace}")).unwrap();
        let thread = std::thread::spawn(move || {
            setns(namespace, CloneFlags::CLONE_NEWNET).unwrap();
            let stream = TcpStream::connect(("127.0.0.1", 2620)).unwrap();
            stream.set_read_timeout(Some(DEADLINE)).unwrap();
            stream
        });
        thread.join().unwrap()
    };
    let is_closed = |mut stream: TcpStream| matches!(stream.read(&mut [0]), Ok(0) | Err(_));
    for (number, garbage) in
        [&b"GET / HTTP/1.1\r\n\r\n"[..], &[0; 100], &[1, 1, 0, 3], &[0xff; 7_000]].iter().enumerate()
    {
        let mut stream = connect();
        let _ = stream.write_all(garbage);
        assert!(is_closed(stream), "garbage {number} must end the connection");
        let client = &router;
        until("it is counted", async || (client.fpm().await.errors == number as u64 + 1).then_some(())).await;
    }
    let older = connect();
    let before = router.fpm().await.connections;
    let newer = connect();
    assert!(is_closed(older));
    until("the newer one is there", async || (router.fpm().await.connections > before.min(5)).then_some(()))
        .await;
    // A half frame, and the end.
    (&newer).write_all(&[1, 1, 1, 0, 0]).unwrap();
    drop(newer);
    until("it is gone", async || (!router.fpm().await.connected).then_some(())).await;
    assert_eq!(router.fpm().await.errors, 4, "an end is no error");
}

#[test]
fn lost_changes_of_linux_are_made_good() {
    let namespaces = Namespaces::new("lost", &["r"]);
    namespaces.ip("r", "tuntap add dev t0 mode tap");
    namespaces.ip("r", "link set t0 up");
    setns(
        std::fs::File::open(format!("/run/netns/{}", namespaces.name("r"))).unwrap(),
        CloneFlags::CLONE_NEWNET,
    )
    .unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        // Room for a few messages only, and nobody reads while hundreds are made.
        let (watcher, mut events) = watch(Watched { routes: false, buffer: 4096 }).unwrap();
        let (losses, stop) = (watcher.losses(), CancellationToken::new());
        let task = tokio::spawn(watcher.run(stop.clone()));
        let mut known = std::collections::BTreeSet::new();
        let mut round = None;
        let mut follow = |batch: Vec<Event>| {
            let mut complete = false;
            for event in batch {
                match event {
                    Event::Begin => round = Some(std::collections::BTreeSet::new()),
                    Event::Complete => {
                        known = round.take().unwrap();
                        complete = true;
                    }
                    Event::Neighbour(neighbour) if neighbour.key.address.is_ipv4() => {
                        known.insert(neighbour.key.address);
                        if let Some(round) = &mut round {
                            round.insert(neighbour.key.address);
                        }
                    }
                    Event::NeighbourGone(key) => drop(known.remove(&key.address)),
                    _ => {}
                }
            }
            (complete, known.len())
        };
        while !follow(events.recv().await.unwrap()).0 {}
        let addresses = (0..1000).map(|number| format!("10.9.{}.{}", number / 250, number % 250 + 1));
        let batch: Vec<_> = addresses
            .map(|address| format!("neigh add {address} lladdr 02:00:00:00:00:01 dev t0 nud permanent\n"))
            .collect();
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), batch.concat()).unwrap();
        let status = std::process::Command::new("ip").arg("-batch").arg(file.path()).status().unwrap();
        assert!(status.success());
        let all = async {
            loop {
                let (_, count) = follow(events.recv().await.unwrap());
                if count == 1000 {
                    return;
                }
            }
        };
        tokio::time::timeout(DEADLINE, all).await.expect("all neighbours must be known in the end");
        assert!(losses.load(Ordering::Relaxed) > 0, "nothing was lost, so nothing was shown");
        stop.cancel();
        task.await.unwrap();
    });
}

#[tokio::test]
async fn neighbours_that_packets_are_sent_to_are_kept_alive() {
    let namespaces = Namespaces::new("keep", &["h", "b", "p", "r"]);
    wire(&namespaces, "h", 0);
    wire(&namespaces, "b", 1);
    let config = format!(
        "port_namespace: {}\nports:\n- {{name: p0, device: 'af_packet:v0'}}\n- {{name: p1, device: 'af_packet:v1'}}\n",
        namespaces.name("p")
    );
    let mut daemon = Daemon::start(&namespaces, "r", &config);
    let client = daemon.client().await;
    let router = Router { frr: Frr::new(&namespaces, "r"), daemon, client, namespaces };
    router.address(0);
    router.address(1);
    let spaces = &router.namespaces;
    spaces.run("r", "sysctl -qw net.ipv4.ip_forward=1");
    let said = spaces.output("h", "ping -n -q -c 3 -i 0.01 -w 60 10.0.1.2");
    assert!(said.contains("3 received"), "{said}");
    // Linux believes that nobody sends to either; packets go to one only.
    let state = |address: &str| spaces.ip("r", &format!("neigh show {address}"));
    spaces.ip("r", "neigh add 10.0.1.77 lladdr 02:00:00:00:00:77 dev p1 nud stale");
    spaces.ip("r", "neigh change 10.0.1.2 dev p1 nud stale");
    let mut traffic =
        spaces.command("h", "ping").args(["-n", "-q", "-i", "0.1", "10.0.1.2"]).spawn().unwrap();
    until("the one in use is confirmed", async || {
        let seen = state("10.0.1.2");
        ["DELAY", "PROBE", "REACHABLE"].iter().any(|state| seen.contains(state)).then_some(())
    })
    .await;
    traffic.kill().unwrap();
    traffic.wait().unwrap();
    let all = spaces.ip("r", "neigh show");
    assert!(
        all.contains("10.0.1.77 dev p1 lladdr 02:00:00:00:00:77 STALE"),
        "the other is left alone: {all}{}",
        router.daemon.log()
    );
}
