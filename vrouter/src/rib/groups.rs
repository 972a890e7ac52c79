//! The next hops that FRR numbers (`RTM_NEWNEXTHOP`), of every connection that routes are left from.

use std::collections::{BTreeSet, HashMap};

use crate::fpm::{NextHopKind, Path};

/// Groups in groups at most. FRR sends groups of single next hops.
const DEPTH: usize = 4;

/// Next hops by connection and number: after FRR has started anew its numbers mean something else.
#[derive(Debug, Default)]
pub(super) struct Groups {
    kinds: HashMap<(u32, u32), NextHopKind>,
    /// The groups that a next hop is a member of.
    parents: HashMap<(u32, u32), BTreeSet<u32>>,
}

impl Groups {
    pub(super) fn get(&self, connection: u32, id: u32) -> Option<&NextHopKind> {
        self.kinds.get(&(connection, id))
    }

    pub(super) fn len(&self) -> usize {
        self.kinds.len()
    }

    /// Adds or changes a next hop, or with `None` takes it away.
    pub(super) fn set(&mut self, connection: u32, id: u32, kind: Option<NextHopKind>) {
        if let Some(NextHopKind::Group(members)) = self.kinds.remove(&(connection, id)) {
            for (member, _) in members {
                if let Some(parents) = self.parents.get_mut(&(connection, member)) {
                    parents.remove(&id);
                    if parents.is_empty() {
                        self.parents.remove(&(connection, member));
                    }
                }
            }
        }
        let Some(kind) = kind else { return };
        if let NextHopKind::Group(members) = &kind {
            for (member, _) in members {
                self.parents.entry((connection, *member)).or_default().insert(id);
            }
        }
        self.kinds.insert((connection, id), kind);
    }

    /// A next hop and every group that it is in, also by way of others.
    pub(super) fn with_parents(&self, connection: u32, id: u32) -> BTreeSet<u32> {
        let (mut all, mut last) = (BTreeSet::from([id]), vec![id]);
        for _ in 0..DEPTH {
            let parents = last.iter().filter_map(|id| self.parents.get(&(connection, *id))).flatten();
            last = parents.filter(|id| !all.contains(id)).copied().collect();
            all.extend(&last);
        }
        all
    }

    /// The paths that a next hop comes to.
    pub(super) fn paths(&self, connection: u32, id: u32) -> Vec<Path> {
        let mut paths = Vec::new();
        self.collect(connection, id, 1, DEPTH, &mut paths);
        paths
    }

    fn collect(&self, connection: u32, id: u32, weight: u16, depth: usize, paths: &mut Vec<Path>) {
        match self.get(connection, id) {
            Some(NextHopKind::Path(path)) => paths.push(Path { weight, ..*path }),
            Some(NextHopKind::Group(members)) if depth > 0 => {
                for (member, weight) in members {
                    self.collect(connection, *member, *weight, depth - 1, paths);
                }
            }
            _ => {}
        }
    }

    /// Forgets all of other connections.
    pub(super) fn keep_only(&mut self, connection: u32) {
        self.kinds.retain(|(of, _), _| *of == connection);
        self.parents.retain(|(of, _), _| *of == connection);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(interface: u32, weight: u16) -> Path {
        Path { gateway: None, interface: Some(interface), weight }
    }

    #[test]
    fn groups_come_to_the_paths_of_their_members() {
        let mut groups = Groups::default();
        groups.set(1, 10, Some(NextHopKind::Group(vec![(1, 3), (2, 1), (9, 1)])));
        groups.set(1, 1, Some(NextHopKind::Path(path(7, 1))));
        groups.set(1, 2, Some(NextHopKind::Path(path(8, 1))));
        groups.set(2, 2, Some(NextHopKind::Path(path(5, 1))));
        assert_eq!(groups.paths(1, 10), [path(7, 3), path(8, 1)], "one member is not there (yet)");
        assert_eq!(groups.with_parents(1, 2), [2, 10].into());
        assert_eq!(groups.with_parents(2, 2), [2].into());
        groups.set(1, 2, None);
        assert_eq!(groups.paths(1, 10), [path(7, 3)]);
        groups.set(1, 10, Some(NextHopKind::Group(vec![(1, 1)])));
        assert_eq!(groups.with_parents(1, 2), [2].into(), "it is in no group any more");
        groups.keep_only(2);
        assert_eq!((groups.len(), groups.paths(1, 10), groups.paths(2, 2)), (1, vec![], vec![path(5, 1)]));
    }

    #[test]
    fn groups_in_circles_end() {
        let mut groups = Groups::default();
        groups.set(1, 1, Some(NextHopKind::Group(vec![(2, 1)])));
        groups.set(1, 2, Some(NextHopKind::Group(vec![(1, 1)])));
        assert_eq!((groups.paths(1, 1), groups.with_parents(1, 1)), (vec![], [1, 2].into()));
    }
}
