//! `show routes`.

use std::fmt::Write as _;

use daybreak_datastore::tree::{NodeRef, Tree};

use super::table::table;
use super::{descend, each, leaf};
use crate::cli::lang::plain;

/// One line for each next hop of each route of the router, the active ones marked; of more than `most` routes the first.
pub(crate) fn routes(tree: &Tree, most: usize) -> String {
    let mut rows = Vec::new();
    let (mut shown, mut left) = (0, 0);
    for route in all(tree) {
        if shown == most {
            left += 1;
            continue;
        }
        shown += 1;
        let active = descend(&route, &["active"]).is_some();
        let destination = leaf(&route, &["destination-prefix"]).unwrap_or_default();
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
    let mut text = table(&["", "prefix", "next hop", "interface", "protocol", "preference"], &rows);
    if left > 0 {
        let plus = if is_incomplete(tree) { " and more" } else { "" };
        // Writing to a string does not fail.
        let _ =
            writeln!(text, "{left} routes{plus} are not shown; give a prefix, or all of it is in -o json");
    } else if is_incomplete(tree) {
        text.push_str("the router has more routes than it tells; give a prefix\n");
    }
    text
}

/// Whether there is any route.
pub(crate) fn has_routes(tree: &Tree) -> bool {
    all(tree).next().is_some()
}

/// Whether a table has more routes than the router tells.
pub(crate) fn is_incomplete(tree: &Tree) -> bool {
    ribs(tree).any(|rib| leaf(&rib, &["incomplete"]) == Some("true"))
}

fn ribs(tree: &Tree) -> impl Iterator<Item = NodeRef<'_>> {
    descend(&tree.root(), &["routing", "ribs"]).into_iter().flat_map(|ribs| each(&ribs, "rib"))
}

fn all(tree: &Tree) -> impl Iterator<Item = NodeRef<'_>> {
    ribs(tree).filter_map(|rib| descend(&rib, &["routes"])).flat_map(|list| each(&list, "route"))
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::lang::tests::models;
    use crate::cli::link::read_state;

    fn tree(routes: usize, incomplete: bool) -> Tree {
        let route = |number| {
            format!(
                "<route><route-preference>1</route-preference>\
                 <destination-prefix xmlns='urn:ietf:params:xml:ns:yang:ietf-ipv4-unicast-routing'>10.0.{number}.0/24</destination-prefix></route>"
            )
        };
        let routes: String = (0..routes).map(route).collect();
        let text = format!(
            "<routing xmlns='urn:ietf:params:xml:ns:yang:ietf-routing'><ribs><rib><name>ipv4</name>\
             <incomplete xmlns='urn:daybreak:yang:daybreak-routing'>{incomplete}</incomplete>\
             <routes>{routes}</routes></rib></ribs></routing>"
        );
        read_state(&models().schema, &text).unwrap()
    }

    #[test]
    fn a_long_table_ends_with_what_is_not_shown() {
        for (count, incomplete, last) in [
            (4, false, "10.0.3.0/24"),
            (5, false, "1 routes are not shown; give a prefix"),
            (9, true, "5 routes and more are not shown; give a prefix"),
            (3, true, "the router has more routes than it tells"),
        ] {
            let text = routes(&tree(count, incomplete), 4);
            assert!(text.lines().last().unwrap().contains(last), "{count}: {text}");
            assert_eq!(text.matches("10.0.").count(), count.min(4));
        }
        assert!(has_routes(&tree(1, false)) && !has_routes(&tree(0, true)) && is_incomplete(&tree(0, true)));
    }
}
