//! What FRR's bgpd tells about its sessions and tables.

use super::{Set, Tag, Unit, counter, gauge};
use std::time::Duration;

const PERIOD: Duration = Duration::from_secs(30);

const SOURCE: &str = "bgpd of FRR";

const VRF: Tag = Tag { name: "vrf", budget: 1024, about: "Name of the VRF." };

const FAMILY: Tag = Tag { name: "family", budget: 32, about: "Address family, such as ipv4-unicast." };

/// Each neighbour.
pub static BGP_NEIGHBOR: Set = Set {
    name: "bgp_neighbor",
    about: "Session with each BGP neighbour, for each address family that is activated.",
    source: SOURCE,
    period: PERIOD,
    tags: &[
        Tag { name: "neighbor", budget: 4096, about: "Address or interface of the neighbour." },
        VRF,
        FAMILY,
    ],
    kpis: &[
        gauge(
            "state",
            Unit::Code,
            "What it is: 1 idle, 2 connect, 3 active, 4 OpenSent, 5 OpenConfirm, 6 established (bgpPeerState of RFC 4273); a session that is being cleared is idle.",
        ),
        gauge("up", Unit::Seconds, "How long the session has been established; 0 while it is not."),
        gauge("remote_as", Unit::Code, "Autonomous system of the neighbour."),
        gauge("prefixes_received", Unit::Count, "Prefixes accepted from the neighbour."),
        gauge("prefixes_sent", Unit::Count, "Prefixes announced to the neighbour."),
        counter(
            "messages_in",
            Unit::Count,
            "Messages received; of the session, so the same for each family.",
        ),
        counter("messages_out", Unit::Count, "Messages sent; of the session, so the same for each family."),
        counter("flaps", Unit::Count, "How often the session was lost."),
    ],
};

/// Each table.
pub static BGP_TOTAL: Set = Set {
    name: "bgp_total",
    about: "Table and sessions of each BGP instance and address family.",
    source: SOURCE,
    period: PERIOD,
    tags: &[VRF, FAMILY],
    kpis: &[
        gauge(
            "rib_entries",
            Unit::Count,
            "Nodes of the table: its prefixes, and what FRR puts between them.",
        ),
        gauge("rib_size", Unit::Bytes, "Memory of the table."),
        gauge("neighbors", Unit::Count, "Neighbours that are configured or were accepted dynamically."),
        gauge("established", Unit::Count, "Neighbours whose session is established."),
        counter("table_version", Unit::Count, "Changes of the table."),
    ],
};
