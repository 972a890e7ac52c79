//! ietf-bgp and what `daybreak-bgp` adds to it.

use super::By::{Frr, State};
use super::Effect;

const GLOBAL: &str =
    "/ietf-routing:routing/control-plane-protocols/control-plane-protocol/ietf-bgp:bgp/global";
const NEIGHBOR: &str =
    "/ietf-routing:routing/control-plane-protocols/control-plane-protocol/ietf-bgp:bgp/neighbors/neighbor";

pub(super) static EFFECTS: &[Effect] = &[
    Effect {
        base: GLOBAL,
        by: &[Frr],
        nodes: &[
            "as",
            "identifier",
            "afi-safis/afi-safi/name",
            "afi-safis/afi-safi/enabled",
            "afi-safis/afi-safi/daybreak-bgp:redistribute",
            "afi-safis/afi-safi/daybreak-bgp:network",
        ],
    },
    Effect {
        base: NEIGHBOR,
        by: &[Frr],
        nodes: &[
            "remote-address",
            "peer-as",
            "description",
            "enabled",
            "timers/connect-retry-interval",
            "timers/hold-time",
            "timers/keepalive",
            "transport/local-address",
            "transport/passive-mode",
            "transport/ebgp-multihop/enabled",
            "transport/ebgp-multihop/multihop-ttl",
            "afi-safis/afi-safi/name",
            "afi-safis/afi-safi/enabled",
        ],
    },
    Effect {
        base: NEIGHBOR,
        by: &[State],
        nodes: &[
            "identifier",
            "local-address",
            "local-port",
            "remote-port",
            "peer-type",
            "session-state",
            "last-established",
            "timers/negotiated-hold-time",
            "afi-safis/afi-safi/active",
            "afi-safis/afi-safi/prefixes/received",
            "afi-safis/afi-safi/prefixes/sent",
            "statistics/established-transitions",
            "statistics/messages/total-received",
            "statistics/messages/total-sent",
            "statistics/messages/updates-received",
            "statistics/messages/updates-sent",
            "statistics/messages/notifications-received",
            "statistics/messages/notifications-sent",
        ],
    },
];
