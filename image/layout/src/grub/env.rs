//! GRUB's environment block, `grub/grubenv`: what the boot menu and the running system tell each other.

use std::collections::BTreeMap;

use crate::LayoutError;
use crate::disk::Slot;

/// Size of the file, fixed by GRUB.
pub const GRUBENV_SIZE: usize = 1024;

const HEADER: &str = "# GRUB Environment Block\n";
const SLOT: &str = "daybreak_slot";
const TRIES_LEFT: &str = "daybreak_tries";
const CONFIRMED: &str = "ok";

/// The variables of an environment block.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct GrubEnv {
    variables: BTreeMap<String, String>,
}

impl GrubEnv {
    /// Boots `slot`, which is known to be good: no counting.
    pub fn confirmed(slot: Slot) -> Self {
        Self::default().with(slot, CONFIRMED)
    }

    /// Boots `slot` once, and from then on the other slot, unless `slot` is confirmed before.
    pub fn on_trial(slot: Slot) -> Self {
        Self::default().with(slot, &super::TRIES.to_string())
    }

    /// The slot that the menu would boot first, when the block names one.
    pub fn slot(&self) -> Option<Slot> {
        match self.variables.get(SLOT).map(String::as_str) {
            Some("a") => Some(Slot::A),
            Some("b") => Some(Slot::B),
            _ => None,
        }
    }

    /// Tries left for a slot on trial; `None` when it is confirmed.
    pub fn tries_left(&self) -> Option<u8> {
        self.variables.get(TRIES_LEFT)?.parse().ok()
    }

    /// Parses the file.
    ///
    /// # Errors
    /// [`LayoutError::GrubEnv`] when it is not a block of [`GRUBENV_SIZE`] bytes with GRUB's header, or not text.
    pub fn parse(bytes: &[u8]) -> Result<Self, LayoutError> {
        let wrong = |reason: &str| LayoutError::GrubEnv(reason.to_owned());
        if bytes.len() != GRUBENV_SIZE {
            return Err(wrong("it is not 1024 bytes long"));
        }
        let text = std::str::from_utf8(bytes).map_err(|_| wrong("it is not text"))?;
        let body = text.strip_prefix(HEADER).ok_or_else(|| wrong("the header is missing"))?;
        let lines = body.lines().filter(|line| !line.starts_with('#'));
        let variables = lines.filter_map(|line| line.split_once('='));
        Ok(Self { variables: variables.map(|(name, value)| (name.to_owned(), value.to_owned())).collect() })
    }

    /// The file's bytes.
    ///
    /// # Errors
    /// [`LayoutError::GrubEnv`] when the variables do not fit.
    pub fn to_bytes(&self) -> Result<Vec<u8>, LayoutError> {
        let mut text = HEADER.to_owned();
        for (name, value) in &self.variables {
            text.extend([name, "=", value, "\n"]);
        }
        if text.len() > GRUBENV_SIZE {
            return Err(LayoutError::GrubEnv(format!("{} bytes do not fit in {GRUBENV_SIZE}", text.len())));
        }
        let mut bytes = text.into_bytes();
        bytes.resize(GRUBENV_SIZE, b'#');
        Ok(bytes)
    }

    fn with(mut self, slot: Slot, tries: &str) -> Self {
        self.variables.insert(SLOT.to_owned(), slot.letter().to_string());
        self.variables.insert(TRIES_LEFT.to_owned(), tries.to_owned());
        self
    }
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    #[test]
    fn round_trip() {
        let env = GrubEnv::on_trial(Slot::B);
        let back = GrubEnv::parse(&env.to_bytes().unwrap()).unwrap();
        assert_eq!((back.slot(), back.tries_left()), (Some(Slot::B), Some(1)));
        let env = GrubEnv::confirmed(Slot::A);
        assert_eq!((env.slot(), env.tries_left()), (Some(Slot::A), None));
    }

    #[test]
    fn grub_editenv_reads_ours_and_we_read_what_it_wrote() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), GrubEnv::on_trial(Slot::B).to_bytes().unwrap()).unwrap();
        let editenv = |args: &[&str]| {
            let output = Command::new("grub-editenv").arg(file.path()).args(args).output().unwrap();
            assert!(output.status.success(), "{output:?}");
            String::from_utf8(output.stdout).unwrap()
        };
        assert_eq!(editenv(&["list"]), "daybreak_slot=b\ndaybreak_tries=1\n");
        editenv(&["set", "daybreak_tries=0"]);
        let back = GrubEnv::parse(&std::fs::read(file.path()).unwrap()).unwrap();
        assert_eq!((back.slot(), back.tries_left()), (Some(Slot::B), Some(0)));
    }

    #[test]
    fn other_files_are_refused() {
        let mut wrong_header = GrubEnv::confirmed(Slot::A).to_bytes().unwrap();
        wrong_header[0] = b'!';
        let mut binary = GrubEnv::confirmed(Slot::A).to_bytes().unwrap();
        binary[1000] = 0xFF;
        for bytes in [vec![], vec![b'#'; 1023], wrong_header, binary] {
            assert!(GrubEnv::parse(&bytes).is_err());
        }
    }
}
