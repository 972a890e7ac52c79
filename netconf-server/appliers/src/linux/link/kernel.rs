//! The kernel's side: rtnetlink and sysctl.

use super::{Seen, Step};
use crate::netlink::{Conversation, NetlinkError, address_of, name_of};
use ipnet::IpNet;
use netlink_packet_route::address::{AddressHeaderFlags, AddressMessage};
use netlink_packet_route::link::{LinkAttribute, LinkFlags, LinkMessage};
use rtnetlink::{AddressMessageBuilder, LinkUnspec};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::{Path, PathBuf};
use thiserror::Error;

/// A conversation with the kernel.
pub(in crate::linux) struct Kernel {
    conversation: Conversation,
    sysctl: PathBuf,
}

/// The kernel did not do it.
#[derive(Debug, Error)]
pub(in crate::linux) enum KernelError {
    #[error(transparent)]
    Look(#[from] NetlinkError),
    #[error("{step} of {name} failed: {source}")]
    Step { step: String, name: String, source: rtnetlink::Error },
    #[error("{} cannot be written: {source}", path.display())]
    Sysctl { path: PathBuf, source: std::io::Error },
}

impl Kernel {
    /// Begins one, in the network namespace of the thread. `sysctl` is `/proc/sys`.
    pub(in crate::linux) fn open(sysctl: &Path) -> Result<Self, KernelError> {
        Ok(Self { conversation: Conversation::open()?, sysctl: sysctl.to_owned() })
    }

    /// The interfaces of these names, as far as they exist.
    pub(in crate::linux) async fn look(
        &self,
        names: &BTreeSet<&str>,
    ) -> Result<BTreeMap<String, Seen>, KernelError> {
        let links = self.conversation.links().await?;
        let mut addresses: HashMap<u32, BTreeSet<IpNet>> = HashMap::new();
        for message in self.conversation.addresses().await? {
            if let Some(net) = permanent(&message) {
                addresses.entry(message.header.index).or_default().insert(net);
            }
        }
        let seen = links.iter().filter_map(|link| {
            let name = name_of(link)?;
            names.contains(name).then(|| (name.to_owned(), self.seen(name, link, &mut addresses)))
        });
        Ok(seen.collect())
    }

    fn seen(&self, name: &str, link: &LinkMessage, addresses: &mut HashMap<u32, BTreeSet<IpNet>>) -> Seen {
        let mut seen = Seen {
            index: link.header.index,
            up: link.header.flags.contains(LinkFlags::Up),
            mtu: 0,
            mtu_range: (0, 0),
            alias: String::new(),
            addresses: addresses.remove(&link.header.index).unwrap_or_default(),
            forwarding4: self.switch(&["ipv4", "conf", name, "forwarding"]),
            forwarding6: self.switch(&["ipv6", "conf", name, "forwarding"]),
            ipv6_off: self.switch(&["ipv6", "conf", name, "disable_ipv6"]),
        };
        for attribute in &link.attributes {
            match attribute {
                LinkAttribute::Mtu(mtu) => seen.mtu = *mtu,
                LinkAttribute::MinMtu(mtu) => seen.mtu_range.0 = *mtu,
                LinkAttribute::MaxMtu(mtu) => seen.mtu_range.1 = *mtu,
                LinkAttribute::IfAlias(alias) => seen.alias.clone_from(alias),
                _ => {}
            }
        }
        seen
    }

    /// Does one thing.
    pub(in crate::linux) async fn step(
        &self,
        name: &str,
        index: u32,
        step: &Step,
    ) -> Result<(), KernelError> {
        let failed = |source| KernelError::Step { step: format!("{step:?}"), name: name.to_owned(), source };
        let link =
            |message: LinkMessage| async { self.conversation.handle.link().set(message).execute().await };
        match step {
            Step::Up(true) => link(LinkUnspec::new_with_index(index).up().build()).await.map_err(failed),
            Step::Up(false) => link(LinkUnspec::new_with_index(index).down().build()).await.map_err(failed),
            Step::Mtu(mtu) => link(LinkUnspec::new_with_index(index).mtu(*mtu).build()).await.map_err(failed),
            Step::Alias(alias) => {
                let alias = LinkAttribute::IfAlias(alias.clone());
                let message = LinkUnspec::new_with_index(index).append_extra_attribute(alias).build();
                link(message).await.map_err(failed)
            }
            Step::Add(net) => {
                let add = self.conversation.handle.address().add(index, net.addr(), net.prefix_len());
                forgive(add.execute().await, nix::libc::EEXIST).map_err(failed)
            }
            Step::Remove(net) => {
                let remove = self.conversation.handle.address().del(address_message(index, *net));
                forgive(remove.execute().await, nix::libc::EADDRNOTAVAIL).map_err(failed)
            }
            Step::Forwarding4(on) => self.set_switch(&["ipv4", "conf", name, "forwarding"], *on),
            Step::Forwarding6(on) => self.set_switch(&["ipv6", "conf", name, "forwarding"], *on),
            Step::Ipv6Off(on) => self.set_switch(&["ipv6", "conf", name, "disable_ipv6"], *on),
        }
    }

    fn switch(&self, path: &[&str]) -> Option<bool> {
        let text = std::fs::read_to_string(self.switch_path(path)).ok()?;
        text.trim().parse::<i32>().ok().map(|value| value != 0)
    }

    fn set_switch(&self, path: &[&str], on: bool) -> Result<(), KernelError> {
        let path = self.switch_path(path);
        std::fs::write(&path, if on { "1\n" } else { "0\n" })
            .map_err(|source| KernelError::Sysctl { path, source })
    }

    fn switch_path(&self, path: &[&str]) -> PathBuf {
        path.iter().fold(self.sysctl.join("net"), |folder, part| folder.join(part))
    }
}

/// The address, unless DHCP, router advertisements or the loopback itself gave it.
fn permanent(message: &AddressMessage) -> Option<IpNet> {
    let address = address_of(message)?;
    let kept = message.header.flags.contains(AddressHeaderFlags::Permanent) && !address.is_loopback();
    kept.then(|| IpNet::new(address, message.header.prefix_len).ok()).flatten()
}

fn address_message(index: u32, net: IpNet) -> AddressMessage {
    match net.addr() {
        IpAddr::V4(address) => {
            AddressMessageBuilder::<Ipv4Addr>::new().index(index).address(address, net.prefix_len()).build()
        }
        IpAddr::V6(address) => {
            AddressMessageBuilder::<Ipv6Addr>::new().index(index).address(address, net.prefix_len()).build()
        }
    }
}

/// Takes it for done when the kernel says that it is.
fn forgive(done: Result<(), rtnetlink::Error>, code: i32) -> Result<(), rtnetlink::Error> {
    match done {
        Err(rtnetlink::Error::NetlinkError(error)) if error.raw_code() == -code => Ok(()),
        done => done,
    }
}
