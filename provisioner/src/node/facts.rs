//! What can happen to a node: the input of every state's `step`.

use serde::{Deserialize, Serialize};

/// What an operator asked for. Recorded first, acted on by the engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Intent {
    /// Install, or install again.
    Deploy,
    /// Stop deploying.
    Abort,
}

/// Firmware of a network boot, as the boot script's request told it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Firmware {
    /// PC BIOS.
    Bios,
    /// UEFI.
    Uefi,
}

/// Steps of the installer, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum InstallStep {
    /// The disk was chosen and is being partitioned.
    Partition,
    /// The slot image is being written.
    Write,
    /// The slot is being read back.
    Verify,
    /// GRUB is being embedded.
    Bootloader,
    /// The Day-1 seed is being stored.
    Seed,
    /// All is on the disk.
    Done,
    /// Given up; `code` and `message` say why.
    Failed,
}

impl InstallStep {
    /// Every step, in order.
    pub const ALL: [Self; 7] =
        [Self::Partition, Self::Write, Self::Verify, Self::Bootloader, Self::Seed, Self::Done, Self::Failed];

    /// The step of that word.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|step| step.name() == name)
    }

    /// The word of the report.
    pub fn name(self) -> &'static str {
        match self {
            Self::Partition => "partition",
            Self::Write => "write",
            Self::Verify => "verify",
            Self::Bootloader => "bootloader",
            Self::Seed => "seed",
            Self::Done => "done",
            Self::Failed => "failed",
        }
    }
}

/// A report of the installer, the body of `POST /report/TOKEN`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct InstallReport {
    /// Which step.
    pub step: InstallStep,
    /// 0 to 100 of this step.
    #[serde(default)]
    pub percent: u8,
    /// Bytes moved in this step.
    #[serde(default)]
    pub bytes: u64,
    /// Bytes in all, 0 when unknown.
    #[serde(default)]
    pub total: u64,
    /// One sentence, for a person.
    #[serde(default)]
    pub message: String,
    /// Stable code of a failure, such as `DISK-AMBIGUOUS`.
    #[serde(default)]
    pub code: Option<String>,
}

/// Something that was seen or asked for.
#[derive(Debug, Clone, PartialEq)]
pub enum Fact {
    /// The operator's intent.
    Intent(Intent),
    /// iPXE asked for its script.
    BootScript,
    /// The installer reported.
    Report(InstallReport),
    /// The installed system phoned home with these host keys.
    PhoneHome {
        /// `type base64` each.
        host_keys: Vec<String>,
    },
    /// The state's deadline passed.
    Deadline,
}
