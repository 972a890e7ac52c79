//! ietf-routing and static routes.

use super::By::{Frr, Note, State};
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
    Effect {
        base: "/ietf-routing:routing/ribs/rib",
        by: &[State],
        nodes: &[
            "name",
            "address-family",
            "daybreak-routing:incomplete",
            "routes/route/route-preference",
            "routes/route/source-protocol",
            "routes/route/active",
            "routes/route/ietf-ipv4-unicast-routing:destination-prefix",
            "routes/route/ietf-ipv6-unicast-routing:destination-prefix",
            "routes/route/next-hop/outgoing-interface",
            "routes/route/next-hop/special-next-hop",
            "routes/route/next-hop/ietf-ipv4-unicast-routing:next-hop-address",
            "routes/route/next-hop/ietf-ipv6-unicast-routing:next-hop-address",
            "routes/route/next-hop/next-hop-list/next-hop/outgoing-interface",
            "routes/route/next-hop/next-hop-list/next-hop/ietf-ipv4-unicast-routing:address",
            "routes/route/next-hop/next-hop-list/next-hop/ietf-ipv6-unicast-routing:address",
        ],
    },
];
