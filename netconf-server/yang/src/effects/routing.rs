//! ietf-routing and static routes.

use super::By::{Frr, Note};
use super::Effect;

const STATIC: &str = "/ietf-routing:routing/control-plane-protocols/control-plane-protocol/static-routes";
const ROUTE4: &str = "/ietf-routing:routing/control-plane-protocols/control-plane-protocol/static-routes/ietf-ipv4-unicast-routing:ipv4/route";
const ROUTE6: &str = "/ietf-routing:routing/control-plane-protocols/control-plane-protocol/static-routes/ietf-ipv6-unicast-routing:ipv6/route";

/// What a route of either family has.
const ROUTE: &[&str] = &[
    "destination-prefix",
    "next-hop/next-hop-address",
    "next-hop/outgoing-interface",
    "next-hop/special-next-hop",
    "next-hop/next-hop-list/next-hop/index",
    "next-hop/next-hop-list/next-hop/next-hop-address",
    "next-hop/next-hop-list/next-hop/outgoing-interface",
];

pub(super) static EFFECTS: &[Effect] = &[
    Effect {
        base: "/ietf-routing:routing/control-plane-protocols/control-plane-protocol",
        by: &[Frr],
        nodes: &["type", "name"],
    },
    Effect {
        base: "/ietf-routing:routing/control-plane-protocols/control-plane-protocol",
        by: &[Note],
        nodes: &["description"],
    },
    Effect { base: ROUTE4, by: &[Frr], nodes: ROUTE },
    Effect { base: ROUTE6, by: &[Frr], nodes: ROUTE },
    Effect {
        base: STATIC,
        by: &[Note],
        nodes: &[
            "ietf-ipv4-unicast-routing:ipv4/route/description",
            "ietf-ipv6-unicast-routing:ipv6/route/description",
        ],
    },
];
