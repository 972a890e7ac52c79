//! Who may do what (NACM, RFC 8341).
//!
//! [`Nacm`] is the configuration below `/nacm`, read once per change of it; [`Access`] is what one user has of it. Both are
//! pure. Administrators, who are root and the members of the Linux group `sudo`, are a recovery session (RFC 8341 §2.2):
//! no rule can lock them out. Everybody else reads what is not denied, and changes nothing that no rule permits.

mod access;
mod path;
mod read;

pub use access::{Access, DataAccess};
pub use read::NacmError;

use daybreak_datastore::schema::SchemaId;
use path::RulePath;
use std::collections::BTreeSet;

/// Operations of NETCONF that change a datastore, a lock or a session. RFC 8341 leaves most of them to `exec-default`;
/// here only administrators and rules open them, for the candidate is shared: whoever commits, commits for everybody.
pub const GUARDED: &[&str] = &[
    "cancel-commit",
    "commit",
    "copy-config",
    "delete-config",
    "discard-changes",
    "edit-config",
    "kill-session",
    "lock",
    "unlock",
];

/// Who asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// Name of the login.
    pub name: String,
    /// Linux groups of the login: NACM's external groups (RFC 8341 §3.2).
    pub groups: BTreeSet<String>,
    /// Whether it is root or in the group `sudo`.
    pub admin: bool,
}

/// The configuration of access control.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Nacm {
    enabled: bool,
    read_default: Action,
    write_default: Action,
    exec_default: Action,
    external_groups: bool,
    groups: Vec<Group>,
    lists: Vec<RuleList>,
}

/// What a rule says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Action {
    Permit,
    Deny,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Group {
    name: String,
    users: BTreeSet<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct RuleList {
    groups: Vec<String>,
    rules: Vec<Rule>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Rule {
    /// None for every module.
    module: Option<String>,
    target: Target,
    operations: Operations,
    action: Action,
}

/// What a rule is about.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Target {
    /// Whatever its module defines.
    Anything,
    /// An operation; None for every one.
    Operation(Option<String>),
    /// A data node with all below it.
    Data(RulePath),
    /// Notifications, of which there are none that a rule could hide yet.
    Notification,
}

/// Access operations of a rule (RFC 8341 §3.5.3), as the names of the bits; None for all.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Operations(Option<BTreeSet<String>>);

impl Operations {
    fn include(&self, operation: &str) -> bool {
        self.0.as_ref().is_none_or(|set| set.contains(operation))
    }
}

/// The node that access control itself is configured below.
fn root(schema: &daybreak_datastore::schema::Schema) -> Option<SchemaId> {
    schema.find("/ietf-netconf-acm:nacm")
}

#[cfg(test)]
mod tests;
