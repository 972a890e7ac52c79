//! Session tokens of EC2's metadata service, version 2. Nothing is kept: a token carries when it ends, and a keyed hash over
//! that and the address it was given to. A restart of the service ends them all; cloud-init then fetches a new one.

use axum::http::HeaderMap;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use sha2::Sha256;
use std::net::IpAddr;

/// Brings a token.
pub(super) const TOKEN_HEADER: &str = "x-aws-ec2-metadata-token";
/// Says how long one is to last, in seconds.
pub(super) const TTL_HEADER: &str = "x-aws-ec2-metadata-token-ttl-seconds";
/// Longest life that a client may ask for: six hours.
const LONGEST: u32 = 21_600;

/// The key of this run, one block of the hash (RFC 2104).
pub(super) struct Tokens {
    key: [u8; 64],
}

impl Tokens {
    pub(super) fn new() -> std::io::Result<Self> {
        let mut key = [0; 64];
        getrandom::fill(&mut key).map_err(std::io::Error::other)?;
        Ok(Self { key })
    }

    /// A token for this address, which ends in so many seconds.
    pub(super) fn issue(&self, peer: IpAddr, now: Timestamp, seconds: u32) -> String {
        let end = (now.as_second() + i64::from(seconds)).to_be_bytes();
        let proof = self.hash(&end, peer).finalize().into_bytes();
        URL_SAFE_NO_PAD.encode([&end[..], &proof[..]].concat())
    }

    /// Whether a token was given to this address and has not ended.
    pub(super) fn opens(&self, token: &str, peer: IpAddr, now: Timestamp) -> bool {
        let Ok(bytes) = URL_SAFE_NO_PAD.decode(token) else { return false };
        let Some((end, proof)) = bytes.split_first_chunk::<8>() else { return false };
        self.hash(end, peer).verify_slice(proof).is_ok() && now.as_second() < i64::from_be_bytes(*end)
    }

    fn hash(&self, end: &[u8], peer: IpAddr) -> Hmac<Sha256> {
        let mut hash = Hmac::<Sha256>::new(&self.key.into());
        hash.update(end);
        hash.update(peer.to_string().as_bytes());
        hash
    }
}

/// How long a token is asked to last; `None` when it is not said or not 1 to 21600.
pub(super) fn ttl(headers: &HeaderMap) -> Option<u32> {
    let seconds = headers.get(TTL_HEADER)?.to_str().ok()?.parse().ok()?;
    (1..=LONGEST).contains(&seconds).then_some(seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_opens_for_its_address_until_it_ends() {
        let tokens = Tokens::new().unwrap();
        let (peer, other) = ("10.0.0.1".parse().unwrap(), "10.0.0.2".parse().unwrap());
        let at = |second| Timestamp::from_second(second).unwrap();
        let token = tokens.issue(peer, at(100), 60);
        assert!(tokens.opens(&token, peer, at(159)));
        assert!(!tokens.opens(&token, peer, at(160)), "ended");
        assert!(!tokens.opens(&token, other, at(100)), "another machine's");
        assert!(!Tokens::new().unwrap().opens(&token, peer, at(100)), "of another run");
        let mut changed = URL_SAFE_NO_PAD.decode(&token).unwrap();
        changed[7] ^= 0x80;
        assert!(!tokens.opens(&URL_SAFE_NO_PAD.encode(changed), peer, at(100)), "a later end");
        for bad in ["", "AAAA", "not base64!", &token[..20]] {
            assert!(!tokens.opens(bad, peer, at(100)), "{bad:?}");
        }
    }

    #[test]
    fn a_life_of_none_or_too_long_is_refused() {
        let of =
            |value: &str| ttl(&HeaderMap::from_iter([(TTL_HEADER.parse().unwrap(), value.parse().unwrap())]));
        assert_eq!((of("1"), of("21600")), (Some(1), Some(21_600)));
        assert_eq!((of("0"), of("21601"), of("-1"), of("x")), (None, None, None, None));
        assert_eq!(ttl(&HeaderMap::new()), None);
    }
}
