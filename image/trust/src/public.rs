//! Public keys.

use std::fmt;
use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::str::FromStr;

use ed25519_dalek::VerifyingKey;

use crate::TrustError;
use crate::text::{UNTRUSTED, decode, encode, key_line};

const WHAT: &str = "public key";
const ALGORITHM: [u8; 2] = *b"Ed";
/// A key file has two short lines.
const MAX_FILE: u64 = 4096;

/// Number of a key pair, drawn when it was made; shown as minisign shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct KeyId(pub(crate) [u8; 8]);

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016X}", u64::from_le_bytes(self.0))
    }
}

/// A public key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicKey {
    pub(crate) id: KeyId,
    pub(crate) key: VerifyingKey,
}

impl PublicKey {
    /// Reads a key file: a comment, then the key.
    ///
    /// # Errors
    /// [`TrustError::Io`] when it cannot be read, [`TrustError::Format`] when it is no public key.
    pub fn read(path: &Path) -> Result<Self, TrustError> {
        let mut text = String::new();
        File::open(path)
            .and_then(|file| file.take(MAX_FILE).read_to_string(&mut text))
            .map_err(TrustError::io("read", path))?;
        key_line(WHAT, &text)?.parse()
    }

    /// The number of the pair.
    pub const fn id(&self) -> KeyId {
        self.id
    }

    /// The text of a key file.
    pub fn to_file(&self) -> String {
        format!("{UNTRUSTED}minisign public key {}\n{self}\n", self.id)
    }
}

/// The line of base64, as `minisign -P` takes it.
impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = [&ALGORITHM[..], &self.id.0, self.key.as_bytes()].concat();
        f.write_str(&encode(&bytes))
    }
}

impl FromStr for PublicKey {
    type Err = TrustError;

    fn from_str(line: &str) -> Result<Self, TrustError> {
        let bytes: [u8; 42] = decode(WHAT, line)?;
        let (algorithm, rest) = bytes.split_at(2);
        let (id, key) = rest.split_at(8);
        if algorithm != ALGORITHM {
            return Err(TrustError::format(WHAT, "it is not an Ed25519 key of minisign"));
        }
        let mut number = [0; 8];
        number.copy_from_slice(id);
        let key = VerifyingKey::try_from(key).map_err(|e| TrustError::format(WHAT, e.to_string()))?;
        if key.is_weak() {
            return Err(TrustError::format(WHAT, "it is one of the weak keys, for which anybody can sign"));
        }
        Ok(Self { id: KeyId(number), key })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The key of minisign's own releases.
    const RELEASES: &str = "RWQf6LRCGA9i53mlYecO4IzT51TGPpvWucNSCh1CBM0QTaLn73Y7GFO3";

    #[test]
    fn a_key_has_the_number_that_minisign_shows() {
        let key: PublicKey = RELEASES.parse().unwrap();
        assert_eq!(key.id().to_string(), "E7620F1842B4E81F");
        assert_eq!(key.to_string(), RELEASES);
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), key.to_file()).unwrap();
        assert_eq!(PublicKey::read(file.path()).unwrap(), key);
    }

    #[test]
    fn what_is_no_key_is_refused_with_the_reason() {
        let weak = encode(&[&b"Ed"[..], &[0; 40]].concat());
        let secret = encode(&[0; 158]);
        for (line, expected) in [
            ("", "42 bytes"),
            ("RWQf6LRCGA9i53mlYecO4IzT51TGPpvWucNSCh1CBM0QTaLn73Y7GFO", "padding"),
            ("SWQf6LRCGA9i53mlYecO4IzT51TGPpvWucNSCh1CBM0QTaLn73Y7GFO3", "not an Ed25519"),
            (weak.as_str(), "weak"),
            (secret.as_str(), "there are 158"),
        ] {
            let error = line.parse::<PublicKey>().unwrap_err().to_string();
            assert!(error.to_lowercase().contains(&expected.to_lowercase()), "{line}: {error}");
        }
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), RELEASES).unwrap();
        assert!(PublicKey::read(file.path()).unwrap_err().to_string().contains("first line"));
    }
}
