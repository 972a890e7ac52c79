//! The nodes in order.

use std::time::Duration;

use super::adjacency::{Memory, Station, resolve};
use super::classify::{Packet, classify};
use super::drops::{DropReason, Drops};
use super::errors::report;
use super::lookup::lookup;
use super::nodes::{Node, Nodes};
use super::police::{Police, PuntLimits};
use super::rate::Rate;
use super::rewrite::rewrite;
use super::tables::Tables;
use crate::dpdk::{Mbuf, cycles};
use crate::fib::{NextHopId, PortId};

/// A frame in memory.
pub trait Frame {
    /// Its bytes.
    fn data(&self) -> &[u8];
    /// Its bytes, to be changed.
    fn data_mut(&mut self) -> &mut [u8];
    /// Whether [`Self::data`] is all of it.
    fn is_contiguous(&self) -> bool;
}

impl Frame for Mbuf {
    #[inline]
    fn data(&self) -> &[u8] {
        Self::data(self)
    }

    #[inline]
    fn data_mut(&mut self) -> &mut [u8] {
        Self::data_mut(self)
    }

    #[inline]
    fn is_contiguous(&self) -> bool {
        Self::is_contiguous(self)
    }
}

impl Frame for Vec<u8> {
    fn data(&self) -> &[u8] {
        self
    }

    fn data_mut(&mut self) -> &mut [u8] {
        self
    }

    fn is_contiguous(&self) -> bool {
        true
    }
}

/// What is to be done with a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Send it.
    Send(Station),
    /// Nobody knows the hardware address of the next station: give it to Linux, which asks for the address and sends
    /// the packet when it has it.
    Resolve,
    /// Give it to Linux through the twin of the port that it came in on.
    Punt,
    /// Drop it.
    Drop(DropReason),
    /// Drop it: it is longer than the next link takes.
    TooBig {
        /// What the link takes.
        mtu: u16,
    },
}

/// What the caller does with a frame, which it hands over in the order of the burst.
#[derive(Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Send the frame, which is ready, on this port.
    Send(PortId),
    /// Give the frame to Linux.
    Punt,
    /// Free the frame. It is counted.
    Drop,
    /// Free the frame, which is counted, and send this one on the port that it came in on.
    Reply(Vec<u8>),
}

/// How often per second the pipeline does what somebody outside can make it do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// ICMP errors.
    pub errors: u32,
    /// Packets to Linux because the hardware address of their next station is not known.
    pub resolutions: u32,
    /// Packets to Linux because they are for the router itself, on each port.
    pub punt: PuntLimits,
}

/// Forwarding with its counters.
#[derive(Debug)]
pub struct Pipeline {
    drops: Drops,
    nodes: Nodes,
    errors: Rate,
    resolutions: Rate,
    police: Police,
    memory: Memory,
    /// Kept between bursts for their memory only.
    packets: Vec<Packet>,
    found: Vec<Option<NextHopId>>,
    verdicts: Vec<Verdict>,
}

impl Pipeline {
    /// A pipeline with its limits.
    pub fn new(limits: Limits) -> Self {
        Self {
            drops: Drops::default(),
            nodes: Nodes::default(),
            errors: Rate::new(limits.errors),
            resolutions: Rate::new(limits.resolutions),
            police: Police::new(limits.punt),
            memory: Memory::default(),
            packets: Vec::new(),
            found: Vec::new(),
            verdicts: Vec::new(),
        }
    }

    /// Decides about the frames that came in on `port` and makes those ready that are to be sent; `now` is a time that
    /// never goes back. Calls `out` with each frame's place and outcome, in order.
    pub fn run<F: Frame>(
        &mut self,
        tables: &Tables,
        port: PortId,
        frames: &mut [F],
        now: Duration,
        mut out: impl FnMut(usize, Outcome),
    ) {
        let Some(own) = tables.port(port) else {
            self.drops.count(DropReason::NoPort, frames.len() as u64);
            (0..frames.len()).for_each(|place| out(place, Outcome::Drop));
            return;
        };
        let count = frames.len();
        let time = cycles();
        self.packets.clear();
        self.packets.extend(frames.iter().map(|frame| classify(frame, own)));
        let time = self.nodes.ran(Node::Classify, count, time);
        self.found.clear();
        self.found.resize(count, None);
        lookup(tables, &self.packets, &mut self.found);
        let time = self.nodes.ran(Node::Lookup, count, time);
        self.verdicts.clear();
        let (memory, resolutions) = (&mut self.memory, &mut self.resolutions);
        self.verdicts.extend(self.packets.iter().zip(&self.found).map(|(packet, found)| {
            match resolve(tables, memory, packet, *found) {
                Verdict::Resolve if !resolutions.take(now) => Verdict::Drop(DropReason::NoNeighbour),
                verdict => verdict,
            }
        }));
        let mut time = self.nodes.ran(Node::Adjacency, count, time);
        let (mut sent, mut refused) = (0, 0);
        for ((frame, packet), verdict) in frames.iter_mut().zip(&self.packets).zip(&self.verdicts) {
            match verdict {
                Verdict::Send(station) => {
                    rewrite(frame, packet, station);
                    sent += 1;
                }
                Verdict::Drop(_) | Verdict::TooBig { .. } => refused += 1,
                Verdict::Punt | Verdict::Resolve => {}
            }
        }
        if sent > 0 {
            time = self.nodes.ran(Node::Rewrite, sent, time);
        }
        for (place, (frame, verdict)) in frames.iter().zip(&self.verdicts).enumerate() {
            let outcome = match *verdict {
                Verdict::Send(station) => Outcome::Send(station.port),
                Verdict::Resolve => Outcome::Punt,
                Verdict::Punt if self.police.take(port, frame.data(), now) => Outcome::Punt,
                Verdict::Punt => {
                    self.drops.count(DropReason::PuntLimit, 1);
                    Outcome::Drop
                }
                verdict => {
                    let reason =
                        if let Verdict::Drop(reason) = verdict { reason } else { DropReason::TooBig };
                    self.drops.count(reason, 1);
                    let packet = &self.packets[place];
                    let reply = self.errors.make(now, || report(verdict, packet, frame.data(), own));
                    reply.map_or(Outcome::Drop, Outcome::Reply)
                }
            };
            out(place, outcome);
        }
        if refused > 0 {
            self.nodes.ran(Node::Errors, refused, time);
        }
    }

    /// Counts frames that the caller had to drop.
    pub fn count_drops(&mut self, reason: DropReason, frames: u64) {
        self.drops.count(reason, frames);
    }

    /// Counts a call of a node that the caller runs; as [`Nodes::ran`].
    #[inline]
    pub fn count_node(&mut self, node: Node, frames: usize, since: u64) -> u64 {
        self.nodes.ran(node, frames, since)
    }

    /// Adds the time since `since` to a node that the caller runs; as [`Nodes::spent`].
    #[inline]
    pub fn spend(&mut self, node: Node, since: u64) {
        self.nodes.spent(node, since);
    }

    /// The nodes' counters.
    pub fn nodes(&self) -> &Nodes {
        &self.nodes
    }

    /// The drop counters.
    pub fn drops(&self) -> &Drops {
        &self.drops
    }
}

#[cfg(test)]
#[path = "pipeline_tests.rs"]
mod tests;
