//! Decisions (RFC 8341 §3.4).

use super::{Action, GUARDED, Nacm, Rule, RuleList, Target, User};
use daybreak_datastore::schema::Schema;
use daybreak_datastore::tree::{NodeRef, Step, Tree};
use daybreak_yang::DefaultDeny;

/// What one user may do.
#[derive(Debug, Clone)]
pub struct Access<'a> {
    nacm: &'a Nacm,
    /// Everything: an administrator, or access control is off.
    all: bool,
    lists: Vec<&'a RuleList>,
}

/// What is done to a data node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DataAccess {
    /// It is shown.
    Read,
    /// It is made.
    Create,
    /// Its value is changed.
    Update,
    /// It is taken away.
    Delete,
}

impl DataAccess {
    const fn name(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Create => "create",
            Self::Update => "update",
            Self::Delete => "delete",
        }
    }
}

impl Nacm {
    /// What `user` has.
    pub fn access(&self, user: &User) -> Access<'_> {
        let member = |group: &String| {
            let own = self.groups.iter().any(|own| own.name == *group && own.users.contains(&user.name));
            own || (self.external_groups && user.groups.contains(group))
        };
        let lists = self.lists.iter();
        let lists = lists.filter(|list| list.groups.iter().any(|group| group == "*" || member(group)));
        Access { nacm: self, all: user.admin || !self.enabled, lists: lists.collect() }
    }
}

impl Access<'_> {
    /// Whether nothing is hidden from the user: then nothing has to be looked at.
    pub fn reads_everything(&self) -> bool {
        self.all
    }

    /// Whether the operation `name`, which `module` defines, may be asked for; `deny` is what the module says of it.
    pub fn operation(&self, module: &str, name: &str, deny: Option<DefaultDeny>) -> bool {
        // RFC 8341 §3.4.4: closing one's own session is always permitted.
        if self.all || name == "close-session" {
            return true;
        }
        let rule = self.rule(module, "exec", |target| match target {
            Target::Anything => true,
            Target::Operation(operation) => operation.as_deref().is_none_or(|operation| operation == name),
            Target::Data(_) | Target::Notification => false,
        });
        match rule {
            Some(action) => action == Action::Permit,
            None => {
                deny != Some(DefaultDeny::All)
                    && !GUARDED.contains(&name)
                    && self.nacm.exec_default == Action::Permit
            }
        }
    }

    /// Whether `access` to the node at `path` is permitted.
    pub fn data(&self, schema: &Schema, path: &[Step], access: DataAccess) -> bool {
        let Some(last) = path.last().filter(|_| !self.all) else { return true };
        let node = schema.node(last.id);
        let rule = self.rule(&schema.module(node.module).name, access.name(), |target| match target {
            Target::Anything => true,
            Target::Data(rule) => rule.covers(path),
            Target::Operation(_) | Target::Notification => false,
        });
        if let Some(action) = rule {
            return action == Action::Permit;
        }
        let default = match (access, node.deny) {
            (_, Some(DefaultDeny::All)) => Action::Deny,
            (DataAccess::Read, _) => self.nacm.read_default,
            (_, Some(DefaultDeny::Write)) => Action::Deny,
            _ => self.nacm.write_default,
        };
        default == Action::Permit
    }

    /// Whether a node may be shown. What is below a hidden node is hidden with it, by whoever walks the tree.
    pub fn shows(&self, node: &NodeRef<'_>) -> bool {
        self.all || self.data(node.schema(), node.path().steps(), DataAccess::Read)
    }

    /// What of a tree may be shown, where that is not all of it. A filter has to be judged by this: else it would tell of what is
    /// hidden by what it finds.
    pub fn visible(&self, tree: &Tree) -> Option<Tree> {
        (!self.all).then(|| tree.pruned(|node| self.shows(node)))
    }

    /// The action of the first rule that fits.
    fn rule(&self, module: &str, operation: &str, fits: impl Fn(&Target) -> bool) -> Option<Action> {
        let right = |rule: &&Rule| {
            rule.module.as_deref().is_none_or(|name| name == module)
                && rule.operations.include(operation)
                && fits(&rule.target)
        };
        self.lists.iter().flat_map(|list| &list.rules).find(right).map(|rule| rule.action)
    }
}
