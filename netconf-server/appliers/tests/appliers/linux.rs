//! The kernel in a namespace, and files below a root of the test's own.

use crate::rig::{in_namespace, shell};
use daybreak_appliers::intent::Intent;
use daybreak_appliers::linux::{Linux, Settings};
use daybreak_appliers::transaction::{Appliers, ApplyError, Deadlines};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;

const KEY: &str = "AAAAC3NzaC1lZDI1NTE5AAAAIEPmO8qF3aQf8lUIbJ3t0zWmF3mD2F4oYxw3Qm0zLq6k";

pub(crate) struct Machine {
    dir: TempDir,
    appliers: Appliers,
}

impl Machine {
    /// A root with the accounts of a fresh appliance: root, and the administrator of Day-1 with a key.
    pub(crate) fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().join("root");
        for (path, text) in [
            (
                "etc/passwd",
                "root:x:0:0:root:/root:/bin/bash\nadmin:x:1000:1000:Administrator:/home/admin:/bin/bash\n",
            ),
            ("etc/group", "root:x:0:\nadm:x:4:admin\nsudo:x:27:admin\nadmin:x:1000:\n"),
            ("etc/shadow", "root:*:19000:0:99999:7:::\nadmin:!:19000:0:99999:7:::\n"),
            ("etc/gshadow", "root:*::\nadm:*::admin\nsudo:*::admin\nadmin:!::\n"),
            (
                "etc/login.defs",
                "UID_MIN 1000\nGID_MIN 1000\nUID_MAX 60000\nGID_MAX 60000\nUSERGROUPS_ENAB yes\nUMASK 022\n",
            ),
            ("etc/hostname", "day1\n"),
            ("etc/skel/.profile", ""),
            ("usr/share/zoneinfo/Europe/Vienna", ""),
            ("usr/share/zoneinfo/Etc/UTC", ""),
            ("home/admin/.ssh/authorized_keys", "ssh-ed25519 AAAA day1\n"),
        ] {
            let path = root.join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        shell(&format!("chown -R 1000:1000 {}/home/admin", root.display()));
        std::os::unix::fs::symlink("/usr/share/zoneinfo/Etc/UTC", root.join("etc/localtime")).unwrap();
        shell("hostname day1");
        let appliers = Self::appliers(dir.path());
        Self { dir, appliers }
    }

    fn appliers(dir: &Path) -> Appliers {
        Appliers::new(vec![Arc::new(Linux::new(settings(dir)))], Deadlines::default())
    }

    /// Folder of all that is the test's.
    pub(crate) fn folder(&self) -> &Path {
        self.dir.path()
    }

    pub(crate) fn settings(&self) -> Settings {
        settings(self.dir.path())
    }

    /// As a new netconfd finds it.
    fn restart(&mut self) {
        self.appliers = Self::appliers(self.dir.path());
    }

    fn file(&self, path: &str) -> PathBuf {
        self.dir.path().join("root").join(path)
    }

    fn text(&self, path: &str) -> String {
        std::fs::read_to_string(self.file(path)).unwrap_or_default()
    }

    async fn apply(&self, from: &Intent, to: &Intent) {
        self.appliers.apply(from, to).await.unwrap_or_else(|error| panic!("{error}"));
        let again = self.appliers.reconcile(to).await;
        assert!(again.problems.is_empty() && !again.changed(), "it was not done at once: {again:?}");
    }

    /// All that may change, for a comparison.
    fn everything(&self) -> String {
        let files = "etc home";
        let root = self.dir.path().join("root");
        let mut all = shell(&format!(
            "cd {} && find {files} -type f -not -name '*-' -not -name 'sub*id' -not -name '*.lock' | sort | xargs -d '\\n' head -n 100; readlink etc/localtime; hostname",
            root.display()
        ));
        all += &shell(
            "ip -o addr show dev p0 | sed 's/ *valid_lft.*//' | grep -v fe80 | sort; ip -o link show dev p0 | grep -o 'mtu [0-9]*\\|,UP\\|alias.*' | cat",
        );
        all + &shell("sysctl net.ipv4.conf.p0.forwarding net.ipv6.conf.p0.disable_ipv6")
    }
}

fn settings(dir: &Path) -> Settings {
    Settings {
        root: dir.join("root"),
        systemctl: None,
        run: dir.join("run"),
        state: dir.join("state"),
        deadline: Duration::from_secs(20),
        ..Settings::default()
    }
}

fn intent(json: Value) -> Intent {
    serde_json::from_value(json).unwrap()
}

fn port(more: &Value) -> Intent {
    let mut one = json!({"at": "/p0", "name": "p0", "kind": "ethernet"});
    one.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    intent(json!({"interfaces": {"p0": one}}))
}

fn v4(nets: &[&str]) -> Value {
    let list: Vec<_> = nets.iter().map(|net| json!({"at": format!("/p0/4/{net}"), "net": net})).collect();
    json!({"at": "/p0/4", "addresses": list})
}

fn addresses() -> Vec<String> {
    let text = shell("ip -o addr show dev p0 | grep -v fe80 | awk '{print $4}' | sort");
    text.lines().map(str::to_owned).collect()
}

#[test]
fn an_interface_becomes_what_is_asked_and_gives_back_what_it_was() {
    in_namespace(|| async {
        shell(
            "ip addr add 10.7.0.1/24 brd + dev p0; ip addr add 2001:db8:7::1/64 dev p0; ip link set p0 alias before",
        );
        let machine = Machine::new();
        let before = machine.everything();
        let one = port(&json!({"description": "to the core", "ipv4": v4(&["10.0.0.1/24", "10.0.0.2/24"])}));
        machine.apply(&Intent::default(), &one).await;
        assert_eq!(addresses(), ["10.0.0.1/24", "10.0.0.2/24", "2001:db8:7::1/64"]);
        assert!(machine.everything().contains("alias to the core"));
        // The first of a subnet goes, which would take the second with it.
        let mut two =
            port(&json!({"enabled": false, "ipv4": v4(&["10.0.0.2/24"]), "ipv6": {"enabled": false}}));
        machine.apply(&one, &two).await;
        assert_eq!(addresses(), ["10.0.0.2/24"]);
        two = port(
            &json!({"ipv4": {"mtu": 1400, "forwarding": false}, "ipv6": {"mtu": 1400, "addresses": [{"net": "2001:db8::1/64"}, {"net": "fe80::1234/64"}]}}),
        );
        machine.apply(&one, &two).await;
        assert_eq!(addresses(), ["2001:db8::1/64"]);
        assert!(shell("ip addr show dev p0").contains("fe80::1234/64"));
        assert!(
            machine.everything().contains("mtu 1400") && machine.everything().contains("p0.forwarding = 0")
        );
        machine.apply(&two, &Intent::default()).await;
        assert!(!shell("ip addr show dev p0").contains("fe80::1234/64"));
        assert_eq!(machine.everything(), before);
    });
}

#[test]
fn an_address_moves_from_one_interface_to_another() {
    in_namespace(|| async {
        let machine = Machine::new();
        let on = |name: &str| {
            intent(json!({"interfaces": {
                "p0": {"name": "p0", "kind": "ethernet", "ipv4": v4(if name == "p0" { &["10.0.0.1/24"] } else { &[] })},
                "q0": {"name": "q0", "kind": "ethernet", "ipv4": v4(if name == "q0" { &["10.0.0.1/24"] } else { &[] })}}}))
        };
        machine.apply(&Intent::default(), &on("q0")).await;
        machine.apply(&on("q0"), &on("p0")).await;
        assert_eq!(addresses(), ["10.0.0.1/24"]);
    });
}

#[test]
fn addresses_of_dhcp_and_the_loopback_are_not_ours() {
    in_namespace(|| async {
        shell("ip addr add 10.7.0.5/24 dev p0 valid_lft 3600 preferred_lft 3600");
        let machine = Machine::new();
        let one = intent(json!({"interfaces": {
            "lo": {"name": "lo", "kind": "loopback", "ipv4": {"addresses": [{"net": "192.0.2.1/32"}]}},
            "p0": {"name": "p0", "kind": "ethernet", "ipv4": v4(&["10.0.0.1/24"])}}}));
        machine.apply(&Intent::default(), &one).await;
        assert_eq!(addresses(), ["10.0.0.1/24", "10.7.0.5/24"]);
        let lo = shell("ip -4 -o addr show dev lo");
        assert!(lo.contains("127.0.0.1/8") && lo.contains("192.0.2.1/32"), "{lo}");
    });
}

#[test]
fn a_refusal_names_the_leaf_and_changes_nothing() {
    in_namespace(|| async {
        let machine = Machine::new();
        let old = port(&json!({"ipv4": v4(&["10.0.0.1/24"])}));
        machine.apply(&Intent::default(), &old).await;
        let before = machine.everything();
        let mut two = old.clone();
        let q0 = json!({"at": "/q0", "name": "q0", "kind": "ethernet", "ipv4": v4(&["10.0.0.1/24"])});
        two.interfaces.insert("q0".to_owned(), Arc::new(serde_json::from_value(q0).unwrap()));
        let nowhere = json!({"interfaces": {"nope": {"at": "/nope", "name": "nope", "kind": "ethernet"}},
            "system": {"at": "/system", "hostname": "a b", "users": [{"at": "/u", "name": "root"}, {"at": "/v", "name": "x", "keys": [{"at": "/v/k", "name": "k", "algorithm": "ssh-dss", "data": "AAAA"}]}]}});
        for (new, paths) in [
            (two, vec!["/p0/4/10.0.0.1/24/ip"]),
            (port(&json!({"ipv4": {"at": "/p0/4", "mtu": 70000}})), vec!["/p0/4/mtu"]),
            (intent(nowhere), vec!["/nope", "/system/hostname", "/u/name", "/v/k/algorithm"]),
        ] {
            let error = machine.appliers.apply(&old, &new).await.unwrap_err();
            let ApplyError::Refused(refusals) = &error else { panic!("{error}") };
            assert_eq!(refusals.iter().map(|one| one.path.as_str()).collect::<Vec<_>>(), paths);
        }
        assert_eq!(machine.everything(), before);
    });
}

#[test]
fn what_is_missing_at_the_start_keeps_nothing_else_from_coming() {
    in_namespace(|| async {
        let machine = Machine::new();
        let mut both = port(&json!({"ipv4": v4(&["10.0.0.1/24"])}));
        let nope = json!({"at": "/nope", "name": "nope", "kind": "ethernet"});
        both.interfaces.insert("nope".to_owned(), Arc::new(serde_json::from_value(nope).unwrap()));
        let done = machine.appliers.reconcile(&both).await;
        assert_eq!(done.problems.len(), 1, "{done:?}");
        assert_eq!(done.problems[0].what.path, "/nope");
        assert_eq!(addresses(), ["10.0.0.1/24"]);
    });
}

#[test]
fn killed_in_the_middle_and_reconciled() {
    in_namespace(|| async {
        let mut machine = Machine::new();
        let old = intent(json!({"system": {"hostname": "old"}}));
        machine.apply(&Intent::default(), &old).await;
        let before = machine.everything();
        let mut new = port(&json!({"description": "x", "ipv4": v4(&["10.0.0.1/24"])}));
        new.system = intent(json!({"system": {"hostname": "new", "location": "here"}})).system;
        // The new intent came to be, and netconfd died before it could say so.
        machine.apply(&old, &new).await;
        machine.restart();
        let done = machine.appliers.reconcile(&old).await;
        assert!(done.problems.is_empty() && done.changed(), "{done:?}");
        assert_eq!(machine.everything(), before);
    });
}

#[test]
fn names_time_and_resolver() {
    in_namespace(|| async {
        let machine = Machine::new();
        let before = machine.everything();
        let one = intent(
            json!({"system": {"hostname": "r1", "contact": "ops", "timezone": {"name": "Europe/Vienna"},
            "dns": {"servers": [{"address": "192.0.2.53"}]}, "ntp": {"servers": [{"address": "192.0.2.123"}]}}}),
        );
        machine.apply(&Intent::default(), &one).await;
        assert_eq!((shell("hostname").trim(), machine.text("etc/hostname").trim()), ("r1", "r1"));
        assert_eq!(
            std::fs::read_link(machine.file("etc/localtime")).unwrap(),
            Path::new("/usr/share/zoneinfo/Europe/Vienna")
        );
        assert!(
            machine.text("etc/systemd/resolved.conf.d/50-daybreak-netconf.conf").contains("DNS=192.0.2.53")
        );
        assert!(
            machine.text("etc/systemd/timesyncd.conf.d/50-daybreak-netconf.conf").contains("NTP=192.0.2.123")
        );
        machine.apply(&one, &Intent::default()).await;
        assert_eq!(machine.everything().replace("==> etc/timezone <==\nEtc/UTC\n\n", ""), before);
    });
}

#[test]
fn users_come_and_go() {
    in_namespace(|| async {
        let machine = Machine::new();
        let day1 = machine.text("home/admin/.ssh/authorized_keys");
        let key = |name: &str| json!({"name": name, "algorithm": "ssh-ed25519", "data": KEY});
        let both = intent(json!({"system": {"users": [
            {"name": "admin", "admin": true, "keys": [key("ann@laptop")]},
            {"name": "ops", "admin": true, "keys": [key("a"), key("b")]}]}}));
        machine.apply(&Intent::default(), &both).await;
        assert!(machine.text("etc/passwd").contains("ops:x:1001:"), "{}", machine.text("etc/passwd"));
        assert!(machine.text("etc/group").contains("sudo:x:27:admin,ops"));
        assert!(machine.text("etc/shadow").contains("ops:!:"), "no password");
        let keys = machine.text("home/admin/.ssh/authorized_keys");
        assert!(keys.starts_with(&day1) && keys.contains("ann@laptop"), "{keys}");
        assert_eq!(machine.text("home/ops/.ssh/authorized_keys").matches(KEY).count(), 2);
        assert_eq!(
            shell(&format!("stat -c '%a %u' {}", machine.file("home/ops/.ssh/authorized_keys").display())),
            "600 1001\n"
        );
        assert!(machine.text("etc/sudoers.d/50-daybreak-netconf").contains("ops ALL"));

        let one = intent(json!({"system": {"users": [{"name": "ops", "admin": false, "keys": [key("b")]}]}}));
        machine.apply(&both, &one).await;
        assert_eq!(machine.text("home/admin/.ssh/authorized_keys"), day1, "what Day-1 gave is as before");
        assert!(machine.text("etc/group").contains("sudo:x:27:admin\n"));
        assert_eq!(machine.text("home/ops/.ssh/authorized_keys").matches(KEY).count(), 1);

        machine.apply(&one, &Intent::default()).await;
        assert!(
            machine.text("etc/shadow").contains("ops:!:") && machine.text("etc/shadow").contains(":1:\n"),
            "expired"
        );
        assert_eq!(machine.text("home/ops/.ssh/authorized_keys"), "");
        machine.apply(&Intent::default(), &one).await;
        assert!(!machine.text("etc/shadow").contains(":1:\n"), "back in use");
        assert!(machine.text("etc/passwd").contains("ops:x:1001:"), "with its number");
    });
}
