//! FRR 8.4 as it is.

use crate::rig::{Lab, in_namespace, shell, testcase, until};
use daybreak_appliers::frr::Frr;
use daybreak_appliers::intent::{Bgp, BgpNeighbor, BgpTimers, Intent};
use daybreak_appliers::transaction::{Appliers, ApplyError, Deadlines};
use std::io::Read;
use std::net::IpAddr;
use std::os::unix::fs::MetadataExt;
use std::process::{Command, Stdio};
use std::sync::Arc;

fn appliers(lab: &Lab) -> Appliers {
    Appliers::new(vec![Arc::new(Frr::new(lab.settings()))], Deadlines::default())
}

fn edit_bgp(intent: &Intent, edit: impl FnOnce(&mut Bgp)) -> Intent {
    let mut intent = intent.clone();
    edit(Arc::make_mut(intent.bgp.as_mut().unwrap()));
    intent
}

fn edit_neighbor(intent: &Intent, address: &str, edit: impl FnOnce(&mut BgpNeighbor)) -> Intent {
    let address: IpAddr = address.parse().unwrap();
    edit_bgp(intent, |bgp| edit(Arc::make_mut(bgp.neighbors.get_mut(&address).unwrap())))
}

#[test]
fn every_testcase_loads_and_a_second_time_is_nothing() {
    in_namespace(|| async {
        let lab = Lab::start().await;
        let appliers = appliers(&lab);
        let mut before = Intent::default();
        for name in ["empty", "static-routes", "bgp-defaults", "bgp-two-families", "static-routes", "empty"] {
            let intent = testcase(&format!("frr/{name}"));
            appliers.apply(&before, &intent).await.unwrap_or_else(|error| panic!("{name}: {error}"));
            let again = appliers.reconcile(&intent).await;
            assert_eq!(again.problems, [], "{name}");
            assert!(name == "empty" || !again.changed(), "{name}: {}", lab.running());
            before = intent;
        }
    });
}

#[test]
fn what_was_asked_for_is_what_frr_does() {
    in_namespace(|| async {
        shell("ip addr add 10.0.0.1/24 dev p0; ip link set p0 up");
        let lab = Lab::start().await;
        let intent = testcase("frr/bgp-two-families");
        appliers(&lab).apply(&Intent::default(), &intent).await.unwrap();
        until("the route is in zebra's table", || {
            lab.json("show ip route 198.51.100.0/24 json")["198.51.100.0/24"][0]["selected"] == true
        })
        .await;
        let neighbors = lab.json("show bgp neighbors json");
        let one = &neighbors["10.0.0.2"];
        assert_eq!(one["remoteAs"], 65002);
        assert_eq!(one["nbrDesc"], "the core");
        assert_eq!(one["bgpTimerConfiguredHoldTimeMsecs"], 9000);
        assert_eq!(neighbors["2001:db8::2"]["adminShutDown"], true);
    });
}

#[test]
fn every_leaf_of_a_neighbor_changes() {
    in_namespace(|| async {
        let lab = Lab::start().await;
        let appliers = appliers(&lab);
        let mut now = testcase("frr/bgp-two-families");
        appliers.apply(&Intent::default(), &now).await.unwrap();
        let timers = |keepalive, hold, connect_retry| BgpTimers { keepalive, hold, connect_retry };
        let edit = |four: &dyn Fn(&mut BgpNeighbor), six: &dyn Fn(&mut BgpNeighbor)| {
            let intent = edit_neighbor(&testcase("frr/bgp-two-families"), "10.0.0.2", four);
            edit_neighbor(&intent, "2001:db8::2", six)
        };
        for next in [
            edit(&|n| (n.peer_as, n.timers) = (65099, timers(Some(60), Some(180), Some(120))), &|n| {
                n.multihop.as_mut().unwrap().ttl = 255;
            }),
            edit(&|n| (n.description, n.timers) = (None, timers(Some(0), Some(0), None)), &|n| {
                n.enabled = true;
            }),
            edit(
                &|n| (n.description, n.passive) = (Some("!x % \"y\" \\ 'z' ? # Ü".to_owned()), true),
                &|n| n.multihop.as_mut().unwrap().ttl = 1,
            ),
            edit(&|n| n.enabled = false, &|n| (n.multihop, n.local_address) = (None, None)),
            edit_bgp(&edit(&|n| n.families.clear(), &|_| ()), |bgp| bgp.as_number = 65009),
            edit_bgp(&now, |bgp| (bgp.router_id, bgp.families) = (None, Vec::new())),
            edit_bgp(&now, |bgp| bgp.neighbors.clear()),
        ] {
            appliers.apply(&now, &next).await.unwrap_or_else(|error| panic!("{error}: {:?}", next.bgp));
            assert!(!appliers.reconcile(&next).await.changed(), "{:?}", next.bgp);
            now = next;
        }
    });
}

#[test]
fn what_only_bgpd_knows_fails_with_the_leaf_and_all_is_as_before() {
    in_namespace(|| async {
        // An address of ours that the configuration does not know: no rule of ours can see it.
        shell("ip addr add 10.9.9.9/24 dev p0; ip link set p0 up");
        let lab = Lab::start().await;
        let appliers = appliers(&lab);
        let old = testcase("frr/bgp-two-families");
        appliers.apply(&Intent::default(), &old).await.unwrap();
        let (before, file) = (lab.running(), std::fs::read_to_string(lab.conf().join("frr.conf")).unwrap());
        let address: IpAddr = "10.9.9.9".parse().unwrap();
        let new = edit_bgp(&old, |bgp| {
            let mut neighbor = (**bgp.neighbors.values().next().unwrap()).clone();
            neighbor.at = daybreak_appliers::intent::At::new("/bgp/n[10.9.9.9]");
            neighbor.address = address;
            bgp.neighbors.insert(address, Arc::new(neighbor));
            bgp.router_id = Some([192, 0, 2, 99].into());
        });
        let error = appliers.apply(&old, &new).await.unwrap_err();
        assert!(error.is_unchanged(), "{error}");
        let ApplyError::Failed { applier: "frr", failure, .. } = &error else { panic!("{error}") };
        assert_eq!(failure.path.as_deref(), Some("/bgp/n[10.9.9.9]/peer-as"));
        assert!(failure.message.contains("Can not configure the local system as neighbor"), "{error}");
        assert_eq!(lab.running(), before);
        assert_eq!(std::fs::read_to_string(lab.conf().join("frr.conf")).unwrap(), file);
    });
}

#[test]
fn a_refusal_changes_nothing() {
    in_namespace(|| async {
        let lab = Lab::start().await;
        let appliers = appliers(&lab);
        let old = testcase("frr/bgp-two-families");
        appliers.apply(&Intent::default(), &old).await.unwrap();
        let before = lab.running();
        for text in ["x\nrouter bgp 66", "a | b", "x\n!\nno router bgp 65001"] {
            let new =
                edit_neighbor(&old, "10.0.0.2", |neighbor| neighbor.description = Some(text.to_owned()));
            let error = appliers.apply(&old, &new).await.unwrap_err();
            assert!(
                matches!(&error, ApplyError::Refused(r) if r[0].path == "/bgp/n[10.0.0.2]/description"),
                "{error}"
            );
        }
        assert_eq!(lab.running(), before);
    });
}

#[test]
fn a_daemon_that_is_gone_refuses_and_is_reconciled_when_it_is_back() {
    in_namespace(|| async {
        let mut lab = Lab::start().await;
        let appliers = appliers(&lab);
        let old = testcase("frr/bgp-two-families");
        appliers.apply(&Intent::default(), &old).await.unwrap();
        lab.stop("bgpd");
        lab.answers("zebra staticd").await;
        let new = edit_bgp(&old, |bgp| bgp.router_id = None);
        let error = appliers.apply(&old, &new).await.unwrap_err();
        assert!(error.to_string().contains("bgpd is not running"), "{error}");
        lab.spawn("bgpd", "");
        lab.answers("zebra bgpd staticd").await;
        let done = appliers.reconcile(&old).await;
        assert!(done.changed() && done.problems.is_empty(), "{done:?}");
        assert_eq!(lab.json("show bgp neighbors json")["10.0.0.2"]["remoteAs"], 65002);
        lab.stop("zebra");
        lab.stop("bgpd");
        lab.stop("staticd");
        let error = appliers.apply(&old, &new).await.unwrap_err();
        assert!(error.to_string().contains("FRR does not answer"), "{error}");
    });
}

#[test]
fn killed_in_the_middle_and_reconciled() {
    in_namespace(|| async {
        let lab = Lab::start().await;
        let (old, new) = (testcase("frr/bgp-two-families"), testcase("frr/static-routes"));
        appliers(&lab).apply(&Intent::default(), &old).await.unwrap();
        let before = lab.running();
        // What a netconfd leaves that is killed after it wrote the file and loaded half of it.
        std::fs::write(
            lab.conf().join("frr.conf"),
            daybreak_appliers::frr::render(&new, &lab.settings()).to_string(),
        )
        .unwrap();
        lab.vtysh("configure\nno router bgp 65001\nip route 198.51.101.0/24 blackhole");
        assert_ne!(lab.running(), before);
        let done = appliers(&lab).reconcile(&old).await;
        assert!(done.changed() && done.problems.is_empty(), "{done:?}");
        assert_eq!(lab.running(), before);
        assert!(!appliers(&lab).reconcile(&old).await.changed());
    });
}

#[test]
fn a_reload_tool_that_outlives_its_netconfd_is_waited_for() {
    in_namespace(|| async {
        let lab = Lab::start().await;
        let (old, new) = (testcase("frr/static-routes"), testcase("frr/bgp-two-families"));
        appliers(&lab).apply(&Intent::default(), &old).await.unwrap();
        let before = lab.running();
        // What the killed netconfd wrote, and its tool, which has read it and loads it only when it is told to.
        let text = daybreak_appliers::frr::render(&new, &lab.settings()).to_string();
        std::fs::write(lab.conf().join("frr.conf"), text).unwrap();
        let vtysh =
            format!("vtysh --config_dir {} --vty_socket {}", lab.conf().display(), lab.run().display());
        let mut orphan = Command::new("flock")
            .args(["--no-fork", "--exclusive"])
            .arg(lab.run().join("netconfd-reload.lock"))
            .args([
                "sh",
                "-c",
                &format!("echo; read go; {vtysh} -c configure -c 'ip route 198.51.101.0/24 blackhole'"),
            ])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        orphan.stdout.as_mut().unwrap().read_exact(&mut [0]).unwrap();
        let next = appliers(&lab);
        let reconciling = tokio::spawn(async move { next.reconcile(&old).await });
        let inode = std::fs::metadata(lab.run().join("netconfd-reload.lock")).unwrap().ino();
        let inode = format!(":{inode} ");
        let is_it = |line: &str| line.contains("-> FLOCK") && line.contains(&inode);
        let waiting = || std::fs::read_to_string("/proc/locks").unwrap().lines().any(is_it);
        until("the next one waits", waiting).await;
        assert!(!reconciling.is_finished());
        drop(orphan.stdin.take());
        let done = reconciling.await.unwrap();
        assert!(done.changed() && done.problems.is_empty(), "{done:?}");
        assert!(orphan.wait().unwrap().success(), "what the orphan did, it had done");
        assert_eq!(lab.running(), before);
    });
}
