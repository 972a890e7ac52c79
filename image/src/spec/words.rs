//! Words of the specification: text that is checked once, where it is read.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Makes a newtype over `String` that only holds what `check` accepts.
macro_rules! word {
    ($(#[$doc:meta])* $name:ident, $check:expr) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = String;

            fn from_str(text: &str) -> Result<Self, String> {
                let check: fn(&str) -> Result<(), String> = $check;
                check(text)?;
                Ok(Self(text.to_owned()))
            }
        }

        impl TryFrom<String> for $name {
            type Error = String;

            fn try_from(text: String) -> Result<Self, String> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(word: $name) -> Self {
                word.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

word!(
    /// Name of an image: 1 to 63 of a-z, 0-9 and `-`, starting with a letter.
    Name,
    |text| {
        let good = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        rule(
            text,
            text.len() <= 63 && text.starts_with(|c: char| c.is_ascii_lowercase()) && text.chars().all(good),
            "a name of 1 to 63 of a-z, 0-9 and -, starting with a letter",
        )
    }
);

word!(
    /// Version of an image: 1 to 100 of A-Z a-z 0-9 `. _ - + ~`, starting with a letter or digit.
    Version,
    |text| {
        let good = |c: char| c.is_ascii_alphanumeric() || ".+~_-".contains(c);
        rule(
            text,
            text.len() <= 100
                && text.starts_with(|c: char| c.is_ascii_alphanumeric())
                && text.chars().all(good),
            "a version of 1 to 100 of A-Z a-z 0-9 . _ - + ~, starting with a letter or digit",
        )
    }
);

word!(
    /// Name of a Debian package (Debian Policy §5.6.1).
    DebName,
    |text| {
        let good = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "+-.".contains(c);
        rule(
            text,
            (2..=100).contains(&text.len())
                && text.starts_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit())
                && text.chars().all(good),
            "the name of a Debian package: a-z 0-9 + - . and at least two of them",
        )
    }
);

word!(
    /// Login name.
    UnixName,
    |text| {
        let good = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_';
        rule(
            text,
            text.len() <= 32
                && text.starts_with(|c: char| c.is_ascii_lowercase())
                && text.chars().all(good)
                && text != "root",
            "a login name of 1 to 32 of a-z 0-9 - _, starting with a letter, and not root, which stays locked",
        )
    }
);

word!(
    /// One line of `authorized_keys` without options.
    SshKey,
    |text| {
        let mut parts = text.split(' ');
        let kind = parts.next().unwrap_or_default();
        let known = ["ssh-ed25519", "ssh-rsa", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384"];
        let known = known.contains(&kind)
            || ["ecdsa-sha2-nistp521", "sk-ssh-ed25519@openssh.com", "sk-ecdsa-sha2-nistp256@openssh.com"]
                .contains(&kind);
        let base64 = |c: char| c.is_ascii_alphanumeric() || "+/=".contains(c);
        let data = parts.next().is_some_and(|data| data.len() >= 40 && data.chars().all(base64));
        rule(
            text,
            known && data && !text.chars().any(char::is_control),
            "a public key as in authorized_keys: `ssh-ed25519 AAAA… comment`, without options",
        )
    }
);

word!(
    /// A public key of minisign: the second line of its file.
    TrustKey,
    |text| {
        let key = text.parse::<daybreak_trust::PublicKey>();
        key.map(drop).map_err(|e| format!("{text:?} is not the second line of a minisign key file: {e}"))
    }
);

word!(
    /// One argument of the kernel.
    KernelArg,
    |text| {
        let good = |c: char| c.is_ascii_alphanumeric() || "-_.,:=/+@%~".contains(c);
        rule(text, text.chars().all(good), "a kernel argument of A-Z a-z 0-9 - _ . , : = / + @ % ~")?;
        let ours = ["boot=", "daybreak.", "console="];
        if let Some(ours) = ours.into_iter().find(|prefix| text.starts_with(prefix)) {
            return Err(format!("{text:?}: {ours} is set by the boot loader of each format"));
        }
        Ok(())
    }
);

word!(
    /// Name of a virtual network.
    NetworkName,
    |text| {
        let good = |c: char| c.is_ascii_alphanumeric() || " -_.()".contains(c);
        rule(
            text,
            text.len() <= 80 && text.trim() == text && text.chars().all(good),
            "the name of a network: 1 to 80 of A-Z a-z 0-9 - _ . ( ) and blanks inside",
        )
    }
);

word!(
    /// Processors by number, as `1-3,5`: the list format of the kernel (`isolcpus=`).
    CoreList,
    |text| {
        let number = |text: &str| text.parse::<u16>().is_ok_and(|n| n < 4096);
        let range = |part: &str| match part.split_once('-') {
            Some((from, to)) => {
                number(from) && number(to) && from.parse::<u16>().unwrap_or(0) <= to.parse::<u16>().unwrap_or(0)
            }
            None => number(part),
        };
        rule(text, text.split(',').all(range), "a list of processors, for example 1-3,5")?;
        let first = |part: &str| part.split('-').next() == Some("0");
        if text.split(',').any(first) {
            return Err(format!("{text:?}: processor 0 runs the kernel and cannot be given away"));
        }
        Ok(())
    }
);

fn rule(text: &str, good: bool, expected: &str) -> Result<(), String> {
    if good && !text.is_empty() { Ok(()) } else { Err(format!("{text:?} is not {expected}")) }
}

/// Release of Debian that the image is made of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Suite {
    /// Debian 12.
    #[default]
    Bookworm,
}

impl Suite {
    /// Code name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Bookworm => "bookworm",
        }
    }
}

/// A size, written with a binary unit: `512MiB`, `8GiB`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ByteSize(u64);

const UNITS: [(&str, u64); 3] = [("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)];

impl ByteSize {
    /// From bytes.
    pub const fn new(bytes: u64) -> Self {
        Self(bytes)
    }

    /// From gibibytes.
    pub const fn gib(gib: u64) -> Self {
        Self(gib << 30)
    }

    /// Bytes.
    pub const fn bytes(self) -> u64 {
        self.0
    }
}

impl FromStr for ByteSize {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parsed = UNITS.into_iter().find_map(|(unit, factor)| {
            let digits = text.strip_suffix(unit)?;
            digits.bytes().all(|c| c.is_ascii_digit()).then_some(())?;
            digits.parse::<u64>().ok()?.checked_mul(factor).filter(|bytes| *bytes > 0)
        });
        parsed.map(Self).ok_or_else(|| format!("{text:?} is not a size such as 512MiB or 8GiB"))
    }
}

impl TryFrom<String> for ByteSize {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<ByteSize> for String {
    fn from(size: ByteSize) -> Self {
        size.to_string()
    }
}

impl fmt::Display for ByteSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match UNITS.into_iter().find(|(_, factor)| self.0.is_multiple_of(*factor)) {
            Some((unit, factor)) => write!(f, "{}{unit}", self.0 / factor),
            None => write!(f, "{} bytes", self.0),
        }
    }
}
