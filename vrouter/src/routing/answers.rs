//! Routes and neighbours in the words of the control protocol.

use std::collections::HashMap;

use daybreak_control::v1;

use crate::fib::{NextHop, NextHopPath, PortId};
use crate::netlink::NeighbourKey;
use crate::packet::MacAddr;
use crate::rib::{ActiveRoute, Source};

/// Names of ports.
pub(super) type Names = HashMap<PortId, String>;

/// A route.
pub(super) fn route(route: &ActiveRoute, names: &Names) -> v1::Route {
    let source = match route.source {
        Source::Local | Source::Connected => "local",
        Source::Fpm => "fpm",
        Source::Linux => "netlink",
    };
    let action = match route.next_hop {
        NextHop::Local => v1::Action::Punt,
        NextHop::Path(_) | NextHop::Paths(_) => v1::Action::Forward,
        NextHop::Blackhole | NextHop::Unreachable | NextHop::Prohibit => v1::Action::Drop,
    };
    let paths = match &route.next_hop {
        NextHop::Path(path) => std::slice::from_ref(path),
        NextHop::Paths(paths) => paths,
        _ => &[],
    };
    v1::Route {
        prefix: route.prefix.to_string(),
        next_hops: paths
            .chunk_by(|a, b| a == b)
            .map(|equal| next_hop(&equal[0], u32::try_from(equal.len()).unwrap_or(u32::MAX), names))
            .collect(),
        action: action.into(),
        source: source.into(),
    }
}

fn next_hop(path: &NextHopPath, weight: u32, names: &Names) -> v1::NextHop {
    v1::NextHop {
        address: path.gateway.map(|gateway| gateway.to_string()).unwrap_or_default(),
        port: names.get(&path.port).cloned().unwrap_or_default(),
        weight,
    }
}

/// A neighbour.
pub(super) fn neighbour((port, key, mac): &(PortId, NeighbourKey, MacAddr), names: &Names) -> v1::Neighbour {
    v1::Neighbour {
        address: key.address.to_string(),
        port: names.get(port).cloned().unwrap_or_default(),
        mac: mac.0.to_vec(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_have_the_names_of_their_ports_and_their_weights() {
        let names = Names::from([(PortId(0), "p0".to_owned()), (PortId(1), "p1".to_owned())]);
        let path = |port, last| NextHopPath { port: PortId(port), gateway: Some([10, 0, 0, last].into()) };
        let active =
            |source, next_hop| ActiveRoute { prefix: "10.0.0.0/8".parse().unwrap(), source, next_hop };
        let paths = NextHop::Paths([path(0, 1), path(1, 2), path(1, 2)].into());
        let said = route(&active(Source::Fpm, paths), &names);
        let hops: Vec<_> =
            said.next_hops.iter().map(|hop| (hop.address.as_str(), hop.port.as_str(), hop.weight)).collect();
        assert_eq!(hops, [("10.0.0.1", "p0", 1), ("10.0.0.2", "p1", 2)]);
        assert_eq!((said.source.as_str(), said.action()), ("fpm", v1::Action::Forward));
        let said = route(&active(Source::Local, NextHop::Local), &names);
        assert_eq!(
            (said.source.as_str(), said.action(), said.next_hops.len()),
            ("local", v1::Action::Punt, 0)
        );
        let said = route(&active(Source::Linux, NextHop::Prohibit), &names);
        assert_eq!((said.source.as_str(), said.action()), ("netlink", v1::Action::Drop));
    }
}
