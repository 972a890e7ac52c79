//! Checking one constraint at one node.

use super::settle::pretend;
use super::view::View;
use super::{Constraint, Rule};
use crate::error::{DataError, ErrorTag, error_path};
use crate::schema::{CaseId, ChoiceId, SchemaId};
use crate::tree::{InstancePath, NodeRef, Select};
use daybreak_netconf::error::ErrorInfo;
use daybreak_xpath::{Expression, XPathError};
use daybreak_yang::WhenContext;
use std::collections::HashMap;

/// What is wrong at a node.
pub(super) struct Violation {
    pub(super) path: InstancePath,
    pub(super) error: DataError,
}

/// Adds what is wrong with `constraint` at an instance of its context node.
pub(super) fn check<'t>(
    view: &View<'t>,
    constraint: &Constraint,
    at: &NodeRef<'t>,
    found: &mut Vec<Violation>,
) {
    let error = match &constraint.rule {
        Rule::Must { condition, message, app_tag } => {
            must(view, at, condition, message.as_deref(), app_tag.as_deref())
        }
        // A node that is not stored is there only if its `when` holds.
        Rule::When(_) if at.is_default() => None,
        Rule::When(when) => outcome(view.holds(when, at), &when.condition, || {
            let message = format!(
                "{} must not be there: when \"{}\" is false{}",
                at.name(),
                when.condition.text(),
                value_of(at)
            );
            DataError::new(ErrorTag::UnknownElement, message).element(at.name())
        }),
        Rule::Leafref(target) => {
            outcome(target.select(view, at).map(|found| !found.is_empty()), target, || {
                let path = at.id().and_then(|id| path_of(view, id)).unwrap_or_default();
                dangling(at, &format!("no node of {path} has this value"))
            })
        }
        Rule::InstanceIdentifier => {
            let path = at.value().and_then(|value| InstancePath::parse(view.tree().schema(), value).ok());
            let leads = path.is_some_and(|path| view.find(&path).is_some());
            (!leads).then(|| dangling(at, "it leads to no node"))
        }
        Rule::Unique { list, leafs } => return unique(view, at, *list, leafs, found),
        Rule::Mandatory(id) => return mandatory(view, at, *id, found),
        Rule::MandatoryChoice(choice) => missing_choice(view, at, *choice),
        Rule::AtLeast(id, least) => return at_least(view, at, *id, *least, found),
        Rule::AtMost(id, most) => return at_most(view, at, *id, *most, found),
    };
    if let Some(error) = error {
        add(view, at.path(), error, found);
    }
}

fn add(view: &View<'_>, path: InstancePath, error: DataError, found: &mut Vec<Violation>) {
    let error = error.at(view.tree().schema(), &path);
    found.push(Violation { path, error });
}

/// The error for a condition that does not hold or cannot be evaluated.
fn outcome(
    holds: Result<bool, XPathError>,
    condition: &Expression,
    violated: impl FnOnce() -> DataError,
) -> Option<DataError> {
    match holds {
        Ok(true) => None,
        Ok(false) => Some(violated()),
        Err(error) => {
            let message = format!("the condition \"{}\" cannot be checked: {error}", condition.text());
            Some(DataError::new(ErrorTag::OperationFailed, message))
        }
    }
}

/// The value of a leaf as a part of a message.
fn value_of(at: &NodeRef<'_>) -> String {
    at.value().map_or_else(String::new, |value| format!("; its value is \"{value}\""))
}

fn must<'t>(
    view: &View<'t>,
    at: &NodeRef<'t>,
    condition: &Expression,
    message: Option<&str>,
    app_tag: Option<&str>,
) -> Option<DataError> {
    outcome(condition.is_true(view, at), condition, || {
        let what = message.map_or_else(|| format!("{} is not as it must be", at.name()), str::to_owned);
        let message = format!("{what} (must \"{}\"{})", condition.text(), value_of(at));
        // RFC 7950 §15.4
        DataError::new(ErrorTag::OperationFailed, message).app_tag(app_tag.unwrap_or("must-violation"))
    })
}

/// The `path` of a leafref as the module has it.
fn path_of(view: &View<'_>, id: SchemaId) -> Option<String> {
    match view.constraints().facts.types[id.index()].as_ref()? {
        daybreak_yang::LeafType::Leafref { path, .. } => Some(path.clone()),
        _ => None,
    }
}

/// RFC 7950 §15.5.
fn dangling(at: &NodeRef<'_>, why: &str) -> DataError {
    let message = format!("{} refers to \"{}\", but {why}", at.name(), at.value().map_or("", |value| value));
    DataError::new(ErrorTag::DataMissing, message).app_tag("instance-required")
}

/// RFC 7950 §15.1. Only entries that have all the leafs count, with defaults (RFC 7950 §7.8.3).
fn unique<'t>(
    view: &View<'t>,
    at: &NodeRef<'t>,
    list: SchemaId,
    leafs: &[Vec<SchemaId>],
    found: &mut Vec<Violation>,
) {
    let schema = view.tree().schema();
    let mut seen = HashMap::new();
    for entry in view.children_of(at, list) {
        let leaf = |way: &Vec<SchemaId>| {
            let end = way.iter().try_fold(entry.clone(), |node, id| view.children_of(&node, *id).next());
            end.and_then(|leaf| leaf.value().cloned())
        };
        let Some(values) = leafs.iter().map(leaf).collect::<Option<Vec<_>>>() else { continue };
        if let Some(first) = seen.get(&values) {
            let names: Vec<_> =
                leafs.iter().filter_map(|way| way.last()).map(|id| &*schema.node(*id).name).collect();
            let first: &NodeRef<'_> = first;
            let message = format!(
                "{} is \"{}\" in {} already, and has to be unique in {}",
                names.join(" "),
                values.join(" "),
                first.path().display(schema),
                schema.node(list).name
            );
            let mut error = DataError::new(ErrorTag::OperationFailed, message).app_tag("data-not-unique");
            let leafs = leafs.iter().map(|way| {
                let path = way.iter().fold(entry.path(), |path, id| path.child(*id, Select::Node));
                ErrorInfo::NonUnique(error_path(schema, &path))
            });
            error.error.info.extend(leafs);
            add(view, entry.path(), error, found);
        } else {
            seen.insert(values, entry);
        }
    }
}

/// Whether the innermost case around a node is there, which makes what is mandatory in it so (RFC 7950 §7.6.5).
fn demands(at: &NodeRef<'_>, case: Option<CaseId>) -> bool {
    case.is_none_or(|case| at.case_present(case))
}

/// Whether every `when` of a node that is not there would hold for it.
fn would_be<'t>(view: &View<'t>, at: &NodeRef<'t>, id: SchemaId) -> bool {
    let whens = &view.constraints().facts.whens[id.index()];
    let (own, around): (Vec<_>, Vec<_>) = whens.iter().partition(|when| when.at == WhenContext::Itself);
    let holds_around = around.into_iter().all(|when| {
        let context = if when.at == WhenContext::Root { view.tree().root() } else { at.clone() };
        when.condition.is_true(view, &context).unwrap_or(true)
    });
    holds_around
        && (own.is_empty()
            || pretend(view, at, id, |view, node| {
                own.iter().all(|when| view.holds(when, node).unwrap_or(true))
            }))
}

fn mandatory<'t>(view: &View<'t>, at: &NodeRef<'t>, id: SchemaId, found: &mut Vec<Violation>) {
    let node = view.tree().schema().node(id);
    if at.node().get(id).is_none() && demands(at, node.case) && would_be(view, at, id) {
        let message = format!("{} is mandatory and missing", node.name);
        let error = DataError::new(ErrorTag::DataMissing, message);
        add(view, at.path().child(id, Select::Node), error, found);
    }
}

/// RFC 7950 §15.6.
fn missing_choice<'t>(view: &View<'t>, at: &NodeRef<'t>, id: ChoiceId) -> Option<DataError> {
    let schema = view.tree().schema();
    let choice = schema.choice(id);
    if choice.cases.iter().any(|case| at.case_present(*case)) || !demands(at, choice.within) {
        return None;
    }
    // A `when` of the choice is one of each of its nodes.
    let mut nodes = choice.cases.iter().flat_map(|case| schema.case(*case).nodes.iter());
    if !nodes.any(|id| would_be(view, at, *id)) {
        return None;
    }
    let cases: Vec<_> = choice.cases.iter().map(|case| &*schema.case(*case).name).collect();
    let message = format!("the choice {} is mandatory: one of {} is missing", choice.name, cases.join(", "));
    let mut error = DataError::new(ErrorTag::DataMissing, message).app_tag("missing-choice");
    error.error.info.push(ErrorInfo::MissingChoice(choice.name.to_string()));
    Some(error)
}

fn count(at: &NodeRef<'_>, id: SchemaId) -> usize {
    use crate::tree::Slot;
    match at.node().get(id) {
        Some(Slot::List(entries)) => entries.len(),
        Some(Slot::LeafList(values)) => values.len(),
        _ => 0,
    }
}

/// RFC 7950 §15.3.
fn at_least<'t>(view: &View<'t>, at: &NodeRef<'t>, id: SchemaId, least: u32, found: &mut Vec<Violation>) {
    let node = view.tree().schema().node(id);
    let count = count(at, id);
    if count < least as usize && demands(at, node.case) && (count > 0 || would_be(view, at, id)) {
        let message = format!("{} has {count} entries, at least {least} are needed", node.name);
        let error = DataError::new(ErrorTag::OperationFailed, message).app_tag("too-few-elements");
        add(view, at.path().child(id, Select::Node), error, found);
    }
}

/// RFC 7950 §15.2.
fn at_most<'t>(view: &View<'t>, at: &NodeRef<'t>, id: SchemaId, most: u32, found: &mut Vec<Violation>) {
    let count = count(at, id);
    if count > most as usize {
        let name = &view.tree().schema().node(id).name;
        let message = format!("{name} has {count} entries, at most {most} are allowed");
        let error = DataError::new(ErrorTag::OperationFailed, message).app_tag("too-many-elements");
        add(view, at.path().child(id, Select::Node), error, found);
    }
}
