//! `commit`.

use super::{Format, Router, done};
use crate::cli::error::CliError;
use crate::cli::lang::{LineError, Word, pick};

/// RFC 6241 §8.4.5.1.
const SECONDS: u32 = 600;

/// What a commit does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(in crate::cli) enum How {
    /// Makes the candidate the running configuration, and confirms what waits.
    #[default]
    Commit,
    /// The same, and takes it back after so many seconds unless another commit confirms it.
    Confirmed(u32),
    /// Only asks whether it would go.
    Check,
}

impl How {
    /// Reads `[confirmed [SECONDS] | check]`.
    ///
    /// # Errors
    /// [`LineError`].
    pub(in crate::cli) fn read(words: &[Word]) -> Result<Self, LineError> {
        let Some((first, rest)) = words.split_first() else { return Ok(Self::Commit) };
        let how = match (pick(&first.text, "commit", &["confirmed", "check"])?, rest) {
            (0, []) => Self::Confirmed(SECONDS),
            (0, [seconds]) => Self::Confirmed(seconds_of(&seconds.text)?),
            (1, []) => Self::Check,
            _ => return Err(LineError::Wrong("commit takes: confirmed [SECONDS], or check".to_owned())),
        };
        Ok(how)
    }
}

fn seconds_of(text: &str) -> Result<u32, LineError> {
    text.parse().ok().filter(|seconds| *seconds > 0).ok_or_else(|| {
        let message = format!("commit confirmed takes seconds from 1 to {}, not {text:?}", u32::MAX);
        LineError::Wrong(message)
    })
}

/// Commits the candidate.
///
/// # Errors
/// [`CliError::Refused`] with everything that is wrong; running is as it was.
pub(in crate::cli) fn commit(router: &mut Router, how: How, format: Format) -> Result<String, CliError> {
    match how {
        How::Check => {
            router.link.validate()?;
            Ok(done(format, "valid", "the candidate is valid"))
        }
        How::Commit => {
            router.link.commit(None)?;
            Ok(done(format, "committed", "committed; save keeps it over a restart of the machine"))
        }
        How::Confirmed(seconds) => {
            router.link.commit(Some(seconds))?;
            let text = format!(
                "committed for {seconds} s: running goes back then unless another commit confirms it; \
                 rollback takes it back at once"
            );
            Ok(done(format, "committed-for-now", &text))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::lang::split;

    #[test]
    fn ways_to_commit() {
        let read = |line: &str| How::read(&split(line).unwrap()[0]).map_err(|error| error.to_string());
        for (line, how) in [
            ("", How::Commit),
            ("confirmed", How::Confirmed(600)),
            ("conf 60", How::Confirmed(60)),
            ("check", How::Check),
        ] {
            assert_eq!(read(line), Ok(how), "{line}");
        }
        for (line, part) in [
            ("c", "ambiguous"),
            ("confrimed", "did you mean confirmed?"),
            ("confirmed 0", "from 1"),
            ("confirmed soon", "not \"soon\""),
            ("check it", "commit takes"),
        ] {
            let error = read(line).unwrap_err();
            assert!(error.contains(part), "{line}: {error}");
        }
    }
}
