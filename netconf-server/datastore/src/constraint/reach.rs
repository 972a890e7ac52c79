//! What an expression reads, as nodes of the schema.

use super::facts::Facts;
use crate::schema::{Schema, SchemaId};
use daybreak_xpath::{Axis, NodeTest, Origin, Read, ReadStep, Reads};
use std::collections::BTreeSet;

/// Spots of one path beyond which it counts as unknown.
const MOST_SPOTS: usize = 4096;

/// A schema node that is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Source {
    pub(super) node: SchemaId,
    /// The highest node on the way to it: what is read of an instance is below the same instance of this one.
    /// `None` for the root. Ancestors have smaller numbers, and the root's `None` is the smallest.
    pub(super) anchor: Option<SchemaId>,
    /// Whether the path that leads there is the whole of the expression.
    pub(super) is_end: bool,
}

/// More is read than can be told.
#[derive(Debug)]
pub(super) struct Unknown;

/// A place on the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Spot {
    at: Option<SchemaId>,
    anchor: Option<SchemaId>,
}

/// The schema with what follows leafrefs.
#[derive(Clone, Copy)]
pub(super) struct Reach<'s> {
    pub(super) schema: &'s Schema,
    pub(super) facts: &'s Facts,
}

impl Reach<'_> {
    /// The schema nodes that an expression at `context` reads.
    pub(super) fn sources(&self, reads: &Reads, context: Option<SchemaId>) -> Result<Vec<Source>, Unknown> {
        let Reads::Paths(paths) = reads else { return Err(Unknown) };
        let mut sources = BTreeSet::new();
        for (place, path) in paths.iter().enumerate() {
            for spot in self.follow(path, context)? {
                let is_end = place + 1 == paths.len();
                match spot.at {
                    Some(node) if path.value => self.all_below(node, spot.anchor, is_end, &mut sources),
                    Some(node) => {
                        sources.insert(Source { node, anchor: spot.anchor, is_end });
                    }
                    // The value of the root is everything.
                    None if path.value => return Err(Unknown),
                    None => {}
                }
            }
        }
        Ok(sources.into_iter().collect())
    }

    fn all_below(
        &self,
        node: SchemaId,
        anchor: Option<SchemaId>,
        is_end: bool,
        sources: &mut BTreeSet<Source>,
    ) {
        sources.insert(Source { node, anchor, is_end });
        for child in self.schema.children(Some(node)) {
            self.all_below(*child, anchor, is_end, sources);
        }
    }

    fn follow(&self, path: &Read, context: Option<SchemaId>) -> Result<BTreeSet<Spot>, Unknown> {
        let start = match path.origin {
            Origin::Root => None,
            Origin::Current => context,
        };
        let mut spots = BTreeSet::from([Spot { at: start, anchor: start }]);
        for step in &path.steps {
            let mut next = BTreeSet::new();
            for spot in &spots {
                match step {
                    ReadStep::Axis(axis, test) => self.step(*spot, *axis, test, &mut next)?,
                    ReadStep::Deref => self.deref(*spot, &mut next)?,
                }
            }
            if next.len() > MOST_SPOTS {
                return Err(Unknown);
            }
            spots = next;
        }
        Ok(spots)
    }

    fn step(
        &self,
        spot: Spot,
        axis: Axis,
        test: &NodeTest,
        next: &mut BTreeSet<Spot>,
    ) -> Result<(), Unknown> {
        let mut admit = |spot: Spot| {
            if self.matches(spot.at, test) {
                next.insert(spot);
            }
        };
        let parent = |spot: Spot| -> Option<Spot> {
            let at = self.schema.node(spot.at?).parent;
            Some(Spot { at, anchor: spot.anchor.min(at) })
        };
        match axis {
            Axis::Attribute | Axis::Namespace => {}
            Axis::Following | Axis::Preceding => return Err(Unknown),
            Axis::SelfNode => admit(spot),
            Axis::Parent => parent(spot).into_iter().for_each(admit),
            Axis::Ancestor | Axis::AncestorOrSelf => {
                let first = if axis == Axis::Ancestor { parent(spot) } else { Some(spot) };
                std::iter::successors(first, |spot| parent(*spot)).for_each(admit);
            }
            Axis::Child => {
                // Its text node is a leaf's value.
                if matches!(test, NodeTest::Text | NodeTest::Node) {
                    next.insert(spot);
                }
                for child in self.schema.children(spot.at) {
                    if self.matches(Some(*child), test) {
                        next.insert(Spot { at: Some(*child), ..spot });
                    }
                }
            }
            Axis::Descendant | Axis::DescendantOrSelf => {
                let or_self = axis == Axis::DescendantOrSelf || matches!(test, NodeTest::Text);
                let mut todo = vec![(spot, or_self)];
                while let Some((spot, counts)) = todo.pop() {
                    if counts {
                        admit(spot);
                    }
                    let children = self.schema.children(spot.at).iter();
                    todo.extend(children.map(|child| (Spot { at: Some(*child), ..spot }, true)));
                }
            }
            Axis::FollowingSibling | Axis::PrecedingSibling => {
                if let Some(up) = parent(spot) {
                    let children = self.schema.children(up.at).iter();
                    children.for_each(|child| admit(Spot { at: Some(*child), ..up }));
                }
            }
        }
        Ok(())
    }

    fn matches(&self, at: Option<SchemaId>, test: &NodeTest) -> bool {
        match (at, test) {
            (_, NodeTest::Node | NodeTest::Text) | (Some(_), NodeTest::Any) => true,
            (_, NodeTest::Never) | (None, _) => false,
            (Some(id), NodeTest::Module(module)) => *self.schema.module_of(id).name == **module,
            (Some(id), NodeTest::Name { module, name }) => {
                *self.schema.node(id).name == **name
                    && module.as_ref().is_none_or(|module| *self.schema.module_of(id).name == **module)
            }
        }
    }

    /// Where a leafref leads; an instance-identifier may lead anywhere.
    fn deref(&self, spot: Spot, next: &mut BTreeSet<Spot>) -> Result<(), Unknown> {
        let target = spot.at.and_then(|id| self.facts.targets.get(&id)).ok_or(Unknown)?;
        let sources = self.sources(&target.reads(), spot.at)?;
        let ends = sources.into_iter().filter(|source| source.is_end);
        next.extend(ends.map(|end| Spot { at: Some(end.node), anchor: spot.anchor.min(end.anchor) }));
        Ok(())
    }
}
