//! Signature files.

use std::fmt;
use std::io::{self, Read};

use blake2::{Blake2b512, Digest as _};
use ed25519_dalek::{Signer as _, SigningKey};

use crate::TrustError;
use crate::public::{KeyId, PublicKey};
use crate::text::{UNTRUSTED, check_comment, decode, encode};

const WHAT: &str = "signature";
/// Over the `BLAKE2b` digest of the content.
const PREHASHED: [u8; 2] = *b"ED";
/// Over the content itself, as the first versions of minisign made it.
const LEGACY: [u8; 2] = *b"Ed";
const TRUSTED: &str = "trusted comment: ";

/// Largest signature file, in bytes: two comments and two lines of base64.
pub const MAX_SIGNATURE_SIZE: usize = 4096;

/// A signature over a content and over a comment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signature {
    id: KeyId,
    content: [u8; 64],
    comment: String,
    whole: [u8; 64],
}

impl Signature {
    pub(crate) fn make(
        id: KeyId,
        key: &SigningKey,
        content: impl Read,
        comment: &str,
    ) -> Result<Self, TrustError> {
        check_comment(WHAT, comment)?;
        let content = key.sign(&digest(content)?).to_bytes();
        let whole = key.sign(&[&content[..], comment.as_bytes()].concat()).to_bytes();
        Ok(Self { id, content, comment: comment.to_owned(), whole })
    }

    /// From the text of a signature file.
    ///
    /// # Errors
    /// [`TrustError::Format`] when it is none, or cut short.
    pub fn parse(text: &[u8]) -> Result<Self, TrustError> {
        let wrong = |reason: &str| TrustError::format(WHAT, reason);
        if text.len() > MAX_SIGNATURE_SIZE {
            return Err(wrong("it is longer than a signature file can be"));
        }
        let text = std::str::from_utf8(text).map_err(|_| wrong("it is not text"))?;
        let mut lines = text.lines();
        let mut line = |what: &str| lines.next().ok_or_else(|| wrong(&format!("it ends before {what}")));
        if !line("the first comment")?.starts_with(UNTRUSTED) {
            return Err(wrong("it does not begin with `untrusted comment:`"));
        }
        let bytes: [u8; 74] = decode(WHAT, line("the signature of the content")?)?;
        let comment = line("the trusted comment")?
            .strip_prefix(TRUSTED)
            .ok_or_else(|| wrong("the third line does not begin with `trusted comment:`"))?;
        check_comment(WHAT, comment)?;
        let whole = decode(WHAT, line("the signature of the comment")?)?;
        match [bytes[0], bytes[1]] {
            PREHASHED => {}
            LEGACY => {
                return Err(wrong("it is of minisign's oldest form; sign again with minisign 0.10 or later"));
            }
            _ => return Err(wrong("its algorithm is not known")),
        }
        let (mut id, mut content) = ([0; 8], [0; 64]);
        id.copy_from_slice(&bytes[2..10]);
        content.copy_from_slice(&bytes[10..]);
        Ok(Self { id: KeyId(id), content, comment: comment.to_owned(), whole })
    }

    /// The key that signed, by its number.
    pub const fn key_id(&self) -> KeyId {
        self.id
    }

    /// The comment that was signed; to be believed only after [`Self::verify`].
    pub fn comment(&self) -> &str {
        &self.comment
    }

    /// Checks that `key` signed what `content` gives, and the comment.
    ///
    /// # Errors
    /// [`TrustError::UnknownKey`] when another key signed, [`TrustError::Content`], [`TrustError::Comment`], and
    /// [`TrustError::Read`].
    pub fn verify(&self, key: &PublicKey, content: impl Read) -> Result<(), TrustError> {
        if self.id != key.id {
            return Err(TrustError::UnknownKey { signed: self.id, trusted: key.id.to_string() });
        }
        let check = |message: &[u8], signature: &[u8; 64]| {
            key.key.verify_strict(message, &ed25519_dalek::Signature::from_bytes(signature))
        };
        check(&digest(content)?, &self.content).map_err(|_| TrustError::Content(self.id))?;
        let whole = [&self.content[..], self.comment.as_bytes()].concat();
        check(&whole, &self.whole).map_err(|_| TrustError::Comment(self.id))
    }
}

/// The text of the signature file.
impl fmt::Display for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = [&PREHASHED[..], &self.id.0, &self.content].concat();
        writeln!(f, "{UNTRUSTED}signature of the key {}", self.id)?;
        writeln!(f, "{}\n{TRUSTED}{}\n{}", encode(&bytes), self.comment, encode(&self.whole))
    }
}

fn digest(mut content: impl Read) -> Result<[u8; 64], TrustError> {
    let mut hash = Blake2b512::new();
    let mut block = vec![0; 1 << 16];
    loop {
        match content.read(&mut block) {
            Ok(0) => return Ok(hash.finalize().into()),
            Ok(n) => hash.update(&block[..n]),
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(TrustError::Read(e)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SecretKey;

    fn signed() -> (SecretKey, String) {
        let key = SecretKey::generate().unwrap();
        let text = key.sign(&b"content"[..], "vrouter 1").unwrap().to_string();
        (key, text)
    }

    #[test]
    fn the_same_input_gives_the_same_file_and_it_verifies() {
        let (key, text) = signed();
        assert_eq!(key.sign(&b"content"[..], "vrouter 1").unwrap().to_string(), text);
        let signature = Signature::parse(text.as_bytes()).unwrap();
        signature.verify(&key.public(), &b"content"[..]).unwrap();
        assert_eq!(signature.comment(), "vrouter 1");
    }

    #[test]
    fn every_changed_bit_of_the_content_is_found() {
        let (key, text) = signed();
        let signature = Signature::parse(text.as_bytes()).unwrap();
        for bit in 0..8 * 7 {
            let mut content = *b"content";
            content[bit / 8] ^= 1 << (bit % 8);
            let error = signature.verify(&key.public(), &content[..]).unwrap_err();
            assert!(matches!(error, TrustError::Content(_)), "bit {bit}: {error}");
        }
        for cut in [&b""[..], b"conten", b"content "] {
            assert!(matches!(signature.verify(&key.public(), cut), Err(TrustError::Content(_))));
        }
    }

    #[test]
    fn another_key_and_another_comment_are_found() {
        let (key, text) = signed();
        let signature = Signature::parse(text.as_bytes()).unwrap();
        let other = SecretKey::generate().unwrap().public();
        assert!(matches!(signature.verify(&other, &b"content"[..]), Err(TrustError::UnknownKey { .. })));
        // A key of the same number is another key all the same.
        let forged = PublicKey { id: key.public().id, ..other };
        assert!(matches!(signature.verify(&forged, &b"content"[..]), Err(TrustError::Content(_))));
        let renamed = Signature::parse(text.replace("vrouter 1", "vrouter 2").as_bytes()).unwrap();
        assert!(matches!(renamed.verify(&key.public(), &b"content"[..]), Err(TrustError::Comment(_))));
    }

    #[test]
    fn a_file_cut_anywhere_is_refused() {
        let (key, text) = signed();
        for length in 0..text.trim_end().len() {
            let refused = Signature::parse(&text.as_bytes()[..length])
                .and_then(|signature| signature.verify(&key.public(), &b"content"[..]));
            assert!(refused.is_err(), "accepted with {length} of {} bytes", text.len());
        }
        assert!(Signature::parse(&vec![b'x'; MAX_SIGNATURE_SIZE + 1]).is_err());
        assert!(key.sign(&b""[..], "two\nlines").is_err());
    }
}
