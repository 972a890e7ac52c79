//! Serial console bytes to plain lines.
//!
//! Firmware draws its console with cursor addressing; a search for "Booting" must not fail over a colour change in the
//! middle of a line.

/// Where in an escape sequence (ECMA-48, 5.3 and 5.4) the last byte left us.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum State {
    #[default]
    Text,
    /// After ESC.
    Escape,
    /// After ESC and an intermediate byte (20-2F): the next final byte ends it, as in `ESC ( B`.
    Intermediate,
    /// Within a control sequence (`ESC [`), which a byte of 40-7E ends.
    Control,
    /// Within an operating system command (`ESC ]`), which BEL or ESC ends.
    Command,
}

/// Takes escapes and control characters out of a byte stream, across any cuts.
#[derive(Debug, Default)]
pub(crate) struct PlainText {
    state: State,
    /// Start of a UTF-8 character that the last piece ended within.
    partial: Vec<u8>,
}

impl PlainText {
    /// Plain text of the next bytes. Lines end in `\n`; bytes that are no UTF-8 become U+FFFD.
    pub(crate) fn feed(&mut self, bytes: &[u8]) -> String {
        let mut kept = std::mem::take(&mut self.partial);
        for &byte in bytes {
            self.state = match (self.state, byte) {
                (_, 0x1b) => State::Escape,
                (State::Escape, b'[') => State::Control,
                (State::Escape, b']') => State::Command,
                (State::Escape | State::Intermediate, 0x20..=0x2f) => State::Intermediate,
                (State::Escape | State::Intermediate, _)
                | (State::Control, 0x40..=0x7e)
                | (State::Command, 0x07) => State::Text,
                (State::Text, _) => {
                    if byte == b'\n' || byte == b'\t' || (byte >= 0x20 && byte != 0x7f) {
                        kept.push(byte);
                    }
                    State::Text
                }
                (within, _) => within,
            };
        }
        let whole = match std::str::from_utf8(&kept) {
            Err(e) if e.error_len().is_none() => e.valid_up_to(),
            _ => kept.len(),
        };
        self.partial = kept.split_off(whole);
        String::from_utf8_lossy(&kept).into_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_and_controls_go() {
        for (input, want) in [
            (&b"\x1b[2J\x1b[01;01HBdsDxe: \x1b[0mloading\r\n"[..], "BdsDxe: loading\n"),
            (b"\x1b(Bplain\x1b)0", "plain"),
            (b"\x1b]0;title\x07prompt", "prompt"),
            (b"\x1b=login:\x08 \x7f", "login: "),
            ("naïve\tü\n".as_bytes(), "naïve\tü\n"),
            (b"\xffbad", "\u{fffd}bad"),
        ] {
            assert_eq!(PlainText::default().feed(input), want);
        }
    }

    #[test]
    fn a_cut_anywhere_changes_nothing() {
        let input = "\x1b[31mgrün\x1b]0;x\x07 \x1b(Bok\r\n".as_bytes();
        for cut in 0..input.len() {
            let mut plain = PlainText::default();
            let text = plain.feed(&input[..cut]) + &plain.feed(&input[cut..]);
            assert_eq!(text, "grün ok\n", "cut at {cut}");
        }
    }
}
