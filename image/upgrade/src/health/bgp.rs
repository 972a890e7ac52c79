//! `show bgp vrf all summary json` of FRR: which sessions are established.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A BGP session.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Session {
    /// The VRF, `default` outside of any.
    pub vrf: String,
    /// Address or interface of the peer.
    pub peer: String,
}

impl std::fmt::Display for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.vrf, self.peer)
    }
}

/// The established sessions of an answer. Without BGP, FRR answers with a sentence: no sessions then.
///
/// A session counts when it is established for one address family at least.
pub fn established(answer: &str) -> BTreeSet<Session> {
    let Ok(Value::Object(vrfs)) = serde_json::from_str(answer) else { return BTreeSet::new() };
    let mut sessions = BTreeSet::new();
    for (vrf, families) in &vrfs {
        for family in families.as_object().into_iter().flat_map(|families| families.values()) {
            let peers = family.get("peers").and_then(Value::as_object).into_iter().flatten();
            let up = peers.filter(|(_, peer)| peer.get("state").is_some_and(|state| state == "Established"));
            sessions.extend(up.map(|(peer, _)| Session { vrf: vrf.clone(), peer: peer.clone() }));
        }
    }
    sessions
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sessions_of_all_vrfs_and_families() {
        let answer = r#"{
            "default": {
                "ipv4Unicast": {"routerId": "10.0.0.1", "peers": {
                    "10.1.0.2": {"remoteAs": 65002, "state": "Established"},
                    "10.3.0.2": {"remoteAs": 65003, "state": "Active"}}},
                "ipv6Unicast": {"peers": {"10.1.0.2": {"state": "Established"}, "p1": {"state": "Established"}}},
                "l2VpnEvpn": "No L2VPN EVPN neighbors configured"},
            "red": {"ipv4Unicast": {"peers": {"10.1.0.2": {"state": "Established"}}}}}"#;
        let found: Vec<_> = established(answer).iter().map(ToString::to_string).collect();
        assert_eq!(found, ["default 10.1.0.2", "default p1", "red 10.1.0.2"]);
        for none in ["{}", "", "% BGP instance not found", "[]", "{\"default\": []}"] {
            assert!(established(none).is_empty(), "{none}");
        }
    }
}
