//! Which parts of an intent a change of the tree touches.

use daybreak_datastore::schema::Schema;
use daybreak_datastore::tree::{InstancePath, Key, Select, Step};
use std::collections::BTreeSet;

/// Key values of the list `control-plane-protocol` begin so.
pub(super) const STATIC: &str = "ietf-routing:static";
pub(super) const BGP: &str = "ietf-bgp:bgp";

/// What of a list has to be read anew.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Entries {
    /// These; none if empty.
    Some(BTreeSet<Key>),
    /// The whole list.
    All,
}

impl Default for Entries {
    fn default() -> Self {
        Self::Some(BTreeSet::new())
    }
}

impl Entries {
    /// Whether nothing has to be read anew.
    pub(super) fn is_none(&self) -> bool {
        matches!(self, Self::Some(keys) if keys.is_empty())
    }

    /// Adds what a step selects; no step at all is the whole list.
    fn add(&mut self, step: Option<&Step>) {
        match (&mut *self, step.map(|step| &step.select)) {
            (Self::All, _) => {}
            (Self::Some(keys), Some(Select::Key(key))) => {
                keys.insert(key.clone());
            }
            (Self::Some(_), _) => *self = Self::All,
        }
    }
}

/// Everything that has to be read anew.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Changed {
    pub(super) interfaces: Entries,
    pub(super) ports: Entries,
    /// Routes of IPv4 and of IPv6.
    pub(super) routes: [Entries; 2],
    /// The container `global`.
    pub(super) bgp_global: bool,
    pub(super) bgp_neighbors: Entries,
    pub(super) system: bool,
    pub(super) telemetry: bool,
}

impl Changed {
    /// What changes at these paths touch. A path stands for the node there and all below it.
    pub(super) fn of<'a>(schema: &Schema, paths: impl IntoIterator<Item = &'a InstancePath>) -> Self {
        let mut changed = Self::default();
        for path in paths {
            changed.add(schema, path.steps());
        }
        changed
    }

    /// Everything.
    pub(super) fn all() -> Self {
        Self {
            interfaces: Entries::All,
            ports: Entries::All,
            routes: [Entries::All, Entries::All],
            bgp_global: true,
            bgp_neighbors: Entries::All,
            system: true,
            telemetry: true,
        }
    }

    fn add(&mut self, schema: &Schema, steps: &[Step]) {
        let Some(top) = steps.first() else {
            *self = Self::all();
            return;
        };
        match &*schema.node(top.id).name {
            "interfaces" => self.interfaces.add(steps.get(1)),
            "dataplane" => self.ports.add(steps.get(1)),
            "routing" => self.add_protocol(schema, steps.get(2), steps.get(3..).unwrap_or_default()),
            "system" => self.system = true,
            "telemetry" => self.telemetry = true,
            // Access control is netconfd's own.
            _ => {}
        }
    }

    /// A change in the entry `protocol` of `control-plane-protocol`, at `below`.
    fn add_protocol(&mut self, schema: &Schema, protocol: Option<&Step>, below: &[Step]) {
        let kind = match protocol.map(|step| &step.select) {
            Some(Select::Key(key)) => key.values().next(),
            _ => None,
        };
        let name = |at: usize| below.get(at).map(|step| &*schema.node(step.id).name);
        if kind.is_none_or(|kind| kind == STATIC) {
            for (family, routes) in ["ipv4", "ipv6"].iter().zip(&mut self.routes) {
                if name(1).is_none_or(|changed| changed == *family) {
                    routes.add(below.get(2));
                }
            }
        }
        if kind.is_none_or(|kind| kind == BGP) {
            self.bgp_global |= name(1) != Some("neighbors");
            if name(1) != Some("global") {
                self.bgp_neighbors.add(below.get(2));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Changed, Entries};
    use crate::intent::tests::schema;
    use daybreak_datastore::tree::{InstancePath, Key};

    fn changed(paths: &[&str]) -> Changed {
        let schema = schema();
        let paths: Vec<_> = paths.iter().map(|path| InstancePath::parse(schema, path).unwrap()).collect();
        Changed::of(schema, &paths)
    }

    fn some(keys: &[&str]) -> Entries {
        Entries::Some(keys.iter().map(|key| Key::new([*key])).collect())
    }

    const PROTOCOLS: &str = "/ietf-routing:routing/control-plane-protocols";
    const BGP: &str = "control-plane-protocol[type='ietf-bgp:bgp'][name='main']/ietf-bgp:bgp";
    const STATIC: &str = "control-plane-protocol[type='ietf-routing:static'][name='s']/static-routes";

    #[test]
    fn a_leaf_touches_its_entry_alone() {
        let interface = "/ietf-interfaces:interfaces/interface[name='p7']/ietf-ip:ipv4/mtu";
        let port = "/daybreak-dataplane:dataplane/port[name='p1']/device";
        let expected = Changed { interfaces: some(&["p7"]), ports: some(&["p1"]), ..Changed::default() };
        assert_eq!(changed(&[interface, port, interface]), expected);

        let neighbor = format!("{PROTOCOLS}/{BGP}/neighbors/neighbor[remote-address='192.0.2.2']/peer-as");
        assert_eq!(
            changed(&[&neighbor]),
            Changed { bgp_neighbors: some(&["192.0.2.2"]), ..Changed::default() }
        );
        let global = format!("{PROTOCOLS}/{BGP}/global/as");
        assert_eq!(changed(&[&global]), Changed { bgp_global: true, ..Changed::default() });
        let route = format!(
            "{PROTOCOLS}/{STATIC}/ietf-ipv6-unicast-routing:ipv6/route[destination-prefix='2001:db8::/32']"
        );
        let expected =
            Changed { routes: [Entries::default(), some(&["2001:db8::/32"])], ..Changed::default() };
        assert_eq!(changed(&[&route]), expected);
    }

    #[test]
    fn what_is_above_lists_touches_all_of_them() {
        for (path, expected) in [
            ("/", Changed::all()),
            ("/ietf-interfaces:interfaces", Changed { interfaces: Entries::All, ..Changed::default() }),
            (
                "/ietf-routing:routing",
                Changed {
                    routes: [Entries::All, Entries::All],
                    bgp_global: true,
                    bgp_neighbors: Entries::All,
                    ..Changed::default()
                },
            ),
            (
                &format!("{PROTOCOLS}/{STATIC}/ietf-ipv4-unicast-routing:ipv4"),
                Changed { routes: [Entries::All, Entries::default()], ..Changed::default() },
            ),
            (
                &format!("{PROTOCOLS}/{BGP}"),
                Changed { bgp_global: true, bgp_neighbors: Entries::All, ..Changed::default() },
            ),
            ("/ietf-system:system/hostname", Changed { system: true, ..Changed::default() }),
            ("/daybreak-telemetry:telemetry/host", Changed { telemetry: true, ..Changed::default() }),
            ("/ietf-netconf-acm:nacm", Changed::default()),
        ] {
            assert_eq!(changed(&[path]), expected, "{path}");
        }
        let both = ["/ietf-interfaces:interfaces", "/ietf-interfaces:interfaces/interface[name='p7']"];
        assert_eq!(changed(&both).interfaces, Entries::All);
    }
}
