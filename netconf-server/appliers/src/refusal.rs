//! What an applier says when something cannot be, and when something did not work.

use std::fmt;

/// Why a part of an intent cannot be; said before anything changed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Refusal {
    /// Instance path of the leaf to blame; empty when none can be named.
    pub path: String,
    /// What is wrong, and what to do.
    pub message: String,
    /// Kind of error, for `error-tag`.
    pub tag: Tag,
    /// Stable name of the reason, for `error-app-tag`.
    pub app_tag: &'static str,
}

/// The `error-tag`s of RFC 6241 (appendix A) that an applier uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tag {
    /// The value cannot be here.
    InvalidValue,
    /// Something that it names is not there.
    DataMissing,
    /// A program that it needs cannot do it now.
    OperationFailed,
}

impl Tag {
    /// As RFC 6241 writes it.
    pub fn name(self) -> &'static str {
        match self {
            Self::InvalidValue => "invalid-value",
            Self::DataMissing => "data-missing",
            Self::OperationFailed => "operation-failed",
        }
    }
}

impl Refusal {
    /// A value that cannot be.
    pub fn invalid(path: impl Into<String>, app_tag: &'static str, message: impl fmt::Display) -> Self {
        Self { path: path.into(), message: message.to_string(), tag: Tag::InvalidValue, app_tag }
    }

    /// A value that names something that is not there.
    pub fn missing(path: impl Into<String>, app_tag: &'static str, message: impl fmt::Display) -> Self {
        Self { path: path.into(), message: message.to_string(), tag: Tag::DataMissing, app_tag }
    }

    /// A program or file that is needed does not do its part.
    pub fn unable(path: impl Into<String>, app_tag: &'static str, message: impl fmt::Display) -> Self {
        Self { path: path.into(), message: message.to_string(), tag: Tag::OperationFailed, app_tag }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.path.is_empty() {
            out.write_str(&self.message)
        } else {
            write!(out, "{}: {}", self.path, self.message)
        }
    }
}

/// Failures that one message tells.
const TOLD: usize = 16;

/// What did not work while an intent was made effective.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Failure {
    /// Instance path of the leaf to blame, when one can be named.
    pub path: Option<String>,
    /// What did not work, on what, and why.
    pub message: String,
}

impl Failure {
    /// A failure that no leaf is to blame for.
    pub fn new(message: impl fmt::Display) -> Self {
        Self { path: None, message: message.to_string() }
    }

    /// A failure of one leaf.
    pub fn at(path: impl Into<String>, message: impl fmt::Display) -> Self {
        Self { path: Some(path.into()), message: message.to_string() }
    }

    /// One failure out of all of a list.
    ///
    /// # Errors
    /// When the list is not empty.
    pub fn all(mut failures: Vec<Self>) -> Result<(), Self> {
        match failures.len() {
            0 => Ok(()),
            1 => Err(failures.remove(0)),
            _ => {
                let path = failures.iter().find_map(|failure| failure.path.clone());
                let more = failures.len().saturating_sub(TOLD);
                let told = failures.into_iter().take(TOLD).map(|failure| failure.message);
                let more = (more > 0).then(|| format!("and {more} more"));
                let texts: Vec<_> = told.chain(more).collect();
                Err(Self { path, message: texts.join("; ") })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Failure, Refusal, Tag};

    #[test]
    fn a_refusal_reads_with_and_without_a_path() {
        let refusal = Refusal::invalid("/a/b", "no-such", "is not there");
        assert_eq!(
            (refusal.to_string().as_str(), refusal.tag.name()),
            ("/a/b: is not there", "invalid-value")
        );
        assert_eq!(Refusal::unable("", "down", "FRR is down").to_string(), "FRR is down");
        assert_eq!(Tag::DataMissing.name(), "data-missing");
    }

    #[test]
    fn failures_join_and_keep_a_path() {
        assert_eq!(Failure::all(vec![]), Ok(()));
        assert_eq!(Failure::all(vec![Failure::new("a")]), Err(Failure::new("a")));
        let joined = Failure::all(vec![Failure::new("a"), Failure::at("/x", "b")]);
        assert_eq!(joined, Err(Failure::at("/x", "a; b")));
        let many = Failure::all(vec![Failure::new("a"); 100]).unwrap_err().message;
        assert!(many.ends_with("a; a; and 84 more"), "{many}");
    }
}
