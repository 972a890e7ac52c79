//! ietf-interfaces and ietf-ip.

use super::By::{DataPlane, Linux, State};
use super::Effect;

pub(super) static EFFECTS: &[Effect] = &[
    Effect {
        base: "/ietf-interfaces:interfaces/interface",
        by: &[Linux],
        nodes: &["name", "type", "description"],
    },
    Effect { base: "/ietf-interfaces:interfaces/interface", by: &[DataPlane, Linux], nodes: &["enabled"] },
    Effect {
        base: "/ietf-interfaces:interfaces/interface",
        by: &[State],
        nodes: &["admin-status", "oper-status", "if-index", "phys-address", "speed"],
    },
    Effect {
        base: "/ietf-interfaces:interfaces/interface/statistics",
        by: &[State],
        nodes: &[
            "discontinuity-time",
            "in-octets",
            "in-multicast-pkts",
            "in-discards",
            "in-errors",
            "out-octets",
            "out-discards",
            "out-errors",
        ],
    },
    Effect {
        base: "/ietf-interfaces:interfaces/interface/ietf-ip:ipv4",
        by: &[Linux],
        nodes: &["enabled", "forwarding", "address/ip", "address/prefix-length"],
    },
    Effect {
        base: "/ietf-interfaces:interfaces/interface/ietf-ip:ipv4",
        by: &[State],
        nodes: &["address/origin"],
    },
    Effect {
        base: "/ietf-interfaces:interfaces/interface/ietf-ip:ipv4",
        by: &[DataPlane, Linux],
        nodes: &["mtu"],
    },
    Effect {
        base: "/ietf-interfaces:interfaces/interface/ietf-ip:ipv6",
        by: &[Linux],
        nodes: &["enabled", "forwarding", "address/ip", "address/prefix-length"],
    },
    Effect {
        base: "/ietf-interfaces:interfaces/interface/ietf-ip:ipv6",
        by: &[State],
        nodes: &["address/origin"],
    },
    Effect {
        base: "/ietf-interfaces:interfaces/interface/ietf-ip:ipv6",
        by: &[DataPlane, Linux],
        nodes: &["mtu"],
    },
];
