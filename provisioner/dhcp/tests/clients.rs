//! DHCP clients that we did not write, each in its own namespace. Needs root.
#![allow(clippy::unwrap_used, reason = "in a test a panic is the report")]

mod common;

use common::{Net, Process, SERVER, run, subnet, text};
use std::process::Command;

/// `udhcpc` once; what its script printed.
fn udhcpc(net: &Net, args: &[&str]) -> String {
    let script =
        net.script("udhcpc.sh", r#"[ "$1" = bound ] && echo "GOT $ip $router $subnet $lease $hostname""#);
    let mut command = net.exec("c", "busybox");
    command.args(["udhcpc", "-i", &net.device("c", 0), "-n", "-q", "-f", "-t", "8", "-T", "2", "-s"]);
    let output = run(command.arg(script).args(args));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn udhcpc_gets_a_lease_by_unicast_and_by_broadcast() {
    let net = Net::pair();
    let daemon = Process::daemon(&net, "s", &subnet(&net, ""));
    let expected = format!("GOT 10.77.1.0 {SERVER} 255.255.0.0 43200");
    for args in [&[][..], &["-B"], &["-x", "hostname:vr1"], &["-C"]] {
        let got = udhcpc(&net, args);
        assert!(got.contains(&expected), "{args:?}: {got}");
    }
    let lines = daemon.finish();
    assert!(lines.contains(&"acks 4".to_owned()), "{lines:?}");
}

#[test]
fn udhcpc_of_its_own_package_gets_a_lease() {
    let net = Net::pair();
    let _daemon = Process::daemon(&net, "s", &subnet(&net, ""));
    let script = net.script("s.sh", r#"[ "$1" = bound ] && echo "GOT $ip""#);
    let mut command = net.exec("c", "udhcpc");
    let output = run(command
        .args(["-i", &net.device("c", 0), "-n", "-q", "-f", "-t", "8", "-T", "2", "-s"])
        .arg(script));
    assert!(String::from_utf8_lossy(&output.stdout).contains("GOT 10.77.1.0"), "{output:?}");
}

#[test]
fn dhclient_binds_reboots_and_releases() {
    let net = Net::pair();
    let mut daemon = Process::daemon(&net, "s", &subnet(&net, "  domain: lab.example\n"));
    let out = net.folder.path().join("out");
    // The release is sent from the address, so the script must set it.
    let body = format!(
        "echo $reason $new_ip_address $new_domain_name >> {}\n\
         [ -z $new_ip_address ] || ip address replace $new_ip_address/16 dev $interface",
        out.display()
    );
    let script = net.script("s.sh", &body);
    let dhclient = |args: &[&str]| {
        let folder = net.folder.path();
        let mut command = net.exec("c", "dhclient");
        command.args(["-4", "-1", "-v", "-cf", "/dev/null", "-sf"]).arg(&script);
        command.arg("-lf").arg(folder.join("dhclient.leases")).arg("-pf").arg(folder.join("dhclient.pid"));
        let output = run(command.args(args).arg(net.device("c", 0)));
        String::from_utf8_lossy(&output.stderr).into_owned()
    };
    let log = dhclient(&[]);
    assert!(log.contains("bound to 10.77.1.0"), "{log}");
    assert!(text(&out).contains("BOUND 10.77.1.0 lab.example"), "{}", text(&out));
    dhclient(&["-x"]);
    // INIT-REBOOT: it has the lease on file and asks for it without discovering.
    let log = dhclient(&[]);
    assert!(log.contains("bound to 10.77.1.0") && !log.contains("DHCPDISCOVER"), "{log}");
    dhclient(&["-r"]);
    daemon.await_line("the release", |line| line.contains("Release { ip: 10.77.1.0 }"));
}

#[test]
fn clients_with_different_identifiers_on_one_machine_share_one_lease() {
    let net = Net::pair();
    let daemon = Process::daemon(&net, "s", &subnet(&net, ""));
    for id in [&["-x", "0x3d:ff010203040002ab11"][..], &["-x", "0x3d:0101020304"], &["-C"]] {
        let got = udhcpc(&net, id);
        assert!(got.contains("GOT 10.77.1.0 "), "{id:?}: {got}");
    }
    drop(daemon);
}

#[test]
fn networkd_gets_a_lease() {
    let net = Net::pair();
    let _daemon = Process::daemon(&net, "s", &subnet(&net, ""));
    let device = net.device("c", 0);
    let config =
        format!("[Match]\nName={device}\n[Network]\nDHCP=ipv4\nLinkLocalAddressing=no\nIPv6AcceptRA=no\n");
    let unit = net.file("test.network", &config);
    // A mount namespace of its own comes with `ip netns exec`; its state goes with it. With /sys read-only networkd
    // does as in a container and does not wait for udev.
    let start = format!(
        "mount -o remount,ro /sys && mount -t tmpfs none /run/systemd && mkdir -p /run/systemd/network /run/systemd/netif && \
         cp {} /run/systemd/network/ && chmod -R a+rX /run/systemd && \
         chown -R systemd-network /run/systemd/netif && exec /lib/systemd/systemd-networkd",
        unit.display()
    );
    let mut monitor = Process::start(net.exec("c", "ip").args(["-4", "monitor", "address", "dev", &device]));
    let networkd = Process::start(
        net.exec("c", "sh")
            .args(["-c", &start])
            .env("SYSTEMD_LOG_LEVEL", "debug")
            .env_remove("NOTIFY_SOCKET"),
    );
    monitor.await_line("networkd sets the address", |line| line.contains("inet 10.77.1.0/16"));
    drop(networkd);
}

#[test]
fn perfdhcp_completes_exchanges_through_its_relay() {
    let net = Net::pair();
    net.address("c", 0, common::CLIENT, 16);
    let daemon = Process::daemon(&net, "s", &subnet(&net, &format!("  relays: [{}]\n", common::CLIENT)));
    let mut command = net.exec("c", "perfdhcp");
    command.args(["-4", "-l", &common::CLIENT.to_string(), "-R", "500", "-n", "500", "-r", "200", "-u"]);
    let output = run(command.args(["-W", "3000000", &SERVER.to_string()]));
    let report = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "perfdhcp lost exchanges: {report}");
    let lines = daemon.finish();
    assert!(lines.contains(&"acks 500".to_owned()), "{:?}", lines.last());
}

#[test]
fn a_relay_that_we_did_not_write() {
    let mut net = Net::new();
    for space in ["s", "r", "c"] {
        net.space(space);
    }
    net.cable(("s", 0), ("r", 0));
    net.cable(("r", 1), ("c", 0));
    net.address("s", 0, [10, 76, 0, 1].into(), 24);
    net.address("r", 0, [10, 76, 0, 2].into(), 24);
    net.address("r", 1, [10, 77, 0, 254].into(), 16);
    net.route("s", &["10.77.0.0/16", "via", "10.76.0.2"]);
    net.forward("r");
    let mut daemon = Process::daemon(
        &net,
        "s",
        &subnet(&net, "  relays: [10.77.0.254]\n").replace("router: 10.77.0.1", "router: 10.77.0.254"),
    );
    let mut relay = Process::start(net.exec("r", "dhcrelay").args([
        "-4",
        "-d",
        "-a",
        "-iu",
        &net.device("r", 0),
        "-id",
        &net.device("r", 1),
        "10.76.0.1",
    ]));
    relay.await_line("the relay listens", |line| line.contains("Sending on   Socket"));
    let got = udhcpc(&net, &[]);
    assert!(got.contains("GOT 10.77.1.0 10.77.0.254"), "{got}");
    daemon.await_line("the acknowledgement", |line| line.contains("Ack { ip: 10.77.1.0"));
}

#[test]
fn an_interface_that_no_subnet_names_is_left_alone() {
    let mut net = Net::pair();
    net.space("o");
    net.cable(("s", 1), ("o", 0));
    net.address("s", 1, [10, 78, 0, 1].into(), 16);
    let daemon = Process::daemon(&net, "s", &subnet(&net, ""));
    let script = net.script("o.sh", "");
    let mut command: Command = net.exec("o", "busybox");
    command.args(["udhcpc", "-i", &net.device("o", 0), "-n", "-q", "-f", "-t", "2", "-T", "1", "-s"]);
    let output = run(command.arg(script));
    assert!(!output.status.success(), "udhcpc got an answer: {output:?}");
    assert!(udhcpc(&net, &[]).contains("GOT 10.77.1.0"), "the daemon does serve the other");
    assert!(daemon.finish().contains(&"offers 1".to_owned()));
}

#[test]
fn a_second_server_on_the_interface_is_told_what_is_in_the_way() {
    let net = Net::pair();
    let _daemon = Process::daemon(&net, "s", &subnet(&net, ""));
    let mut command = net.exec("s", common::daemon_path().to_str().unwrap());
    let output = run(command
        .arg(net.folder.path().join("subnets.yaml"))
        .arg(net.folder.path().join("second.journal")));
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(error.contains("AddrInUse") || error.contains("another DHCP server"), "{error}");
}
