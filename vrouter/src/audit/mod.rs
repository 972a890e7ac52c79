//! The audit: a slow, continuous comparison of what the RIB has decided with what the packet thread's tables hold, so that
//! "in BGP but not forwarded" is a counter and not a mystery.
//!
//! The tables are read in pages of [`PAGE`] entries, each between two bursts of packets; the comparison is made here. A
//! route is also looked up, so that the tables that packets are looked up in are checked and not only their list of
//! routes. What differs is sent again.

mod compare;
mod page;

use std::collections::BTreeSet;

use ipnet::IpNet;

use crate::rib::{Change, Rib};

pub use page::{NextHopPage, RoutePage, next_hop_page, route_page};

/// Entries that are compared in one step.
pub const PAGE: usize = 512;
/// Findings that are remembered, so that each is logged once however often it is found.
const REMEMBERED: usize = 1024;

/// Something that differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// The tables lack a route, lead it elsewhere, or do not find it.
    Missing(IpNet),
    /// The tables have a route that the RIB does not have.
    Stale(IpNet),
}

/// What is to be read next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// [`next_hop_page`] from a number on.
    NextHops(u32),
    /// [`route_page`] after a prefix.
    Routes(Option<IpNet>),
}

/// What the audit has found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Findings {
    /// Routes of the RIB that the tables lacked or led elsewhere.
    pub missing: u64,
    /// Routes of the tables that the RIB did not have.
    pub stale: u64,
    /// Next hops that were others than the RIB had decided.
    pub next_hops: u64,
}

/// An audit under way.
#[derive(Debug)]
pub struct Audit {
    step: Step,
    /// Of the pass under way, and of the last whole one.
    current: Findings,
    last: Findings,
    passes: u64,
    /// Prefixes with findings in the pass under way and in the last one.
    found: BTreeSet<IpNet>,
    known: BTreeSet<IpNet>,
}

impl Default for Audit {
    fn default() -> Self {
        Self {
            step: Step::NextHops(1),
            current: Findings::default(),
            last: Findings::default(),
            passes: 0,
            found: BTreeSet::new(),
            known: BTreeSet::new(),
        }
    }
}

impl Audit {
    /// What to read next.
    pub fn step(&self) -> Step {
        self.step
    }

    /// What the last whole pass found, or this one if that is more.
    pub fn findings(&self) -> Findings {
        let (last, current) = (self.last, self.current);
        Findings {
            missing: last.missing.max(current.missing),
            stale: last.stale.max(current.stale),
            next_hops: last.next_hops.max(current.next_hops),
        }
    }

    /// Whole passes so far.
    pub fn passes(&self) -> u64 {
        self.passes
    }

    /// Takes what the tables hold under some numbers; gives what is to be sent again. All changes so far must have been
    /// made when the page was read.
    pub fn next_hops(&mut self, rib: &Rib, page: NextHopPage) -> Vec<Change> {
        self.step = page.next.map_or(Step::Routes(None), Step::NextHops);
        let mut changes = Vec::new();
        for (id, held) in page.next_hops {
            let decided = rib.next_hop(id);
            if held.as_ref() != decided {
                tracing::error!(number = id.get(), ?held, ?decided, "audit: a next hop differs; sent again");
                self.current.next_hops += 1;
                changes.push(Change::NextHop(id, decided.cloned()));
            }
        }
        changes
    }

    /// Takes a page of routes; gives what is to be sent again, and whether the pass is over. All changes so far must have
    /// been made when the page was read.
    pub fn routes(&mut self, rib: &Rib, after: Option<IpNet>, page: &RoutePage) -> (Vec<Change>, bool) {
        let (findings, next) = compare::compare(rib, after, page);
        let mut changes = Vec::new();
        for finding in findings {
            let (Finding::Missing(prefix) | Finding::Stale(prefix)) = finding;
            let decided = rib.installed_exactly(prefix);
            changes.push(Change::Route(prefix, decided));
            *(if decided.is_some() { &mut self.current.missing } else { &mut self.current.stale }) += 1;
            if !self.known.contains(&prefix) && self.found.len() < REMEMBERED {
                match finding {
                    Finding::Missing(_) => tracing::error!(
                        %prefix, "audit: a route is not in the forwarding table as decided; sent again"
                    ),
                    Finding::Stale(_) => {
                        tracing::error!(%prefix, "audit: the forwarding table has a route too many; taken away");
                    }
                }
            }
            if self.found.len() < REMEMBERED {
                self.found.insert(prefix);
            }
        }
        let Some(next) = next else {
            self.end();
            return (changes, true);
        };
        self.step = Step::Routes(Some(next));
        (changes, false)
    }

    fn end(&mut self) {
        if self.last != self.current {
            let Findings { missing, stale, next_hops } = self.current;
            tracing::info!(missing, stale, next_hops, "audit of the forwarding table");
        }
        self.passes += 1;
        self.step = Step::NextHops(1);
        self.last = std::mem::take(&mut self.current);
        self.known = std::mem::take(&mut self.found);
    }
}

#[cfg(test)]
mod tests;
