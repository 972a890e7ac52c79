//! A conversation with the kernel over rtnetlink, in the network namespace of the thread that begins it.

use futures_util::{Stream, StreamExt};
use netlink_packet_route::address::{AddressAttribute, AddressMessage};
use netlink_packet_route::link::{LinkAttribute, LinkMessage};
use rtnetlink::Handle;
use std::net::IpAddr;
use std::pin::pin;
use thiserror::Error;
use tokio::task::JoinHandle;

/// A conversation; it ends when this is dropped.
pub(crate) struct Conversation {
    pub(crate) handle: Handle,
    task: JoinHandle<()>,
}

/// The kernel did not answer.
#[derive(Debug, Error)]
pub(crate) enum NetlinkError {
    #[error("no netlink socket: {0}")]
    Socket(std::io::Error),
    #[error("the list of {what} cannot be read: {source}")]
    List { what: &'static str, source: rtnetlink::Error },
}

impl Drop for Conversation {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Conversation {
    pub(crate) fn open() -> Result<Self, NetlinkError> {
        let (connection, handle, _) = rtnetlink::new_connection().map_err(NetlinkError::Socket)?;
        Ok(Self { handle, task: tokio::spawn(connection) })
    }

    pub(crate) async fn links(&self) -> Result<Vec<LinkMessage>, NetlinkError> {
        collect("interfaces", self.handle.link().get().execute()).await
    }

    pub(crate) async fn addresses(&self) -> Result<Vec<AddressMessage>, NetlinkError> {
        collect("addresses", self.handle.address().get().execute()).await
    }
}

async fn collect<T>(
    what: &'static str,
    stream: impl Stream<Item = Result<T, rtnetlink::Error>>,
) -> Result<Vec<T>, NetlinkError> {
    let mut stream = pin!(stream);
    let mut all = Vec::new();
    while let Some(item) = stream.next().await {
        all.push(item.map_err(|source| NetlinkError::List { what, source })?);
    }
    Ok(all)
}

/// The name of an interface.
pub(crate) fn name_of(link: &LinkMessage) -> Option<&str> {
    link.attributes.iter().find_map(|attribute| match attribute {
        LinkAttribute::IfName(name) => Some(name.as_str()),
        _ => None,
    })
}

/// The address of an interface: on a link between two, `IFA_ADDRESS` is the other one's.
pub(crate) fn address_of(message: &AddressMessage) -> Option<IpAddr> {
    let find = |local: bool| {
        message.attributes.iter().find_map(move |attribute| match attribute {
            AddressAttribute::Local(address) if local => Some(*address),
            AddressAttribute::Address(address) if !local => Some(*address),
            _ => None,
        })
    };
    find(true).or_else(|| find(false))
}
