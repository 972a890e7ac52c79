//! `~/.ssh/authorized_keys`: ours stand between two marks, what else is there stays.
//!
//! The folder belongs to a user who may put anything there while we look, so no path is followed: each part is opened in the
//! one before it, and a symbolic link is an error.

use crate::intent::AuthorizedKey;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use nix::errno::Errno;
use nix::fcntl::{AT_FDCWD, OFlag, openat, renameat};
use nix::sys::stat::{Mode, fchmod, fstat, mkdirat};
use nix::unistd::{Gid, Uid, UnlinkatFlags, fchown, unlinkat};
use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::OwnedFd;
use std::path::Path;

const BEGIN: &str = "# >>> netconfd: keys of the configuration; what is written here by hand is lost\n";
const END: &str = "# <<< netconfd\n";
const FILE: &str = "authorized_keys";
const NEW: &str = ".authorized_keys.daybreak";

/// Largest file that is read, in bytes.
const LIMIT: u64 = 1 << 20;

/// The text of the file with these keys between our marks.
fn with_keys(now: &str, keys: &[AuthorizedKey]) -> String {
    let mut text = match now.split_once(BEGIN) {
        Some((before, rest)) => before.to_owned() + rest.split_once(END).map_or("", |(_, after)| after),
        None => now.to_owned(),
    };
    if keys.is_empty() {
        return text;
    }
    if !text.is_empty() && !text.ends_with('\n') {
        text.push('\n');
    }
    text.push_str(BEGIN);
    for key in keys {
        for part in [&key.algorithm, " ", &key.data, " ", &key.name, "\n"] {
            text.push_str(part);
        }
    }
    text + END
}

/// Why sshd would not take a key, or read it as something else; None when it is right.
pub(super) fn unusable(key: &AuthorizedKey) -> Option<(&'static str, String)> {
    const KNOWN: &[&str] = &[
        "ssh-ed25519",
        "ecdsa-sha2-nistp256",
        "ecdsa-sha2-nistp384",
        "ecdsa-sha2-nistp521",
        "ssh-rsa",
        "sk-ssh-ed25519@openssh.com",
        "sk-ecdsa-sha2-nistp256@openssh.com",
    ];
    if key.name.is_empty() || key.name.len() > 255 || key.name.chars().any(char::is_control) {
        return Some(("name", "is empty, longer than 255 bytes or has control characters".to_owned()));
    }
    if !KNOWN.contains(&key.algorithm.as_str()) {
        return Some(("algorithm", format!("{:?} is not one of {}", key.algorithm, KNOWN.join(", "))));
    }
    let named = |bytes: &[u8]| {
        let length = bytes.get(..4).map(|four| u32::from_be_bytes([four[0], four[1], four[2], four[3]]))?;
        bytes.get(4..4 + usize::try_from(length).ok()?).map(<[u8]>::to_vec)
    };
    match STANDARD.decode(&key.data) {
        Err(error) => Some(("key-data", format!("is not base64: {error}"))),
        Ok(bytes) if named(&bytes).as_deref() != Some(key.algorithm.as_bytes()) => {
            Some(("key-data", format!("is not a key of the kind {}", key.algorithm)))
        }
        Ok(_) => None,
    }
}

/// How folders are opened.
const FOLDER: OFlag = OFlag::O_DIRECTORY.union(OFlag::O_NOFOLLOW).union(OFlag::O_CLOEXEC);

/// Whether the file of a user has other keys of ours than these. What cannot be read safely has none: [`write`] tells why.
pub(super) fn differ(home: &Path, keys: &[AuthorizedKey]) -> bool {
    let read = || {
        let home = openat(AT_FDCWD, home, FOLDER, Mode::empty())?;
        read(&openat(&home, ".ssh", FOLDER, Mode::empty())?)
    };
    let now = read().unwrap_or_default();
    with_keys(&now, keys) != now
}

/// Puts the keys of the configuration into the file of a user.
pub(super) fn write(home: &Path, uid: u32, gid: u32, keys: &[AuthorizedKey]) -> io::Result<()> {
    let owner = (Uid::from_raw(uid), Gid::from_raw(gid));
    let home = openat(AT_FDCWD, home, FOLDER, Mode::empty())?;
    let ssh = match openat(&home, ".ssh", FOLDER, Mode::empty()) {
        Err(Errno::ENOENT) if keys.is_empty() => return Ok(()),
        Err(Errno::ENOENT) => {
            mkdirat(&home, ".ssh", Mode::S_IRWXU)?;
            let ssh = openat(&home, ".ssh", FOLDER, Mode::empty())?;
            fchown(&ssh, Some(owner.0), Some(owner.1))?;
            ssh
        }
        ssh => ssh?,
    };
    let holder = fstat(&ssh)?.st_uid;
    if holder != uid && holder != 0 {
        return Err(io::Error::other(format!(".ssh belongs to the user {holder}, not to {uid}")));
    }
    let now = read(&ssh)?;
    let text = with_keys(&now, keys);
    if text == now {
        return Ok(());
    }
    match unlinkat(&ssh, NEW, UnlinkatFlags::NoRemoveDir) {
        Err(error) if error != Errno::ENOENT => return Err(error.into()),
        _ => {}
    }
    let flags = OFlag::O_WRONLY | OFlag::O_CREAT | OFlag::O_EXCL | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
    let mut file = File::from(openat(&ssh, NEW, flags, Mode::S_IRUSR | Mode::S_IWUSR)?);
    fchown(&file, Some(owner.0), Some(owner.1))?;
    fchmod(&file, Mode::S_IRUSR | Mode::S_IWUSR)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    renameat(&ssh, NEW, &ssh, FILE)?;
    nix::unistd::fsync(&ssh)?;
    Ok(())
}

fn read(ssh: &OwnedFd) -> io::Result<String> {
    let flags = OFlag::O_RDONLY | OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK | OFlag::O_CLOEXEC;
    let file = match openat(ssh, FILE, flags, Mode::empty()) {
        Err(Errno::ENOENT) => return Ok(String::new()),
        file => File::from(file?),
    };
    if !file.metadata()?.is_file() {
        return Err(io::Error::other("authorized_keys is not a file"));
    }
    let mut bytes = Vec::new();
    file.take(LIMIT + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > LIMIT {
        return Err(io::Error::other("authorized_keys is larger than 1 MiB"));
    }
    String::from_utf8(bytes).map_err(io::Error::other)
}

#[cfg(test)]
mod tests {
    use super::{BEGIN, differ, unusable, with_keys, write};
    use crate::intent::AuthorizedKey;
    use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};

    /// Of `ssh-keygen -t ed25519`.
    const DATA: &str = "AAAAC3NzaC1lZDI1NTE5AAAAIEPmO8qF3aQf8lUIbJ3t0zWmF3mD2F4oYxw3Qm0zLq6k";

    fn key(name: &str) -> AuthorizedKey {
        let json = serde_json::json!({"name": name, "algorithm": "ssh-ed25519", "data": DATA});
        serde_json::from_value(json).unwrap()
    }

    #[test]
    fn other_keys_stay_where_they_are() {
        let day1 = "ssh-ed25519 AAAA day1";
        let with = with_keys(day1, &[key("a"), key("b")]);
        assert!(with.starts_with("ssh-ed25519 AAAA day1\n# >>>"), "{with}");
        assert_eq!(with_keys(&with, &[key("a"), key("b")]), with);
        let one = with_keys(&(with + "later\n"), &[key("c")]);
        assert!(one.starts_with("ssh-ed25519 AAAA day1\nlater\n# >>>") && one.contains(" c\n"), "{one}");
        assert_eq!(with_keys(&one, &[]), "ssh-ed25519 AAAA day1\nlater\n");
        assert_eq!(with_keys(&format!("x\n{BEGIN}cut off"), &[]), "x\n");
    }

    #[test]
    fn keys_are_checked() {
        assert_eq!(unusable(&key("a")), None);
        for (edit, leaf) in [
            (
                Box::new(|key: &mut AuthorizedKey| key.name = "a\nssh-rsa x".to_owned())
                    as Box<dyn Fn(&mut AuthorizedKey)>,
                "name",
            ),
            (Box::new(|key| key.algorithm = "command=\"x\" ssh-rsa".to_owned()), "algorithm"),
            (Box::new(|key| key.algorithm = "ssh-rsa".to_owned()), "key-data"),
            (Box::new(|key| key.data = "not base64".to_owned()), "key-data"),
            (Box::new(|key| key.data = "AAAA".to_owned()), "key-data"),
        ] {
            let mut bad = key("a");
            edit(&mut bad);
            assert_eq!(unusable(&bad).unwrap().0, leaf);
        }
    }

    #[test]
    fn the_file_is_the_users_and_nobody_elses() {
        let home = tempfile::tempdir().unwrap();
        write(home.path(), 1234, 1235, &[]).unwrap();
        assert!(!home.path().join(".ssh").exists(), "no keys, no file");
        write(home.path(), 1234, 1235, &[key("a")]).unwrap();
        let (folder, file) = (home.path().join(".ssh"), home.path().join(".ssh/authorized_keys"));
        for (path, mode) in [(&folder, 0o700), (&file, 0o600)] {
            let meta = std::fs::metadata(path).unwrap();
            assert_eq!((meta.uid(), meta.gid(), meta.permissions().mode() & 0o777), (1234, 1235, mode));
        }
        assert!(!differ(home.path(), &[key("a")]) && differ(home.path(), &[key("b")]));
    }

    #[test]
    fn a_link_that_a_user_puts_there_is_not_followed() {
        let home = tempfile::tempdir().unwrap();
        let target = home.path().join("shadow");
        std::fs::write(&target, "secret").unwrap();
        std::fs::create_dir(home.path().join(".ssh")).unwrap();
        symlink(&target, home.path().join(".ssh/authorized_keys")).unwrap();
        write(home.path(), 0, 0, &[key("a")]).unwrap_err();
        assert_eq!(std::fs::read_to_string(&target).unwrap(), "secret");

        let other = tempfile::tempdir().unwrap();
        symlink(home.path(), other.path().join(".ssh")).unwrap();
        write(other.path(), 0, 0, &[key("a")]).unwrap_err();
    }

    #[test]
    fn what_is_no_file_is_neither_waited_for_nor_read() {
        let home = tempfile::tempdir().unwrap();
        let file = home.path().join(".ssh/authorized_keys");
        std::fs::create_dir(home.path().join(".ssh")).unwrap();
        let look = || {
            let (path, (done, looked)) = (home.path().to_owned(), std::sync::mpsc::channel());
            std::thread::spawn(move || done.send((differ(&path, &[key("a")]), differ(&path, &[]))));
            looked.recv_timeout(std::time::Duration::from_secs(20)).expect("an answer at once")
        };
        nix::unistd::mkfifo(&file, nix::sys::stat::Mode::S_IRWXU).unwrap();
        assert_eq!(look(), (true, false), "a FIFO that nobody writes to");
        std::fs::remove_file(&file).unwrap();
        symlink("/dev/zero", &file).unwrap();
        assert_eq!(look(), (true, false), "a link to a file without end");
        std::fs::remove_file(&file).unwrap();
        let other = home.path().join("other");
        std::fs::write(&other, with_keys("", &[key("a")])).unwrap();
        symlink(&other, &file).unwrap();
        assert_eq!(look(), (true, false), "a link to a file that another may not read");
    }
}
