//! Whether the disk may be erased.

use std::io::{self, BufRead, Write};

use daybreak_installer::Code;

/// What to do about the disk's content.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Consent {
    /// It may go.
    Given,
    /// A person must say so.
    Ask,
    /// Nobody can be asked.
    Refused(Code),
}

/// Who wants the installation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Caller {
    /// A seed, by its answer file.
    Seed,
    /// A person at the terminal.
    Person,
    /// A program.
    Script,
}

/// `wipe` is `--yes`, or `wipe` of the answer. A seed may fill a blank disk without it; a person is always asked.
pub(super) fn consent(holds_data: bool, wipe: bool, caller: Caller) -> Consent {
    match (wipe, caller, holds_data) {
        (true, _, _) | (false, Caller::Seed, false) => Consent::Given,
        (false, Caller::Person, _) => Consent::Ask,
        (false, _, true) => Consent::Refused(Code::DiskNotEmpty),
        (false, Caller::Script, false) => Consent::Refused(Code::NotConfirmed),
    }
}

/// Asks on the terminal; only the whole word counts.
pub(super) fn ask(disk: &str, input: &mut impl BufRead, output: &mut impl Write) -> io::Result<bool> {
    write!(output, "Everything on {disk} will be lost. Type yes to go on: ")?;
    output.flush()?;
    let mut line = String::new();
    input.read_line(&mut line)?;
    Ok(line.trim() == "yes")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_case() {
        use Caller::{Person, Script, Seed};
        use Consent::{Ask, Given, Refused};
        for (holds_data, wipe, caller, expected) in [
            (true, true, Seed, Given),
            (true, true, Person, Given),
            (true, true, Script, Given),
            (false, false, Seed, Given),
            (true, false, Seed, Refused(Code::DiskNotEmpty)),
            (true, false, Person, Ask),
            (false, false, Person, Ask),
            (true, false, Script, Refused(Code::DiskNotEmpty)),
            (false, false, Script, Refused(Code::NotConfirmed)),
        ] {
            assert_eq!(consent(holds_data, wipe, caller), expected, "{holds_data} {wipe} {caller:?}");
        }
    }

    #[test]
    fn only_yes_is_yes() {
        for (typed, expected) in
            [("yes\n", true), (" yes \n", true), ("y\n", false), ("", false), ("YES\n", false)]
        {
            assert_eq!(
                ask("/dev/vda", &mut typed.as_bytes(), &mut Vec::new()).unwrap(),
                expected,
                "{typed:?}"
            );
        }
    }
}
