//! Which identity derives from which, for `derived-from()` and for identityrefs.

use crate::facts::QName;
use crate::raw;
use std::collections::{HashMap, HashSet};
use yang5::context::Context;

/// Every identity of a context with all that derive from it, directly or through others.
#[derive(Debug, Clone, Default)]
pub struct Identities {
    derived: HashMap<QName, HashSet<QName>>,
}

impl Identities {
    /// Collects the identities of every module.
    pub fn of(context: &Context) -> Self {
        let direct: HashMap<QName, Vec<QName>> = context
            .modules(false)
            .flat_map(|module| raw::identities(&module))
            .map(|identity| (identity.name, identity.derived))
            .collect();
        let closure = |base: &QName| {
            let mut found = HashSet::new();
            let mut todo: Vec<&QName> = direct[base].iter().collect();
            while let Some(next) = todo.pop() {
                if found.insert(next.clone()) {
                    todo.extend(direct.get(next).into_iter().flatten());
                }
            }
            found
        };
        Self { derived: direct.keys().map(|base| (base.clone(), closure(base))).collect() }
    }

    /// Whether there is such an identity.
    pub fn contains(&self, name: &QName) -> bool {
        self.derived.contains_key(name)
    }

    /// Whether the first derives from the second, as `derived-from()` of RFC 7950 §10.4.1: not from itself.
    pub fn is_derived_from(&self, name: &QName, base: &QName) -> bool {
        self.derived.get(base).is_some_and(|derived| derived.contains(name))
    }

    /// As [`Self::is_derived_from`], or the same identity (RFC 7950 §10.4.2).
    pub fn is_derived_from_or_self(&self, name: &QName, base: &QName) -> bool {
        (name == base && self.contains(name)) || self.is_derived_from(name, base)
    }
}

#[cfg(test)]
mod tests {
    use super::Identities;
    use crate::facts::QName;

    fn name(text: &str) -> QName {
        QName::parse(text).unwrap()
    }

    #[test]
    fn derivation_goes_through_others_and_not_to_itself() {
        let identities = Identities::of(crate::context().unwrap());
        let (bgp, protocol) = (name("ietf-bgp:bgp"), name("ietf-routing:routing-protocol"));
        assert!(identities.is_derived_from(&bgp, &protocol));
        assert!(!identities.is_derived_from(&protocol, &bgp));
        assert!(!identities.is_derived_from(&bgp, &bgp));
        assert!(identities.is_derived_from_or_self(&bgp, &bgp));
        // ethernetCsmacd <- iana-interface-type <- interface-type
        let ethernet = name("iana-if-type:ethernetCsmacd");
        assert!(identities.is_derived_from(&ethernet, &name("ietf-interfaces:interface-type")));
        let nothing = name("ietf-bgp:nothing");
        assert!(!identities.contains(&nothing));
        assert!(!identities.is_derived_from_or_self(&nothing, &nothing));
    }
}
