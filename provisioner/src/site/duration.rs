//! Lengths of time in the site file.

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

/// A positive length of time, written `30m`, `1h 30m` or `90s`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Span(SignedDuration);

impl Span {
    /// That many minutes.
    pub const fn from_minutes(minutes: i64) -> Self {
        Self(SignedDuration::from_mins(minutes))
    }

    /// As jiff counts it.
    pub fn as_duration(self) -> SignedDuration {
        self.0
    }
}

impl TryFrom<String> for Span {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        match text.parse::<SignedDuration>() {
            Ok(span) if span > SignedDuration::ZERO => Ok(Self(span)),
            _ => Err(format!("{text:?} is not a positive length of time; write 30m, 1h 30m or 90s")),
        }
    }
}

impl From<Span> for String {
    fn from(span: Span) -> Self {
        format!("{:#}", span.0)
    }
}

#[cfg(test)]
mod tests {
    use super::Span;

    #[test]
    fn only_positive_lengths_read() {
        assert_eq!(Span::try_from("90s".to_owned()).unwrap().as_duration().as_secs(), 90);
        assert_eq!(Span::try_from("1h 30m".to_owned()).unwrap(), Span::from_minutes(90));
        assert_eq!(Span::try_from(String::from(Span::from_minutes(45))), Ok(Span::from_minutes(45)));
        for bad in ["", "0s", "-5m", "soon", "30"] {
            assert!(Span::try_from(bad.to_owned()).is_err(), "{bad}");
        }
    }
}
