//! `metadata:` of the site file.

use serde::{Deserialize, Serialize};
use std::net::{Ipv4Addr, SocketAddrV4};

/// The clouds' metadata service: OpenStack's and EC2's, for machines that boot a ready image (docs/datasources.md).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MetadataService {
    /// Where it listens; the address must be on this machine.
    #[serde(default = "default_address")]
    pub address: Ipv4Addr,
    /// Its port; cloud-init asks at 80.
    #[serde(default = "default_port")]
    pub port: u16,
    /// TTL of the answers' packets: how many routers, bridges of containers among them, may lie between. With 1, a container
    /// behind the machine's own address translation gets no token.
    #[serde(default = "default_hop_limit")]
    pub hop_limit: u8,
    /// Whether EC2's tree opens without a token (`IMDSv1`) too.
    #[serde(default)]
    pub imds_v1: bool,
}

impl MetadataService {
    /// Where it listens.
    pub fn socket_address(&self) -> SocketAddrV4 {
        SocketAddrV4::new(self.address, self.port)
    }

    /// `http://ADDRESS:PORT`.
    pub fn base_url(&self) -> String {
        format!("http://{}", self.socket_address())
    }
}

fn default_address() -> Ipv4Addr {
    Ipv4Addr::new(169, 254, 169, 254)
}

fn default_port() -> u16 {
    80
}

fn default_hop_limit() -> u8 {
    1
}
