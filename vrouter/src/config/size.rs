//! Amounts of memory.

use std::fmt;
use std::str::FromStr;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use thiserror::Error;

/// An amount of memory in whole KiB.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Size {
    kib: u32,
}

/// Not an amount of memory.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{0:?} is no amount of memory; write as 512KiB, 256MiB or 2GiB")]
pub struct SizeError(String);

impl Size {
    /// So many MiB, at most 4095 GiB.
    pub const fn mib(mib: u32) -> Self {
        Self { kib: mib.saturating_mul(1024) }
    }

    /// Whole MiB, rounded up.
    pub const fn to_mib(self) -> u32 {
        self.kib.div_ceil(1024)
    }

    /// KiB.
    pub const fn to_kib(self) -> u32 {
        self.kib
    }
}

impl FromStr for Size {
    type Err = SizeError;

    fn from_str(text: &str) -> Result<Self, SizeError> {
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        let (number, unit) = text.split_at(digits);
        let factor = match unit {
            "KiB" => 1,
            "MiB" => 1024,
            "GiB" => 1024 * 1024,
            _ => return Err(SizeError(text.to_owned())),
        };
        let kib = number.parse::<u32>().ok().and_then(|number| number.checked_mul(factor));
        kib.map(|kib| Self { kib }).ok_or_else(|| SizeError(text.to_owned()))
    }
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kib {
            kib if kib % (1024 * 1024) == 0 => write!(f, "{}GiB", kib / (1024 * 1024)),
            kib if kib % 1024 == 0 => write!(f, "{}MiB", kib / 1024),
            kib => write!(f, "{kib}KiB"),
        }
    }
}

impl<'de> Deserialize<'de> for Size {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        String::deserialize(from)?.parse().map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_it_prints_and_nothing_else() {
        for (text, kib) in [("512KiB", 512), ("256MiB", 256 * 1024), ("2GiB", 2 * 1024 * 1024)] {
            let size: Size = text.parse().unwrap();
            assert_eq!((size.to_kib(), size.to_string().as_str()), (kib, text));
        }
        assert_eq!((Size::mib(3).to_mib(), "1KiB".parse::<Size>().unwrap().to_mib()), (3, 1));
        for text in ["", "256", "MiB", "1.5GiB", "-1MiB", "256 MiB", "256MB", "4096GiB", "99999999999KiB"] {
            assert_eq!(text.parse::<Size>(), Err(SizeError(text.to_owned())));
        }
    }
}
