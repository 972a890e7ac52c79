//! All appliers together, with a real vrouterd, FRR, kernel and telemetryd.

use crate::linux::Machine;
use crate::rig::{Daemon, Lab, in_namespace, shell, until};
use daybreak_appliers::intent::{At, Intent};
use daybreak_appliers::observe::{Observer, SessionState};
use daybreak_appliers::telemetryd::Reload;
use daybreak_appliers::transaction::{Appliers, ApplyError};
use daybreak_appliers::{Settings, appliers, observe, telemetryd, vrouterd};
use serde_json::{Value, json};
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;

/// A router of real daemons.
struct Router {
    machine: Machine,
    lab: Lab,
    telemetryd: Daemon,
    vrouterd: Option<Daemon>,
    appliers: Appliers,
}

impl Router {
    async fn start() -> Self {
        let (machine, lab) = (Machine::new(), Lab::start().await);
        let file = machine.folder().join("telemetryd.yaml");
        let state = machine.folder().join("kpis");
        let text = format!("state_dir: {}\noutputs:\n  prometheus: {{}}\n", state.display());
        std::fs::write(&file, text).unwrap();
        let pid_file = machine.folder().join("telemetryd.pid");
        let telemetryd =
            Daemon::example("telemetryd").arg("--config").arg(&file).arg("--pid-file").arg(&pid_file).start();
        until("telemetryd works", || pid_file.exists()).await;
        let settings = Settings {
            vrouterd: vrouterd::Settings { socket: socket(&machine), run: machine.folder().join("run") },
            linux: machine.settings(),
            frr: lab.settings(),
            telemetryd: telemetryd::Settings {
                program: Daemon::path("telemetryd"),
                file,
                run: machine.folder().join("run"),
                reload: Reload::PidFile(pid_file),
                ..telemetryd::Settings::default()
            },
            ..Settings::default()
        };
        let mut router = Self { machine, lab, telemetryd, vrouterd: None, appliers: appliers(settings) };
        router.start_vrouterd().await;
        // As netconfd does at its start.
        let done = router.appliers.reconcile(&Intent::default()).await;
        assert_eq!(done.problems, []);
        router
    }

    /// Starts the data plane with one port of its own, `p8`.
    async fn start_vrouterd(&mut self) {
        self.vrouterd = None;
        let socket = socket(&self.machine);
        let _ = std::fs::remove_file(&socket);
        let config = self.machine.folder().join("vrouterd.yaml");
        let value = json!({"hugepages": {"use": "never", "memory": "64MiB"}, "buffers": {"count": 2047},
            "ports": [{"name": "p8", "device": "null"}], "fpm": {"listen": "127.0.0.1:2621"},
            "control": {"socket": socket}});
        std::fs::write(&config, value.to_string()).unwrap();
        self.vrouterd = Some(Daemon::example("vrouterd").arg("serve").arg("--config").arg(&config).start());
        until("vrouterd answers", || socket.exists()).await;
    }

    async fn apply(&self, from: &Intent, to: &Intent) {
        self.appliers.apply(from, to).await.unwrap_or_else(|error| panic!("{error}"));
        let again = self.appliers.reconcile(to).await;
        assert!(again.problems.is_empty() && !again.changed(), "it was not done at once: {again:?}");
    }

    fn observer(&self) -> Observer {
        let frr = self.lab.settings();
        Observer::new(observe::Settings {
            socket: socket(&self.machine),
            frr,
            ..observe::Settings::default()
        })
    }

    /// All that may change, for a comparison.
    async fn everything(&self) -> String {
        let links = shell("ip -o -4 addr | awk '{print $2, $4}' | sort");
        let telemetryd = std::fs::read_to_string(self.machine.folder().join("telemetryd.yaml")).unwrap();
        let dataplane = self.observer().dataplane().await.unwrap();
        let mut ports: Vec<_> = dataplane.ports.iter().map(|port| format!("{:?}", port.config)).collect();
        ports.sort();
        format!("{links}{telemetryd}{}{}", ports.join("\n"), self.lab.running())
    }
}

fn socket(machine: &Machine) -> PathBuf {
    machine.folder().join("vrouterd.sock")
}

fn intent(json: Value) -> Intent {
    serde_json::from_value(json).unwrap()
}

/// A port of the data plane with an address, a BGP neighbor on it, and KPIs on a port of their own.
fn whole(listen: &str) -> Intent {
    intent(json!({
        "ports": {"p5": {"at": "/port[p5]", "name": "p5", "device": "null"}},
        "interfaces": {
            "p5": {"at": "/if[p5]", "name": "p5", "kind": "ethernet",
                "ipv4": {"at": "/if[p5]/4", "mtu": 1400, "addresses": [{"at": "/if[p5]/4/a", "net": "10.5.0.1/24"}]}},
            "p8": {"at": "/if[p8]", "name": "p8", "kind": "ethernet", "enabled": false}},
        "bgp": {"at": "/bgp", "as_number": 65001, "neighbors": {
            "10.5.0.2": {"at": "/bgp/n", "address": "10.5.0.2", "peer_as": 65002, "families": [{"family": "ipv4-unicast"}]}}},
        "telemetry": {"at": "/kpi", "prometheus": {"at": "/kpi/prometheus", "listen": listen}}}))
}

fn listens(address: &str) -> bool {
    std::net::TcpStream::connect(address).is_ok()
}

#[test]
fn one_change_reaches_everything_and_goes_again() {
    in_namespace(|| async {
        let mut router = Router::start().await;
        router.apply(&Intent::default(), &intent(json!({"telemetry": {"prometheus": {}}}))).await;
        let bare = intent(json!({"telemetry": {"prometheus": {}}}));
        let before = router.everything().await;
        let one = whole("127.0.0.1:9311");
        router.apply(&bare, &one).await;
        until("telemetryd listens where it was told", || listens("127.0.0.1:9311")).await;
        let interfaces = router.observer().interfaces().await.unwrap();
        assert_eq!(interfaces.problem, None);
        let p5 = &interfaces.interfaces["p5"];
        assert_eq!((p5.mtu, p5.admin_up, p5.port.as_ref().unwrap().device.as_str()), (1400, true, "null"));
        assert_eq!(p5.addresses.iter().filter(|one| one.net.addr().is_ipv4()).count(), 1);
        assert!(!interfaces.interfaces["p8"].admin_up && interfaces.interfaces["lo"].loopback);
        let bgp = router.observer().bgp().await.unwrap();
        let neighbor = &bgp.neighbors[&IpAddr::from([10, 5, 0, 2])];
        assert_eq!((neighbor.peer_as, neighbor.local_as), (65002, 65001));
        assert_ne!(neighbor.state, SessionState::Established);
        // The data plane dies, and with it the twin and its address.
        router.start_vrouterd().await;
        let done = router.appliers.reconcile(&one).await;
        assert!(done.changed() && done.problems.is_empty(), "{done:?}");
        assert!(shell("ip -4 -o addr show dev p5").contains("10.5.0.1/24"));
        router.apply(&one, &bare).await;
        assert_eq!(router.everything().await, before);
        assert!(router.telemetryd.runs());
    });
}

#[test]
fn a_refusal_of_one_changes_nothing_anywhere() {
    in_namespace(|| async {
        let router = Router::start().await;
        let old = whole("127.0.0.1:9311");
        router.apply(&Intent::default(), &old).await;
        let before = router.everything().await;
        let edit = |pointer: &str, value: Value| {
            let mut json = serde_json::to_value(whole("127.0.0.1:9312")).unwrap();
            *json.pointer_mut(pointer).unwrap() = value;
            intent(json)
        };
        for (new, path) in [
            (edit("/ports/p5/device", json!("nonsense:x")), "/port[p5]/device"),
            (edit("/interfaces/p5/ipv4/mtu", json!(9000)), "/if[p5]/4/mtu"),
            (edit("/interfaces/p5/ipv4/addresses/0/net", json!("224.0.0.1/24")), "/if[p5]/4/a/ip"),
            (edit("/bgp/neighbors/10.5.0.2/peer_as", json!(0)), "/bgp/n/peer-as"),
            (edit("/telemetry/host", json!("")), "/kpi/host"),
        ] {
            let error = router.appliers.apply(&old, &new).await.unwrap_err();
            let ApplyError::Refused(refusals) = &error else { panic!("{error}") };
            assert!(refusals.iter().all(|refusal| refusal.path == path), "{path}: {error}");
        }
        assert_eq!(router.everything().await, before);
    });
}

#[test]
fn a_failure_late_in_the_order_brings_back_what_came_before_it() {
    in_namespace(|| async {
        // An address that the configuration does not know, so that only bgpd can refuse the neighbor.
        shell("ip addr add 10.9.9.9/24 dev p0; ip link set p0 up");
        let router = Router::start().await;
        let old = intent(json!({"telemetry": {"prometheus": {}}}));
        router.apply(&Intent::default(), &old).await;
        let before = router.everything().await;
        let mut new = whole("127.0.0.1:9313");
        let bgp = Arc::make_mut(new.bgp.as_mut().unwrap());
        let mut neighbor = (**bgp.neighbors.values().next().unwrap()).clone();
        (neighbor.at, neighbor.address) = (At::new("/bgp/own"), IpAddr::from([10, 9, 9, 9]));
        bgp.neighbors.insert(neighbor.address, Arc::new(neighbor));
        let error = router.appliers.apply(&old, &new).await.unwrap_err();
        assert!(error.is_unchanged(), "{error}");
        let ApplyError::Failed { applier: "frr", failure, rolled_back, .. } = &error else {
            panic!("{error}")
        };
        assert_eq!(failure.path.as_deref(), Some("/bgp/own/peer-as"));
        let names: Vec<_> = rolled_back.iter().map(|one| one.applier).collect();
        assert_eq!(names, ["vrouterd", "linux", "frr"]);
        assert_eq!(router.everything().await, before);
        assert!(!listens("127.0.0.1:9313"));
    });
}
