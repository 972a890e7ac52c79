//! The routing tables of ietf-routing (RFC 8349 §5).

use super::lenient::Lenient;
use daybreak_appliers::observe::{NextHopState, RouteState, RouteTable};
use daybreak_datastore::tree::{BuildError, Builder};

/// One family.
struct Family {
    /// Name of the table.
    table: &'static str,
    /// Module of the leafs that hold prefixes and addresses.
    module: &'static str,
    /// The identity.
    identity: &'static str,
}

const IPV4: Family = Family {
    table: "ipv4",
    module: "ietf-ipv4-unicast-routing",
    identity: "ietf-ipv4-unicast-routing:ipv4-unicast",
};
const IPV6: Family = Family {
    table: "ipv6",
    module: "ietf-ipv6-unicast-routing",
    identity: "ietf-ipv6-unicast-routing:ipv6-unicast",
};

pub(super) fn fill(
    top: &mut Builder<'_>,
    ipv4: Option<&RouteTable>,
    ipv6: Option<&RouteTable>,
) -> Result<(), BuildError> {
    top.container("routing", |routing| {
        routing.container("ribs", |ribs| {
            for (family, table) in [(&IPV4, ipv4), (&IPV6, ipv6)] {
                if let Some(table) = table {
                    rib(ribs, family, table)?;
                }
            }
            Ok(())
        })?;
        Ok(())
    })?;
    Ok(())
}

fn rib(ribs: &mut Builder<'_>, family: &Family, table: &RouteTable) -> Result<(), BuildError> {
    ribs.entry("rib", |rib| {
        rib.leaf("name", family.table)?
            .leaf("address-family", family.identity)?
            .leaf("incomplete", table.cut)?
            .container("routes", |routes| {
                table.routes.iter().try_for_each(|state| route(routes, family, state))
            })?;
        Ok(())
    })?;
    Ok(())
}

/// A route; those of protocols that no model here names, and those that lead nowhere yet, are left out.
fn route(routes: &mut Builder<'_>, family: &Family, state: &RouteState) -> Result<(), BuildError> {
    let Some(protocol) = protocol(&state.protocol) else {
        tracing::debug!(prefix = %state.prefix, protocol = %state.protocol, "no model names the protocol");
        return Ok(());
    };
    if state.next_hops.is_empty() {
        return Ok(());
    }
    routes.try_entry("route", |route| {
        route
            .leaf("route-preference", state.distance)?
            .leaf("source-protocol", protocol)?
            .optional("active", state.selected.then_some(""))?
            .leaf(&format!("{}:destination-prefix", family.module), state.prefix)?
            .container("next-hop", |inside| next_hops(inside, family, &state.next_hops))?;
        Ok(())
    })
}

fn next_hops(inside: &mut Builder<'_>, family: &Family, hops: &[NextHopState]) -> Result<(), BuildError> {
    match hops {
        hops if hops.iter().all(|hop| hop.blackhole) => {
            inside.leaf("special-next-hop", "blackhole").map(|_| ())
        }
        [only] => next_hop(inside, family, "next-hop-address", only),
        several => {
            inside.container("next-hop-list", |list| {
                for hop in several.iter().filter(|hop| !hop.blackhole) {
                    list.entry("next-hop", |entry| next_hop(entry, family, "address", hop))?;
                }
                Ok(())
            })?;
            Ok(())
        }
    }
}

fn next_hop(
    inside: &mut Builder<'_>,
    family: &Family,
    address: &str,
    hop: &NextHopState,
) -> Result<(), BuildError> {
    if let Some(router) = hop.address.filter(|router| router.is_ipv4() == (family.table == "ipv4")) {
        inside.leaf(&format!("{}:{address}", family.module), router)?;
    }
    inside.text_if("outgoing-interface", hop.interface.as_deref())
}

/// FRR's word for a source of routes as an identity.
fn protocol(word: &str) -> Option<&'static str> {
    Some(match word {
        "connected" | "local" => "ietf-routing:direct",
        "static" => "ietf-routing:static",
        "bgp" => "ietf-bgp:bgp",
        "kernel" => "daybreak-routing:kernel",
        _ => return None,
    })
}
