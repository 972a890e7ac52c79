//! How often each node ran, for how many frames, and how long.

use crate::dpdk::cycles;

/// The steps of a frame's way, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Node {
    /// Takes frames from a port.
    Receive,
    /// Reads headers.
    Classify,
    /// Longest prefix match.
    Lookup,
    /// Port and hardware address of the next hop.
    Adjacency,
    /// New addresses, one hop less.
    Rewrite,
    /// Errors to the sources of dropped packets.
    Errors,
    /// Gives frames to ports and to Linux.
    Send,
    /// Takes frames from Linux.
    Inject,
}

impl Node {
    /// Every node, in the order of the counters.
    pub const ALL: [Self; 8] = [
        Self::Receive,
        Self::Classify,
        Self::Lookup,
        Self::Adjacency,
        Self::Rewrite,
        Self::Errors,
        Self::Send,
        Self::Inject,
    ];

    /// The node's name: stable, lower case.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Receive => "receive",
            Self::Classify => "classify",
            Self::Lookup => "lookup",
            Self::Adjacency => "adjacency",
            Self::Rewrite => "rewrite",
            Self::Errors => "errors",
            Self::Send => "send",
            Self::Inject => "inject",
        }
    }
}

/// Work of one node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct NodeCount {
    /// Bursts.
    pub calls: u64,
    /// Frames.
    pub frames: u64,
    /// Ticks of the processor's time stamp counter.
    pub cycles: u64,
}

/// Work of every node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Nodes([NodeCount; Node::ALL.len()]);

impl Nodes {
    /// Counts a call that began at `since` and ends now; gives the time of now, at which the next node begins.
    #[inline]
    pub fn ran(&mut self, node: Node, frames: usize, since: u64) -> u64 {
        let now = cycles();
        let count = &mut self.0[node as usize];
        count.calls += 1;
        count.frames += frames as u64;
        count.cycles += now.wrapping_sub(since);
        now
    }

    /// Adds the time since `since` to a node without another call.
    #[inline]
    pub fn spent(&mut self, node: Node, since: u64) {
        let count = &mut self.0[node as usize];
        count.cycles += cycles().wrapping_sub(since);
    }

    /// What a node did.
    pub fn get(&self, node: Node) -> NodeCount {
        self.0[node as usize]
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_node_has_a_counter_and_a_name_of_its_own() {
        let mut nodes = Nodes::default();
        for (place, node) in Node::ALL.into_iter().enumerate() {
            assert_eq!(node as usize, place, "{node:?}");
            let after = nodes.ran(node, place, cycles());
            assert!(after <= cycles());
            let count = nodes.get(node);
            assert_eq!((count.calls, count.frames), (1, place as u64));
        }
        let names: HashSet<_> = Node::ALL.into_iter().map(Node::name).collect();
        assert_eq!(names.len(), Node::ALL.len());
    }
}
