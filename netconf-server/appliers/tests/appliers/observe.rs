//! What the observer says of a session with a router that we did not write.

use crate::rig::{Daemon, Lab, in_namespace, shell, until};
use daybreak_appliers::frr::Frr;
use daybreak_appliers::intent::{Family, Intent};
use daybreak_appliers::observe::{Observer, SessionState, Settings};
use daybreak_appliers::transaction::{Appliers, Deadlines};
use serde_json::json;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

fn observer(lab: &Lab) -> Observer {
    Observer::new(Settings {
        frr: lab.settings(),
        socket: lab.run().join("nobody.sock"),
        ..Settings::default()
    })
}

#[test]
fn a_session_comes_up_and_its_routes_are_told() {
    in_namespace(|| async {
        shell("ip addr add 10.0.0.1/24 dev p0; ip link set p0 up; ip link set lo up");
        let lab = Lab::start().await;
        let intent: Intent = serde_json::from_value(json!({"bgp": {"as_number": 65001, "neighbors": {"10.0.0.2": {
            "address": "10.0.0.2", "peer_as": 65002, "timers": {"connect_retry": 1}, "families": [{"family": "ipv4-unicast"}]}}}}))
        .unwrap();
        let appliers = Appliers::new(vec![Arc::new(Frr::new(lab.settings()))], Deadlines::default());
        appliers.apply(&Intent::default(), &intent).await.unwrap();
        let _peer = Daemon::peer(
            &lab,
            "q0",
            "10.0.0.2/24",
            "router bgp 65002\n bgp router-id 10.0.0.2\n no bgp ebgp-requires-policy\n no bgp network import-check\n neighbor 10.0.0.1 remote-as 65001\n neighbor 10.0.0.1 timers connect 1\n address-family ipv4 unicast\n  network 203.0.113.0/24\n exit-address-family\n",
        );
        let address = IpAddr::from([10, 0, 0, 2]);
        let end = Instant::now() + Duration::from_secs(30);
        let neighbor = loop {
            let state = observer(&lab).bgp().await.unwrap();
            let neighbor = state.neighbors[&address].clone();
            let counts = neighbor.prefixes.get(&Family::Ipv4Unicast).copied().unwrap_or_default();
            if neighbor.state == SessionState::Established && counts.accepted == 1 {
                break neighbor;
            }
            assert!(Instant::now() < end, "waited in vain until the session is up: {neighbor:?}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        };
        assert_eq!(neighbor.router_id, Some([10, 0, 0, 2].into()));
        assert!(neighbor.received > 0 && neighbor.sent > 0 && neighbor.up_seconds.is_some());
        assert_eq!(neighbor.remote.map(|end| end.0), Some(address));
        until("the route is in the table", || lab.vtysh("show ip route bgp json").contains("203.0.113.0/24"))
            .await;
        let table = observer(&lab).routes(true).await.unwrap();
        let route = table.routes.iter().find(|route| route.prefix.to_string() == "203.0.113.0/24").unwrap();
        assert_eq!((route.protocol.as_str(), route.selected), ("bgp", true));
        assert_eq!(route.next_hops[0].address, Some(address));
        assert!(
            observer(&lab).routes(false).await.unwrap().routes.iter().all(|route| route.protocol != "bgp")
        );
    });
}

#[test]
fn a_part_that_is_dead_is_its_own_error() {
    in_namespace(|| async {
        let mut lab = Lab::start().await;
        assert!(observer(&lab).bgp().await.unwrap().neighbors.is_empty(), "no instance is no error");
        for name in ["bgpd", "staticd", "zebra"] {
            lab.stop(name);
        }
        let observer = observer(&lab);
        assert_eq!(observer.bgp().await.unwrap_err().part, "frr");
        assert_eq!(observer.routes(true).await.unwrap_err().part, "frr");
        assert_eq!(observer.dataplane().await.unwrap_err().part, "vrouterd");
        let interfaces = observer.interfaces().await.unwrap();
        assert_eq!(interfaces.problem.as_ref().unwrap().part, "vrouterd");
        assert!(interfaces.interfaces["lo"].admin_up && !interfaces.interfaces["p0"].admin_up);
        assert_eq!(interfaces.interfaces["p0"].mac.len(), 6);
    });
}
