//! Paths of rules: `node-instance-identifier` of RFC 8341, where a list without keys means every entry.

use daybreak_datastore::schema::{Schema, SchemaId};
use daybreak_datastore::tree::{Key, Select, Step};

/// Where a rule applies: there and below.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct RulePath(Vec<RuleStep>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct RuleStep {
    id: SchemaId,
    /// The entry; None for every one.
    key: Option<Key>,
}

impl RulePath {
    /// Reads a path. A prefix may be a module's name or its own prefix; a name without one is in the module of the step
    /// before it.
    pub(super) fn parse(schema: &Schema, text: &str) -> Result<Self, String> {
        let mut steps = Vec::new();
        let mut parent: Option<SchemaId> = None;
        let mut rest = text.trim();
        while !rest.is_empty() {
            rest = rest.strip_prefix('/').ok_or_else(|| format!("`/` is expected before `{rest}`"))?;
            let end = rest.find(['/', '[']).unwrap_or(rest.len());
            let (name, after) = rest.split_at(end);
            let id = child(schema, parent, name).ok_or_else(|| format!("there is no node `{name}` there"))?;
            let (predicates, after) = predicates(after)?;
            let key = key(schema, id, &predicates)?;
            steps.push(RuleStep { id, key });
            parent = Some(id);
            rest = after;
        }
        Ok(Self(steps))
    }

    /// Whether the node at `path` is where the rule applies or below.
    pub(super) fn covers(&self, path: &[Step]) -> bool {
        path.len() >= self.0.len()
            && self.0.iter().zip(path).all(|(rule, step)| {
                let entry = match (&rule.key, &step.select) {
                    (None, _) => true,
                    (Some(key), Select::Key(other)) => key == other,
                    (Some(_), Select::Node) => false,
                };
                rule.id == step.id && entry
            })
    }
}

fn child(schema: &Schema, parent: Option<SchemaId>, name: &str) -> Option<SchemaId> {
    let (prefix, name) = match name.split_once(':') {
        Some((prefix, name)) => (Some(prefix), name),
        None => (None, name),
    };
    schema.children(parent).iter().copied().find(|id| {
        let module = schema.module_of(*id);
        let right = match (prefix, parent) {
            (Some(prefix), _) => *module.name == *prefix || *module.prefix == *prefix,
            (None, Some(parent)) => schema.node(parent).module == schema.node(*id).module,
            (None, None) => false,
        };
        right && *schema.node(*id).name == *name
    })
}

/// A name and a value.
type Predicate<'t> = (&'t str, &'t str);

/// Names and values of `[name='value']…` at the start of `text`, and what follows.
fn predicates(mut text: &str) -> Result<(Vec<Predicate<'_>>, &str), String> {
    let mut found = Vec::new();
    while let Some(rest) = text.strip_prefix('[') {
        let wrong = || format!("`{text}` does not begin with a predicate as [name='value']");
        let (name, rest) = rest.split_once('=').ok_or_else(wrong)?;
        let rest = rest.trim_start();
        let quote = rest.chars().next().filter(|quote| matches!(quote, '\'' | '"')).ok_or_else(wrong)?;
        let (value, rest) = rest[1..].split_once(quote).ok_or_else(wrong)?;
        text = rest.trim_start().strip_prefix(']').ok_or_else(wrong)?;
        let name = name.trim();
        found.push((name.split_once(':').map_or(name, |(_, name)| name), value));
    }
    Ok((found, text))
}

fn key(schema: &Schema, id: SchemaId, predicates: &[Predicate<'_>]) -> Result<Option<Key>, String> {
    if predicates.is_empty() {
        return Ok(None);
    }
    let node = schema.node(id);
    let keys = node.keys();
    if keys.len() != predicates.len() {
        return Err(format!(
            "`{}` needs a predicate for each of its {} keys, or none",
            node.name,
            keys.len()
        ));
    }
    let mut values = Vec::with_capacity(keys.len());
    for key in keys {
        let name = &schema.node(*key).name;
        let (_, value) = predicates
            .iter()
            .find(|(given, _)| *given == &**name)
            .ok_or_else(|| format!("the key `{name}` of `{}` is missing", node.name))?;
        values.push(schema.canonical(*key, value).map_err(|e| format!("`{value}` is no `{name}`: {e}"))?);
    }
    Ok(Some(Key::of(&values)))
}
