//! The keys that somebody trusts.

use std::fs;
use std::io;
use std::path::Path;

use crate::TrustError;
use crate::public::PublicKey;
use crate::signature::Signature;

/// More keys than anybody has; a folder with more holds something else.
const MAX_KEYS: usize = 100;

/// Public keys, each good for itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Keyring(Vec<PublicKey>);

impl Keyring {
    /// Of these keys.
    pub fn new(keys: Vec<PublicKey>) -> Self {
        Self(keys)
    }

    /// Every `*.pub` in a folder; none when there is no such folder.
    ///
    /// # Errors
    /// When the folder or a key cannot be read: a key that is left out silently would make good images bad, and an empty
    /// keyring makes bad images good.
    pub fn load(folder: &Path) -> Result<Self, TrustError> {
        let entries = match fs::read_dir(folder) {
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(Self::default()),
            entries => entries.map_err(TrustError::io("read the folder", folder))?,
        };
        let mut paths = Vec::new();
        for entry in entries {
            let path = entry.map_err(TrustError::io("read the folder", folder))?.path();
            if path.extension().is_some_and(|extension| extension == "pub") {
                paths.push(path);
            }
        }
        if paths.len() > MAX_KEYS {
            let reason = format!("{} has more than {MAX_KEYS} keys", folder.display());
            return Err(TrustError::format("keyring", reason));
        }
        paths.sort();
        let named = |path: &Path| {
            PublicKey::read(path).map_err(|error| match error {
                TrustError::Format { what, reason } => {
                    TrustError::Format { what, reason: format!("{}: {reason}", path.display()) }
                }
                other => other,
            })
        };
        paths.iter().map(|path| named(path)).collect::<Result<_, _>>().map(Self)
    }

    /// Whether nothing is trusted, which means that nothing is checked.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The keys.
    pub fn keys(&self) -> &[PublicKey] {
        &self.0
    }

    /// Checks that one of the keys signed `content`; gives the key.
    ///
    /// # Errors
    /// Those of [`Signature::parse`] and [`Signature::verify`].
    pub fn verify(&self, content: &[u8], signature: &[u8]) -> Result<&PublicKey, TrustError> {
        let signature = Signature::parse(signature)?;
        let mut last = None;
        for key in self.0.iter().filter(|key| key.id() == signature.key_id()) {
            match signature.verify(key, content) {
                Ok(()) => return Ok(key),
                Err(error) => last = Some(error),
            }
        }
        let names = || self.0.iter().map(|key| key.id().to_string()).collect::<Vec<_>>().join(", ");
        Err(last.unwrap_or_else(|| TrustError::UnknownKey { signed: signature.key_id(), trusted: names() }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SecretKey;

    #[test]
    fn any_of_the_keys_in_the_folder_will_do() {
        let folder = tempfile::tempdir().unwrap();
        assert!(Keyring::load(&folder.path().join("absent")).unwrap().is_empty());
        assert!(Keyring::load(folder.path()).unwrap().is_empty());
        let keys: Vec<_> = (0..3).map(|_| SecretKey::generate().unwrap()).collect();
        for (n, key) in keys[..2].iter().enumerate() {
            fs::write(folder.path().join(format!("{n}.pub")), key.public().to_file()).unwrap();
        }
        fs::write(folder.path().join("README"), "not a key").unwrap();
        let ring = Keyring::load(folder.path()).unwrap();
        assert_eq!(ring.keys().len(), 2);
        let sign = |n: usize| keys[n].sign(&b"x"[..], "").unwrap().to_string();
        assert_eq!(ring.verify(b"x", sign(1).as_bytes()).unwrap(), &keys[1].public());
        let error = ring.verify(b"x", sign(2).as_bytes()).unwrap_err().to_string();
        assert!(error.contains(&keys[0].public().id().to_string()), "{error}");
        assert!(matches!(ring.verify(b"y", sign(0).as_bytes()), Err(TrustError::Content(_))));
    }

    #[test]
    fn a_damaged_key_is_an_error_that_names_the_file() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("bad.pub"), "untrusted comment: x\nRWQ=\n").unwrap();
        let error = Keyring::load(folder.path()).unwrap_err().to_string();
        assert!(error.contains("bad.pub"), "{error}");
    }
}
