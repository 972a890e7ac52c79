//! The catalogue of everything that can go wrong: a stable code, one sentence of cause, one of remedy.

use serde::{Serialize, Serializer};

/// What a failed installation leaves behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// The request was refused; no disk was touched.
    Refused,
    /// An input could not be had or is wrong; no disk was touched, unless the disk was being written already.
    Input,
    /// The disk was being written: it is not bootable.
    Disk,
}

macro_rules! codes {
    ($($name:ident $text:literal $effect:ident $cause:literal $remedy:literal)*) => {
        /// Why an installation ended. The text of a code never changes; see `docs/install.md`.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Code {
            $(#[doc = $cause] $name,)*
        }

        impl Code {
            /// Every code, in the order of the manual.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// The stable text.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }

            /// What the code leaves behind.
            pub const fn effect(self) -> Effect {
                match self { $(Self::$name => Effect::$effect,)* }
            }

            /// One sentence: what happened.
            pub const fn cause(self) -> &'static str {
                match self { $(Self::$name => $cause,)* }
            }

            /// One sentence: what to do.
            pub const fn remedy(self) -> &'static str {
                match self { $(Self::$name => $remedy,)* }
            }
        }
    };
}

codes! {
    AnswerInvalid "ANSWER-INVALID" Refused
        "The answer file or an option is not one that the installer understands."
        "Correct the named field; docs/install.md has the format."
    InventoryFailed "INVENTORY-FAILED" Refused
        "The disks of this machine could not be listed."
        "Run `lsblk -J` on the machine to see why; the installer needs it from util-linux."
    DiskMissing "DISK-MISSING" Refused
        "No disk matches every given hint."
        "Compare the hints with the disks in the message."
    DiskAmbiguous "DISK-AMBIGUOUS" Refused
        "More than one disk matches the given hints."
        "Add a hint that only one of the disks in the message has, such as its serial number."
    DiskBusy "DISK-BUSY" Refused
        "The disk is in use: something on it is mounted, swap, or part of a volume group, RAID or encrypted volume."
        "Unmount or stop what the message names, or choose another disk."
    DiskBootMedium "DISK-BOOT-MEDIUM" Refused
        "The disk is the one that this system was started from."
        "Choose another disk."
    DiskReadOnly "DISK-READ-ONLY" Refused
        "The disk is write-protected."
        "Remove the write protection or choose another disk."
    DiskTooSmall "DISK-TOO-SMALL" Refused
        "The disk is smaller than the layout of the appliance."
        "Choose a disk of at least the size in the message."
    DiskSectorSize "DISK-SECTOR-SIZE" Refused
        "The disk has logical sectors of another size than 512 bytes."
        "Set the disk to 512-byte sectors with its maker's tool, or choose another disk."
    DiskUnreadable "DISK-UNREADABLE" Refused
        "The disk cannot be opened or read."
        "Look for errors of the disk in the kernel log, or choose another disk."
    NotRoot "NOT-ROOT" Refused
        "The user who runs the installer may not write to the disk."
        "Run the command as root, for example with sudo."
    DiskNotEmpty "DISK-NOT-EMPTY" Refused
        "The disk holds data and nobody agreed that it be erased."
        "Set `\"wipe\": true` in the answer or give `--yes` if the data can go."
    NotConfirmed "NOT-CONFIRMED" Refused
        "The question whether to erase the disk was not answered with yes."
        "Run the command again and answer `yes`, or give `--yes`."
    ImageFetch "IMAGE-FETCH" Input
        "A file of the image could not be read or downloaded."
        "Check that the named file can be fetched from this machine, then install again."
    ImageManifest "IMAGE-MANIFEST" Input
        "The manifest of the image is not the expected one or not valid."
        "Give the SHA-256 of the manifest that the source serves, or serve the image that the answer means."
    ImageSignature "IMAGE-SIGNATURE" Input
        "The image is not signed with a key that this system trusts."
        "Sign it with `daybreak image sign` and a key of /etc/daybreak/keys, or give `--insecure` if you know where it comes from."
    ImageContent "IMAGE-CONTENT" Input
        "A file of the image is not the one that its manifest names."
        "Build or copy the image again; the file changed after the manifest was made."
    ImageTooLarge "IMAGE-TOO-LARGE" Input
        "The slot image is larger than a slot."
        "Build a smaller image."
    BootloaderFiles "BOOTLOADER-FILES" Input
        "The boot loader files of the running system are missing or damaged."
        "Start from an image built by `daybreak image build`, or name their folder with `--grub-dir`."
    SeedFetch "SEED-FETCH" Input
        "The Day-1 seed could not be fetched."
        "When it was delivered already (410 Gone), boot over the network again for a new one; else check the URL."
    WriteFailed "WRITE-FAILED" Disk
        "The disk could not be written or read."
        "Look for errors of the disk in the kernel log; replace the disk if there are any, then install again."
    VerifyMismatch "VERIFY-MISMATCH" Disk
        "What was read back from the disk is not what was written."
        "Replace the disk, its cable or its controller: it lost data."
    StateFailed "STATE-FAILED" Disk
        "The file system of the state partition could not be made."
        "Read the message of mkfs.ext4, then install again."
}

impl Serialize for Code {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl std::fmt::Display for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn codes_are_unique_and_each_sentence_is_one() {
        let texts: BTreeSet<_> = Code::ALL.iter().map(|code| code.as_str()).collect();
        assert_eq!(texts.len(), Code::ALL.len());
        for code in Code::ALL {
            assert!(code.as_str().bytes().all(|c| c.is_ascii_uppercase() || c == b'-'), "{code}");
            for sentence in [code.cause(), code.remedy()] {
                assert!(sentence.ends_with('.') && !sentence.contains(". "), "{code}: {sentence}");
            }
        }
    }
}
