//! Collecting the constraints of a schema and wiring them to what they read.

use super::facts::{Facts, real};
use super::reach::{Reach, Source};
use super::{Constraint, ConstraintError, Constraints, Rule, Trigger, When};
use crate::schema::{CaseId, Choice, Kind, Schema, SchemaId, SchemaNode};
use daybreak_xpath::{Expression, Limits, Names};
use daybreak_yang::{Identities, LeafType, Prefixes, WhenContext};
use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

pub(super) fn build(schema: &Arc<Schema>) -> Result<Constraints, ConstraintError> {
    let facts = facts(schema)?;
    let mut list = Vec::new();
    let top: HashSet<_> = daybreak_yang::data_nodes(schema.context())
        .map(|node| (node.module().name().to_owned(), node.name().to_owned()))
        .collect();
    // libyang's context has nodes at the top that are in no datastore.
    let is_data = |id: SchemaId| {
        let top_id = schema.lineage(id)[0];
        top.contains(&(schema.module_of(top_id).name.to_string(), schema.node(top_id).name.to_string()))
    };
    for node in schema.nodes().iter().filter(|node| node.config && is_data(node.id)) {
        collect(schema, &facts, node, &mut list)?;
    }
    for choice in schema.choices().iter().filter(|choice| choice.config && choice.mandatory) {
        if choice.cases.iter().flat_map(|case| &schema.case(*case).nodes).any(|id| is_data(*id)) {
            list.push(Constraint { context: choice.parent, rule: Rule::MandatoryChoice(choice.id) });
        }
    }
    list.sort_by_key(|constraint| constraint.context);
    let (triggers, unknown) = Wiring::new(Reach { schema, facts: &facts }, &list).wire();
    Ok(Constraints { schema: schema.clone(), facts, list, triggers, unknown })
}

fn expression(
    schema: &Schema,
    node: SchemaId,
    statement: &'static str,
    text: &str,
    prefixes: &Prefixes,
) -> Result<Expression, ConstraintError> {
    let names = prefixes
        .used
        .iter()
        .fold(Names::in_module(&prefixes.default), |names, (prefix, module)| names.with(prefix, module));
    Expression::parse(text, &names, Limits::default()).map_err(|source| ConstraintError {
        statement,
        node: schema.path(node),
        text: text.to_owned(),
        source,
    })
}

fn facts(schema: &Schema) -> Result<Facts, ConstraintError> {
    let mut facts = Facts {
        types: Vec::with_capacity(schema.len()),
        identities: Identities::of(schema.context()),
        targets: HashMap::new(),
        whens: Vec::with_capacity(schema.len()),
    };
    for node in schema.nodes() {
        let leaf = daybreak_yang::leaf_type(&node.yang);
        if let Some(LeafType::Leafref { path, prefixes, .. }) = &leaf {
            facts.targets.insert(node.id, expression(schema, node.id, "path", &with_value(path), prefixes)?);
        }
        facts.types.push(leaf);
        facts.whens.push(whens(schema, node)?);
    }
    Ok(facts)
}

/// The path of a leafref, narrowed to what has the value of the context node. `/a/b/c` becomes
/// `/a/b[c = current()]/c[. = current()]`, so that an entry is found by its key.
fn with_value(path: &str) -> String {
    let path = path.trim();
    match path.rsplit_once('/') {
        Some((head, tail)) if !head.is_empty() && !head.trim_end().ends_with("..") && !tail.contains(']') => {
            format!("{head}[{tail} = current()]/{tail}[. = current()]")
        }
        _ => format!("{path}[. = current()]"),
    }
}

/// The `when` statements of a node, and of the choices and cases around it.
fn whens(schema: &Schema, node: &SchemaNode) -> Result<Vec<When>, ConstraintError> {
    let mut found = daybreak_yang::whens(&node.yang);
    for case in schema.cases_of(node.id) {
        let case = schema.case(case);
        for around in [&case.yang, &schema.choice(case.choice).yang] {
            let mut outer = daybreak_yang::whens(around);
            // They are about the data node around the choice.
            for when in outer.iter_mut().filter(|when| when.context == WhenContext::Itself) {
                when.context = WhenContext::Parent;
            }
            found.append(&mut outer);
        }
    }
    let compile = |when: daybreak_yang::When| {
        let condition = expression(schema, node.id, "when", &when.condition, &when.prefixes)?;
        Ok(When { condition, at: when.context })
    };
    found.into_iter().map(compile).collect()
}

fn collect(
    schema: &Schema,
    facts: &Facts,
    node: &SchemaNode,
    list: &mut Vec<Constraint>,
) -> Result<(), ConstraintError> {
    let mut add = |context, rule| list.push(Constraint { context, rule });
    let single = matches!(node.kind, Kind::Leaf(_) | Kind::AnyData);
    if single && node.mandatory && !node.key {
        add(node.parent, Rule::Mandatory(node.id));
    }
    if node.min > 0 {
        add(node.parent, Rule::AtLeast(node.id, node.min));
    }
    if let Some(most) = node.max {
        add(node.parent, Rule::AtMost(node.id, most));
    }
    for unique in daybreak_yang::uniques(schema.context(), &node.yang) {
        let leafs =
            schema.nodes().iter().filter(|leaf| node.contains(leaf.id) && unique.contains(&leaf.yang));
        let way = |leaf: &SchemaNode| {
            let lineage = schema.lineage(leaf.id);
            lineage.into_iter().filter(|id| *id > node.id).collect::<Vec<_>>()
        };
        add(node.parent, Rule::Unique { list: node.id, leafs: leafs.map(way).collect() });
    }
    for must in daybreak_yang::musts(&node.yang) {
        let condition = expression(schema, node.id, "must", &must.condition, &must.prefixes)?;
        let rule = Rule::Must { condition, message: must.error_message, app_tag: must.error_app_tag };
        add(Some(node.id), rule);
    }
    for when in &facts.whens[node.id.index()] {
        add(Some(node.id), Rule::When(when.clone()));
    }
    if let Some(leaf) = &facts.types[node.id.index()] {
        if let (LeafType::Leafref { require_instance: true, .. }, Some(target)) =
            (leaf, facts.targets.get(&node.id))
        {
            add(Some(node.id), Rule::Leafref(target.clone()));
        }
        if matches!(real(leaf), LeafType::InstanceIdentifier { require_instance: true }) {
            add(Some(node.id), Rule::InstanceIdentifier);
        }
    }
    Ok(())
}

/// Finds for each schema node what a change there can break elsewhere.
struct Wiring<'s> {
    reach: Reach<'s>,
    list: &'s [Constraint],
    triggers: Vec<BTreeSet<Trigger>>,
    unknown: BTreeSet<usize>,
}

impl<'s> Wiring<'s> {
    fn new(reach: Reach<'s>, list: &'s [Constraint]) -> Self {
        let triggers = vec![BTreeSet::new(); reach.schema.len()];
        Self { reach, list, triggers, unknown: BTreeSet::new() }
    }

    fn wire(mut self) -> (Vec<Vec<Trigger>>, Vec<usize>) {
        for index in 0..self.list.len() {
            self.reads(index);
        }
        for node in self.reach.schema.nodes() {
            self.existence_by_when(node);
        }
        for choice in self.reach.schema.choices() {
            self.existence_by_choice(choice);
        }
        let triggers = self.triggers.into_iter().map(|set| set.into_iter().collect()).collect();
        (triggers, self.unknown.into_iter().collect())
    }

    /// A change of what a constraint reads can break it.
    fn reads(&mut self, index: usize) {
        let constraint = &self.list[index];
        let schema = self.reach.schema;
        let own = |node| Source { node, anchor: constraint.context, is_end: false };
        let sources = match &constraint.rule {
            Rule::Must { condition, .. } => self.reach.sources(&condition.reads(), constraint.context),
            Rule::When(when) => self.reach.sources(&when.condition.reads(), self.when_context(index, when)),
            Rule::Leafref(target) => self.reach.sources(&target.reads(), constraint.context),
            Rule::Unique { list, leafs } => {
                Ok([*list].into_iter().chain(leafs.iter().flatten().copied()).map(own).collect())
            }
            Rule::AtLeast(node, _) | Rule::AtMost(node, _) | Rule::Mandatory(node) => {
                let of_case = schema.node(*node).case.map(|case| &schema.case(case).nodes);
                Ok(of_case.into_iter().flatten().copied().chain([*node]).map(own).collect())
            }
            Rule::MandatoryChoice(choice) => {
                let choice = schema.choice(*choice);
                let cases = choice.cases.iter().copied().chain(choice.within);
                Ok(cases.flat_map(|case| schema.case(case).nodes.iter().copied()).map(own).collect())
            }
            Rule::InstanceIdentifier => Err(super::reach::Unknown),
        };
        let Ok(sources) = sources else {
            self.unknown.insert(index);
            return;
        };
        let ends: HashSet<_> =
            sources.iter().filter(|source| source.is_end).map(|source| source.node).collect();
        let is_leafref = matches!(constraint.rule, Rule::Leafref(_));
        for source in &sources {
            let not_by_creation = is_leafref && ends.contains(&source.node);
            self.trigger(source.node, Trigger { constraint: index, anchor: source.anchor, not_by_creation });
            self.way(index, source);
        }
    }

    fn when_context(&self, index: usize, when: &When) -> Option<SchemaId> {
        context_of(self.reach.schema, self.list[index].context, when)
    }

    /// Whether the nodes on the way to a source are in use depends on cases and on `when` statements.
    fn way(&mut self, index: usize, source: &Source) {
        let schema = self.reach.schema;
        let below = schema.lineage(source.node).into_iter().filter(|id| Some(*id) > source.anchor);
        for node in below {
            for case in schema.cases_of(node) {
                for other in siblings(schema, case) {
                    self.trigger(
                        other,
                        Trigger { constraint: index, anchor: source.anchor, not_by_creation: false },
                    );
                }
            }
            self.by_whens(node, &[index], source.anchor);
        }
    }

    /// Lets what the `when` statements of a node read trigger these constraints.
    fn by_whens(&mut self, node: SchemaId, constraints: &[usize], anchor: Option<SchemaId>) {
        let mut seen = HashSet::new();
        let mut todo = vec![(node, anchor)];
        while let Some((node, anchor)) = todo.pop() {
            if !seen.insert(node) {
                continue;
            }
            for when in &self.reach.facts.whens[node.index()] {
                let context = context_of(self.reach.schema, Some(node), when);
                let Ok(sources) = self.reach.sources(&when.condition.reads(), context) else {
                    self.unknown.extend(constraints);
                    continue;
                };
                for source in sources {
                    let anchor = anchor.min(source.anchor);
                    for constraint in constraints {
                        let trigger = Trigger { constraint: *constraint, anchor, not_by_creation: false };
                        self.trigger(source.node, trigger);
                    }
                    // What it reads may itself be there only when another one holds.
                    let way = self.reach.schema.lineage(source.node);
                    todo.extend(way.into_iter().filter(|id| Some(*id) > anchor).map(|id| (id, anchor)));
                }
            }
        }
    }

    /// A `when` that turns true brings what is below its node into use.
    fn existence_by_when(&mut self, node: &SchemaNode) {
        if !self.reach.facts.whens[node.id.index()].is_empty() {
            let below: Vec<_> = within(self.list, node).collect();
            self.by_whens(node.id, &below, Some(node.id));
        }
    }

    /// A case that comes or goes takes the defaults of another out of use, and brings its own.
    fn existence_by_choice(&mut self, choice: &Choice) {
        let schema = self.reach.schema;
        let nodes: Vec<_> =
            choice.cases.iter().flat_map(|case| schema.case(*case).nodes.iter().copied()).collect();
        for node in &nodes {
            for constraint in within(self.list, schema.node(*node)) {
                let trigger = Trigger { constraint, anchor: choice.parent, not_by_creation: false };
                for other in nodes.iter().filter(|other| *other != node) {
                    self.trigger(*other, trigger);
                }
            }
        }
    }

    /// Notes a trigger at a node and at all around it that come and go with it. Below the anchor there is nothing to note
    /// when they are the same: the context node comes and goes itself.
    fn trigger(&mut self, node: SchemaId, trigger: Trigger) {
        for id in self.reach.schema.lineage(node) {
            if Some(id) > trigger.anchor {
                self.triggers[id.index()].insert(trigger);
            }
        }
    }
}

/// The constraints whose context is a node or below it.
pub(super) fn within<'l>(list: &'l [Constraint], node: &SchemaNode) -> impl Iterator<Item = usize> + use<'l> {
    let first = list.partition_point(|constraint| constraint.context < Some(node.id));
    let rest = list[first..].iter();
    let contains = rest.take_while(|constraint| constraint.context.is_some_and(|id| node.contains(id)));
    first..first + contains.count()
}

fn context_of(schema: &Schema, node: Option<SchemaId>, when: &When) -> Option<SchemaId> {
    match when.at {
        WhenContext::Itself => node,
        WhenContext::Parent => schema.node(node?).parent,
        WhenContext::Root => None,
    }
}

/// The data nodes of all cases of the choice that a case is of.
fn siblings(schema: &Schema, case: CaseId) -> Vec<SchemaId> {
    let choice = schema.choice(schema.case(case).choice);
    choice.cases.iter().flat_map(|case| schema.case(*case).nodes.iter().copied()).collect()
}
