//! One running provisioner: what its handlers, packet servers and the API share.

mod boot;
mod deliver;
mod dhcp;
mod directory;
mod discovered;
mod error;
mod files;
mod grub;
mod leases;
mod metadata;
mod run;
mod seed;
mod tftp;
mod timeline;
mod watch;

use crate::boot::Scripts;
use crate::node::engine::Engine;
use crate::node::{Node, NodeConfig};
use crate::site::{Images, Site};
use std::net::IpAddr;
use std::sync::Arc;

pub use deliver::{Delivery, Denied};
pub use directory::Nodes;
pub use discovered::{Discovered, Machine};
pub use error::ServiceError;
pub use files::Files;
pub use leases::{DhcpLeases, HeldLease, LeaseBook};
pub use metadata::{Metadata, Wanted};
pub use run::{RunError, check, run};
pub use seed::{Medium, SeedFiles, SeedStep};

/// What handlers, packet servers and the API share.
pub struct Service {
    /// The site file.
    pub site: Site,
    /// Nodes and their states.
    pub engine: Engine,
    /// The images that are served.
    pub images: Arc<Images>,
    /// The leases that the DHCP server holds.
    pub leases: Arc<dyn LeaseBook>,
    /// Machines that are not enrolled.
    pub discovered: Discovered,
    scripts: Scripts,
    seeds: daybreak_cloud_init::Templates,
}

impl Service {
    /// Puts the parts together.
    ///
    /// # Errors
    /// When a template of the site is not usable.
    pub fn new(
        site: Site,
        engine: Engine,
        images: Arc<Images>,
        leases: Arc<dyn LeaseBook>,
    ) -> Result<Self, ServiceError> {
        let scripts = Scripts::load(&site.templates)?;
        scripts.try_out()?;
        let seeds = seed::templates(&site.templates)?;
        Ok(Self { site, engine, images, leases, discovered: Discovered::default(), scripts, seeds })
    }

    /// Adds a node after checking that it can be deployed.
    ///
    /// # Errors
    /// When its image or its address is not of this site, its Day-1 data does not render, its name or MAC address is
    /// taken, or the store fails.
    pub async fn add_node(&self, config: NodeConfig) -> Result<Node, ServiceError> {
        if config.macs.is_empty() {
            return Err(ServiceError::Node("macs: is empty; give the MAC address it boots from".to_owned()));
        }
        if let Some(address) = config.address {
            let Some(subnet) = self.site.subnets.iter().find(|subnet| subnet.subnet.contains(&address))
            else {
                return Err(ServiceError::Node(format!(
                    "address: {address} is in none of the site's subnets"
                )));
            };
            let server = subnet.server_address.unwrap_or(self.site.server.address);
            if address == self.site.server.address || subnet.is_special(address, server) {
                return Err(ServiceError::Node(format!(
                    "address: {address} is the network's, the router's or this server's; give one that is free"
                )));
            }
        }
        if config.secure_boot == Some(true) {
            self.site.has_secure_boot().map_err(|why| ServiceError::Node(format!("secure_boot: {why}")))?;
        }
        daybreak_dhcp::config::check_options(&config.dhcp_options)
            .map_err(|error| ServiceError::Node(format!("dhcp_{error}")))?;
        let day1 = &config.day1;
        if day1.install.is_some() || day1.phone_home_url.is_some() {
            return Err(ServiceError::Node(
                "day1: `install` and `phone_home_url` are made by the provisioner; use the node's `install`"
                    .to_owned(),
            ));
        }
        self.image_of(&config)?;
        self.preview_of(&config)?;
        let node = self.engine.add(config).await?;
        node.config.macs.iter().for_each(|mac| self.discovered.forget(*mac));
        Ok(node)
    }

    /// The image that a node installs: its own, the site's default, or the only one.
    ///
    /// # Errors
    /// When there is none of that name, or none is named and there is not just one.
    pub fn image_of(&self, config: &NodeConfig) -> Result<(&str, &crate::site::Image), ServiceError> {
        let wanted = config.image.as_deref().or(self.site.defaults.image.as_deref());
        let known = || self.images.names().collect::<Vec<_>>().join(", ");
        let Some(name) = wanted.or_else(|| self.images.only()) else {
            return Err(ServiceError::NoImage { wanted: "(none named)".to_owned(), known: known() });
        };
        self.images
            .iter()
            .find(|(known, _)| *known == name)
            .ok_or_else(|| ServiceError::NoImage { wanted: name.to_owned(), known: known() })
    }

    /// The node that holds a peer's address, by its lease or by its reservation.
    pub fn node_at(&self, peer: IpAddr) -> Option<Node> {
        let IpAddr::V4(address) = peer else { return None };
        self.engine.registry().by_identity(&self.leases.holder(address)?)
    }
}
