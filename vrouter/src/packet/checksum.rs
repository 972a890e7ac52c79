//! The Internet checksum (RFC 1071) and its update in place (RFC 1624).

/// A sum under way: the ones' complement sum of 16-bit words, as RFC 1071 section 1 defines it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Checksum(u64);

impl Checksum {
    /// Adds bytes. Only the last piece may have an odd number of them.
    #[must_use]
    #[inline]
    pub fn plus(mut self, bytes: &[u8]) -> Self {
        // Two words at once: RFC 1071 section 2 (C), parallel summation.
        let (pairs, rest) = bytes.as_chunks::<4>();
        for pair in pairs {
            self.0 += u64::from(u32::from_be_bytes(*pair));
        }
        let mut last = [0; 4];
        last[..rest.len()].copy_from_slice(rest);
        self.0 += u64::from(u32::from_be_bytes(last));
        self
    }

    /// The checksum to be put in a header, or 0 when the sum covered a right one.
    #[inline]
    pub fn finish(self) -> u16 {
        let mut sum = self.0;
        while sum > 0xffff {
            sum = (sum & 0xffff) + (sum >> 16);
        }
        !u16::try_from(sum).unwrap_or(0)
    }
}

/// Checksum of one run of bytes.
#[inline]
pub fn checksum(bytes: &[u8]) -> u16 {
    Checksum::default().plus(bytes).finish()
}

/// The checksum after one 16-bit word of what it covers changed: `HC' = ~(~HC + ~m + m')` (RFC 1624, equation 3).
#[inline]
pub(super) fn updated(checksum: u16, old: u16, new: u16) -> u16 {
    let sum = u32::from(!checksum) + u32::from(!old) + u32::from(new);
    let sum = (sum & 0xffff) + (sum >> 16);
    let sum = (sum & 0xffff) + (sum >> 16);
    !u16::try_from(sum).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn adds_up_the_example_of_rfc_1071() {
        // Section 3: the words 0001 f203 f4f5 f6f7 sum to ddf2.
        assert_eq!(checksum(&[0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7]), !0xddf2);
        assert_eq!(checksum(&[]), 0xffff);
        assert_eq!(checksum(&[0xab]), !0xab00);
    }

    #[test]
    fn updates_the_example_of_rfc_1624() {
        // Section 4: the checksum dd2f over a word that goes from 5555 to 3285 becomes 0000, not ffff.
        assert_eq!(updated(0xdd2f, 0x5555, 0x3285), 0x0000);
    }

    proptest! {
        #[test]
        fn pieces_sum_like_the_whole(words in prop::collection::vec(any::<[u8; 2]>(), 0..64), cut in any::<prop::sample::Index>()) {
            let bytes = words.concat();
            let at = cut.index(words.len() + 1) * 2;
            prop_assert_eq!(Checksum::default().plus(&bytes[..at]).plus(&bytes[at..]).finish(), checksum(&bytes));
        }

        #[test]
        fn an_update_equals_a_new_sum(mut words in prop::collection::vec(any::<[u8; 2]>(), 1..32), at in any::<prop::sample::Index>(), new: [u8; 2]) {
            // A header is never all zeroes, and that is the one case where the two zeroes of the sum differ.
            words.push([0x45, 0]);
            let old_sum = checksum(&words.concat());
            let at = at.index(words.len() - 1);
            let old = std::mem::replace(&mut words[at], new);
            let new_sum = updated(old_sum, u16::from_be_bytes(old), u16::from_be_bytes(new));
            prop_assert_eq!(new_sum, checksum(&words.concat()));
        }
    }
}
