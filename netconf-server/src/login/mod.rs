//! Logins: the users of Linux, their groups and the keys that may log in as them.

mod keys;

pub use keys::{AuthorizedKey, KEYS_FILE, KeyFileError, authorized_keys, read_authorized_keys};

use std::collections::BTreeSet;
use std::ffi::CString;
use std::path::PathBuf;

use crate::nacm::User;

/// Members of this group are administrators, as they are for sudo.
const ADMINS: &str = "sudo";

/// A user of Linux.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Login {
    /// Name.
    pub name: String,
    /// Number.
    pub uid: u32,
    /// Home directory.
    pub home: PathBuf,
    /// Groups, the primary one included.
    pub groups: BTreeSet<String>,
}

impl Login {
    /// Looks a user up; None when there is no such user or the system does not say.
    pub fn find(name: &str) -> Option<Self> {
        Self::of(nix::unistd::User::from_name(name).ok()??)
    }

    /// Looks up who a process is.
    pub fn with_uid(uid: u32) -> Option<Self> {
        Self::of(nix::unistd::User::from_uid(nix::unistd::Uid::from_raw(uid)).ok()??)
    }

    fn of(user: nix::unistd::User) -> Option<Self> {
        let name = CString::new(user.name.as_str()).ok()?;
        let groups = nix::unistd::getgrouplist(&name, user.gid).ok()?;
        let group = |gid| Some(nix::unistd::Group::from_gid(gid).ok()??.name);
        Some(Self {
            groups: groups.into_iter().filter_map(group).collect(),
            name: user.name,
            uid: user.uid.as_raw(),
            home: user.dir,
        })
    }

    /// The user as access control sees it.
    pub fn user(&self) -> User {
        User {
            name: self.name.clone(),
            groups: self.groups.clone(),
            admin: self.uid == 0 || self.groups.contains(ADMINS),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Login;

    #[test]
    fn root_is_an_administrator_and_nobody_is_not() {
        let root = Login::find("root").unwrap();
        assert!(root.user().admin && root.groups.contains("root"), "{root:?}");
        assert_eq!(Login::with_uid(0), Some(root));
        assert!(!Login::find("nobody").unwrap().user().admin);
        assert_eq!(Login::find("no-such-user"), None);
        assert_eq!(Login::find("nul\0"), None);
    }
}
