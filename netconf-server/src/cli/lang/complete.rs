//! What may come next: for the tabulator and for `?`.

use daybreak_datastore::schema::{Kind, SchemaId};
use daybreak_datastore::tree::{InstancePath, Tree};

use super::names::children;
use super::values::{accepted, choices};
use super::walk::Expect;
use super::{Models, Walk, Word, label, quote, short, split};

/// Values of one kind that are offered; more help nobody.
const MOST: usize = 1000;

/// A word that may come next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Candidate {
    /// As it is typed.
    pub(crate) text: String,
    /// What it means, in one line.
    pub(crate) help: String,
}

/// All that may come next.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Offer {
    /// Words.
    pub(crate) candidates: Vec<Candidate>,
    /// What may come that is no word of a list: the name and type of a value.
    pub(crate) hint: Option<String>,
}

impl Offer {
    /// The candidates that begin so.
    #[must_use]
    pub(crate) fn beginning(mut self, partial: &str) -> Self {
        self.candidates.retain(|candidate| candidate.text.starts_with(partial));
        self
    }
}

/// A line up to the cursor: the words before the one that is being typed, where that one begins, and what there is of it.
/// `None` within a comment.
pub(crate) fn last_word(line: &str) -> Option<(Vec<Word>, usize, String)> {
    // The quote that is being typed is closed for the while.
    let closed = ["", "\"", "'"].into_iter().find_map(|end| split(&format!("{line}{end}")).ok())?;
    let mut words = closed.into_iter().next_back()?;
    let typing = !line.is_empty() && !line.ends_with([' ', '\t', ';']);
    if !typing {
        return Some((words, line.len(), String::new()));
    }
    let last = words.pop()?;
    let partial = line[last.start..].to_owned();
    // A blank in what is left can only be a comment, or within a quote.
    (last.quoted || !partial.contains(char::is_whitespace)).then_some((words, last.start, partial))
}

/// Fixed words.
pub(crate) fn words_offer<'a>(words: impl IntoIterator<Item = (&'a str, &'a str)>) -> Offer {
    let candidate = |(text, help): (&str, &str)| Candidate { text: text.to_owned(), help: help.to_owned() };
    Offer { candidates: words.into_iter().map(candidate).collect(), hint: None }
}

/// What a path may go on with; `tree` gives the keys that there are.
pub(crate) fn path_offer(walk: &Walk<'_>, tree: Option<&Tree>) -> Offer {
    let (models, schema) = (walk.models(), &walk.models().schema);
    match walk.expect() {
        Expect::Name => {
            let ids = children(schema, walk.path().id(), walk.scope());
            let given = |id: &SchemaId| walk.settings().iter().any(|setting| setting.path.id() == Some(*id));
            let node = |id: SchemaId| Candidate { text: label(schema, id), help: help(models, id) };
            Offer { candidates: ids.into_iter().filter(|id| !given(id)).map(node).collect(), hint: None }
        }
        Expect::Key(list, given) => {
            let keys = schema.node(*list).keys();
            let key = keys[given.len()];
            let mut candidates = Vec::new();
            if let Some(above) = tree.and_then(|tree| tree.find(&walk.path().parent().unwrap_or_default())) {
                for entry in above.children_of(*list) {
                    let values: Vec<&str> = entry.key().map(|key| key.values().collect()).unwrap_or_default();
                    let same = given.iter().zip(&values).all(|(given, value)| **given == **value);
                    if let Some(value) = values.get(given.len()).filter(|_| same) {
                        add(&mut candidates, short(models, key, value), "configured");
                    }
                }
            }
            values(models, key, candidates)
        }
        Expect::Value(leaf) => {
            let mut candidates = Vec::new();
            if let Some(tree) = tree {
                for value in present(tree, walk.path(), *leaf, &schema.node(*leaf).kind) {
                    add(&mut candidates, short(models, *leaf, &value), "configured");
                }
            }
            values(models, *leaf, candidates)
        }
    }
}

/// The values that a leaf or leaf-list has.
fn present(tree: &Tree, path: &InstancePath, leaf: SchemaId, kind: &Kind) -> Vec<std::sync::Arc<str>> {
    match kind {
        Kind::LeafList(..) => tree
            .find(&path.parent().unwrap_or_default())
            .map(|above| {
                above.children_of(leaf).filter_map(|entry| entry.value().cloned()).take(MOST).collect()
            })
            .unwrap_or_default(),
        _ => tree.find(path).and_then(|at| at.value().cloned()).into_iter().collect(),
    }
}

fn values(models: &Models, leaf: SchemaId, mut candidates: Vec<Candidate>) -> Offer {
    for (text, help) in choices(models, leaf) {
        add(&mut candidates, &text, &help);
    }
    let hint = format!("<{}>  {}", models.schema.node(leaf).name, accepted(models, leaf));
    Offer { candidates, hint: Some(hint) }
}

fn add(candidates: &mut Vec<Candidate>, value: &str, help: &str) {
    let text = quote(value).into_owned();
    if candidates.len() < MOST && !candidates.iter().any(|other| other.text == text) {
        candidates.push(Candidate { text, help: help.to_owned() });
    }
}

/// The first sentence of a description.
fn help(models: &Models, id: SchemaId) -> String {
    let text = models.schema.node(id).yang.description().unwrap_or_default();
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let sentence = words.split_once(". ").map_or(words.as_str(), |(first, _)| first);
    sentence.trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::super::Scope;
    use super::super::models::tests::{every_node, models};
    use super::*;

    fn offer(line: &str) -> Offer {
        let (words, _, partial) = last_word(line).unwrap();
        let walk = Walk::all(models(), &InstancePath::default(), Scope::Config, &words).unwrap();
        path_offer(&walk, Some(&every_node())).beginning(&partial)
    }

    fn texts(line: &str) -> Vec<String> {
        offer(line).candidates.into_iter().map(|candidate| candidate.text).collect()
    }

    #[test]
    fn lines_are_cut_at_the_word_that_is_typed() {
        for (line, before, start, partial) in [
            ("", 0, 0, ""),
            ("se", 0, 0, "se"),
            ("set ", 1, 4, ""),
            ("set int", 1, 4, "int"),
            ("set a \"b c", 2, 6, "\"b c"),
            ("set a 'b", 2, 6, "'b"),
            ("a b; se", 0, 5, "se"),
            ("a b;", 0, 4, ""),
        ] {
            let (words, at, rest) = last_word(line).unwrap();
            assert_eq!((words.len(), at, rest.as_str()), (before, start, partial), "{line}");
        }
        assert_eq!(last_word("set a # comm"), None);
    }

    #[test]
    fn names_keys_and_values_are_offered() {
        for (line, expected) in [
            ("inter", &["interfaces"][..]),
            ("interfaces ", &["interface"]),
            ("interfaces interface ", &["lo", "p0"]),
            ("interfaces interface p", &["p0"]),
            ("interfaces interface p0 ip", &["ipv4", "ipv6"]),
            ("interfaces interface p0 enabled ", &["true", "false"]),
            ("interfaces interface p0 type ethernetC", &["ethernetCsmacd"]),
            ("routing control-plane-protocols control-plane-protocol bgp ", &["main"]),
            ("routing control-plane-protocols control-plane-protocol static ", &["static"]),
            ("nacm rule-list watchers rule no-kill action ", &["deny", "permit"]),
            ("interfaces interface p0 description ", &["\"to the peer\""]),
            ("system dns-resolver search ", &["example.net"]),
        ] {
            assert_eq!(texts(line), expected, "{line}");
        }
    }

    #[test]
    fn what_was_given_is_not_offered_again() {
        let after = texts("interfaces interface p0 enabled true ");
        assert!(!after.contains(&"enabled".to_owned()) && after.contains(&"ipv4".to_owned()), "{after:?}");
    }

    #[test]
    fn values_have_a_hint_and_names_have_help() {
        let hint = offer("interfaces interface p0 ipv4 mtu ").hint.unwrap();
        assert!(hint.starts_with("<mtu>") && hint.contains("68..65535"), "{hint}");
        let node = &offer("interfaces interface p0 descr").candidates[0];
        assert!(node.help.len() > 10 && !node.help.contains('\n'), "{node:?}");
        assert!(!texts("interfaces interface p0 ").contains(&"oper-status".to_owned()));
    }
}
