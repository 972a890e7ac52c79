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
    /// An IPv6 source of its link alone, for a destination behind the router (RFC 4291 section 2.5.6).
    LinkLocalSource,
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
    /// Linux does not take the packet from the twin: it is down there.
    TwinDown,
    /// The port is disabled by the configuration.
    PortDisabled,
    /// For the router itself, and too many of its kind.
    PuntLimit,
}

impl DropReason {
    /// Every reason, in the order of the counters.
    pub const ALL: [Self; 31] = [
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
        Self::LinkLocalSource,
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
        Self::TwinDown,
        Self::PortDisabled,
        Self::PuntLimit,
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
            Self::LinkLocalSource => "link-local-source",
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
            Self::TwinDown => "twin-down",
            Self::PortDisabled => "port-disabled",
            Self::PuntLimit => "punt-limit",
        }
    }

    /// One sentence for the manual: what was wrong, and where to look.
    pub fn cause(self) -> String {
        match self {
            Self::Malformed(malformed) => format!("Not a packet that a router may forward: {malformed}."),
            Self::Segmented => "The frame is longer than a buffer; raise `buffers.size`.".into(),
            Self::OtherStation => "The frame is for another station on the link (a switch flooded it).".into(),
            Self::UnknownVlan => "The frame has a VLAN tag, and the port has no VLANs.".into(),
            Self::UnknownType => "A frame to the router that is neither IP nor ARP.".into(),
            Self::Martian => "A source or destination that must not be on a wire, as loopback (RFC 1812 5.3.7).".into(),
            Self::LinkLocalSource => {
                "The IPv6 source is an address of its link alone, and the destination is behind the router (RFC 4291 \
                 2.5.6); the source was told."
                    .into()
            }
            Self::NoRoute => "No route covers the destination; the source was told.".into(),
            Self::Blackhole => "The route says to drop silently.".into(),
            Self::Unreachable => "The route says that there is no way; the source was told.".into(),
            Self::Prohibited => "The route says that it is forbidden; the source was told.".into(),
            Self::NoNeighbour => {
                "The hardware address of the next hop is not known, and Linux is being asked for too many others \
                 already (`limits.resolutions`)."
                    .into()
            }
            Self::Expired => "Time to live or hop limit is used up; the source was told.".into(),
            Self::TooBig => {
                "Longer than the MTU of the next link. The source was told, except of IPv4 packets that may be \
                 fragmented: the data plane does not fragment."
                    .into()
            }
            Self::NoPort => "The route leads to a port that was removed.".into(),
            Self::SendQueueFull => "The port could not send as fast as packets came for it.".into(),
            Self::NoTwin => "For Linux, and the port has no twin.".into(),
            Self::TwinDown => "For Linux, which did not take it: the twin is down or has no room.".into(),
            Self::PortDisabled => "The port is disabled by the configuration.".into(),
            Self::PuntLimit => {
                "For the router itself, and more of its kind came on its port than Linux is given (`limits.punt`).".into()
            }
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
            Self::LinkLocalSource => 17,
            Self::NoRoute => 18,
            Self::Blackhole => 19,
            Self::Unreachable => 20,
            Self::Prohibited => 21,
            Self::NoNeighbour => 22,
            Self::Expired => 23,
            Self::TooBig => 24,
            Self::NoPort => 25,
            Self::SendQueueFull => 26,
            Self::NoTwin => 27,
            Self::TwinDown => 28,
            Self::PortDisabled => 29,
            Self::PuntLimit => 30,
        }
    }
}

/// The reasons as a page of the manual, in Markdown.
pub fn manual() -> String {
    let mut text = String::from("| reason | meaning |\n|---|---|\n");
    for reason in DropReason::ALL {
        let (name, cause) = (reason.name(), reason.cause());
        text.extend(["| `", name, "` | ", &cause, " |\n"]);
    }
    text
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

    /// Every reason with its count.
    pub fn all(&self) -> impl Iterator<Item = (DropReason, u64)> {
        DropReason::ALL.into_iter().zip(self.0)
    }

    /// The reasons that occurred, with their counts.
    pub fn seen(&self) -> impl Iterator<Item = (DropReason, u64)> {
        self.all().filter(|(_, frames)| *frames > 0)
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
        assert!(DropReason::ALL.into_iter().all(|reason| reason.cause().ends_with('.')));
    }

    #[test]
    fn the_manual_has_the_table_of_this_catalogue() {
        let page = include_str!("../../../docs/dataplane.md");
        assert!(page.contains(&manual()), "put the output of `vrouterd drops` into docs/dataplane.md");
    }
}
