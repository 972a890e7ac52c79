//! Logins of the image: lines for the user database, and their folders.

use crate::ImageError;
use crate::archive::{Content, Layer, Node};
use crate::spec::User;

/// First number of a person's login (Debian Policy §9.2.2).
const FIRST_UID: u32 = 1000;

/// A login with the number that it gets.
pub(crate) struct Login<'a> {
    user: &'a User,
    id: u32,
}

/// Numbers for the logins of the specification, in its order.
pub(crate) fn logins(users: &[User]) -> Vec<Login<'_>> {
    (FIRST_UID..).zip(users).map(|(id, user)| Login { user, id }).collect()
}

/// `/etc/passwd` with the logins.
///
/// # Errors
/// [`ImageError::Root`] when a name or number is taken.
pub(crate) fn passwd(text: &[u8], logins: &[Login<'_>]) -> Result<Vec<u8>, ImageError> {
    lines(text, "/etc/passwd", logins, |login| {
        let Login { user: User { name, .. }, id } = login;
        format!("{name}:x:{id}:{id}::/home/{name}:/bin/bash")
    })
}

/// `/etc/shadow` with the logins; `!*` is a password that nothing matches and that cannot be unlocked by accident.
///
/// # Errors
/// As [`passwd`].
pub(crate) fn shadow(text: &[u8], logins: &[Login<'_>]) -> Result<Vec<u8>, ImageError> {
    lines(text, "/etc/shadow", logins, |login| format!("{}:!*:::::::", login.user.name))
}

/// `/etc/group` with a group for each login, and those with sudo in its group.
///
/// # Errors
/// As [`passwd`].
pub(crate) fn group(text: &[u8], logins: &[Login<'_>]) -> Result<Vec<u8>, ImageError> {
    let text = with_members(text, logins);
    lines(&text, "/etc/group", logins, |login| format!("{}:x:{}:", login.user.name, login.id))
}

/// `/etc/gshadow`, as [`group`].
///
/// # Errors
/// As [`passwd`].
pub(crate) fn gshadow(text: &[u8], logins: &[Login<'_>]) -> Result<Vec<u8>, ImageError> {
    let text = with_members(text, logins);
    lines(&text, "/etc/gshadow", logins, |login| format!("{}:!::", login.user.name))
}

/// Home folders, keys and rules for sudo.
///
/// # Errors
/// [`ImageError::Root`] when another part of the image has the same files.
pub(crate) fn files(logins: &[Login<'_>], layer: &mut Layer) -> Result<(), ImageError> {
    for Login { user, id } in logins {
        let own = |mode, content| Node { mode, uid: *id, gid: *id, content };
        let home = format!("home/{}", user.name);
        layer.add(&home, own(0o750, Content::Folder))?;
        layer.add(&format!("{home}/.ssh"), own(0o700, Content::Folder))?;
        let keys: String = user.ssh_authorized_keys.iter().flat_map(|key| [key.as_str(), "\n"]).collect();
        layer.add(&format!("{home}/.ssh/authorized_keys"), own(0o600, Content::Bytes(keys.into_bytes())))?;
        if user.sudo {
            let rule = format!("{} ALL=(ALL:ALL) NOPASSWD: ALL\n", user.name);
            let path = format!("etc/sudoers.d/10-daybreak-{}", user.name);
            layer.add(&path, Node::of_root(0o440, Content::Bytes(rule.into_bytes())))?;
        }
    }
    Ok(())
}

fn lines(
    text: &[u8],
    path: &str,
    logins: &[Login<'_>],
    line: impl Fn(&Login<'_>) -> String,
) -> Result<Vec<u8>, ImageError> {
    let mut text = text_of(text);
    for login in logins {
        let id = login.id.to_string();
        let taken = |line: &str| {
            let mut fields = line.split(':');
            let name = fields.next() == Some(login.user.name.as_str());
            // The third field is the number in passwd and group, a date or members in the shadow files.
            name || (!path.contains("shadow") && fields.nth(1) == Some(id.as_str()))
        };
        if let Some(line) = text.lines().find(|line| taken(line)) {
            let name = &login.user.name;
            return Err(ImageError::Root(format!("{path}: the login {name} ({id}) meets the line {line:?}")));
        }
        text.push_str(&line(login));
        text.push('\n');
    }
    Ok(text.into_bytes())
}

/// Adds those with sudo to the group of that name.
fn with_members(text: &[u8], logins: &[Login<'_>]) -> Vec<u8> {
    let names: Vec<_> =
        logins.iter().filter(|login| login.user.sudo).map(|login| login.user.name.as_str()).collect();
    let add = |line: &str| {
        if names.is_empty() || !line.starts_with("sudo:") {
            return format!("{line}\n");
        }
        let comma = if line.ends_with(':') { "" } else { "," };
        format!("{line}{comma}{}\n", names.join(","))
    };
    text_of(text).lines().map(add).collect::<String>().into_bytes()
}

fn text_of(bytes: &[u8]) -> String {
    let mut text = String::from_utf8_lossy(bytes).into_owned();
    if !text.is_empty() && !text.ends_with('\n') {
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn users() -> Vec<User> {
        let key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJjWSSvMsLa98yIdzTMyDCx9Lk8zC0xPBmfhzo4RyMFt a@b";
        let yaml = format!(
            "- {{name: ann, ssh_authorized_keys: ['{key}'], sudo: true}}\n- {{name: bob, ssh_authorized_keys: ['{key}']}}"
        );
        serde_saphyr::from_str(&yaml).unwrap()
    }

    fn text(result: Result<Vec<u8>, ImageError>) -> String {
        String::from_utf8(result.unwrap()).unwrap()
    }

    #[test]
    fn logins_are_locked_numbered_and_in_their_groups() {
        let users = users();
        let logins = logins(&users);
        assert_eq!(
            text(passwd(b"root:x:0:0::/root:/bin/sh\n", &logins)),
            "root:x:0:0::/root:/bin/sh\nann:x:1000:1000::/home/ann:/bin/bash\nbob:x:1001:1001::/home/bob:/bin/bash\n"
        );
        assert_eq!(
            text(shadow(b"root:*:1::::::", &logins)),
            "root:*:1::::::\nann:!*:::::::\nbob:!*:::::::\n"
        );
        assert_eq!(text(group(b"sudo:x:27:\n", &logins)), "sudo:x:27:ann\nann:x:1000:\nbob:x:1001:\n");
        assert_eq!(text(gshadow(b"sudo:*::x\n", &logins)), "sudo:*::x,ann\nann:!::\nbob:!::\n");
    }

    #[test]
    fn a_name_or_number_that_is_taken_is_refused() {
        let users = users();
        let logins = logins(&users);
        for line in ["bob:x:55:55::/:/bin/sh", "other:x:1001:1::/:/bin/sh"] {
            let error = passwd(line.as_bytes(), &logins).unwrap_err().to_string();
            assert!(error.contains("bob (1001)") && error.contains(line), "{error}");
        }
    }

    #[test]
    fn keys_belong_to_their_login_alone() {
        let users = users();
        let mut layer = Layer::default();
        files(&logins(&users), &mut layer).unwrap();
        let keys = layer.get("home/ann/.ssh/authorized_keys").unwrap();
        assert_eq!((keys.mode, keys.uid, keys.gid), (0o600, 1000, 1000));
        assert_eq!(layer.get("home/bob/.ssh").map(|node| (node.mode, node.uid)), Some((0o700, 1001)));
        assert!(layer.get("etc/sudoers.d/10-daybreak-ann").is_some());
        assert!(layer.get("etc/sudoers.d/10-daybreak-bob").is_none());
    }
}
