//! A duration as operators write it.

use serde::{Deserialize, Deserializer, de};
use std::fmt;

const ACCEPTED: &str =
    "a number of seconds from 1 second to 4294967294, or a number with s, m, h or d such as 12h";

/// Whole seconds, at least one; the wire carries 32 bits and gives all ones the meaning "for ever".
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Seconds(u32);

impl Seconds {
    /// `None` for zero and for the reserved all-ones value.
    pub fn new(seconds: u32) -> Option<Self> {
        (seconds != 0 && seconds != u32::MAX).then_some(Self(seconds))
    }

    /// The number.
    pub fn get(self) -> u32 {
        self.0
    }

    pub(super) fn default_lease() -> Self {
        Self(12 * 3600)
    }

    pub(super) fn default_quarantine() -> Self {
        Self(3600)
    }

    fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let (digits, unit) = match text.char_indices().next_back()? {
            (at, 's') => (&text[..at], 1),
            (at, 'm') => (&text[..at], 60),
            (at, 'h') => (&text[..at], 3600),
            (at, 'd') => (&text[..at], 86_400),
            _ => (text, 1),
        };
        digits.parse::<u32>().ok()?.checked_mul(unit).and_then(Self::new)
    }
}

impl<'de> Deserialize<'de> for Seconds {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl de::Visitor<'_> for Visitor {
            type Value = Seconds;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(ACCEPTED)
            }

            fn visit_u64<E: de::Error>(self, value: u64) -> Result<Seconds, E> {
                u32::try_from(value)
                    .ok()
                    .and_then(Seconds::new)
                    .ok_or_else(|| E::invalid_value(de::Unexpected::Unsigned(value), &self))
            }

            fn visit_str<E: de::Error>(self, value: &str) -> Result<Seconds, E> {
                Seconds::parse(value).ok_or_else(|| E::invalid_value(de::Unexpected::Str(value), &self))
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn table() {
        for (text, seconds) in [
            ("1", Some(1)),
            ("90s", Some(90)),
            ("30m", Some(1800)),
            (" 12h ", Some(43_200)),
            ("7d", Some(604_800)),
            ("", None),
            ("h", None),
            ("0", None),
            ("-1", None),
            ("1.5h", None),
            ("49711d", None),
            ("4294967295", None),
            ("12ü", None),
        ] {
            assert_eq!(Seconds::parse(text).map(Seconds::get), seconds, "{text:?}");
        }
    }
}
