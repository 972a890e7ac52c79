//! From a validated tree to what the router is to be.
//!
//! [`extract`] reads a whole tree. [`update`] makes a new intent from an old one and the paths that changed: it reads the
//! list entries that the paths touch and keeps the rest, so that an edit of one of many interfaces costs one. Every item
//! carries its instance path, which an `rpc-error` of an applier names.

mod bgp;
mod changed;
mod error;
mod interfaces;
mod place;
mod ports;
mod routes;
mod system;
mod telemetry;

pub use error::IntentError;

use changed::{Changed, Entries};
use daybreak_appliers::intent::{Bgp, Intent};
use daybreak_datastore::tree::{InstancePath, Key, Tree};
use imbl::OrdMap;
use ipnet::IpNet;
use place::Place;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Reads a whole tree.
///
/// # Errors
/// [`IntentError`] for a tree that is not valid.
pub fn extract(tree: &Tree) -> Result<Intent, IntentError> {
    read(&Intent::default(), tree, &Changed::all())
}

/// The intent of `tree` from that of a tree before it, when only what is at and below the paths `changed` is different.
/// What is above a change may be in the list too: more paths cost time, fewer are wrong.
///
/// # Errors
/// [`IntentError`] for a tree that is not valid.
pub fn update<'a>(
    before: &Intent,
    tree: &Tree,
    changed: impl IntoIterator<Item = &'a InstancePath>,
) -> Result<Intent, IntentError> {
    read(before, tree, &Changed::of(tree.schema(), changed))
}

fn read(before: &Intent, tree: &Tree, changed: &Changed) -> Result<Intent, IntentError> {
    let root = Place::root(tree);
    let mut intent = before.clone();
    let names = |text: &str| Some(text.to_owned());
    let interfaces = root.always("interfaces")?;
    let list = List { parent: Some(&interfaces), name: "interface", changed: &changed.interfaces };
    list.read(&mut intent.interfaces, names, interfaces::interface)?;
    let dataplane = root.always("dataplane")?;
    let list = List { parent: Some(&dataplane), name: "port", changed: &changed.ports };
    list.read(&mut intent.ports, names, ports::port)?;
    read_static(&mut intent, changed, &root)?;
    read_bgp(&mut intent, changed, &root)?;
    if changed.system {
        keep(&mut intent.system, system::system(&root.always("system")?)?);
    }
    if changed.telemetry {
        let container = root.stored("telemetry")?;
        let telemetry = container.map(|container| telemetry::telemetry(&container)).transpose()?;
        keep_some(&mut intent.telemetry, telemetry);
    }
    Ok(intent)
}

/// The entry of `control-plane-protocol` of that type; the schema allows one.
fn protocol<'t>(root: &Place<'t>, kind: &str) -> Result<Option<Place<'t>>, IntentError> {
    let protocols = root.always("routing")?.always("control-plane-protocols")?;
    for protocol in protocols.entries("control-plane-protocol")? {
        if protocol.need("type")? == kind {
            return Ok(Some(protocol));
        }
    }
    Ok(None)
}

fn read_static(intent: &mut Intent, changed: &Changed, root: &Place<'_>) -> Result<(), IntentError> {
    let protocol = protocol(root, changed::STATIC)?;
    let routes = protocol.map(|protocol| protocol.always("static-routes")).transpose()?;
    let key = |text: &str| text.parse().ok().map(|prefix: IpNet| prefix.trunc());
    for (family, changed) in ["ipv4", "ipv6"].into_iter().zip(&changed.routes) {
        let container = routes.as_ref().map(|routes| routes.always(family)).transpose()?;
        let list = List { parent: container.as_ref(), name: "route", changed };
        // Both families are in one map: when one is read anew, the routes of the other stay.
        let of_family = |prefix: &IpNet| matches!(prefix, IpNet::V4(_)) == (family == "ipv4");
        list.read_part(&mut intent.static_routes, of_family, key, routes::route)?;
    }
    Ok(())
}

fn read_bgp(intent: &mut Intent, changed: &Changed, root: &Place<'_>) -> Result<(), IntentError> {
    if !changed.bgp_global && changed.bgp_neighbors.is_none() {
        return Ok(());
    }
    let Some(protocol) = protocol(root, changed::BGP)? else {
        intent.bgp = None;
        return Ok(());
    };
    let container = protocol.always("bgp")?;
    let before = intent.bgp.take();
    let mut neighbors = before.as_ref().map(|bgp| bgp.neighbors.clone()).unwrap_or_default();
    let list = List {
        parent: Some(&container.always("neighbors")?),
        name: "neighbor",
        changed: if before.is_some() { &changed.bgp_neighbors } else { &Entries::All },
    };
    list.read(&mut neighbors, |text| text.parse().ok(), bgp::neighbor)?;
    let bgp = match &before {
        Some(bgp) if !changed.bgp_global => Some(Bgp { neighbors, ..(**bgp).clone() }),
        _ => bgp::global(&container, neighbors)?,
    };
    intent.bgp = before;
    keep_some(&mut intent.bgp, bgp);
    Ok(())
}

/// A list of a tree, of which some entries changed.
struct List<'a, 't> {
    /// The node around it; `None` when that is not there, and so no entry is.
    parent: Option<&'a Place<'t>>,
    name: &'static str,
    changed: &'a Entries,
}

impl List<'_, '_> {
    /// Brings a map of items up to date. `key` is how the items are known, by the text of an entry's key.
    fn read<K: Clone + Ord, V: PartialEq>(
        &self,
        items: &mut OrdMap<K, Arc<V>>,
        key: impl Fn(&str) -> Option<K>,
        make: impl Fn(&Place<'_>) -> Result<V, IntentError>,
    ) -> Result<(), IntentError> {
        self.read_part(items, |_| true, key, make)
    }

    /// The same where only some items of the map are of this list.
    fn read_part<K: Clone + Ord, V: PartialEq>(
        &self,
        items: &mut OrdMap<K, Arc<V>>,
        own: impl Fn(&K) -> bool,
        key: impl Fn(&str) -> Option<K>,
        make: impl Fn(&Place<'_>) -> Result<V, IntentError>,
    ) -> Result<(), IntentError> {
        let entries = self.parent.map(|parent| parent.entries(self.name)).transpose()?;
        let mut present: Vec<(Key, Option<Place<'_>>)> = Vec::new();
        match self.changed {
            Entries::All => {
                present.extend(
                    entries.into_iter().flatten().filter_map(|entry| Some((entry.key()?, Some(entry)))),
                );
                let keys: BTreeSet<_> = present.iter().filter_map(|(text, _)| key(text.text())).collect();
                let gone: Vec<_> =
                    items.keys().filter(|item| own(item) && !keys.contains(item)).cloned().collect();
                for item in gone {
                    items.remove(&item);
                }
            }
            Entries::Some(keys) => {
                for text in keys {
                    let entry =
                        self.parent.map(|parent| parent.entry(self.name, text)).transpose()?.flatten();
                    present.push((text.clone(), entry));
                }
            }
        }
        for (text, entry) in present {
            let Some(item) = key(text.text()) else { continue };
            match entry {
                None => {
                    items.remove(&item);
                }
                Some(entry) => {
                    let value = make(&entry)?;
                    if items.get(&item).is_none_or(|before| **before != value) {
                        items.insert(item, Arc::new(value));
                    }
                }
            }
        }
        Ok(())
    }
}

/// Puts a value where another was, unless they are equal: what is the same allocation needs no second look.
fn keep<T: PartialEq>(place: &mut Arc<T>, value: T) {
    if **place != value {
        *place = Arc::new(value);
    }
}

/// The same for a value that may be absent.
fn keep_some<T: PartialEq>(place: &mut Option<Arc<T>>, value: Option<T>) {
    match (place.as_mut(), value) {
        (Some(before), Some(value)) => keep(before, value),
        (_, value) => *place = value.map(Arc::new),
    }
}

#[cfg(test)]
pub(crate) mod tests;
