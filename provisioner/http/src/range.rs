//! The `Range` field (RFC 9110 section 14): one range of bytes.

/// What a `Range` field asks of a representation of known length.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Asked {
    /// No range, one that does not parse, or several: "A server MAY ignore the Range header field".
    Whole,
    /// First and last byte, both inside the representation.
    Part(u64, u64),
    /// A good range with no byte inside the representation: 416.
    Outside,
}

/// Reads the field's value against a representation of `len` bytes.
pub(crate) fn asked(field: Option<&str>, len: u64) -> Asked {
    let Some((unit, set)) = field.and_then(|field| field.split_once('=')) else {
        return Asked::Whole;
    };
    if !unit.trim().eq_ignore_ascii_case("bytes") || set.contains(',') {
        return Asked::Whole;
    }
    let Some((first, last)) = set.trim().split_once('-') else {
        return Asked::Whole;
    };
    match (number(first), number(last)) {
        (Some(None), Some(Some(suffix))) if suffix == 0 || len == 0 => Asked::Outside,
        (Some(None), Some(Some(suffix))) => Asked::Part(len.saturating_sub(suffix), len - 1),
        (Some(Some(first)), Some(last)) => {
            let last = last.unwrap_or(u64::MAX);
            if last < first {
                Asked::Whole
            } else if first >= len {
                Asked::Outside
            } else {
                Asked::Part(first, last.min(len - 1))
            }
        }
        _ => Asked::Whole,
    }
}

/// `None` for no number, `Some(None)` for an empty text. A number past 64 bits is as good as the largest.
#[expect(clippy::option_option, reason = "absent and malformed are two different answers here")]
fn number(text: &str) -> Option<Option<u64>> {
    if text.is_empty() {
        return Some(None);
    }
    if !text.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    Some(Some(text.parse().unwrap_or(u64::MAX)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_forms_of_section_14_1_2() {
        for (field, len, expected) in [
            ("bytes=0-499", 1000, Asked::Part(0, 499)),
            ("bytes=500-", 1000, Asked::Part(500, 999)),
            ("bytes=-1", 1000, Asked::Part(999, 999)),
            ("bytes=-2000", 1000, Asked::Part(0, 999)),
            ("bytes=0-0", 1000, Asked::Part(0, 0)),
            ("bytes=999-5000", 1000, Asked::Part(999, 999)),
            ("BYTES=1-2", 1000, Asked::Part(1, 2)),
            ("bytes=0-99999999999999999999999", 1000, Asked::Part(0, 999)),
            ("bytes=1000-", 1000, Asked::Outside),
            ("bytes=99999999999999999999999-", 1000, Asked::Outside),
            ("bytes=-0", 1000, Asked::Outside),
            ("bytes=0-", 0, Asked::Outside),
            ("bytes=-5", 0, Asked::Outside),
            ("bytes=2-1", 1000, Asked::Whole),
            ("bytes=-", 1000, Asked::Whole),
            ("bytes=a-b", 1000, Asked::Whole),
            ("bytes=+1-2", 1000, Asked::Whole),
            ("bytes=1-2,4-5", 1000, Asked::Whole),
            ("lines=1-2", 1000, Asked::Whole),
            ("bytes", 1000, Asked::Whole),
        ] {
            assert_eq!(asked(Some(field), len), expected, "{field} of {len}");
        }
        assert_eq!(asked(None, 1000), Asked::Whole);
    }

    proptest! {
        #[test]
        fn a_part_is_always_inside(field in "bytes=[0-9]{0,21}-[0-9]{0,21}", len in 0_u64..5000) {
            if let Asked::Part(first, last) = asked(Some(&field), len) {
                prop_assert!(first <= last && last < len);
            }
        }
    }
}
