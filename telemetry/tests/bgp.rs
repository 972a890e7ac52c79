//! Two bgpd of FRR 8.4 in two network namespaces that peer over a veth, and one of them asked. Needs root.
#![allow(clippy::unwrap_used, reason = "a helper that fails fails its test")]

mod common;

use common::{Influx, Running, address, curl, daemon, metric, outputs, wait};
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::Command;

const BGPD: &str = "/usr/lib/frr/bgpd";

/// A folder that FRR's user may write to.
fn frr_folder() -> tempfile::TempDir {
    let folder = tempfile::Builder::new().prefix("daybreak-bgp-").tempdir().unwrap();
    std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
    own(folder.path());
    folder
}

fn own(path: &Path) {
    let user = nix::unistd::User::from_name("frr").unwrap().expect("the package frr makes this user");
    chown(path, Some(user.uid.as_raw()), Some(user.gid.as_raw())).unwrap();
}

/// A bgpd without zebra; `namespace` is a command in front of it.
fn bgpd(folder: &Path, namespace: &[&str], number: u32, own_address: &str, more: &str) -> Running {
    let file = folder.join("bgpd.conf");
    let text = format!(
        "router bgp {number}\n bgp router-id {own_address}\n no bgp ebgp-requires-policy\n \
         no bgp network import-check\n{more}"
    );
    std::fs::write(&file, text).unwrap();
    own(&file);
    let mut command = Command::new(namespace[0]);
    command.args(&namespace[1..]).args([BGPD, "-n", "-P", "0", "--log", "stdout"]).arg("-f").arg(file);
    command.arg("-i").arg(folder.join("pid")).arg("-z").arg(folder.join("zserv"));
    command.arg("--vty_socket").arg(folder);
    let running = Running::start(&mut command, folder.join("log"));
    wait("the vty of bgpd", || folder.join("bgpd.vty").exists().then_some(()));
    running
}

/// Two ends of a veth, `10.9.0.1` in the first namespace and `10.9.0.2` in the second, held by two processes.
struct Wire {
    ends: [Running; 2],
}

impl Wire {
    fn new(folder: &Path) -> Self {
        let ends = [0, 1].map(|end| {
            let mut hold = Command::new("unshare");
            hold.args(["--net", "sh", "-c", "ip link set lo up && echo up && exec tail -f /dev/null"]);
            let running = Running::start(&mut hold, folder.join(format!("end{end}")));
            wait("a namespace", || running.log().contains("up").then_some(()));
            running
        });
        let [one, two] = [0, 1].map(|end: usize| ends[end].child.id());
        ip(one, &format!("link add wire type veth peer name wire netns {two}"));
        for (pid, address) in [(one, "10.9.0.1/24"), (two, "10.9.0.2/24")] {
            ip(pid, &format!("address add {address} dev wire"));
            ip(pid, "link set wire up");
        }
        Self { ends }
    }

    fn inside(&self, end: usize) -> [String; 4] {
        ["nsenter".to_owned(), "-t".to_owned(), self.ends[end].child.id().to_string(), "-n".to_owned()]
    }
}

fn ip(pid: u32, line: &str) {
    let mut command = Command::new("nsenter");
    let output = command.args(["-t", &pid.to_string(), "-n", "ip"]).args(line.split(' ')).output().unwrap();
    assert!(output.status.success(), "ip {line}: {}", String::from_utf8_lossy(&output.stderr));
}

/// Reads bgpd as often as it may be asked.
fn config(folder: &Path, vty: &Path, outputs: &str) -> PathBuf {
    let path = folder.join("telemetry.yaml");
    let text = format!(
        "host: vr1\nstate_dir: state\nsources: {{vrouterd: nobody, bgpd: {}}}\n\
         sets: {{bgp_neighbor: {{period: 1s}}, bgp_total: {{period: 1s}}, telemetry_collector: {{period: 1s}}}}\n\
         outputs: {{{outputs}}}\n",
        vty.display()
    );
    std::fs::write(&path, text).unwrap();
    path
}

const LABELS: &str = "{neighbor=\"10.9.0.2\",vrf=\"default\",family=\"ipv4-unicast\"}";

#[test]
fn a_session_and_its_end_are_seen() {
    let (dir, address) = (tempfile::tempdir().unwrap(), address());
    let (first, second) = (frr_folder(), frr_folder());
    let wire = Wire::new(dir.path());
    let inside = [wire.inside(0), wire.inside(1)];
    let [one, two] = [0, 1].map(|end: usize| inside[end].each_ref().map(String::as_str));
    let neighbor = |peer: &str, number: u32| {
        format!(
            " neighbor {peer} remote-as {number}\n neighbor {peer} timers 1 3\n neighbor {peer} timers connect 1\n"
        )
    };
    let networks = " address-family ipv4 unicast\n  network 198.51.100.0/24\n  network 203.0.113.0/24\n";
    let _asked = bgpd(first.path(), &one, 65001, "10.9.0.1", &neighbor("10.9.0.2", 65002));
    let other = bgpd(second.path(), &two, 65002, "10.9.0.2", &(neighbor("10.9.0.1", 65001) + networks));

    let influx = Influx::start(&address, dir.path(), "");
    influx.ask("CREATE DATABASE kpi");
    let telemetryd = daemon(&config(dir.path(), &first.path().join("bgpd.vty"), &outputs(&address, "")));
    let of = |kpi: &str| metric(&address, &format!("daybreak_bgp_neighbor_{kpi}{LABELS}"));
    wait("two prefixes over an established session", || {
        (of("state")? == 6 && of("prefixes_received")? == 2).then_some(())
    });
    assert_eq!(of("remote_as"), Some(65002));
    assert!(of("messages_in_total").unwrap() >= 3 && of("messages_out_total").unwrap() >= 2);
    assert_eq!(of("flaps_total"), Some(0));
    let total = |kpi: &str| {
        metric(&address, &format!("daybreak_bgp_total_{kpi}{{vrf=\"default\",family=\"ipv4-unicast\"}}"))
    };
    assert_eq!([total("neighbors"), total("established")], [Some(1), Some(1)]);
    assert!(total("rib_entries").unwrap() >= 2);

    other.kill();
    wait("a lost session", || (of("flaps_total")? == 1 && of("state")? != 6).then_some(()));
    assert_eq!(
        [of("up_seconds"), of("prefixes_received"), total("established")],
        [Some(0), Some(0), Some(0)]
    );
    wait("the loss in the database", || {
        let query = "SELECT last(flaps) FROM bgp_neighbor WHERE neighbor = '10.9.0.2' AND vrf = 'default'";
        (influx.number(query) == 1).then_some(())
    });
    assert!(influx.number("SELECT max(state) FROM bgp_neighbor WHERE host = 'vr1'") == 6);
    // The sets were due every second: what came too soon was answered from memory, with the old time.
    let readings =
        metric(&address, "daybreak_telemetry_collector_readings_total{set=\"bgp_total\"}").unwrap();
    let points = influx.number("SELECT count(neighbors) FROM bgp_total");
    assert!(points * 2 < readings, "{points} points of {readings} readings");
    assert!(telemetryd.terminate().success());
}

/// What the unit of the package gives the daemon: no user of FRR's, only its group.
#[test]
fn the_group_frrvty_is_all_that_it_takes() {
    let (dir, address) = (tempfile::tempdir().unwrap(), address());
    let folder = frr_folder();
    let alone = ["unshare", "--net"];
    let _bgpd = bgpd(folder.path(), &alone, 65001, "10.9.0.1", " neighbor 10.9.0.2 remote-as 65002\n");
    let endpoint = format!("prometheus: {{listen: '{address}:9273'}}");
    let file = config(dir.path(), &folder.path().join("bgpd.vty"), &endpoint);
    std::fs::set_permissions(dir.path(), std::fs::Permissions::from_mode(0o777)).unwrap();
    // The program may be in a folder that only root can enter.
    let program = dir.path().join("telemetryd");
    // Copied by another process: a file that this one has open for writing may be held by a child of another test at the
    // moment when it is to be run, which the kernel refuses (ETXTBSY).
    let copied = Command::new("cp").arg(env!("CARGO_BIN_EXE_telemetryd")).arg(&program).status().unwrap();
    assert!(copied.success());
    let group = nix::unistd::Group::from_name("frrvty").unwrap().expect("the package frr makes this group");
    let start = |groups: &str| {
        let mut command = Command::new("setpriv");
        command.args(["--reuid", "65534", "--regid", "65534", groups, "--"]);
        Running::start(command.arg(&program).arg("--config").arg(&file), file.with_extension("log"))
    };
    let neighbors = "daybreak_bgp_total_neighbors{vrf=\"default\",family=\"ipv4-unicast\"}";
    let with = start(&format!("--groups={}", group.gid));
    wait("an answer of bgpd", || (metric(&address, neighbors)? == 1).then_some(()));
    assert!(with.terminate().success());
    let without = start("--clear-groups");
    let failures = "daybreak_telemetry_collector_failures_total{set=\"bgp_total\"}";
    wait("a failure", || (metric(&address, failures)? >= 1).then_some(()));
    assert!(without.log().contains("is this user in the group frrvty?"), "{}", without.log());
    assert!(!curl(&[&format!("http://{address}:9273/metrics")]).unwrap().contains(neighbors));
}
