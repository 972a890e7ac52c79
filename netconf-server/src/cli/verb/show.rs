//! `show`.

use daybreak_datastore::store::Datastore;
use daybreak_datastore::tree::{InstancePath, Tree};
use ipnet::IpNet;

use super::{Format, Router};
use crate::cli::VERSION;
use crate::cli::error::CliError;
use crate::cli::lang::{LineError, Scope, Walk, Word, pick};
use crate::cli::render;

/// What can be shown, each with what it is.
pub(in crate::cli) const WHAT: &[(&str, &str)] = &[
    ("config", "the running configuration, or the part of it at a path"),
    ("startup", "the configuration that the machine starts with"),
    ("candidate", "the configuration that is being edited"),
    ("state", "what is configured and what is true now, at a path"),
    ("interfaces", "interfaces with their state and counters; one by its name"),
    ("routes", "the routing table; one route by its prefix"),
    ("bgp", "BGP sessions; one by the address of the neighbour"),
    ("commits", "configurations that were running, for compare and rollback"),
    ("version", "versions of what the appliance is made of"),
    ("status", "what is going on, and whether the configuration is saved"),
];

/// Most routes that are shown to people at once; programs get what the router tells.
const ROWS: usize = 1000;

/// What is read of the router's state for what can be shown, as data paths.
const INTERFACES: &[&str] = &["/ietf-interfaces:interfaces"];
const ROUTES: &[&str] = &["/ietf-routing:routing/ribs"];
const BGP: &[&str] = &["/ietf-routing:routing/control-plane-protocols"];
const COMMITS: &[&str] = &["/daybreak-commits:commits"];
const RELEASES: &[&str] = &["/daybreak-dataplane:dataplane/state", "/ietf-system:system-state/platform"];
const SURVEY: &[&str] = &[
    "/ietf-system:system/hostname",
    "/ietf-system:system-state/clock",
    "/daybreak-dataplane:dataplane",
    "/daybreak-commits:commits/problem",
    "/ietf-netconf-monitoring:netconf-state/sessions",
];

/// Shows what the words say; the running configuration if there is none.
///
/// # Errors
/// [`CliError`] for words that name nothing, or if the router cannot be asked.
pub(in crate::cli) fn show(router: &mut Router, words: &[Word], format: Format) -> Result<String, CliError> {
    let names: Vec<&str> = WHAT.iter().map(|(name, _)| *name).collect();
    let (what, rest) = match words.split_first() {
        Some((what, rest)) => (names[pick(&what.text, "show", &names)?], rest),
        None => ("config", words),
    };
    match what {
        "config" => datastore(router, Datastore::Running, rest, format),
        "startup" => datastore(router, Datastore::Startup, rest, format),
        "candidate" => datastore(router, Datastore::Candidate, rest, format),
        "state" => {
            let path = path(router, rest, Scope::All)?;
            let tree = router.link.state(std::slice::from_ref(&path))?;
            Ok(render::config(&router.models, &tree, &path, 0, format))
        }
        "interfaces" => table(router, INTERFACES, rest, format, render::interfaces),
        "routes" => routes(router, rest, format),
        "bgp" => table(router, BGP, rest, format, render::bgp),
        "commits" => table(router, COMMITS, rest, format, render::commits),
        "version" => table(router, RELEASES, rest, format, |tree, _| render::version(tree, VERSION)),
        _ => status(router, rest, format),
    }
}

/// The part of a tree that a walk leads to, relative to a level that is `base` steps down.
///
/// # Errors
/// [`LineError`] for a path that names no node.
pub(in crate::cli) fn view(
    walk: &Walk<'_>,
    models: &crate::cli::lang::Models,
    tree: &Tree,
    base: usize,
    format: Format,
) -> Result<String, LineError> {
    Ok(render::config(models, tree, &walk.node()?, base, format))
}

fn path(router: &Router, words: &[Word], scope: Scope) -> Result<InstancePath, LineError> {
    Walk::all(&router.models, &InstancePath::default(), scope, words)?.node()
}

fn datastore(
    router: &mut Router,
    from: Datastore,
    words: &[Word],
    format: Format,
) -> Result<String, CliError> {
    let path = path(router, words, Scope::Config)?;
    let tree = router.link.config(from, Some(&path))?;
    Ok(render::config(&router.models, &tree, &path, 0, format))
}

/// State as a table, or as the data that it was made from; one word chooses a row.
fn table(
    router: &mut Router,
    paths: &[&str],
    words: &[Word],
    format: Format,
    render: impl Fn(&Tree, Option<&str>) -> String,
) -> Result<String, CliError> {
    let only = match words {
        [] => None,
        [only] => Some(only.text.as_str()),
        [_, more, ..] => {
            let message = format!("nothing more is accepted after the first word, not {:?}", more.text);
            return Err(LineError::Wrong(message).into());
        }
    };
    let paths = known(router, paths);
    let tree = router.link.state(&paths)?;
    if matches!(format, Format::Json | Format::Xml) {
        return Ok(render::document(&router.models, &tree, &paths, format));
    }
    let text = render(&tree, only);
    match only {
        Some(name) if !text.lines().any(|line| line.split_whitespace().any(|word| word == name)) => {
            Err(LineError::Wrong(format!("there is no {name}")).into())
        }
        _ => Ok(text),
    }
}

/// The routing table up to a number of routes, or all routes to a prefix.
fn routes(router: &mut Router, words: &[Word], format: Format) -> Result<String, CliError> {
    let prefix = match words {
        [] => None,
        [word] => Some(prefix(&word.text)?),
        [_, more, ..] => {
            let message = format!("nothing more is accepted after the prefix, not {:?}", more.text);
            return Err(LineError::Wrong(message).into());
        }
    };
    let tree = router.link.routes(prefix.as_ref())?;
    if matches!(format, Format::Json | Format::Xml) {
        return Ok(render::document(&router.models, &tree, &known(router, ROUTES), format));
    }
    let text = render::routes(&tree, ROWS);
    match prefix {
        Some(prefix) if !render::has_routes(&tree) => {
            let more = if render::is_incomplete(&tree) { " among those that the router tells" } else { "" };
            Err(LineError::Wrong(format!("there is no route to {prefix}{more}")).into())
        }
        _ => Ok(text),
    }
}

/// A prefix as the router has it, without bits beyond its length.
fn prefix(text: &str) -> Result<IpNet, LineError> {
    let parsed = text.parse::<IpNet>().map(|prefix| prefix.trunc());
    parsed.map_err(|_| LineError::Wrong(format!("{text:?} is no prefix, as 10.0.0.0/8 or 2001:db8::/32")))
}

/// Paths of our own models: that they are there is tested.
fn known(router: &Router, paths: &[&str]) -> Vec<InstancePath> {
    paths.iter().filter_map(|path| InstancePath::parse(&router.models.schema, path).ok()).collect()
}

fn status(router: &mut Router, words: &[Word], format: Format) -> Result<String, CliError> {
    if let Some(word) = words.first() {
        return Err(LineError::Wrong(format!("show status takes nothing more, not {:?}", word.text)).into());
    }
    let paths = known(router, SURVEY);
    let tree = router.link.state(&paths)?;
    if matches!(format, Format::Json | Format::Xml) {
        return Ok(render::document(&router.models, &tree, &paths, format));
    }
    let running = router.link.config(Datastore::Running, None)?;
    let saved = running == router.link.config(Datastore::Startup, None)?;
    let modified = running != router.link.config(Datastore::Candidate, None)?;
    Ok(render::status(&tree, saved, modified))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::lang::Models;

    #[test]
    fn what_is_read_is_in_the_models() {
        let models = Models::load().unwrap();
        for path in [INTERFACES, ROUTES, BGP, COMMITS, RELEASES, SURVEY].concat() {
            assert!(InstancePath::parse(&models.schema, path).is_ok(), "{path}");
        }
    }
}
