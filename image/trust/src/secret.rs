//! Secret keys, in the clear or under a password.

use std::fmt;
use std::io::Read;

use blake2::digest::consts::U32;
use blake2::{Blake2b, Digest as _};
use ed25519_dalek::SigningKey;
use scrypt::Params;

use crate::TrustError;
use crate::public::{KeyId, PublicKey};
use crate::signature::Signature;
use crate::text::{UNTRUSTED, decode, encode, key_line};

const WHAT: &str = "secret key";
const ALGORITHM: [u8; 2] = *b"Ed";
const CHECKSUM: [u8; 2] = *b"B2";
const SCRYPT: [u8; 2] = *b"Sc";
const NO_PASSWORD: [u8; 2] = [0; 2];

/// Number, seed and public key, and a checksum over them.
const SEALED: usize = 8 + 64 + 32;
/// Work for a new password, in the units of libsodium: N = 2^17, r = 8, p = 1, which is 128 MiB of memory.
const WORK: Work = Work { operations: 1 << 22, memory: 1 << 27 };
/// Most memory that a file may ask for: what minisign takes for its own keys.
const MAX_MEMORY: u64 = 1 << 30;
const BLOCK: u64 = 8;

/// A key that signs.
pub struct SecretKey {
    id: KeyId,
    key: SigningKey,
}

/// What a secret key shows of itself: never the secret.
impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SecretKey").field("id", &self.id).finish_non_exhaustive()
    }
}

impl SecretKey {
    /// A new key.
    ///
    /// # Errors
    /// [`TrustError::Random`].
    pub fn generate() -> Result<Self, TrustError> {
        let (mut id, mut seed) = ([0; 8], [0; 32]);
        random(&mut id)?;
        random(&mut seed)?;
        Ok(Self { id: KeyId(id), key: SigningKey::from_bytes(&seed) })
    }

    /// From the text of a key file.
    ///
    /// # Errors
    /// [`TrustError::Format`] when it is no secret key, [`TrustError::NeedsPassword`] and [`TrustError::Password`].
    pub fn parse(text: &str, password: Option<&str>) -> Result<Self, TrustError> {
        let bytes: [u8; 54 + SEALED] = decode(WHAT, key_line(WHAT, text)?)?;
        let (head, sealed) = bytes.split_at(54);
        let mut plain = [0; SEALED];
        plain.copy_from_slice(sealed);
        if head[..2] != ALGORITHM || head[4..6] != CHECKSUM {
            return Err(TrustError::format(WHAT, "it is not an Ed25519 key of minisign"));
        }
        let scheme = [head[2], head[3]];
        match scheme {
            NO_PASSWORD => {}
            SCRYPT => {
                let password = password.ok_or(TrustError::NeedsPassword)?;
                let work = Work { operations: number(&head[38..46]), memory: number(&head[46..54]) };
                work.stream(password, &head[6..38], &mut plain)?;
            }
            other => {
                return Err(TrustError::format(
                    WHAT,
                    format!("its password scheme {other:02x?} is not known"),
                ));
            }
        }
        let (secret, checksum) = plain.split_at(72);
        // minisign leaves the checksum of a key without password empty.
        let unsummed = scheme == NO_PASSWORD && checksum.iter().all(|byte| *byte == 0);
        if !unsummed && checksum != Self::checksum(secret) {
            return Err(TrustError::Password);
        }
        let (mut id, mut pair) = ([0; 8], [0; 64]);
        id.copy_from_slice(&secret[..8]);
        pair.copy_from_slice(&secret[8..]);
        let key = SigningKey::from_keypair_bytes(&pair).map_err(|_| TrustError::Password)?;
        Ok(Self { id: KeyId(id), key })
    }

    /// The text of a key file, under a password when one is given.
    ///
    /// # Errors
    /// [`TrustError::Random`].
    pub fn to_file(&self, password: Option<&str>) -> Result<String, TrustError> {
        let mut plain = [0; SEALED];
        plain[..8].copy_from_slice(&self.id.0);
        plain[8..72].copy_from_slice(&self.key.to_keypair_bytes());
        let checksum = Self::checksum(&plain[..72]);
        plain[72..].copy_from_slice(&checksum);
        let (mut salt, mut work, mut scheme) = ([0; 32], Work { operations: 0, memory: 0 }, NO_PASSWORD);
        if let Some(password) = password {
            random(&mut salt)?;
            (work, scheme) = (WORK, SCRYPT);
            work.stream(password, &salt, &mut plain)?;
        }
        let (operations, memory) = (work.operations.to_le_bytes(), work.memory.to_le_bytes());
        let bytes = [&ALGORITHM[..], &scheme, &CHECKSUM, &salt, &operations, &memory, &plain].concat();
        let kind = if password.is_some() { "encrypted " } else { "" };
        Ok(format!("{UNTRUSTED}minisign {kind}secret key {}\n{}\n", self.id, encode(&bytes)))
    }

    /// The public half.
    pub fn public(&self) -> PublicKey {
        PublicKey { id: self.id, key: self.key.verifying_key() }
    }

    /// Signs what `content` gives. `comment` is signed too, and shown by whoever verifies.
    ///
    /// # Errors
    /// [`TrustError::Read`]; [`TrustError::Format`] when the comment is not one line.
    pub fn sign(&self, content: impl Read, comment: &str) -> Result<Signature, TrustError> {
        Signature::make(self.id, &self.key, content, comment)
    }

    fn checksum(secret: &[u8]) -> [u8; 32] {
        Blake2b::<U32>::new().chain_update(ALGORITHM).chain_update(secret).finalize().into()
    }
}

fn random(bytes: &mut [u8]) -> Result<(), TrustError> {
    getrandom::fill(bytes).map_err(|e| TrustError::Random(e.to_string()))
}

fn number(bytes: &[u8]) -> u64 {
    bytes.iter().rev().fold(0, |number, byte| (number << 8) | u64::from(*byte))
}

/// Work of scrypt, in the units of libsodium.
#[derive(Clone, Copy, Debug)]
struct Work {
    operations: u64,
    memory: u64,
}

impl Work {
    /// N as a power of two, and p, as `crypto_pwhash_scryptsalsa208sha256` chooses them.
    fn parameters(self) -> (u8, u32) {
        let operations = self.operations.max(32_768);
        let little = operations < self.memory / 32;
        let most = if little { operations / (BLOCK * 4) } else { self.memory / (BLOCK * 128) };
        let power = (1..63).find(|power| 1_u64 << power > most / 2).unwrap_or(63);
        let parallel = if little { 1 } else { ((operations / 4) >> power).min(0x3fff_ffff) / BLOCK };
        (power, u32::try_from(parallel).unwrap_or(u32::MAX))
    }

    /// Turns plain into sealed bytes and back.
    fn stream(self, password: &str, salt: &[u8], bytes: &mut [u8; SEALED]) -> Result<(), TrustError> {
        let (power, parallel) = self.parameters();
        if self.memory > MAX_MEMORY || power > 20 || parallel > 16 {
            return Err(TrustError::format(WHAT, "its password asks for more memory or time than is given"));
        }
        let wrong = |e: &dyn fmt::Display| TrustError::format(WHAT, format!("its password scheme: {e}"));
        let params = Params::new(power, 8, parallel).map_err(|e| wrong(&e))?;
        let mut stream = [0; SEALED];
        scrypt::scrypt(password.as_bytes(), salt, &params, &mut stream).map_err(|e| wrong(&e))?;
        bytes.iter_mut().zip(stream).for_each(|(byte, key)| *byte ^= key);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_comes_back_with_and_without_password() {
        let key = SecretKey::generate().unwrap();
        let open = key.to_file(None).unwrap();
        assert_eq!(SecretKey::parse(&open, None).unwrap().public(), key.public());
        let sealed = key.to_file(Some("correct horse")).unwrap();
        assert_eq!(SecretKey::parse(&sealed, Some("correct horse")).unwrap().public(), key.public());
        assert!(matches!(SecretKey::parse(&sealed, None), Err(TrustError::NeedsPassword)));
        assert!(matches!(SecretKey::parse(&sealed, Some("wrong")), Err(TrustError::Password)));
        assert!(!format!("{key:?}").contains("key: Signing"));
    }

    #[test]
    fn a_changed_key_is_refused() {
        let text = SecretKey::generate().unwrap().to_file(None).unwrap();
        let payload = text.lines().nth(1).unwrap();
        let mut bytes: [u8; 158] = decode(WHAT, payload).unwrap();
        bytes[70] ^= 1;
        let changed = format!("{UNTRUSTED}x\n{}\n", encode(&bytes));
        assert!(matches!(SecretKey::parse(&changed, None), Err(TrustError::Password)));
        for short in ["", "untrusted comment: x\n", &text[..text.len() - 9]] {
            assert!(matches!(SecretKey::parse(short, None), Err(TrustError::Format { .. })), "{short}");
        }
    }

    #[test]
    fn work_is_that_of_libsodium() {
        for (operations, memory, expected) in [
            (33_554_432, 1 << 30, (20, 1)), // sensitive
            (524_288, 1 << 24, (14, 1)),    // interactive
            (WORK.operations, WORK.memory, (17, 1)),
            (0, 1 << 24, (10, 1)),
        ] {
            assert_eq!(Work { operations, memory }.parameters(), expected, "{operations} {memory}");
        }
    }

    #[test]
    fn a_file_that_asks_for_too_much_is_refused_before_it_is_tried() {
        let text = SecretKey::generate().unwrap().to_file(None).unwrap();
        let mut bytes: [u8; 158] = decode(WHAT, text.lines().nth(1).unwrap()).unwrap();
        bytes[2..4].copy_from_slice(&SCRYPT);
        bytes[38..54].fill(0xff);
        let greedy = format!("{UNTRUSTED}x\n{}\n", encode(&bytes));
        let error = SecretKey::parse(&greedy, Some("x")).unwrap_err().to_string();
        assert!(error.contains("more memory"), "{error}");
    }
}
