//! Options: what a client asks for and what it gets (RFC 2347 to 2349, RFC 7440).

use std::time::Duration;

use crate::Limits;

/// Block size when none is negotiated (RFC 1350).
pub const BLKSIZE: u16 = 512;

/// Options as asked for: the first value of each, if it is a decimal number of at most 64 bits. Others are ignored, as
/// RFC 2347 wants of options that a server does not know.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Asked {
    /// Bytes per block.
    pub blksize: Option<u64>,
    /// Seconds until a repetition.
    pub timeout: Option<u64>,
    /// Zero in a request: the client asks for the size.
    pub tsize: Option<u64>,
    /// Blocks per acknowledgement.
    pub windowsize: Option<u64>,
}

impl Asked {
    pub(crate) fn set(&mut self, option: &[u8], value: &[u8]) {
        let slot = if option.eq_ignore_ascii_case(b"blksize") {
            &mut self.blksize
        } else if option.eq_ignore_ascii_case(b"timeout") {
            &mut self.timeout
        } else if option.eq_ignore_ascii_case(b"tsize") {
            &mut self.tsize
        } else if option.eq_ignore_ascii_case(b"windowsize") {
            &mut self.windowsize
        } else {
            return;
        };
        if slot.is_none() && !value.is_empty() && value.iter().all(u8::is_ascii_digit) {
            *slot = std::str::from_utf8(value).ok().and_then(|text| text.parse().ok());
        }
    }
}

/// What holds for one transfer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Agreed {
    /// Bytes per block, 8 to 65464.
    pub blksize: u16,
    /// Blocks per acknowledgement, at least 1.
    pub windowsize: u16,
    /// Wait that the client negotiated; it is then kept for every repetition.
    pub timeout: Option<Duration>,
    /// The OACK packet, when at least one option was accepted.
    pub oack: Option<Vec<u8>>,
}

/// Settles the options of a read of `len` bytes.
pub fn agree(asked: &Asked, len: u64, limits: &Limits) -> Agreed {
    let mut oack = vec![0, 6];
    let mut accept = |name: &str, value: u64| {
        oack.extend(name.as_bytes());
        oack.push(0);
        oack.extend(value.to_string().as_bytes());
        oack.push(0);
    };
    // "Valid values range between '8' and '65464' octets, inclusive"; a server may answer with less (RFC 2348).
    let blksize =
        asked.blksize.filter(|size| *size >= 8).map(|size| at_most(size, limits.blksize.clamp(8, 65464)));
    if let Some(size) = blksize {
        accept("blksize", size.into());
    }
    // "Valid values range between 1 and 255 seconds"; a server answers with the same or not at all (RFC 2349).
    let timeout = asked.timeout.filter(|seconds| (1..=255).contains(seconds));
    if let Some(seconds) = timeout {
        accept("timeout", seconds);
    }
    if asked.tsize.is_some() {
        accept("tsize", len);
    }
    // "The valid values range MUST be between 1 and 65535 blocks"; a server may answer with less (RFC 7440).
    let windowsize = asked.windowsize.filter(|blocks| *blocks >= 1);
    let fitting = limits.window_bytes / u32::from(blksize.unwrap_or(BLKSIZE));
    let most = limits.windowsize.clamp(1, 1024).min(u16::try_from(fitting).unwrap_or(u16::MAX)).max(1);
    let windowsize = windowsize.map(|blocks| at_most(blocks, most));
    if let Some(blocks) = windowsize {
        accept("windowsize", blocks.into());
    }
    Agreed {
        blksize: blksize.unwrap_or(BLKSIZE),
        windowsize: windowsize.unwrap_or(1),
        timeout: timeout.map(Duration::from_secs),
        oack: Some(oack).filter(|oack| oack.len() > 2),
    }
}

fn at_most(value: u64, limit: u16) -> u16 {
    u16::try_from(value).unwrap_or(u16::MAX).min(limit)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settle(text: &[u8]) -> Agreed {
        let mut asked = Asked::default();
        let mut words = text.split(|&b| b == b' ').filter(|word| !word.is_empty());
        while let (Some(option), Some(value)) = (words.next(), words.next()) {
            asked.set(option, value);
        }
        agree(&asked, 1_000_000, &Limits::default())
    }

    fn oack(text: &[u8]) -> String {
        settle(text).oack.map_or(String::new(), |bytes| bytes[2..].escape_ascii().to_string())
    }

    #[test]
    fn no_option_no_oack() {
        let agreed = settle(b"");
        assert_eq!((agreed.blksize, agreed.windowsize, agreed.timeout, agreed.oack), (512, 1, None, None));
    }

    #[test]
    fn each_option_is_answered() {
        assert_eq!(oack(b"blksize 1428"), r"blksize\x001428\x00");
        assert_eq!(oack(b"BLKSIZE 8"), r"blksize\x008\x00");
        assert_eq!(oack(b"tsize 0"), r"tsize\x001000000\x00");
        assert_eq!(oack(b"timeout 255"), r"timeout\x00255\x00");
        assert_eq!(oack(b"windowsize 16"), r"windowsize\x0016\x00");
        assert_eq!(settle(b"timeout 3").timeout, Some(Duration::from_secs(3)));
    }

    #[test]
    fn too_much_is_answered_with_the_limit() {
        assert_eq!(oack(b"blksize 65465"), r"blksize\x0065464\x00");
        assert_eq!(oack(b"blksize 99999999999"), r"blksize\x0065464\x00");
        assert_eq!(oack(b"windowsize 65535"), r"windowsize\x0064\x00");
    }

    #[test]
    fn a_window_fits_the_clients_socket() {
        assert_eq!(settle(b"blksize 1428 windowsize 64").windowsize, 64);
        assert_eq!(settle(b"blksize 8192 windowsize 64").windowsize, 20);
        assert_eq!(settle(b"blksize 65464 windowsize 64").windowsize, 2);
        let limits = Limits { window_bytes: 0, ..Limits::default() };
        let asked = Asked { windowsize: Some(9), ..Asked::default() };
        assert_eq!(agree(&asked, 1, &limits).windowsize, 1);
    }

    #[test]
    fn values_out_of_range_are_ignored() {
        for text in [
            &b"blksize 7"[..],
            b"blksize 0",
            b"blksize -1",
            b"blksize 1e3",
            b"blksize 999999999999999999999999",
            b"timeout 0",
            b"timeout 256",
            b"windowsize 0",
            b"multicast 1",
        ] {
            assert_eq!(settle(text).oack, None, "{}", text.escape_ascii());
        }
    }

    #[test]
    fn the_first_of_a_repeated_option_counts() {
        assert_eq!(oack(b"blksize 1000 blksize 2000"), r"blksize\x001000\x00");
    }

    #[test]
    fn limits_out_of_range_are_brought_into_it() {
        let limits = Limits { blksize: 0, windowsize: 0, ..Limits::default() };
        let asked = Asked { blksize: Some(1428), windowsize: Some(4), ..Asked::default() };
        let agreed = agree(&asked, 1, &limits);
        assert_eq!((agreed.blksize, agreed.windowsize), (8, 1));
    }
}
