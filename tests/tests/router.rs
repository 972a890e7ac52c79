//! A fresh appliance becomes a router, as an operator makes it one: Ansible over NETCONF, BGP, traffic through DPDK, KPIs in a
//! database, each step asserted.

use std::collections::BTreeSet;
use std::process::Command;
use std::time::{Duration, Instant};

use daybreak_tests::ansible::Ansible;
use daybreak_tests::environment::Environment;
use daybreak_tests::error::{LabError, Result};
use daybreak_tests::lab::{Addressing, Lab};
use daybreak_tests::machine::{Firmware, Machine, disk};
use daybreak_tests::newer;
use daybreak_tests::patience::Patience;
use daybreak_tests::process::Process;
use daybreak_tests::routed::{ANNOUNCED, ROUTER_WEST, Routed, TARGET};
use daybreak_tests::slots::{Slots, VERDICT};
use daybreak_tests::story::Story;
use daybreak_tests::text_log::Mark;
use serde_json::{Value, json};

/// Longest time from power-on to an active node, on a quiet machine without hardware virtualisation.
const DEPLOYMENT: u64 = 900;

/// Echo requests of one measurement.
const PACKETS: u32 = 500;

/// Echo requests after a restart, one each 20 ms: the old routes of a neighbour would have gone by then.
const AFTERWARDS: usize = 300;

/// Echo requests per second during the upgrade.
const PER_SECOND: usize = 20;

/// The same as seconds between two.
const INTERVAL: &str = "0.05";

/// Name of the image that the node is upgraded to.
const NEWER: &str = "newer";

/// Its version.
const NEWER_VERSION: &str = "99.0";

/// Restarts of the appliance in one test.
const RESTARTS: u32 = 5;

/// How long the idle appliance is watched.
const IDLE: Duration = Duration::from_secs(20);

/// Looks at most.
const LOOKS: u32 = 4;

/// Share of a core that it may take: an emulated machine pays for each look at its ports, one that polled would take a core.
const IDLE_SHARE: f64 = 0.15;

/// Boots the machine over the network, installs it and waits until it is active.
fn deploy(lab: &Lab, machine: &mut Machine) -> Result<()> {
    let mut timeline = lab.provisioner().timeline("r1")?;
    machine.power_on(lab.bridge())?;
    timeline
        .wait("the node to be active", Patience::secs(DEPLOYMENT), |e| e.says("STATE-CHANGED", "active"))?;
    Ok(())
}

/// A counter of a node or port in the data plane's statistics.
fn counter(statistics: &Value, list: &str, key: &str, name: &str, field: &str) -> u64 {
    let items = statistics[list].as_array().map(Vec::as_slice).unwrap_or_default();
    let item = items.iter().find(|item| item[key] == name);
    item.and_then(|item| item[field].as_u64())
        .unwrap_or_else(|| panic!("no {list} {name} {field}: {statistics:#}"))
}

fn forwarded(story: &Story<'_>) -> Result<u64> {
    Ok(counter(&story.statistics()?, "nodes", "node", "rewrite", "packets"))
}

/// Ansible configures, and the second time finds nothing to change.
fn configured_once_and_for_all(story: &Story<'_>) -> Result<()> {
    let first = story.configure()?;
    assert_eq!(first.changed, 3, "{}", first.output);
    let second = story.configure()?;
    assert_eq!(second.changed, 0, "{}", second.output);
    Ok(())
}

/// The route is in FRR and in the FIB, and what is sent is what is counted.
fn routes_and_counts(story: &Story<'_>) -> Result<()> {
    story.wait_route()?;
    let zebra = story.login.run(story.lab.server(), "sudo vtysh -c 'show ip route bgp'")?;
    assert!(zebra.contains(ANNOUNCED), "not in FRR:\n{zebra}");

    let before = forwarded(story)?;
    let pings = story.traffic(PACKETS)?;
    assert_eq!((pings.sent, pings.received), (u64::from(PACKETS), u64::from(PACKETS)));
    let both_ways = forwarded(story)? - before;
    assert_eq!(both_ways, 2 * u64::from(PACKETS), "requests and replies, no more and no less");

    let pings = story.traffic6(PACKETS / 10)?;
    assert_eq!(pings.received, pings.sent, "IPv6");
    Ok(())
}

/// Nobody but the data plane gives a twin its hardware address, and all that Linux derives from it is right.
fn twins_have_the_addresses_of_their_ports(story: &Story<'_>) -> Result<()> {
    for (twin, own) in [("p0", "fe80::5054:ff:fe77:2/64"), ("p1", "fe80::5054:ff:fe77:3/64")] {
        let question = format!("ip -6 -brief address show dev {twin} && udevadm info /sys/class/net/{twin}");
        let said = story.login.run(story.lab.server(), &question)?;
        assert!(said.contains(own) && said.contains("/60-vrouterd.link"), "{said}");
    }
    Ok(())
}

/// Without the route there is no traffic; with it there is again.
fn withdrawn_route_stops_traffic(story: &Story<'_>) -> Result<()> {
    story.routed.announce(false)?;
    story.wait_fib(ANNOUNCED, false, Patience::secs(60))?;
    let pings = story.traffic(5)?;
    assert_eq!(pings.received, 0, "answered without a route");
    story.routed.announce(true)?;
    story.wait_route()?;
    Ok(())
}

/// What the database says was sent is what was sent, within 5 %.
fn kpis_show_the_traffic(story: &Story<'_>) -> Result<()> {
    let sent_before = counter(&story.statistics()?, "ports", "port", "p0", "tx_packets");
    let stored_before = story.wait_kpi("p0", "tx_packets", sent_before, Patience::secs(60))?;
    let pings = story.traffic(PACKETS)?;
    let sent_after = counter(&story.statistics()?, "ports", "port", "p0", "tx_packets");
    let stored_after = story.wait_kpi("p0", "tx_packets", sent_after, Patience::secs(60))?;
    let (stored, sent) = (stored_after - stored_before, pings.sent);
    assert!(stored.abs_diff(sent) * 20 <= sent, "{stored} in the database, {sent} sent");
    Ok(())
}

/// The number of the echo request that a line of `ping` answers.
fn answered(line: &str) -> Option<usize> {
    line.split_once("icmp_seq=")?.1.split(' ').next()?.parse().ok()
}

/// Restarts `service` on the appliance in the middle of traffic; no packet may be lost, until long after BGP is back.
fn restart_loses_nothing(story: &Story<'_>, service: &str) -> Result<()> {
    let mut ping = Command::new("ping");
    ping.args(["-i", "0.02", "-W", "10", "-c", "100000", TARGET]);
    let name = format!("ping.{service}");
    let pinger = Process::start(&story.routed.host_place, &name, &ping, story.lab.directory().path())?;
    pinger.output().wait_for(Mark::default(), "icmp_seq=20 ", Patience::secs(60))?;
    story.login.run(story.lab.server(), &format!("sudo systemctl restart {service}"))?;
    story.routed.peer.wait_established(ROUTER_WEST, Patience::secs(180))?;
    story.wait_route()?;
    let seen = pinger.output().since(Mark::default());
    let last = seen.lines().filter_map(answered).max().unwrap_or_default();
    let later = format!("icmp_seq={} ", last + AFTERWARDS);
    let ended = pinger.output().wait_for(Mark::default(), &later, Patience::secs(60));
    let text = pinger.output().since(Mark::default());
    let last = text.lines().filter_map(answered).max().unwrap_or_default();
    assert_eq!(missing(&text, last), [0; 0], "{service}: of {last} packets these were lost");
    ended.map(drop)
}

/// An idle appliance, which reads its KPIs every ten seconds, leaves the processor alone. What else runs on this machine only
/// adds to what is measured: the least of some looks counts.
fn idle_is_idle(story: &Story<'_>, machine: &mut Machine) -> Result<()> {
    story.configure_as(&story.variables_with(10))?;
    let mut least = f64::INFINITY;
    for _ in 0..LOOKS {
        let (start, before) = (Instant::now(), machine.processor_time()?);
        while let Some(rest) = IDLE.checked_sub(start.elapsed()).filter(|rest| !rest.is_zero()) {
            std::thread::park_timeout(rest);
        }
        let used = machine.processor_time()?.saturating_sub(before);
        least = least.min(used.as_secs_f64() / start.elapsed().as_secs_f64());
        eprintln!("the idle appliance takes {:.1} % of a core", least * 100.0);
        if least < IDLE_SHARE {
            return Ok(());
        }
    }
    panic!("the idle appliance takes {:.1} % of a core", least * 100.0);
}

/// The echo requests up to `last` that were not answered.
fn missing(text: &str, last: usize) -> Vec<usize> {
    let replies: BTreeSet<usize> = text.lines().filter_map(answered).collect();
    (1..=last).filter(|seq| !replies.contains(seq)).collect()
}

/// Waits until the appliance forwards as before its restart; tells for how long it did not.
fn forwards_again(story: &Story<'_>, pinger: &Process, before: usize, what: &str) -> Result<()> {
    story.wait_route()?;
    twins_have_the_addresses_of_their_ports(story)?;
    let seen = pinger.output().since(Mark::default());
    let replies: BTreeSet<usize> = seen.lines().filter_map(answered).filter(|seq| *seq >= before).collect();
    let gap = replies.iter().zip(replies.iter().skip(1)).map(|(one, next)| next - one).max();
    eprintln!("{what}: nothing was forwarded for {} s", gap.unwrap_or_default() / PER_SECOND);
    let pings = story.traffic(PACKETS)?;
    assert_eq!(pings.received, pings.sent, "{what}");
    assert_eq!(story.configure()?.changed, 0, "{what}: the configuration is another one");
    Ok(())
}

/// A newer image is written while the appliance forwards, which loses nothing; after the restart all is as before, and after
/// the way back too.
fn upgraded_under_traffic_and_back(story: &Story<'_>) -> Result<()> {
    let logs = story.lab.directory().path();
    let slots = Slots { login: story.login, place: story.lab.server() };
    let mut ping = Command::new("ping");
    ping.args(["-i", INTERVAL, "-W", "10", "-c", "1000000", TARGET]);
    let pinger = Process::start(&story.routed.host_place, "ping.upgrade", &ping, logs)?;
    pinger.output().wait_for(Mark::default(), "icmp_seq=20 ", Patience::secs(60))?;

    let key = story.lab.key().private().display().to_string();
    let arguments =
        ["node", "upgrade", story.node, "--image", NEWER, "-o", "json", "--", "-F", "none", "-i", &key];
    let mut upgrade = story.lab.provisioner().spawn("upgrade", &arguments)?;
    upgrade.errors().wait_for(Mark::default(), "is tried now", Patience::secs(VERDICT))?;
    let seen = pinger.output().since(Mark::default());
    let last = seen.lines().filter_map(answered).max().unwrap_or_default();
    assert_eq!(missing(&seen, last), [0; 0], "of {last} packets these were lost while the image was written");
    let status = upgrade.wait(Patience::secs(VERDICT))?;
    let said = upgrade.output().since(Mark::default());
    assert!(status.success(), "{status}: {said}{}", upgrade.errors().tail(20));
    let said: Value = serde_json::from_str(&said).map_err(|e| LabError::Answer {
        what: "daybreak node upgrade".to_owned(),
        reason: format!("{e}: {said}"),
    })?;
    assert_eq!((&said["kept"], &said["version"]), (&json!(true), &json!(NEWER_VERSION)), "{said}");
    slots.wait_in("the newer image", "b", Some("confirmed"))?;
    forwards_again(story, &pinger, last, "the upgrade")?;

    let seen = pinger.output().since(Mark::default());
    let last = seen.lines().filter_map(answered).max().unwrap_or_default();
    slots.switch("rollback", "rollback", logs)?;
    let status = slots.wait_in("the image of before", "a", Some("confirmed"))?;
    assert_eq!(status["last"]["kind"], "rollback", "{status}");
    assert_eq!(status["slots"][1]["image"]["version"], NEWER_VERSION, "the other image is kept: {status}");
    forwards_again(story, &pinger, last, "the way back")
}

/// The appliance restarts, and all is as before.
fn restarted(story: &Story<'_>, number: u32) -> Result<()> {
    let logs = story.lab.directory().path();
    let boot = |story: &Story<'_>| story.login.run(story.lab.server(), "cat /proc/sys/kernel/random/boot_id");
    let before = boot(story)?;
    let mut ping = Command::new("ping");
    ping.args(["-i", INTERVAL, "-W", "10", "-c", "1000000", TARGET]);
    let name = format!("ping.restart{number}");
    let pinger = Process::start(&story.routed.host_place, &name, &ping, logs)?;
    pinger.output().wait_for(Mark::default(), "icmp_seq=20 ", Patience::secs(60))?;
    story.login.run(story.lab.server(), "sudo systemctl --no-block reboot")?;
    Patience::secs(VERDICT).find("another boot", Duration::from_secs(1), || {
        Ok(boot(story)
            .map_err(|error| error.to_string())
            .and_then(|now| if now == before { Err("it has not restarted yet".to_owned()) } else { Ok(()) }))
    })?;
    forwards_again(story, &pinger, 0, &format!("restart {number}"))
}

/// Deploys an appliance among its neighbours, with a newer image at the provisioner, and has `act` play the rest.
fn play(name: &str, act: impl FnOnce(&Story<'_>, &mut Machine) -> Result<()>) -> Result<()> {
    let mut lab = Lab::new(name, Environment::from_process()?, Addressing::Server)?;
    let newer = lab.directory().join(NEWER);
    newer::image(lab.environment(), &newer, NEWER_VERSION, |_, _| ())?;
    lab.offer(NEWER, &newer)?;
    lab.provisioner_mut().start()?;
    let routed = Routed::new(&lab)?;
    let ansible = Ansible::new(&lab)?;
    lab.enrol("r1", 1)?;
    let target = disk::empty(lab.directory(), "target", "DISK0", 4 << 30)?;
    let others = [&routed.west, &routed.east];
    let mut machine = lab.machine_on("r1", 1, Firmware::Bios, vec![target], &others)?;
    deploy(&lab, &mut machine).inspect_err(|_| lab.explain(&machine))?;
    let login = lab.login("r1")?;
    login.wait(lab.server(), Patience::secs(300)).inspect_err(|_| lab.explain(&machine))?;
    ansible.trust(&lab, "r1")?;
    let story = Story { lab: &lab, routed: &routed, node: "r1", login: &login, ansible: &ansible };
    story.wait_netconf(Patience::secs(180)).inspect_err(|_| lab.explain(&machine))?;
    configured_once_and_for_all(&story)?;
    act(&story, &mut machine).inspect_err(|_| {
        story.explain();
        lab.explain(&machine);
    })
}

#[test]
#[ignore = "needs the built image and some minutes; `make test` runs it"]
fn an_installed_appliance_becomes_a_router_that_reports() {
    let told = play("router", |story, machine| {
        twins_have_the_addresses_of_their_ports(story)?;
        routes_and_counts(story)?;
        withdrawn_route_stops_traffic(story)?;
        kpis_show_the_traffic(story)?;
        for service in ["frr", "netconfd", "telemetryd"] {
            restart_loses_nothing(story, service)?;
        }
        idle_is_idle(story, machine)
    });
    told.unwrap();
}

#[test]
#[ignore = "needs the built image and a quarter of an hour; `make test-matrix` runs it"]
fn matrix_restarts_leave_all_as_it_was() {
    let told = play("router-restarts", |story, _| {
        story.wait_route()?;
        for number in 1..=RESTARTS {
            restarted(story, number)?;
        }
        Ok(())
    });
    told.unwrap();
}

#[test]
#[ignore = "needs the built image and a quarter of an hour; `make test-matrix` runs it"]
fn matrix_an_upgrade_under_traffic_and_the_way_back_leave_all_as_it_was() {
    let told = play("router-upgrade", |story, _| {
        story.wait_route()?;
        upgraded_under_traffic_and_back(story)
    });
    told.unwrap();
}
