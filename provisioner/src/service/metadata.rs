//! The metadata service: a machine is told what is meant for it, by the lease of its address, as long as it is wanted.

use super::Service;
use super::deliver::Denied;
use super::seed::{Rendered, SeedStep, Urls};
use crate::events::Code;
use crate::node::{Node, State};
use daybreak_cloud_init::datasource::ec2::Card;
use daybreak_cloud_init::datasource::{Instance, ec2, openstack};
use serde_json::json;
use std::net::IpAddr;

/// What a machine asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wanted {
    /// A document of OpenStack's.
    OpenStack(openstack::Document),
    /// A path below a version of EC2's tree.
    Ec2(String),
}

impl Wanted {
    /// Whether it holds what only the first boot may see: password hashes, keys of files, the startup configuration.
    fn is_secret(&self) -> bool {
        match self {
            Self::OpenStack(document) => *document == openstack::Document::UserData,
            Self::Ec2(path) => path.trim_end_matches('/') == "user-data",
        }
    }
}

/// What it gets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Metadata {
    /// The text.
    Text(String),
    /// This node has nothing there; cloud-init goes on without.
    Nothing,
}

impl Service {
    /// Answers a machine. User-data is given out while the node is deploying, everything else while it is active too: a
    /// restarted machine must find the same instance id, and nothing that a program on it could take away.
    ///
    /// # Errors
    /// When the address is no node's, the node is not wanted, or the answer does not render.
    pub async fn metadata(&self, wanted: &Wanted, peer: IpAddr) -> Result<Metadata, Denied> {
        let node = self.wanted_node(peer)?;
        let secret = wanted.is_secret();
        if secret && node.state != State::Deploying {
            return Ok(Metadata::Nothing);
        }
        let Rendered { day1, identity, seed } =
            self.render_seed(&node.config, node.id, SeedStep::Day1, &Urls::phone_home(self.home_url()))?;
        let instance = Instance::new(&day1, &identity, &seed);
        let text = match wanted {
            Wanted::OpenStack(document) => openstack::document(&instance, *document),
            Wanted::Ec2(path) => {
                let IpAddr::V4(address) = peer else { return Err(Denied::Unknown) };
                // Of several cards the one that holds the lease: cloud-init leaves alone those that are not named here.
                let held = self.leases.holder(address).and_then(|machine| machine.mac);
                let mac = held.or_else(|| node.config.macs.first().copied());
                let mac = mac.map(|mac| mac.to_string()).unwrap_or_default();
                ec2::get(&instance, Card { mac: &mac, address }, path)
            }
        };
        if secret {
            let message = format!("to {peer}");
            self.engine.record(Some(node.id), Code::MetadataRead, message, json!({"peer": peer})).await;
        }
        Ok(text.map_or(Metadata::Nothing, Metadata::Text))
    }

    /// The call of a machine that was booted from the metadata service; its address says who it is.
    ///
    /// # Errors
    /// When the address is no node's, the node is not deploying, or the store fails.
    pub async fn phone_home_of(&self, host_keys: Vec<String>, peer: IpAddr) -> Result<(), Denied> {
        let node = self.wanted_node(peer)?;
        if node.state != State::Deploying {
            return Err(Denied::Ended);
        }
        let message = format!("from {peer} with {} SSH host keys, by the metadata service", host_keys.len());
        self.phoned(&node, message, host_keys, peer).await?;
        Ok(())
    }

    /// Whether a machine at this address would be answered.
    pub fn serves_metadata_to(&self, peer: IpAddr) -> bool {
        self.wanted_node(peer).is_ok()
    }

    fn wanted_node(&self, peer: IpAddr) -> Result<Node, Denied> {
        let node = self.node_at(peer).ok_or(Denied::Unknown)?;
        let wanted = matches!(node.state, State::Deploying | State::Active);
        if wanted { Ok(node) } else { Err(Denied::Unknown) }
    }

    fn home_url(&self) -> String {
        let base =
            self.site.metadata.map_or_else(|| self.site.server.base_url(), |service| service.base_url());
        format!("{base}/daybreak/phone-home")
    }
}
