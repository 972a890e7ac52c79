//! `authorized_keys` (`AUTHORIZED_KEYS FILE FORMAT` in sshd(8)), read as strictly as sshd reads it.

use std::fs::File;
use std::io::Read;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use super::Login;

/// The largest file that is read, in bytes.
const LARGEST: u64 = 1 << 20;

/// A key that may log in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthorizedKey {
    /// Algorithm, as `ssh-ed25519`.
    pub algorithm: String,
    /// The key in base64.
    pub key: String,
}

/// A file of keys that is not trusted.
#[derive(Debug, thiserror::Error)]
pub enum KeyFileError {
    /// It cannot be read.
    #[error("{path}: {source}")]
    Read {
        /// The file or a directory above it.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Somebody else could have written it.
    #[error("{path} can be changed by others than {user}; chown it to {user} and chmod go-w")]
    Unsafe {
        /// The file or a directory above it.
        path: PathBuf,
        /// Whose it should be.
        user: String,
    },
    /// It is a FIFO, a device or a folder.
    #[error("{path} is not a regular file")]
    NotAFile {
        /// The file.
        path: PathBuf,
    },
    /// It is larger than any list of keys.
    #[error("{path} is larger than {LARGEST} bytes")]
    TooLarge {
        /// The file.
        path: PathBuf,
    },
}

/// Where keys are, as sshd's `AuthorizedKeysFile`: `%h` is the home directory, `%u` the name.
pub const KEYS_FILE: &str = "%h/.ssh/authorized_keys";

/// Reads the keys of a login from the file that `pattern` names; no file is no keys.
///
/// # Errors
/// When the file, its directory or, for a file in it, the home directory can be written to by others than the user and
/// root, or the file cannot be read.
pub fn read_authorized_keys(login: &Login, pattern: &str) -> Result<Vec<AuthorizedKey>, KeyFileError> {
    let path = pattern.replace("%h", &login.home.to_string_lossy()).replace("%u", &login.name);
    let path = PathBuf::from(path);
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |source| KeyFileError::Read { path, source }
    };
    // Not to wait for a FIFO's other end: the file is the user's, and so is what it is.
    let file = match File::options().read(true).custom_flags(nix::libc::O_NONBLOCK).open(&path) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(failed(&path)(error)),
    };
    // The opened file is looked at and not its name, which may lead elsewhere by now.
    let metadata = file.metadata().map_err(failed(&path))?;
    if !metadata.is_file() {
        return Err(KeyFileError::NotAFile { path });
    }
    safe(&path, &metadata, login)?;
    let home = path.starts_with(&login.home).then(|| login.home.clone());
    for folder in path.parent().map(Path::to_owned).into_iter().chain(home) {
        safe(&folder, &std::fs::metadata(&folder).map_err(failed(&folder))?, login)?;
    }
    let mut text = Vec::new();
    file.take(LARGEST + 1).read_to_end(&mut text).map_err(failed(&path))?;
    if text.len() as u64 > LARGEST {
        return Err(KeyFileError::TooLarge { path });
    }
    Ok(authorized_keys(&String::from_utf8_lossy(&text)))
}

fn safe(path: &Path, metadata: &std::fs::Metadata, login: &Login) -> Result<(), KeyFileError> {
    let owned = metadata.uid() == 0 || metadata.uid() == login.uid;
    if owned && metadata.mode() & 0o022 == 0 {
        return Ok(());
    }
    Err(KeyFileError::Unsafe { path: path.to_owned(), user: login.name.clone() })
}

/// The keys of a file. Lines with options are left out: each option narrows what a login may do (a forced command, an
/// address, an end of validity), and whoever cannot keep to it must not let the key in.
pub fn authorized_keys(text: &str) -> Vec<AuthorizedKey> {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines
        .filter_map(|line| {
            let mut words = line.split_ascii_whitespace();
            let (algorithm, key) = (words.next()?, words.next()?);
            let named = ["ssh-", "ecdsa-sha2-", "sk-"].iter().any(|start| algorithm.starts_with(start));
            let plain = algorithm.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-@.".contains(&byte));
            let base64 = key.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+/=".contains(&byte));
            let key = AuthorizedKey { algorithm: algorithm.to_owned(), key: key.to_owned() };
            (named && plain && base64).then_some(key)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn keys_are_read_and_restricted_ones_left_out() {
        let text = "# a comment\n\n ssh-ed25519 AAAAC3Nz ann@desk\nssh-rsa AAAAB3==\n\
                    command=\"/bin/true\" ssh-ed25519 AAAAforced\nno-pty,from=\"10.0.0.1\" ssh-rsa AAAAfrom\n\
                    ssh-ed25519 not/base64!\nssh-ed25519\n";
        let keys = authorized_keys(text);
        let read: Vec<_> = keys.iter().map(|key| (key.algorithm.as_str(), key.key.as_str())).collect();
        assert_eq!(read, [("ssh-ed25519", "AAAAC3Nz"), ("ssh-rsa", "AAAAB3==")]);
    }

    /// A home with one key, all of it with safe modes.
    fn home() -> (tempfile::TempDir, Login) {
        let folder = tempfile::tempdir().unwrap();
        let login = Login {
            name: "ann".to_owned(),
            uid: nix::unistd::getuid().as_raw(),
            home: folder.path().to_owned(),
            groups: std::collections::BTreeSet::new(),
        };
        std::fs::create_dir(folder.path().join(".ssh")).unwrap();
        std::fs::write(folder.path().join(".ssh/authorized_keys"), "ssh-ed25519 AAAA\n").unwrap();
        for path in [".ssh", ".ssh/authorized_keys"] {
            mode(&folder.path().join(path), 0o700);
        }
        (folder, login)
    }

    fn mode(path: &Path, mode: u32) {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn a_safe_file_is_read_and_no_file_is_no_keys() {
        let (folder, login) = home();
        assert_eq!(read_authorized_keys(&login, KEYS_FILE).unwrap().len(), 1);
        std::fs::remove_file(folder.path().join(".ssh/authorized_keys")).unwrap();
        assert!(read_authorized_keys(&login, KEYS_FILE).unwrap().is_empty());
    }

    #[test]
    fn what_others_can_write_is_refused() {
        for path in [".ssh/authorized_keys", ".ssh", "."] {
            let (folder, login) = home();
            mode(&folder.path().join(path), 0o722);
            let error = read_authorized_keys(&login, KEYS_FILE).unwrap_err();
            assert!(matches!(error, KeyFileError::Unsafe { .. }), "{path}: {error}");
        }
    }

    #[test]
    fn what_somebody_else_owns_is_refused() {
        let (_folder, login) = home();
        // Root's files are good for everybody, so a file of a third user is needed; only root can make one.
        if login.uid != 0 {
            return;
        }
        let (folder, mut login) = home();
        std::os::unix::fs::chown(folder.path().join(".ssh"), Some(65534), None).unwrap();
        login.uid = 1000;
        assert!(matches!(read_authorized_keys(&login, KEYS_FILE).unwrap_err(), KeyFileError::Unsafe { .. }));
    }

    #[test]
    fn what_is_no_file_is_refused_and_not_waited_for() {
        let (folder, login) = home();
        let path = folder.path().join(".ssh/authorized_keys");
        std::fs::remove_file(&path).unwrap();
        nix::unistd::mkfifo(&path, nix::sys::stat::Mode::S_IRUSR).unwrap();
        let error = read_authorized_keys(&login, KEYS_FILE).unwrap_err();
        assert!(matches!(error, KeyFileError::NotAFile { .. }), "{error}");
        std::fs::remove_file(&path).unwrap();
        std::os::unix::fs::symlink("/dev/zero", &path).unwrap();
        let error = read_authorized_keys(&login, KEYS_FILE).unwrap_err();
        assert!(matches!(error, KeyFileError::NotAFile { .. }), "{error}");
    }

    #[test]
    fn a_file_without_end_is_refused() {
        let (folder, login) = home();
        let path = folder.path().join(".ssh/authorized_keys");
        File::options().write(true).open(&path).unwrap().set_len(LARGEST + 1).unwrap();
        assert!(matches!(
            read_authorized_keys(&login, KEYS_FILE).unwrap_err(),
            KeyFileError::TooLarge { .. }
        ));
    }
}
