//! `show routes`.

use daybreak_datastore::tree::{NodeRef, Tree};

use super::table::table;
use super::{descend, each, leaf};
use crate::cli::lang::plain;

/// One line for each next hop of each route of the router, the active ones marked.
pub(crate) fn routes(tree: &Tree, prefix: Option<&str>) -> String {
    let Some(ribs) = descend(&tree.root(), &["routing", "ribs"]) else { return String::new() };
    let mut rows = Vec::new();
    for rib in each(&ribs, "rib") {
        let Some(list) = descend(&rib, &["routes"]) else { continue };
        for route in each(&list, "route") {
            let destination = leaf(&route, &["destination-prefix"]).unwrap_or_default();
            if prefix.is_some_and(|prefix| prefix != destination) {
                continue;
            }
            let active = descend(&route, &["active"]).is_some();
            let protocol = leaf(&route, &["source-protocol"]).map(plain).unwrap_or_default();
            let preference = leaf(&route, &["route-preference"]).unwrap_or_default();
            for (number, hop) in next_hops(&route).into_iter().enumerate() {
                let first = number == 0;
                let cell = |text: &str| if first { text.to_owned() } else { String::new() };
                rows.push(vec![
                    cell(if active { "*" } else { "" }),
                    cell(destination),
                    hop.0,
                    hop.1,
                    cell(protocol),
                    cell(preference),
                ]);
            }
        }
    }
    table(&["", "prefix", "next hop", "interface", "protocol", "preference"], &rows)
}

/// Address and interface of each next hop; at least one.
fn next_hops(route: &NodeRef<'_>) -> Vec<(String, String)> {
    let Some(hop) = descend(route, &["next-hop"]) else { return vec![<_>::default()] };
    if let Some(list) = descend(&hop, &["next-hop-list"]) {
        let hops: Vec<_> = each(&list, "next-hop").map(|hop| one(&hop)).collect();
        if !hops.is_empty() {
            return hops;
        }
    }
    vec![one(&hop)]
}

fn one(hop: &NodeRef<'_>) -> (String, String) {
    let address = leaf(hop, &["next-hop-address"]).or_else(|| leaf(hop, &["address"]));
    let special = leaf(hop, &["special-next-hop"]);
    let interface = leaf(hop, &["outgoing-interface"]).unwrap_or_default();
    (address.or(special).unwrap_or("connected").to_owned(), interface.to_owned())
}
