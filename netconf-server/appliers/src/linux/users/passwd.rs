//! Users and groups, read from their files: through a root prefix and without a name service that may wait.

use crate::files::{self, FileError};
use std::path::Path;

/// An account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Account {
    pub(super) uid: u32,
    pub(super) gid: u32,
    pub(super) home: String,
    /// Names of the groups that list it, sorted.
    pub(super) groups: Vec<String>,
    /// Its day of expiry is in the past.
    pub(super) expired: bool,
}

/// The account of that name.
pub(super) fn find(root: &Path, name: &str) -> Result<Option<Account>, FileError> {
    let passwd = files::read(&root.join("etc/passwd"))?.unwrap_or_default();
    let group = files::read(&root.join("etc/group"))?.unwrap_or_default();
    let shadow = files::read(&root.join("etc/shadow"))?.unwrap_or_default();
    Ok(parse(&passwd, &group, &shadow, name))
}

fn parse(passwd: &str, group: &str, shadow: &str, name: &str) -> Option<Account> {
    let fields = |text: &str| {
        text.lines().map(|line| line.split(':').map(str::to_owned).collect::<Vec<_>>()).collect::<Vec<_>>()
    };
    let line = fields(passwd).into_iter().find(|fields| fields.len() >= 7 && fields[0] == name)?;
    let mut groups: Vec<_> = fields(group)
        .into_iter()
        .filter(|fields| fields.get(3).is_some_and(|members| members.split(',').any(|member| member == name)))
        .map(|mut fields| fields.swap_remove(0))
        .collect();
    groups.sort();
    let shadow = fields(shadow).into_iter().find(|fields| fields.len() >= 8 && fields[0] == name);
    // Days since 1970. Everything that is set here by this program is day 1.
    let expired = shadow.is_some_and(|fields| fields[7].parse::<u32>().is_ok_and(|day| day <= 1));
    Some(Account {
        uid: line[2].parse().ok()?,
        gid: line[3].parse().ok()?,
        home: line[5].clone(),
        groups,
        expired,
    })
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn accounts_are_found_with_their_groups() {
        let passwd = "root:x:0:0:root:/root:/bin/bash\nann:x:1000:1001:Ann,,,:/home/ann:/bin/bash\nbroken\n";
        let group = "sudo:x:27:bob,ann\nadm:x:4:ann\nann:x:1001:\nx:y\n";
        let ann = parse(passwd, group, "ann:!:19000:0:99999:7::1:\n", "ann").unwrap();
        assert_eq!((ann.uid, ann.gid, ann.home.as_str(), ann.expired), (1000, 1001, "/home/ann", true));
        assert_eq!(ann.groups, ["adm", "sudo"]);
        assert!(!parse(passwd, group, "ann:!:19000:0:99999:7:::\n", "ann").unwrap().expired);
        assert_eq!(parse(passwd, group, "", "an"), None);
        assert_eq!(parse(passwd, group, "", "broken"), None);
    }
}
