//! The table of states: the one place that says which states exist and where each may go.

use serde::{Deserialize, Serialize};

/// Where a node stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// Known, nothing done yet.
    Enrolled,
    /// Being installed, up to its first phone-home.
    Deploying,
    /// Runs from its disk and has phoned home.
    Active,
    /// Given up; the reason says on what.
    Failed,
}

/// A row of the table.
#[derive(Debug)]
pub struct StateRow {
    /// The state.
    pub state: State,
    /// Its name, as stored and shown.
    pub name: &'static str,
    /// Where it may go.
    pub next: &'static [State],
    /// Whether the site's deadline for deploying limits it.
    pub has_deadline: bool,
    /// One sentence for the manual.
    pub meaning: &'static str,
}

/// Every state.
pub const TABLE: &[StateRow] = &[
    StateRow {
        state: State::Enrolled,
        name: "enrolled",
        next: &[State::Deploying],
        has_deadline: false,
        meaning: "Known to the provisioner; waits for its first network boot or for `node deploy`.",
    },
    StateRow {
        state: State::Deploying,
        name: "deploying",
        next: &[State::Active, State::Failed],
        has_deadline: true,
        meaning: "Network boot, install, first boot from disk, until the installed system phones home.",
    },
    StateRow {
        state: State::Active,
        name: "active",
        next: &[State::Deploying],
        has_deadline: false,
        meaning: "The installed system has phoned home; a network boot is sent to the disk.",
    },
    StateRow {
        state: State::Failed,
        name: "failed",
        next: &[State::Deploying],
        has_deadline: false,
        meaning: "Given up, with the reason; `node deploy` tries again, a network boot is sent to the disk.",
    },
];

impl State {
    /// Its row.
    pub fn row(self) -> &'static StateRow {
        // The table test proves that each state has a row; `Enrolled` is the first.
        TABLE.iter().find(|row| row.state == self).unwrap_or(&TABLE[0])
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        self.row().name
    }

    /// The state of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        TABLE.iter().find(|row| row.name == name).map(|row| row.state)
    }

    /// Whether the table lets this state go there.
    pub fn may_become(self, next: State) -> bool {
        self.row().next.contains(&next)
    }
}

impl std::fmt::Display for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::{State, TABLE};

    #[test]
    fn the_manual_has_this_table() {
        let page = include_str!("../../../docs/nodes.md");
        for row in TABLE {
            let next: Vec<_> = row.next.iter().map(|state| format!("`{state}`")).collect();
            let line = format!("| `{}` | {} | {} |", row.name, row.meaning, next.join(", "));
            assert!(page.contains(&line), "docs/nodes.md lacks: {line}");
        }
    }

    #[test]
    fn each_state_has_one_row_and_a_way_out() {
        for state in [State::Enrolled, State::Deploying, State::Active, State::Failed] {
            assert_eq!(TABLE.iter().filter(|row| row.state == state).count(), 1, "{state:?}");
            assert_eq!(State::from_name(state.name()), Some(state));
            assert!(!state.row().next.is_empty(), "{state} has no way out");
            assert_eq!(serde_json::to_value(state).unwrap(), state.name());
        }
    }
}
