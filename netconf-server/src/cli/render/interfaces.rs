//! `show interfaces`.

use daybreak_datastore::tree::{NodeRef, Tree};

use super::table::{short_number, table};
use super::{child, each, leaf};
use crate::cli::lang::plain;

/// One line for each interface; `only` chooses one.
pub(crate) fn interfaces(tree: &Tree, only: Option<&str>) -> String {
    let Some(top) = child(&tree.root(), "interfaces") else { return String::new() };
    let rows: Vec<_> = each(&top, "interface")
        .filter(|interface| only.is_none_or(|name| leaf(interface, &["name"]) == Some(name)))
        .map(|interface| row(&interface))
        .collect();
    table(
        &["interface", "admin", "link", "mtu", "address", "in octets", "out octets", "errors", "description"],
        &rows,
    )
}

fn row(interface: &NodeRef<'_>) -> Vec<String> {
    let text = |names: &[&str]| leaf(interface, names).map(plain_status).unwrap_or_default();
    let count = |name: &str| leaf(interface, &["statistics", name]).map(short_number).unwrap_or_default();
    let number =
        |name: &str| leaf(interface, &["statistics", name]).and_then(|text| text.parse::<u64>().ok());
    let errors = number("in-errors").into_iter().chain(number("out-errors")).reduce(u64::saturating_add);
    let mtu = leaf(interface, &["ipv4", "mtu"]).or_else(|| leaf(interface, &["ipv6", "mtu"]));
    vec![
        text(&["name"]),
        text(&["admin-status"]),
        text(&["oper-status"]),
        mtu.unwrap_or_default().to_owned(),
        addresses(interface).join(" "),
        count("in-octets"),
        count("out-octets"),
        errors.map(|errors| short_number(&errors.to_string())).unwrap_or_default(),
        leaf(interface, &["description"]).unwrap_or_default().to_owned(),
    ]
}

/// `lower-layer-down` is what a cable that is not plugged in gives: down.
fn plain_status(text: &str) -> String {
    if text == "lower-layer-down" { "down".to_owned() } else { plain(text).to_owned() }
}

fn addresses(interface: &NodeRef<'_>) -> Vec<String> {
    let mut found = Vec::new();
    for family in ["ipv4", "ipv6"].iter().filter_map(|family| child(interface, family)) {
        for address in each(&family, "address") {
            let ip = leaf(&address, &["ip"]).unwrap_or_default();
            // Every interface has one of these, and none is chosen by anybody.
            if ip.starts_with("fe80:") && leaf(&address, &["origin"]) == Some("link-layer") {
                continue;
            }
            let length = leaf(&address, &["prefix-length"]).unwrap_or_default();
            found.push(format!("{ip}/{length}"));
        }
    }
    found
}
