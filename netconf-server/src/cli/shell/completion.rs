//! What the tabulator offers in each place of a line.

use daybreak_datastore::store::Datastore;
use daybreak_datastore::tree::{InstancePath, Tree};

use super::Shell;
use super::command::{Mode, Takes, commands, find};
use super::output::AFTER;
use crate::cli::lang::{Models, Offer, Scope, Walk, Word, last_word, path_offer, pick, words_offer};
use crate::cli::verb::WHAT;

impl Shell {
    /// What may stand at the end of a line, and where its last word begins. All that begins with what is there of it.
    pub(super) fn offer(&mut self, line: &str) -> (usize, Offer) {
        let Some((words, start, partial)) = last_word(line) else { return (line.len(), Offer::default()) };
        let mode = self.mode();
        let top = InstancePath::default();
        let level = self.draft.as_ref().map_or(top, |draft| draft.level.clone());
        if self.draft.is_none() && self.offered.is_none() && needs_tree(&words) {
            // Without an answer there are no keys to offer, and everything else still is.
            self.offered = self.router.link.config(Datastore::Running, None).ok();
        }
        let tree = self.draft.as_ref().map(|draft| &draft.candidate).or(self.offered.as_ref());
        let offer = next(&self.router.models, mode, &level, tree, &words);
        (start, offer.beginning(&partial))
    }
}

/// Whether keys may have to be offered: asking costs a request, so a bare word does not.
fn needs_tree(words: &[Word]) -> bool {
    words.len() > 1
}

/// What may come after these words.
fn next(models: &Models, mode: Mode, level: &InstancePath, tree: Option<&Tree>, words: &[Word]) -> Offer {
    let last = words.rsplit(|word| word.is("|")).next().unwrap_or_default();
    if last.len() < words.len() {
        return if last.is_empty() { words_offer(AFTER.iter().copied()) } else { Offer::default() };
    }
    let Some((first, rest)) = words.split_first() else {
        return words_offer(commands(mode).iter().map(|command| (command.name, command.help)));
    };
    let Ok(command) = find(mode, first) else { return Offer::default() };
    let path = |scope: Scope, level: &InstancePath, words: &[Word]| {
        Walk::all(models, level, scope, words).map(|walk| path_offer(&walk, tree)).unwrap_or_default()
    };
    match (command.takes, rest) {
        (Takes::Command, _) => next(models, Mode::Operational, &InstancePath::default(), tree, rest),
        (Takes::What, []) => words_offer(WHAT.iter().copied()),
        (Takes::What, [what, words @ ..]) => show(models, what, words, tree, path),
        (Takes::Path | Takes::Assignment, words) => path(Scope::Config, level, words),
        (Takes::Commit, []) => words_offer([
            ("confirmed", "take it back unless another commit confirms it in time"),
            ("check", "only ask whether it would go"),
        ]),
        (Takes::Commit, [word]) if "confirmed".starts_with(&*word.text) && word.text.len() > 1 => Offer {
            hint: Some("<seconds>  time to confirm in, 600 if not given".to_owned()),
            ..Offer::default()
        },
        (Takes::Earlier, []) => {
            let hint = "<number>  how many changes ago, as show commits lists them";
            Offer { hint: Some(hint.to_owned()), ..Offer::default() }
        }
        (Takes::File, []) => Offer { hint: Some("<file>  XML or JSON".to_owned()), ..Offer::default() },
        (Takes::File, [_]) => words_offer([
            ("merge", "what the candidate has beside stays"),
            ("replace", "what the file has not goes"),
        ]),
        (Takes::Host, []) => Offer { hint: Some("<host>  name or address".to_owned()), ..Offer::default() },
        (Takes::Host, [_]) if command.name == "ping" => words_offer([("count", "how often")]),
        (Takes::Exit, []) => words_offer([("discard", "drop the changes that were not committed")]),
        _ => Offer::default(),
    }
}

fn show(
    models: &Models,
    what: &Word,
    words: &[Word],
    tree: Option<&Tree>,
    path: impl Fn(Scope, &InstancePath, &[Word]) -> Offer,
) -> Offer {
    let names: Vec<&str> = WHAT.iter().map(|(name, _)| *name).collect();
    let Ok(at) = pick(&what.text, "show", &names) else { return Offer::default() };
    let top = InstancePath::default();
    // A row of a table is chosen by the key of the list that it was made from.
    let list = match (names[at], words) {
        ("config" | "startup" | "candidate", _) => return path(Scope::Config, &top, words),
        ("state", _) => return path(Scope::All, &top, words),
        ("interfaces", []) => "/ietf-interfaces:interfaces/interface",
        _ => return Offer::default(),
    };
    let Ok(list) = InstancePath::parse(&models.schema, list) else { return Offer::default() };
    let rows = crate::cli::render::first_keys(tree, &list);
    words_offer(rows.iter().map(|name| (name.as_str(), "configured")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::lang::tests::{every_node, models};

    fn texts(mode: Mode, level: &str, line: &str) -> Vec<String> {
        let (words, _, partial) = last_word(line).unwrap();
        let level = InstancePath::parse(&models().schema, level).unwrap();
        let offer = next(models(), mode, &level, Some(&every_node()), &words).beginning(&partial);
        offer.candidates.into_iter().map(|candidate| candidate.text).collect()
    }

    #[test]
    fn each_place_has_its_offer() {
        use Mode::{Configuration, Operational};
        for (mode, level, line, expected) in [
            (Operational, "/", "sh", &["show", "shell"][..]),
            (Operational, "/", "show st", &["startup", "state", "status"]),
            (Operational, "/", "show interfaces ", &["lo", "p0"]),
            (Operational, "/", "show config interfaces interface ", &["lo", "p0"]),
            (Operational, "/", "show state interfaces interface p0 oper", &["oper-status"]),
            (Operational, "/", "show config interfaces interface p0 oper", &[]),
            (Operational, "/", "show bgp | ", &["set", "text", "json", "xml", "match", "count"]),
            (Operational, "/", "commit ", &["confirmed", "check"]),
            (Operational, "/", "nonsense ", &[]),
            (Configuration, "/", "set interfaces interface p0 ipv4 address ", &["192.0.2.1"]),
            (Configuration, "/interfaces/interface[name='p0']", "set ipv4 a", &["address"]),
            (Configuration, "/interfaces/interface[name='p0']", "delete ipv4 address ", &["192.0.2.1"]),
            (Configuration, "/interfaces", "edit interface ", &["lo", "p0"]),
            (Configuration, "/", "run show interfaces p", &["p0"]),
            (Configuration, "/", "exit ", &["discard"]),
            (Configuration, "/", "load f ", &["merge", "replace"]),
        ] {
            assert_eq!(texts(mode, level, line), expected, "{line}");
        }
    }
}
