//! Whether a manifest is believed.

use std::fmt;

use daybreak_layout::Sha256Digest;
use daybreak_trust::{KeyId, Keyring, Signature};

use crate::code::Code;
use crate::error::InstallError;

/// What is asked of an image.
#[derive(Clone, Debug, Default)]
pub struct Trust {
    /// Keys of which one must have signed the manifest; without keys, no signature is asked for.
    pub keys: Keyring,
    /// Take the image all the same, as somebody asked for by name.
    pub insecure: bool,
}

/// Why a manifest was believed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Belief {
    /// Signed with this key; with the comment that was signed.
    Signed {
        /// The key.
        key: KeyId,
        /// What its owner said of the image.
        comment: String,
    },
    /// Its SHA-256 was given.
    Digest,
    /// It comes from this machine, or over TLS, and no key is configured.
    Source,
    /// Somebody asked not to check.
    Insecure,
}

impl fmt::Display for Belief {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Signed { key, comment } => write!(f, "signed with the key {key} ({comment})"),
            Self::Digest => f.write_str("the SHA-256 of its manifest is the given one"),
            Self::Source => f.write_str("NOT verified: no keys are configured in /etc/daybreak/keys"),
            Self::Insecure => f.write_str("NOT verified: --insecure"),
        }
    }
}

/// Where a manifest comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// From this machine.
    Local,
    /// Over TLS, from a server whose certificate is good.
    Tls,
    /// Over plain HTTP.
    Plain,
}

/// What came from one place: the manifest, and its signature if there is one.
pub(super) struct Offer<'a> {
    pub(super) place: &'a str,
    pub(super) way: Way,
    pub(super) json: &'a [u8],
    pub(super) signature: Option<&'a [u8]>,
}

/// Decides about a manifest; `expected` is its SHA-256 where somebody knows it.
pub(super) fn judge(
    offer: &Offer<'_>,
    expected: Option<Sha256Digest>,
    trust: &Trust,
) -> Result<Belief, InstallError> {
    let Offer { place, way, json, signature } = offer;
    let found = Sha256Digest::of(json);
    if let Some(expected) = expected.filter(|expected| *expected != found) {
        let detail = format!("{place} has SHA-256 {found}, expected {expected}");
        return Err(InstallError::new(Code::ImageManifest, detail));
    }
    let refuse = |detail: String| Err(InstallError::new(Code::ImageSignature, detail));
    match (trust.keys.is_empty(), trust.insecure, signature) {
        (false, false, Some(bytes)) => {
            let key = trust.keys.verify(json, bytes);
            let key = key.map_err(|e| InstallError::caused(Code::ImageSignature, place, e))?.id();
            let comment = Signature::parse(bytes).map(|s| s.comment().to_owned()).unwrap_or_default();
            Ok(Belief::Signed { key, comment })
        }
        (false, false, None) => refuse(format!("{place} is not signed: there is no {place}.minisig")),
        _ if expected.is_some() => Ok(Belief::Digest),
        (_, true, _) => Ok(Belief::Insecure),
        (true, false, _) if *way != Way::Plain => Ok(Belief::Source),
        (true, false, _) => refuse(format!(
            "{place} comes over plain HTTP, no keys are configured in /etc/daybreak/keys and its SHA-256 was not given"
        )),
    }
}

#[cfg(test)]
mod tests {
    use daybreak_trust::SecretKey;

    use super::*;

    #[test]
    fn every_case() {
        let (key, other) = (SecretKey::generate().unwrap(), SecretKey::generate().unwrap());
        let good = key.sign(&b"{}"[..], "vrouter 1").unwrap().to_string();
        let wrong = other.sign(&b"{}"[..], "").unwrap().to_string();
        let changed = key.sign(&b"{ }"[..], "").unwrap().to_string();
        let keys = Keyring::new(vec![key.public()]);
        let signed = || Ok(Belief::Signed { key: key.public().id(), comment: "vrouter 1".to_owned() });
        let no = |word: &'static str| Err(word);
        let digest = Some(Sha256Digest::of(b"{}"));
        let bad_digest = Some(Sha256Digest::of(b"x"));
        for (with_keys, insecure, way, signature, expected, verdict) in [
            (true, false, Way::Plain, Some(&good), None, signed()),
            (true, false, Way::Local, Some(&good), digest, signed()),
            (true, false, Way::Local, None, digest, no("not signed")),
            (true, false, Way::Tls, Some(&wrong), digest, no("not trusted")),
            (true, false, Way::Tls, Some(&changed), None, no("changed or cut short")),
            (true, true, Way::Plain, Some(&wrong), None, Ok(Belief::Insecure)),
            (true, true, Way::Plain, None, digest, Ok(Belief::Digest)),
            (true, true, Way::Plain, None, bad_digest, no("expected")),
            (true, false, Way::Plain, Some(&good), bad_digest, no("expected")),
            (false, false, Way::Plain, None, digest, Ok(Belief::Digest)),
            (false, false, Way::Plain, Some(&good), None, no("plain HTTP")),
            (false, true, Way::Plain, None, None, Ok(Belief::Insecure)),
            (false, false, Way::Tls, None, None, Ok(Belief::Source)),
            (false, false, Way::Local, None, None, Ok(Belief::Source)),
        ] {
            let trust = Trust { keys: if with_keys { keys.clone() } else { Keyring::default() }, insecure };
            let signature = signature.map(String::as_bytes);
            let offer = Offer { place: "http://x/manifest.json", way, json: b"{}", signature };
            let case = format!("keys {with_keys} insecure {insecure} {way:?} {}", signature.is_some());
            match (judge(&offer, expected, &trust), verdict) {
                (Ok(found), Ok(wanted)) => assert_eq!(found, wanted, "{case}"),
                (Err(error), Err(word)) => assert!(error.to_string().contains(word), "{case}: {error}"),
                (found, wanted) => panic!("{case}: {found:?}, expected {wanted:?}"),
            }
        }
    }
}
