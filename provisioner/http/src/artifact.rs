//! What is served by sendfile: an open file or bytes in memory, with what HTTP says about it.

use std::fs::File;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::SystemTime;

use bytes::Bytes;

use crate::HttpError;

/// The map from request path to artefact.
///
/// The front calls it on the runtime's threads: look up and return, do not block. The path is decoded once, starts with
/// `/`, and holds no `.` or `..` segment, no backslash, no percent sign and no control character; it is a key and must
/// never be joined to a directory.
pub trait Artifacts: Send + Sync + 'static {
    /// The artefact at `path` for this peer, or `None` to leave the request to the router.
    fn resolve(&self, path: &str, peer: SocketAddr) -> Option<Artifact>;
}

/// Where the bytes are.
#[derive(Debug, Clone)]
pub enum Content {
    /// A file that the caller opened. It is read by offset, so one open file serves any number of transfers.
    File(Arc<File>),
    /// Bytes in memory.
    Memory(Bytes),
}

/// One thing to serve.
#[derive(Debug, Clone)]
pub struct Artifact {
    pub(crate) content: Content,
    pub(crate) len: u64,
    pub(crate) content_type: &'static str,
    pub(crate) sha256: Option<[u8; 32]>,
    pub(crate) last_modified: Option<SystemTime>,
}

impl Artifact {
    /// An open file; length and time of change are read from it now.
    ///
    /// # Errors
    /// When the file's metadata cannot be read.
    pub fn file(file: Arc<File>) -> Result<Self, HttpError> {
        let metadata = file.metadata().map_err(|source| HttpError::Examine { source })?;
        Ok(Self {
            len: metadata.len(),
            last_modified: metadata.modified().ok(),
            content: Content::File(file),
            content_type: "application/octet-stream",
            sha256: None,
        })
    }

    /// Bytes in memory, with no time of change.
    pub fn memory(bytes: Bytes) -> Self {
        Self {
            len: bytes.len() as u64,
            last_modified: None,
            content: Content::Memory(bytes),
            content_type: "application/octet-stream",
            sha256: None,
        }
    }

    /// Sets `Content-Type`; without it the type is `application/octet-stream`.
    #[must_use]
    pub fn with_content_type(mut self, content_type: &'static str) -> Self {
        self.content_type = content_type;
        self
    }

    /// Sets the SHA-256 of the whole content. It becomes the strong `ETag` and `Repr-Digest` (RFC 9530 section 3); without
    /// it neither is sent.
    #[must_use]
    pub fn with_sha256(mut self, digest: [u8; 32]) -> Self {
        self.sha256 = Some(digest);
        self
    }

    /// As [`Artifact::with_sha256`], from the 64 hexadecimal digits that a manifest holds.
    ///
    /// # Errors
    /// When `hex` is not 64 hexadecimal digits.
    pub fn with_sha256_hex(self, hex: &str) -> Result<Self, HttpError> {
        let digest = parse_hex(hex).ok_or_else(|| HttpError::Digest { text: hex.to_owned() })?;
        Ok(self.with_sha256(digest))
    }

    /// Sets `Last-Modified`.
    #[must_use]
    pub fn with_last_modified(mut self, time: SystemTime) -> Self {
        self.last_modified = Some(time);
        self
    }

    /// Length of the whole content in bytes.
    pub fn len(&self) -> u64 {
        self.len
    }

    /// Whether the content has no bytes.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The entity tag with its quotes, when a digest is known.
    pub(crate) fn etag(&self) -> Option<String> {
        self.sha256.map(|digest| {
            let mut tag = String::with_capacity(66);
            tag.push('"');
            for byte in digest {
                tag.push(char::from(HEX[usize::from(byte >> 4)]));
                tag.push(char::from(HEX[usize::from(byte & 15)]));
            }
            tag.push('"');
            tag
        })
    }
}

const HEX: &[u8; 16] = b"0123456789abcdef";

fn parse_hex(text: &str) -> Option<[u8; 32]> {
    if text.len() != 64 || !text.bytes().all(|b| b.is_ascii_hexdigit()) {
        return None;
    }
    let mut digest = [0; 32];
    for (byte, pair) in digest.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
        let pair = std::str::from_utf8(pair).ok()?;
        *byte = u8::from_str_radix(pair, 16).ok()?;
    }
    Some(digest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn etag_is_the_digest_in_quotes() {
        let hex = "00ff10".to_owned() + &"a".repeat(58);
        let artifact = Artifact::memory(Bytes::new()).with_sha256_hex(&hex).unwrap();
        assert_eq!(artifact.etag(), Some(format!("\"{hex}\"")));
    }

    #[test]
    fn a_digest_of_wrong_shape_is_refused() {
        for text in ["", "00", &"g".repeat(64), &"a".repeat(63), &"+1".repeat(32), &"é".repeat(32)] {
            let error = Artifact::memory(Bytes::new()).with_sha256_hex(text).unwrap_err();
            assert!(matches!(error, HttpError::Digest { .. }), "{text:?} gave {error}");
        }
    }

    #[test]
    fn a_file_brings_its_length() {
        let file = tempfile::tempfile().unwrap();
        file.set_len(1234).unwrap();
        let artifact = Artifact::file(Arc::new(file)).unwrap();
        assert_eq!(artifact.len(), 1234);
        assert!(!artifact.is_empty());
        assert!(artifact.last_modified.is_some());
    }
}
