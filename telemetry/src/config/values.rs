//! Single values: parsed once, right ever after.

use crate::catalogue::{CATALOGUE, Set, find};
use crate::queue::SMALLEST_LIMIT;
use hyper::Uri;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

macro_rules! name {
    ($(#[$doc:meta])* $type:ident, $rule:expr, $accepted:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
        pub struct $type(String);

        impl $type {
            /// As text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $type {
            type Err = String;

            fn from_str(text: &str) -> Result<Self, String> {
                let rule: fn(&str) -> bool = $rule;
                if rule(text) { Ok(Self(text.to_owned())) } else { Err(format!("{text:?} is not {}", $accepted)) }
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str(&self.0)
            }
        }
    };
}

fn made_of(text: &str, more: &[u8], most: usize) -> bool {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || more.contains(&byte);
    text.starts_with(|c: char| c.is_ascii_lowercase()) && text.len() <= most && text.bytes().all(plain)
}

name!(
    /// Name of an output.
    OutputName,
    |text| made_of(text, b"-", 32),
    "the name of an output: 1 to 32 of a-z, 0-9 and '-', a letter first"
);
name!(
    /// Name of a tag.
    TagName,
    |text| made_of(text, b"_", 32),
    "the name of a tag: 1 to 32 of a-z, 0-9 and '_', a letter first"
);
name!(
    /// Name of a program, of which the kernel keeps 15 characters.
    ProcessName,
    |text| !text.is_empty() && text.len() <= 64 && !text.contains(['/', '\n']),
    "the name of a program: 1 to 64 bytes without a folder"
);

/// A set of the catalogue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SetName(&'static Set);

impl SetName {
    /// The set.
    pub fn set(self) -> &'static Set {
        self.0
    }
}

impl PartialOrd for SetName {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for SetName {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.name.cmp(other.0.name)
    }
}

impl FromStr for SetName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let known = || CATALOGUE.iter().map(|set| set.name).collect::<Vec<_>>().join(", ");
        find(text).map(Self).ok_or_else(|| format!("there is no set {text:?}; known: {}", known()))
    }
}

/// How often a set is read: 1 s to 1 h.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Period(Duration);

impl Period {
    /// As the standard library counts it.
    pub fn as_duration(self) -> Duration {
        self.0
    }
}

impl FromStr for Period {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        text.parse::<jiff::SignedDuration>()
            .ok()
            .and_then(|span| Duration::try_from(span).ok())
            .filter(|span| (Duration::from_secs(1)..=Duration::from_hours(1)).contains(span))
            .map(Self)
            .ok_or_else(|| format!("{text:?} is not a period of 1s to 1h; write 10s, 1m or 1m 30s"))
    }
}

/// A size of a queue in bytes: 4 MiB to 64 GiB.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size(u64);

impl Size {
    /// 64 MiB: with the sets of Linux on a usual machine more than a day.
    pub const DEFAULT: Self = Self(64 << 20);

    /// In bytes.
    pub fn bytes(self) -> u64 {
        self.0
    }
}

impl FromStr for Size {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parse = || {
            let (digits, shift) = match (text.strip_suffix("MiB"), text.strip_suffix("GiB")) {
                (Some(digits), _) => (digits, 20),
                (_, Some(digits)) => (digits, 30),
                _ => return None,
            };
            digits.trim_end().parse::<u64>().ok()?.checked_mul(1 << shift)
        };
        parse()
            .filter(|bytes| (SMALLEST_LIMIT..=64 << 30).contains(bytes))
            .map(Self)
            .ok_or_else(|| format!("{text:?} is not a size of 4MiB to 64GiB; write 64MiB or 1GiB"))
    }
}

/// Where a database is: `http://HOST[:PORT][/PATH]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    authority: String,
    path: String,
}

impl Endpoint {
    /// Host and port.
    pub fn authority(&self) -> &str {
        &self.authority
    }

    /// Path before `/write`, without a slash at its end.
    pub fn path(&self) -> &str {
        &self.path
    }
}

impl FromStr for Endpoint {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = |why: &str| format!("{text:?} is not http://HOST[:PORT][/PATH]: {why}");
        let uri: Uri = text.parse().map_err(|error| wrong(&format!("{error}")))?;
        match uri.scheme_str() {
            Some("http") => {}
            Some("https") => {
                return Err(wrong("TLS is not spoken; put a proxy that does on this machine and name that"));
            }
            _ => return Err(wrong("it does not begin with http://")),
        }
        let authority = uri.authority().ok_or_else(|| wrong("it has no host"))?;
        if authority.as_str().contains('@') {
            return Err(wrong("a login does not belong here; use username and password_file"));
        }
        if uri.query().is_some() {
            return Err(wrong("it has a query; the database is a key of its own"));
        }
        let path = uri.path().trim_end_matches('/').to_owned();
        Ok(Self { authority: authority.to_string(), path })
    }
}

#[cfg(test)]
mod tests {
    use super::{Endpoint, OutputName, Period, ProcessName, SetName, Size, TagName};

    fn accepts<T: std::str::FromStr>(good: &[&str], bad: &[&str]) {
        for text in good {
            assert!(text.parse::<T>().is_ok(), "{text}");
        }
        for text in bad {
            assert!(text.parse::<T>().is_err(), "{text}");
        }
    }

    #[test]
    fn names() {
        accepts::<OutputName>(&["a", "main-1"], &["", "A", "../x", "a/b", "1a", "a_b", &"a".repeat(33)]);
        accepts::<TagName>(&["site", "a_b"], &["", "a-b", "a b", "a=b", "_a"]);
        accepts::<ProcessName>(&["bgpd", "a b"], &["", "/bin/x", "a\nb"]);
        accepts::<SetName>(&["system_cpu"], &["cpu", ""]);
    }

    #[test]
    fn periods_and_sizes() {
        accepts::<Period>(&["1s", "1m 30s", "1h"], &["", "10", "0s", "500ms", "61m", "-5s", "soon"]);
        accepts::<Size>(
            &["4MiB", "64 MiB", "64GiB"],
            &["", "3MiB", "65GiB", "64", "64MB", "99999999999999999GiB"],
        );
        assert_eq!("1GiB".parse::<Size>().unwrap().bytes(), 1 << 30);
    }

    #[test]
    fn endpoints() {
        let endpoint: Endpoint = "http://[2001:db8::1]:8086/influx/".parse().unwrap();
        assert_eq!((endpoint.authority(), endpoint.path()), ("[2001:db8::1]:8086", "/influx"));
        assert_eq!("http://db".parse::<Endpoint>().unwrap().path(), "");
        accepts::<Endpoint>(
            &["http://10.0.0.1:8086"],
            &["", "db:8086", "https://db", "udp://db", "http://u:p@db", "http://db/?db=x", "http://"],
        );
    }
}
