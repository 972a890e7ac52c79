//! What the clouds' metadata services and media say, from the same Day-1 data as a `NoCloud` seed.
//!
//! [`Instance`] is the input of them all; [`openstack`] gives the documents of config drive v2 and of OpenStack's metadata
//! service, [`ec2`] the tree of EC2's.

pub mod ec2;
pub mod openstack;

use crate::network::Network;
use crate::text::Fqdn;
use crate::{Day1, Identity, Seed};

/// One node, as a datasource describes it. All parts come from one rendering, so that every source tells the same.
#[derive(Clone, Copy, Debug)]
pub struct Instance<'a> {
    day1: &'a Day1,
    identity: &'a Identity,
    seed: &'a Seed,
}

impl<'a> Instance<'a> {
    /// Of a node whose `seed` was rendered from `day1` and `identity`.
    pub fn new(day1: &'a Day1, identity: &'a Identity, seed: &'a Seed) -> Self {
        Self { day1, identity, seed }
    }

    fn id(&self) -> &'a str {
        self.identity.instance_id.as_str()
    }

    /// The full name, else the short one.
    fn hostname(&self) -> &'a str {
        self.day1.fqdn.as_ref().map_or(self.day1.hostname.as_str(), Fqdn::as_str)
    }

    fn keys(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        self.day1.ssh_authorized_keys.iter().map(crate::text::SshKey::as_str)
    }

    fn network(&self) -> Option<&'a Network> {
        self.day1.network.as_ref()
    }
}
