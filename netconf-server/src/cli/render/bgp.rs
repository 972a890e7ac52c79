//! `show bgp`.

use std::fmt::Write as _;

use daybreak_datastore::tree::{NodeRef, Tree};

use super::table::table;
use super::{descend, each, leaf};

/// One line for each neighbour; its own number of an autonomous system comes first.
pub(crate) fn bgp(tree: &Tree, only: Option<&str>) -> String {
    let Some(protocols) = descend(&tree.root(), &["routing", "control-plane-protocols"]) else {
        return String::new();
    };
    let mut out = String::new();
    for bgp in each(&protocols, "control-plane-protocol").filter_map(|protocol| descend(&protocol, &["bgp"]))
    {
        if let Some(number) = leaf(&bgp, &["global", "as"]) {
            let identifier = leaf(&bgp, &["global", "identifier"]);
            let identifier = identifier.map(|text| format!(", identifier {text}")).unwrap_or_default();
            let _ = writeln!(out, "AS {number}{identifier}");
        }
        let Some(neighbors) = descend(&bgp, &["neighbors"]) else { continue };
        let rows: Vec<_> = each(&neighbors, "neighbor")
            .filter(|neighbor| {
                only.is_none_or(|address| leaf(neighbor, &["remote-address"]) == Some(address))
            })
            .map(|neighbor| row(&neighbor))
            .collect();
        out.push_str(&table(&["neighbor", "AS", "state", "since", "received", "sent", "description"], &rows));
    }
    out
}

fn row(neighbor: &NodeRef<'_>) -> Vec<String> {
    let text = |names: &[&str]| leaf(neighbor, names).unwrap_or_default().to_owned();
    let state = text(&["session-state"]);
    // A session that is down has the time of its last one, which would read as uptime.
    let since = if state == "established" { text(&["last-established"]) } else { String::new() };
    vec![
        text(&["remote-address"]),
        text(&["peer-as"]),
        state,
        since,
        prefixes(neighbor, "received"),
        prefixes(neighbor, "sent"),
        text(&["description"]),
    ]
}

/// Prefixes of all address families together.
fn prefixes(neighbor: &NodeRef<'_>, which: &str) -> String {
    let Some(families) = descend(neighbor, &["afi-safis"]) else { return String::new() };
    each(&families, "afi-safi")
        .filter_map(|family| leaf(&family, &["prefixes", which])?.parse::<u64>().ok())
        .reduce(u64::saturating_add)
        .map(|sum| sum.to_string())
        .unwrap_or_default()
}
