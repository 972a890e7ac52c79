//! Hosts around the appliance's data ports: each with a wire, a namespace and an address of its own.

use std::process::Command;
use std::time::Duration;

use crate::bridge::Bridge;
use crate::directory::LabDirectory;
use crate::error::{LabError, Result};
use crate::namespace::Namespace;
use crate::patience::Patience;
use crate::vlan::FramePort;

/// A host and its wire: `10.1.N.2/24` behind the router's `10.1.N.1`.
pub struct Host {
    number: u8,
    place: Namespace,
    bridge: Bridge,
}

impl Host {
    /// Makes wire and host number `number`, in the namespace of `beside`.
    ///
    /// # Errors
    /// When the kernel refuses.
    pub fn new(number: u8, beside: &Bridge) -> Result<Self> {
        let bridge = beside.beside()?;
        let place = Namespace::new(&format!("host {number}"))?;
        bridge.join(&place, "eth0", Some(&format!("10.1.{number}.2/24")))?;
        // A packet socket takes packets as they were sent, and between veth ends Linux leaves checksums out.
        let mut ethtool = Command::new("ethtool");
        ethtool.args(["-K", "eth0", "tx", "off", "rx", "off", "gso", "off", "gro", "off"]);
        place.check(&ethtool)?;
        place.ip(&[&format!("route add default via 10.1.{number}.1")])?;
        Ok(Self { number, place, bridge })
    }

    /// Its wire.
    pub fn bridge(&self) -> &Bridge {
        &self.bridge
    }

    /// Its address.
    pub fn address(&self) -> String {
        format!("10.1.{}.2", self.number)
    }

    /// The router's address on its wire, with length.
    pub fn gateway(&self) -> String {
        format!("10.1.{}.1/24", self.number)
    }

    /// A place on its wire for frames.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn frames(&self, directory: &LabDirectory) -> Result<FramePort> {
        FramePort::new(directory, &self.bridge, &format!("host{}", self.number))
    }

    /// Has another host answer a ping, then `count` of them, none of which may be lost.
    ///
    /// # Errors
    /// When the first is not answered in time, or one of the others not at all.
    pub fn reaches(&self, other: &Self, count: u32, mut patience: Patience) -> Result<()> {
        // The first packets of a path wait for hardware addresses.
        while let Err(error) = self.ping(other, 1) {
            let Some(wait) = patience.next_wait(Duration::from_millis(200)) else {
                return Err(LabError::TimedOut {
                    awaited: format!("{} to answer {}", other.address(), self.address()),
                    waited: patience.waited(),
                    seen: error.to_string(),
                });
            };
            std::thread::park_timeout(wait);
        }
        self.ping(other, count)
    }

    /// Sends so many pings, of which each must be answered.
    fn ping(&self, other: &Self, count: u32) -> Result<()> {
        let mut ping = Command::new("ping");
        ping.args(["-q", "-i", "0.02", "-W", "5", "-c", &count.to_string(), &other.address()]);
        let text = self.place.check(&ping)?;
        if text.contains(&format!("{count} packets transmitted, {count} received")) {
            return Ok(());
        }
        Err(LabError::Answer { what: format!("{ping:?}"), reason: text })
    }
}
