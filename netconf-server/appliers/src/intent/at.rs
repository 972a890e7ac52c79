//! Where an item is in the configuration.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::sync::Arc;

/// Instance path of an item of the configuration, as
/// `/ietf-interfaces:interfaces/interface[name='p0']/ietf-ip:ipv4` (RFC 7951 §6.11: a module's name stands where it
/// changes). Empty when the item is not in the configuration.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct At(Arc<str>);

impl At {
    /// The path of an item.
    pub fn new(path: impl Into<Arc<str>>) -> Self {
        Self(path.into())
    }

    /// The item itself.
    pub fn path(&self) -> String {
        self.0.as_ref().to_owned()
    }

    /// A node below the item; `relative` is as `mtu`, `udp/address` or `ietf-ip:ipv4/mtu`.
    pub fn leaf(&self, relative: &str) -> String {
        format!("{}/{relative}", self.0)
    }
}

impl Default for At {
    fn default() -> Self {
        Self(Arc::from(""))
    }
}

impl fmt::Display for At {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::At;

    #[test]
    fn leafs_hang_below_their_item() {
        let at = At::new("/ietf-interfaces:interfaces/interface[name='p0']");
        assert_eq!(at.leaf("enabled"), "/ietf-interfaces:interfaces/interface[name='p0']/enabled");
        assert_eq!(at.path(), at.to_string());
        assert_eq!(At::default().path(), "");
    }
}
