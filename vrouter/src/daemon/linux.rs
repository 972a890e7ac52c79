//! Interfaces of Linux: the twins, and those that ports are made of.

use std::collections::HashSet;

use futures_util::TryStreamExt;
use netlink_packet_route::link::{LinkAttribute, LinkFlags, LinkMessage};
use rtnetlink::{Handle, LinkUnspec};
use thiserror::Error;
use tokio::runtime;

use super::namespace::Namespace;
use crate::packet::MacAddr;

/// Linux did not do what it was asked to.
#[derive(Debug, Error)]
#[error("cannot {action} {object}: {reason}")]
pub struct LinuxError {
    action: &'static str,
    object: String,
    reason: String,
}

/// An interface.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Interface {
    /// Its index.
    pub index: u32,
    /// Its name.
    pub name: String,
    /// Its hardware address.
    pub mac: Option<MacAddr>,
    /// Whether it has a carrier.
    pub carrier: bool,
}

/// Netlink in one network namespace.
#[derive(Debug, Clone)]
pub struct Linux {
    handle: Handle,
}

impl Linux {
    /// Opens netlink in a namespace; its connection is a task of the current runtime and ends with the last clone.
    ///
    /// # Errors
    /// When the namespace cannot be entered or there are no sockets.
    pub fn connect(namespace: &Namespace) -> std::io::Result<Self> {
        let runtime = runtime::Handle::current();
        let (connection, handle, _) = namespace.run(|| {
            let _entered = runtime.enter();
            rtnetlink::new_connection()
        })??;
        tokio::spawn(connection);
        Ok(Self { handle })
    }

    /// Every interface.
    ///
    /// # Errors
    /// When Linux does not answer.
    pub async fn interfaces(&self) -> Result<Vec<Interface>, LinuxError> {
        let list: Result<Vec<_>, _> =
            self.handle.link().get().execute().map_ok(|message| read(&message)).try_collect().await;
        list.map_err(failed("list", "the interfaces"))
    }

    /// Names of all interfaces.
    ///
    /// # Errors
    /// When Linux does not answer.
    pub async fn names(&self) -> Result<HashSet<String>, LinuxError> {
        Ok(self.interfaces().await?.into_iter().map(|interface| interface.name).collect())
    }

    /// The interface with a name.
    ///
    /// # Errors
    /// When there is none.
    pub async fn interface(&self, name: &str) -> Result<Interface, LinuxError> {
        let found = self.handle.link().get().match_name(name).execute().try_next().await;
        let found = found.map_err(failed("find interface", name))?;
        found.map(|message| read(&message)).ok_or_else(|| LinuxError {
            action: "find interface",
            object: name.to_owned(),
            reason: "Linux did not answer".into(),
        })
    }

    /// Sets the MTU of an interface, in bytes.
    ///
    /// # Errors
    /// When Linux refuses.
    pub async fn set_mtu(&self, name: &str, mtu: u16) -> Result<(), LinuxError> {
        let message = LinkUnspec::new_with_name(name).mtu(mtu.into()).build();
        self.set("set the MTU of", name, message).await
    }

    /// Sets the hardware address of an interface.
    ///
    /// # Errors
    /// When Linux refuses.
    pub async fn set_mac(&self, name: &str, mac: MacAddr) -> Result<(), LinuxError> {
        let message = LinkUnspec::new_with_name(name).address(mac.0.to_vec()).build();
        self.set("set the hardware address of", name, message).await
    }

    /// Says whether a twin has a carrier.
    ///
    /// # Errors
    /// When Linux refuses.
    pub async fn set_carrier(&self, name: &str, carrier: bool) -> Result<(), LinuxError> {
        self.set("set the carrier of", name, LinkUnspec::new_with_name(name).carrier(carrier).build()).await
    }

    /// Sets an interface up.
    ///
    /// # Errors
    /// When Linux refuses.
    pub async fn set_up(&self, name: &str) -> Result<(), LinuxError> {
        self.set("set up", name, LinkUnspec::new_with_name(name).up().build()).await
    }

    async fn set(&self, action: &'static str, name: &str, message: LinkMessage) -> Result<(), LinuxError> {
        self.handle.link().set(message).execute().await.map_err(failed(action, name))
    }
}

fn failed(action: &'static str, object: &str) -> impl FnOnce(rtnetlink::Error) -> LinuxError {
    move |error| LinuxError { action, object: object.to_owned(), reason: error.to_string() }
}

fn read(message: &LinkMessage) -> Interface {
    let mut interface = Interface {
        index: message.header.index,
        name: String::new(),
        mac: None,
        carrier: message.header.flags.contains(LinkFlags::LowerUp),
    };
    for attribute in &message.attributes {
        match attribute {
            LinkAttribute::IfName(name) => interface.name.clone_from(name),
            LinkAttribute::Address(bytes) => {
                interface.mac = bytes.as_slice().try_into().ok().map(MacAddr);
            }
            _ => {}
        }
    }
    interface
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn finds_loopback_and_names_what_is_absent() {
        let linux = Linux::connect(&Namespace::default()).unwrap();
        let loopback = linux.interface("lo").await.unwrap();
        assert_eq!((loopback.index, loopback.name.as_str()), (1, "lo"));
        assert!(linux.names().await.unwrap().contains("lo"));
        let error = linux.interface("no-such-if").await.unwrap_err();
        assert!(error.to_string().contains("no-such-if"), "{error}");
    }
}
