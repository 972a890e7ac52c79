//! Which nodes of the schema have an effect, and who brings it about: the one source.
//!
//! Every node of a standard module that is not here is deviated away in `modules/daybreak-deviations.yang`, which
//! `tests/deviations.rs` writes from this table. So a client can neither set what nothing reads nor wait for state that
//! nobody fills in.

mod bgp;
mod interfaces;
mod management;
mod own;
mod routing;
mod system;

/// Nodes under one node, with the same effect.
#[derive(Debug, Clone, Copy)]
pub struct Effect {
    /// Path of the node above, in libyang's form: a module name where the module changes, no keys, no choices.
    pub base: &'static str,
    /// Who acts.
    pub by: &'static [By],
    /// Paths below; `**` is all that is below, and the node above itself.
    pub nodes: &'static [&'static str],
}

/// Who makes a node matter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum By {
    /// Configuration that `vrouterd` carries out.
    DataPlane,
    /// Configuration that FRR carries out.
    Frr,
    /// Configuration that Linux carries out: addresses, names, users, time.
    Linux,
    /// Configuration that `telemetryd` carries out.
    Telemetry,
    /// Configuration and operations that `netconfd` carries out itself.
    Netconf,
    /// Configuration that is a note for people.
    Note,
    /// State that `netconfd` fills in when it is asked.
    State,
}

/// Every effect, by model area.
pub fn effects() -> impl Iterator<Item = &'static Effect> {
    [interfaces::EFFECTS, routing::EFFECTS, bgp::EFFECTS, system::EFFECTS, management::EFFECTS, own::EFFECTS]
        .into_iter()
        .flatten()
}

impl Effect {
    /// Whether it is about this node, given by its path in libyang's form.
    pub fn covers(&self, path: &str) -> bool {
        let Some(rest) = path.strip_prefix(self.base) else { return false };
        match rest.strip_prefix('/') {
            None => rest.is_empty() && self.nodes.contains(&"**"),
            Some(below) => self.nodes.iter().any(|node| *node == "**" || *node == below),
        }
    }
}

/// The effect of a node; `None` when it has none.
pub fn effect_of(path: &str) -> Option<&'static Effect> {
    effects().find(|effect| effect.covers(path))
}

#[cfg(test)]
mod tests {
    use super::{By, Effect};

    #[test]
    fn an_effect_covers_what_it_lists_and_no_more() {
        let some = Effect { base: "/m:a/b", by: &[By::Linux], nodes: &["c", "d/e"] };
        for (path, covered) in [
            ("/m:a/b/c", true),
            ("/m:a/b/d/e", true),
            ("/m:a/b/d", false),
            ("/m:a/b", false),
            ("/m:a/bc", false),
        ] {
            assert_eq!(some.covers(path), covered, "{path}");
        }
        let all = Effect { base: "/m:a", by: &[By::State], nodes: &["**"] };
        for (path, covered) in [("/m:a", true), ("/m:a/b/c", true), ("/m:ab", false), ("/m", false)] {
            assert_eq!(all.covers(path), covered, "{path}");
        }
    }
}
