//! `manifest.json`: what an image is, and the digest of each of its files.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{LayoutError, Sha256Digest};

/// Largest file that one extent of ISO 9660 can hold (ECMA-119 §9.1.4: a 32-bit length).
pub const MAX_FILE_SIZE: u64 = u32::MAX as u64;

/// Largest manifest that [`Manifest::parse`] reads, in bytes.
pub const MAX_MANIFEST_SIZE: usize = 64 * 1024;

/// Longest kernel line that x86 takes is 2,047 characters; the slot and the consoles need about 150 of them.
const MAX_KERNEL_ARGS: usize = 1800;

/// Machine architecture, named as Debian names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Architecture {
    /// x86-64.
    Amd64,
    /// 64-bit Arm.
    Arm64,
}

/// A file that a manifest names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Artefact {
    /// The kernel.
    #[serde(rename = "vmlinuz")]
    Vmlinuz,
    /// The initramfs.
    #[serde(rename = "initrd.img")]
    Initrd,
    /// The root file system.
    #[serde(rename = "root.squashfs")]
    Root,
    /// The slot image made of the three others; absent in the manifest that lies inside the slot image itself.
    #[serde(rename = "slot.img")]
    Slot,
}

impl Artefact {
    /// The files that go into a slot image, in the order in which they lie there.
    pub const IN_SLOT: [Self; 3] = [Self::Vmlinuz, Self::Initrd, Self::Root];

    /// File name, in the image folder and in the slot image.
    pub const fn file_name(self) -> &'static str {
        match self {
            Self::Vmlinuz => "vmlinuz",
            Self::Initrd => "initrd.img",
            Self::Root => "root.squashfs",
            Self::Slot => "slot.img",
        }
    }
}

/// Size and digest of one file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileEntry {
    /// Bytes.
    pub size: u64,
    /// Digest of the content.
    pub sha256: Sha256Digest,
}

/// What an image is. Every value of this type passed the checks of [`Manifest::parse`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    name: String,
    version: String,
    architecture: Architecture,
    kernel_args: String,
    files: BTreeMap<Artefact, FileEntry>,
}

impl Manifest {
    /// A manifest without a slot image; [`Manifest::with_slot`] adds it.
    ///
    /// `kernel_args` is one line of arguments for the kernel, separated by single spaces, possibly empty.
    ///
    /// # Errors
    /// [`LayoutError::Manifest`] names the field that is not acceptable and why.
    pub fn new(
        name: &str,
        version: &str,
        architecture: Architecture,
        kernel_args: &str,
        vmlinuz: FileEntry,
        initrd: FileEntry,
        root: FileEntry,
    ) -> Result<Self, LayoutError> {
        let manifest = Self {
            name: name.to_owned(),
            version: version.to_owned(),
            architecture,
            kernel_args: kernel_args.to_owned(),
            files: BTreeMap::from([
                (Artefact::Vmlinuz, vmlinuz),
                (Artefact::Initrd, initrd),
                (Artefact::Root, root),
            ]),
        };
        manifest.check()?;
        Ok(manifest)
    }

    /// Parses `manifest.json`.
    ///
    /// # Errors
    /// [`LayoutError::Manifest`] for anything but the exact shape: unknown or missing fields or files, a file of no or
    /// of more than [`MAX_FILE_SIZE`] bytes, kernel arguments that a boot loader could read as something else.
    pub fn parse(json: &[u8]) -> Result<Self, LayoutError> {
        if json.len() > MAX_MANIFEST_SIZE {
            return Err(wrong("file", format!("longer than {MAX_MANIFEST_SIZE} bytes")));
        }
        let manifest: Self = serde_json::from_slice(json).map_err(|e| wrong("JSON", e.to_string()))?;
        manifest.check()?;
        Ok(manifest)
    }

    /// The file's bytes; the same manifest always gives the same bytes.
    pub fn to_json(&self) -> String {
        let mut text = serde_json::to_string_pretty(self).unwrap_or_else(|e| {
            unreachable!("a manifest has only strings and numbers: {e}");
        });
        text.push('\n');
        text
    }

    /// The same manifest with the slot image's size and digest.
    #[must_use]
    pub fn with_slot(mut self, slot: FileEntry) -> Self {
        self.files.insert(Artefact::Slot, slot);
        self
    }

    /// The manifest as it lies inside the slot image, which cannot hold its own digest.
    #[must_use]
    pub fn without_slot(mut self) -> Self {
        self.files.remove(&Artefact::Slot);
        self
    }

    /// Name of the image, as in `appliance.yaml`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Version of the image.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// Architecture of kernel and root.
    pub fn architecture(&self) -> Architecture {
        self.architecture
    }

    /// Arguments for the kernel, one line.
    pub fn kernel_args(&self) -> &str {
        &self.kernel_args
    }

    /// Size and digest of a file; `None` only for [`Artefact::Slot`].
    pub fn file(&self, artefact: Artefact) -> Option<&FileEntry> {
        self.files.get(&artefact)
    }

    /// Every file with its entry.
    pub fn files(&self) -> impl Iterator<Item = (Artefact, &FileEntry)> {
        self.files.iter().map(|(artefact, entry)| (*artefact, entry))
    }

    fn check(&self) -> Result<(), LayoutError> {
        check_word("name", &self.name)?;
        check_word("version", &self.version)?;
        check_kernel_args(&self.kernel_args)?;
        for artefact in Artefact::IN_SLOT {
            if !self.files.contains_key(&artefact) {
                return Err(wrong("files", format!("{} is missing", artefact.file_name())));
            }
        }
        for (artefact, entry) in &self.files {
            if entry.size == 0 || (entry.size > MAX_FILE_SIZE && *artefact != Artefact::Slot) {
                let field = format!("files.{}.size", artefact.file_name());
                return Err(wrong(&field, format!("{} is not between 1 and {MAX_FILE_SIZE}", entry.size)));
            }
        }
        Ok(())
    }
}

fn wrong(field: &str, reason: impl Into<String>) -> LayoutError {
    LayoutError::Manifest { field: field.to_owned(), reason: reason.into() }
}

fn check_word(field: &str, word: &str) -> Result<(), LayoutError> {
    let good = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '+' | '~');
    if word.is_empty() || word.len() > 100 || word.starts_with('.') || !word.chars().all(good) {
        return Err(wrong(field, format!("{word:?} is not 1 to 100 of A-Z a-z 0-9 . _ - + ~")));
    }
    Ok(())
}

/// GRUB's shell and iPXE's script both see this text: nothing in it may mean more than itself to either.
fn check_kernel_args(args: &str) -> Result<(), LayoutError> {
    const FIELD: &str = "kernel_args";
    if args.len() > MAX_KERNEL_ARGS {
        return Err(wrong(FIELD, format!("longer than {MAX_KERNEL_ARGS} characters")));
    }
    let good = |c: char| c.is_ascii_alphanumeric() || " -_.,:=/+@%~".contains(c);
    if let Some(bad) = args.chars().find(|c| !good(*c)) {
        return Err(wrong(FIELD, format!("the character {bad:?} is not allowed")));
    }
    if args.split(' ').any(str::is_empty) && !args.is_empty() {
        return Err(wrong(FIELD, "arguments must be separated by one space, with none before or after"));
    }
    if let Some(ours) = args.split(' ').find(|a| a.starts_with("boot=") || a.starts_with("daybreak.")) {
        return Err(wrong(FIELD, format!("{ours:?} is set by the boot loader, not by the image")));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(size: u64) -> FileEntry {
        FileEntry { size, sha256: Sha256Digest::of(b"x") }
    }

    fn with_args(args: &str) -> Result<Manifest, LayoutError> {
        Manifest::new("vrouter", "1.0", Architecture::Amd64, args, entry(1), entry(2), entry(3))
    }

    #[test]
    fn round_trip_with_and_without_slot() {
        let inner = with_args("quiet isolcpus=1-3").unwrap();
        let outer = inner.clone().with_slot(entry(9));
        assert_eq!(Manifest::parse(outer.to_json().as_bytes()).unwrap(), outer);
        assert_eq!(outer.without_slot(), inner);
    }

    #[test]
    fn json_is_the_contract() {
        let json: serde_json::Value = serde_json::from_str(&with_args("").unwrap().to_json()).unwrap();
        assert_eq!(json["architecture"], "amd64");
        assert_eq!(json["files"]["initrd.img"]["size"], 2);
        assert_eq!(json["files"]["root.squashfs"]["sha256"], Sha256Digest::of(b"x").to_string());
    }

    #[test]
    fn kernel_args_that_a_loader_could_misread_are_refused() {
        for args in [
            "a\nb",
            "a;reboot",
            "a $root",
            "a  b",
            " a",
            "a ",
            "a\tb",
            "a'b",
            "a\"b",
            "a*",
            "{a}",
            "a#",
            "é",
            "boot=live",
            "daybreak.slot=x",
        ] {
            assert!(with_args(args).is_err(), "{args:?}");
        }
        assert!(with_args(&"a".repeat(MAX_KERNEL_ARGS + 1)).is_err());
        assert!(with_args("hugepagesz=2M hugepages=256 console=ttyS1,115200 iommu=pt").is_ok());
    }

    #[test]
    fn shapes_that_are_not_the_contract_are_refused() {
        let good = with_args("").unwrap().to_json();
        for (from, to) in [
            ("\"name\"", "\"nom\""),
            ("\"vrouter\"", "\"../vrouter\""),
            ("\"vrouter\"", "\"\""),
            ("\"amd64\"", "\"mips\""),
            ("\"vmlinuz\"", "\"vmlinux\""),
            ("\"vmlinuz\"", "\"slot.img\""),
            ("\"size\": 1", "\"size\": 0"),
            ("\"size\": 1", "\"size\": 4294967296"),
            ("\"size\": 1", "\"size\": -1"),
        ] {
            let bad = good.replacen(from, to, 1);
            assert_ne!(bad, good);
            assert!(Manifest::parse(bad.as_bytes()).is_err(), "{bad}");
        }
        assert!(Manifest::parse(&vec![b' '; MAX_MANIFEST_SIZE + 1]).is_err());
    }

    #[test]
    fn the_largest_file_passes() {
        let max = entry(MAX_FILE_SIZE);
        assert!(Manifest::new("a", "1", Architecture::Arm64, "", max, max, max).is_ok());
    }
}
