//! Why frames are dropped, and how often.

use crate::packet::Malformed;

/// Why a frame was not forwarded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DropReason {
    /// A header is wrong.
    Malformed(Malformed),
    /// The frame is in several buffers, which ports are set up never to give.
    Segmented,
    /// The frame is for another station.
    OtherStation,
    /// The frame has a VLAN tag, and the port has no VLANs.
    UnknownVlan,
    /// Neither IP nor ARP.
    UnknownType,
    /// A source or destination that must not be on a wire (RFC 1812 section 5.3.7, RFC 4291).
    Martian,
    /// No route.
    NoRoute,
    /// The route says to drop.
    Blackhole,
    /// The route says that there is no way.
    Unreachable,
    /// The route says that it is forbidden.
    Prohibited,
    /// Nobody knows the hardware address of the next hop.
    NoNeighbour,
    /// Time to live or hop limit is used up.
    Expired,
    /// Longer than the next link takes, and not to be fragmented.
    TooBig,
    /// The port that the route leads to is not there.
    NoPort,
    /// The port to send on had no room.
    SendQueueFull,
    /// There is no twin to give the packet to.
    NoTwin,
}

impl DropReason {
    /// Every reason, in the order of the counters.
    pub const ALL: [Self; 27] = [
        Self::Malformed(Malformed::EthernetShort),
        Self::Malformed(Malformed::EthernetTags),
        Self::Malformed(Malformed::ArpShort),
        Self::Malformed(Malformed::ArpKind),
        Self::Malformed(Malformed::Ipv4Short),
        Self::Malformed(Malformed::Ipv4Version),
        Self::Malformed(Malformed::Ipv4HeaderLength),
        Self::Malformed(Malformed::Ipv4TotalLength),
        Self::Malformed(Malformed::Ipv4Checksum),
        Self::Malformed(Malformed::Ipv6Short),
        Self::Malformed(Malformed::Ipv6Version),
        Self::Malformed(Malformed::Ipv6PayloadLength),
        Self::Segmented,
        Self::OtherStation,
        Self::UnknownVlan,
        Self::UnknownType,
        Self::Martian,
        Self::NoRoute,
        Self::Blackhole,
        Self::Unreachable,
        Self::Prohibited,
        Self::NoNeighbour,
        Self::Expired,
        Self::TooBig,
        Self::NoPort,
        Self::SendQueueFull,
        Self::NoTwin,
    ];

    /// The counter's name: stable, lower case, with dashes.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Malformed(malformed) => malformed.name(),
            Self::Segmented => "segmented",
            Self::OtherStation => "other-station",
            Self::UnknownVlan => "unknown-vlan",
            Self::UnknownType => "unknown-type",
            Self::Martian => "martian",
            Self::NoRoute => "no-route",
            Self::Blackhole => "blackhole",
            Self::Unreachable => "unreachable",
            Self::Prohibited => "prohibited",
            Self::NoNeighbour => "no-neighbour",
            Self::Expired => "expired",
            Self::TooBig => "too-big",
            Self::NoPort => "no-port",
            Self::SendQueueFull => "send-queue-full",
            Self::NoTwin => "no-twin",
        }
    }

    /// Place of the counter.
    const fn place(self) -> usize {
        match self {
            Self::Malformed(malformed) => malformed as usize,
            Self::Segmented => 12,
            Self::OtherStation => 13,
            Self::UnknownVlan => 14,
            Self::UnknownType => 15,
            Self::Martian => 16,
            Self::NoRoute => 17,
            Self::Blackhole => 18,
            Self::Unreachable => 19,
            Self::Prohibited => 20,
            Self::NoNeighbour => 21,
            Self::Expired => 22,
            Self::TooBig => 23,
            Self::NoPort => 24,
            Self::SendQueueFull => 25,
            Self::NoTwin => 26,
        }
    }
}

/// A counter for each reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Drops([u64; DropReason::ALL.len()]);

impl Default for Drops {
    fn default() -> Self {
        Self([0; DropReason::ALL.len()])
    }
}

impl Drops {
    /// Counts frames.
    #[inline]
    pub fn count(&mut self, reason: DropReason, frames: u64) {
        self.0[reason.place()] += frames;
    }

    /// How many frames were dropped for a reason.
    pub fn get(&self, reason: DropReason) -> u64 {
        self.0[reason.place()]
    }

    /// The reasons that occurred, with their counts.
    pub fn seen(&self) -> impl Iterator<Item = (DropReason, u64)> {
        DropReason::ALL.into_iter().zip(self.0).filter(|(_, frames)| *frames > 0)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_reason_has_a_counter_and_a_name_of_its_own() {
        let mut drops = Drops::default();
        for (place, reason) in DropReason::ALL.into_iter().enumerate() {
            assert_eq!(reason.place(), place, "{reason:?}");
            drops.count(reason, place as u64 + 1);
        }
        assert!(drops.seen().zip(1..).all(|((_, frames), expected)| frames == expected));
        let names: HashSet<_> = DropReason::ALL.into_iter().map(DropReason::name).collect();
        assert_eq!(names.len(), DropReason::ALL.len());
    }
}
