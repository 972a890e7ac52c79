//! The routes: what each source says of a prefix, which of it counts, and what that changes in the FIB.

use std::collections::{BTreeMap, HashSet};
use std::ops::Bound;

use ipnet::IpNet;

use super::change::Change;
use super::resolve::Surroundings;
use super::target::{Target, Targets};
use crate::fib::{NextHop, NextHopId};

/// Where a route comes from. An earlier one counts more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Source {
    /// An address of our own.
    Local,
    /// The subnet of an address of our own.
    Connected,
    /// FRR.
    Fpm,
    /// The main table of Linux.
    Linux,
}

impl Source {
    /// All, in order.
    pub const ALL: [Self; 4] = [Self::Local, Self::Connected, Self::Fpm, Self::Linux];
}

/// What is known of a prefix.
#[derive(Debug, Clone, Copy, Default)]
struct Entry {
    /// By source, in the order of [`Source::ALL`].
    candidates: [Option<NextHopId>; 4],
    /// What the FIB has.
    installed: Option<NextHopId>,
    /// The connection that FRR's candidate comes from.
    connection: u32,
}

/// A route that packets are forwarded by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActiveRoute {
    /// The destination.
    pub prefix: IpNet,
    /// Where it comes from.
    pub source: Source,
    /// Where it leads.
    pub next_hop: NextHop,
}

/// Every prefix, in order.
#[derive(Debug)]
pub(super) struct Routes {
    entries: BTreeMap<IpNet, Entry>,
    targets: Targets,
    changes: Vec<Change>,
    /// Prefixes with a candidate of FRR.
    from_fpm: usize,
    /// Those of them whose candidate is of an earlier connection.
    stale: usize,
    /// Routes that found no number for their target.
    refused: u64,
}

/// Prefixes that are looked at in one step of a sweep.
const STEP: usize = 4096;

impl Routes {
    pub(super) fn new(next_hops: u32) -> Self {
        Self {
            entries: BTreeMap::new(),
            targets: Targets::new(next_hops),
            changes: Vec::new(),
            from_fpm: 0,
            stale: 0,
            refused: 0,
        }
    }

    /// Says where a source leads a prefix, or with `None` that it knows no way any more. `connection` is FRR's at present.
    pub(super) fn put(
        &mut self,
        surroundings: &Surroundings,
        prefix: IpNet,
        source: Source,
        target: Option<Target>,
        connection: u32,
    ) {
        let new = target.and_then(|target| self.acquire(surroundings, target));
        let Some(entry) = (match new {
            Some(_) => Some(self.entries.entry(prefix).or_default()),
            None => self.entries.get_mut(&prefix),
        }) else {
            return;
        };
        let old = std::mem::replace(&mut entry.candidates[source as usize], new);
        if source == Source::Fpm {
            self.from_fpm = self.from_fpm + usize::from(new.is_some()) - usize::from(old.is_some());
            self.stale -= usize::from(old.is_some() && entry.connection != connection);
            entry.connection = connection;
        }
        reconsider(&self.targets, &mut self.changes, prefix, entry);
        if entry.candidates == [None; 4] {
            self.entries.remove(&prefix);
        }
        if let Some(old) = old {
            self.release(old);
        }
    }

    /// All of FRR's routes are of an earlier connection from now on.
    pub(super) fn age(&mut self) {
        self.stale = self.from_fpm;
    }

    /// Takes stale routes away, as far as one step goes, from after a prefix on; says where to go on, `None` at the end.
    pub(super) fn sweep(
        &mut self,
        surroundings: &Surroundings,
        connection: u32,
        after: Option<IpNet>,
    ) -> Option<IpNet> {
        let page = self.entries.range((from(after), Bound::Unbounded)).take(STEP);
        let (mut last, mut old) = (None, Vec::new());
        for (place, (prefix, entry)) in page.enumerate() {
            if entry.candidates[Source::Fpm as usize].is_some() && entry.connection != connection {
                old.push(*prefix);
            }
            last = Some(*prefix).filter(|_| place + 1 == STEP);
        }
        for prefix in old {
            self.put(surroundings, prefix, Source::Fpm, None, connection);
        }
        last.filter(|_| self.stale > 0)
    }

    /// Finds out anew what targets come to: those with a number in `ids`, or with `None` all.
    pub(super) fn refresh(&mut self, surroundings: &Surroundings, ids: Option<&[NextHopId]>) {
        let changed = |(id, target): (NextHopId, &Target)| {
            let to = surroundings.resolve(target);
            (to.as_ref() != self.targets.resolved(id)).then_some((id, to))
        };
        let changed: Vec<_> = match ids {
            None => self.targets.all().filter_map(changed).collect(),
            Some(ids) => ids.iter().filter_map(|id| changed((*id, self.targets.get(*id)?))).collect(),
        };
        let (mut appeared, mut gone) = (HashSet::new(), HashSet::new());
        for (id, to) in changed {
            match (&to, self.targets.resolved(id).is_some()) {
                (Some(next_hop), known) => {
                    self.changes.push(Change::NextHop(id, Some(next_hop.clone())));
                    if !known {
                        appeared.insert(id);
                    }
                }
                (None, _) => drop(gone.insert(id)),
            }
            self.targets.resolve(id, to);
        }
        if appeared.is_empty() && gone.is_empty() {
            return;
        }
        for (prefix, entry) in &mut self.entries {
            let concerned =
                entry.candidates.iter().flatten().any(|id| appeared.contains(id) || gone.contains(id));
            if concerned {
                reconsider(&self.targets, &mut self.changes, *prefix, entry);
            }
        }
        // Last, when no route leads there any more.
        self.changes.extend(gone.into_iter().map(|id| Change::NextHop(id, None)));
    }

    fn acquire(&mut self, surroundings: &Surroundings, target: Target) -> Option<NextHopId> {
        let Ok((id, new)) = self.targets.acquire(target) else {
            if self.refused == 0 {
                tracing::error!("all next hops are in use: routes are left out; raise tables.next_hops");
            }
            self.refused += 1;
            return None;
        };
        if new {
            let to = self.targets.get(id).and_then(|target| surroundings.resolve(target));
            self.changes.extend(to.clone().map(|next_hop| Change::NextHop(id, Some(next_hop))));
            self.targets.resolve(id, to);
        }
        Some(id)
    }

    fn release(&mut self, id: NextHopId) {
        if self.targets.release(id).is_some() {
            self.changes.push(Change::NextHop(id, None));
        }
    }

    pub(super) fn targets(&self) -> &Targets {
        &self.targets
    }

    pub(super) fn take_changes(&mut self) -> Vec<Change> {
        std::mem::take(&mut self.changes)
    }

    pub(super) fn push(&mut self, change: Change) {
        self.changes.push(change);
    }

    /// How many changes wait to be taken.
    pub(super) fn pending(&self) -> usize {
        self.changes.len()
    }

    pub(super) fn stale(&self) -> usize {
        self.stale
    }

    pub(super) fn refused(&self) -> u64 {
        self.refused
    }

    /// How many prefixes are known, and how many of them are in the FIB.
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    /// The routes that the FIB is to have after a prefix, in order.
    pub(super) fn installed(&self, after: Option<IpNet>) -> impl Iterator<Item = (IpNet, NextHopId)> {
        let page = self.entries.range((from(after), Bound::Unbounded));
        page.filter_map(|(prefix, entry)| Some((*prefix, entry.installed?)))
    }

    /// What the FIB is to have for exactly this prefix.
    pub(super) fn installed_exactly(&self, prefix: IpNet) -> Option<NextHopId> {
        self.entries.get(&prefix)?.installed
    }

    /// The active routes after a prefix, in order.
    pub(super) fn active(&self, after: Option<IpNet>) -> impl Iterator<Item = ActiveRoute> {
        let page = self.entries.range((from(after), Bound::Unbounded));
        page.filter_map(|(prefix, entry)| self.view(*prefix, entry))
    }

    /// The active route of exactly this prefix.
    pub(super) fn exact(&self, prefix: IpNet) -> Option<ActiveRoute> {
        self.view(prefix, self.entries.get(&prefix)?)
    }

    fn view(&self, prefix: IpNet, entry: &Entry) -> Option<ActiveRoute> {
        let installed = entry.installed?;
        let source =
            Source::ALL.into_iter().find(|source| entry.candidates[*source as usize] == Some(installed))?;
        Some(ActiveRoute { prefix, source, next_hop: self.targets.resolved(installed)?.clone() })
    }
}

fn from(after: Option<IpNet>) -> Bound<IpNet> {
    after.map_or(Bound::Unbounded, Bound::Excluded)
}

/// Chooses the first candidate that leads somewhere, and says so if that is another than before.
fn reconsider(targets: &Targets, changes: &mut Vec<Change>, prefix: IpNet, entry: &mut Entry) {
    let best = entry.candidates.into_iter().flatten().find(|id| targets.resolved(*id).is_some());
    if best != entry.installed {
        entry.installed = best;
        changes.push(Change::Route(prefix, best));
    }
}
