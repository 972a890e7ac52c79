//! The nodes in order.

use std::time::Duration;

use super::adjacency::resolve;
use super::classify::{Packet, classify};
use super::drops::{DropReason, Drops};
use super::errors::report;
use super::lookup::lookup;
use super::rate::Rate;
use super::rewrite::rewrite;
use super::tables::Tables;
use crate::dpdk::Mbuf;
use crate::fib::{NextHopId, PortId};
use crate::packet::MacAddr;

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
    /// Send it on a port to a hardware address.
    Send {
        /// The port.
        port: PortId,
        /// The next station.
        destination: MacAddr,
    },
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

/// Forwarding with its counters.
#[derive(Debug)]
pub struct Pipeline {
    drops: Drops,
    errors: Rate,
    /// Kept between bursts for their memory only.
    packets: Vec<Packet>,
    found: Vec<Option<NextHopId>>,
}

impl Pipeline {
    /// A pipeline that sends at most `errors` ICMP errors a second.
    pub fn new(errors: u32) -> Self {
        Self { drops: Drops::default(), errors: Rate::new(errors), packets: Vec::new(), found: Vec::new() }
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
        self.packets.clear();
        self.packets.extend(frames.iter().map(|frame| classify(frame, own)));
        self.found.clear();
        self.found.resize(frames.len(), None);
        lookup(tables, &self.packets, &mut self.found);
        for (place, frame) in frames.iter_mut().enumerate() {
            let packet = &self.packets[place];
            let verdict = resolve(tables, packet, self.found[place]);
            let outcome = match verdict {
                Verdict::Send { port, destination } => {
                    let source = tables.port(port).map_or(own.mac, |port| port.mac);
                    rewrite(frame, destination, source);
                    Outcome::Send(port)
                }
                Verdict::Punt => Outcome::Punt,
                Verdict::Drop(_) | Verdict::TooBig { .. } => {
                    let reason =
                        if let Verdict::Drop(reason) = verdict { reason } else { DropReason::TooBig };
                    self.drops.count(reason, 1);
                    let reply = report(verdict, packet, frame.data(), own).filter(|_| self.errors.take(now));
                    reply.map_or(Outcome::Drop, Outcome::Reply)
                }
            };
            out(place, outcome);
        }
    }

    /// Counts frames that the caller had to drop.
    pub fn count_drops(&mut self, reason: DropReason, frames: u64) {
        self.drops.count(reason, frames);
    }

    /// The drop counters.
    pub fn drops(&self) -> &Drops {
        &self.drops
    }
}

#[cfg(test)]
#[path = "pipeline_tests.rs"]
mod tests;
