//! End-of-message framing (RFC 6242 §4.3).

use super::FrameError;
use super::decoder::{Limits, append};

/// What follows a message.
pub(super) const DELIMITER: &[u8] = b"]]>]]>";

/// How much of the delimiter the last bytes were.
#[derive(Debug, Default)]
pub(super) struct EndOfMessage {
    matched: usize,
}

impl EndOfMessage {
    pub(super) fn is_at_start(&self) -> bool {
        self.matched == 0
    }

    /// Appends to `message` what belongs to it; bytes that may be the delimiter are held back.
    pub(super) fn decode(
        &mut self,
        input: &[u8],
        message: &mut Vec<u8>,
        limits: Limits,
    ) -> Result<(usize, bool), FrameError> {
        let mut at = 0;
        while at < input.len() {
            if self.matched == 0 {
                let rest = &input[at..];
                let plain = rest.iter().position(|byte| *byte == b']').unwrap_or(rest.len());
                append(message, &rest[..plain], limits)?;
                at += plain;
                if at == input.len() {
                    break;
                }
            }
            let byte = input[at];
            while self.matched > 0 && byte != DELIMITER[self.matched] {
                let next = fall_back(self.matched);
                append(message, &DELIMITER[..self.matched - next], limits)?;
                self.matched = next;
            }
            if byte == DELIMITER[self.matched] {
                self.matched += 1;
                at += 1;
            }
            if self.matched == DELIMITER.len() {
                self.matched = 0;
                return Ok((at, true));
            }
        }
        Ok((at, false))
    }
}

/// The longest shorter beginning of the delimiter that the first `matched` bytes of it end with.
fn fall_back(matched: usize) -> usize {
    // "]]>]]>": after "]]" a "]" and after "]]>]" and "]]>]]" the same beginning again may have begun.
    [0, 0, 1, 0, 1, 2][matched]
}

#[cfg(test)]
mod tests {
    use super::{DELIMITER, fall_back};

    #[test]
    fn the_table_is_that_of_the_delimiter() {
        for matched in 1..DELIMITER.len() {
            let longest = (0..matched).rev().find(|n| DELIMITER[..matched].ends_with(&DELIMITER[..*n]));
            assert_eq!(Some(fall_back(matched)), longest, "{matched}");
        }
    }
}
