//! `appliance.yaml`: what is in the image, as the operator writes it.

mod deb;
mod dpdk;
mod format;
mod ova;
mod words;

use std::path::Path;

use serde::{Deserialize, Serialize};

pub use deb::{DebFile, DebSpec};
pub use dpdk::{Dpdk, DpdkDriver, HugepageSize, Hugepages};
pub use format::Format;
pub use ova::{Controller, Firmware, Ova};
pub use words::{
    ByteSize, CoreList, DebName, KernelArg, Name, NetworkName, SshKey, Suite, TrustKey, UnixName, Version,
};

use crate::ImageError;

/// The appliance, parsed and checked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Spec {
    /// Name of the image: its folder and its files are named after it.
    pub name: Name,
    /// Version of the image, in the manifest.
    pub version: Version,
    /// Release of Debian.
    #[serde(default)]
    pub suite: Suite,
    /// Packages from the archive, beside the minimal system; what they depend on comes along.
    pub packages: Vec<DebName>,
    /// Our own packages: each is a file `packages/NAME.yaml` beside the specification.
    #[serde(default)]
    pub daemons: Vec<DebName>,
    /// Arguments for the kernel, in every format. The boot loader adds the source of the root and the consoles.
    #[serde(default)]
    pub kernel_args: Vec<KernelArg>,
    /// Logins that exist before cloud-init runs. Their passwords are locked.
    #[serde(default)]
    pub users: Vec<User>,
    /// Settings for the data plane.
    #[serde(default)]
    pub dpdk: Option<Dpdk>,
    /// Whose images the appliance takes.
    #[serde(default)]
    pub trust: Trust,
    /// The root file system.
    #[serde(default)]
    pub squashfs: Squashfs,
    /// Formats to make when the command line names none.
    #[serde(default = "Format::usual")]
    pub formats: Vec<Format>,
    /// The disk in the formats that hold one.
    #[serde(default)]
    pub disk: Disk,
    /// The machine that the `ova` format describes.
    #[serde(default)]
    pub ova: Ova,
}

/// A login.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct User {
    /// Login name.
    pub name: UnixName,
    /// Public keys that may log in; at least one, as there is no password.
    pub ssh_authorized_keys: Vec<SshKey>,
    /// Whether sudo is allowed, without a password as there is none.
    #[serde(default)]
    pub sudo: bool,
}

/// Whose images the appliance takes, as installer and upgrade ask.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Trust {
    /// Public keys; one of them must have signed an image. Without keys no signature is asked for.
    pub keys: Vec<TrustKey>,
}

/// How the root is packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Squashfs {
    /// Level of zstd, 1 to 22: 15 for releases, 3 for quick builds.
    pub zstd_level: ZstdLevel,
}

impl Default for Squashfs {
    fn default() -> Self {
        Self { zstd_level: ZstdLevel(15) }
    }
}

/// Level of zstd, 1 to 22.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "u8")]
pub struct ZstdLevel(u8);

impl ZstdLevel {
    /// The number.
    pub const fn get(self) -> u8 {
        self.0
    }
}

impl TryFrom<u8> for ZstdLevel {
    type Error = String;

    fn try_from(level: u8) -> Result<Self, String> {
        if (1..=22).contains(&level) {
            Ok(Self(level))
        } else {
            Err(format!("zstd level {level} is not between 1 and 22"))
        }
    }
}

impl std::str::FromStr for ZstdLevel {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let level: u8 = text.parse().map_err(|_| format!("{text:?} is not a number from 1 to 22"))?;
        Self::try_from(level)
    }
}

/// The virtual disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Disk {
    /// Size of the disk that the guest sees; the files hold only what is used.
    pub size: ByteSize,
}

impl Default for Disk {
    fn default() -> Self {
        Self { size: ByteSize::gib(8) }
    }
}

impl Spec {
    /// Parses and checks the text of a specification; `path` is only named in errors.
    ///
    /// # Errors
    /// [`ImageError::Spec`] with line and column, what is wrong there and what is accepted.
    pub fn parse(text: &str, path: &Path) -> Result<Self, ImageError> {
        let spec: Self = serde_saphyr::from_str(text).map_err(ImageError::spec(path))?;
        spec.check().map_err(|message| ImageError::Spec { path: path.to_owned(), message })?;
        Ok(spec)
    }

    /// The whole kernel line of the image: the operator's arguments, then those that the DPDK settings need.
    pub fn kernel_line(&self) -> String {
        let own = self.kernel_args.iter().map(ToString::to_string);
        let dpdk = self.dpdk.iter().flat_map(Dpdk::kernel_args);
        own.chain(dpdk).collect::<Vec<_>>().join(" ")
    }

    /// What the shape alone does not say.
    fn check(&self) -> Result<(), String> {
        if self.formats.is_empty() {
            return Err(format!("formats: is empty; accepted are {}", Format::names()));
        }
        self.check_formats(&self.formats)?;
        no_duplicates("packages", &self.packages)?;
        no_duplicates("daemons", &self.daemons)?;
        no_duplicates("trust.keys", &self.trust.keys)?;
        no_duplicates("users", self.users.iter().map(|user| &user.name))?;
        if let Some(user) = self.users.iter().find(|user| user.ssh_authorized_keys.is_empty()) {
            return Err(format!(
                "users: {} could never log in: name at least one key in ssh_authorized_keys",
                user.name
            ));
        }
        let size = self.disk.size;
        if size.bytes() < daybreak_layout::MIN_DISK_SIZE {
            return Err(format!(
                "disk.size: {size} is less than {}, the least disk that the layout fits on",
                ByteSize::new(daybreak_layout::MIN_DISK_SIZE)
            ));
        }
        if !size.bytes().is_multiple_of(daybreak_layout::MIB) {
            return Err(format!("disk.size: {size} is not a number of whole MiB"));
        }
        self.ova.check()
    }

    /// What a choice of formats needs of the rest.
    ///
    /// # Errors
    /// What is wrong with which key.
    pub fn check_formats(&self, formats: &[Format]) -> Result<(), String> {
        let size = self.disk.size;
        if formats.contains(&Format::Gce) && !size.bytes().is_multiple_of(1 << 30) {
            return Err(format!(
                "disk.size: {size} is not a number of whole GiB, which the format gce needs"
            ));
        }
        Ok(())
    }
}

fn no_duplicates<'a, T: Ord + std::fmt::Display + 'a>(
    key: &str,
    items: impl IntoIterator<Item = &'a T>,
) -> Result<(), String> {
    let mut seen = std::collections::BTreeSet::new();
    for item in items {
        if !seen.insert(item) {
            return Err(format!("{key}: {item} is listed twice"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
