//! What runs a boot script, and how a machine comes to it.

/// The loader that UEFI with Secure Boot starts, by its name in the site's `loaders`. It asks for [`GRUB`] itself.
pub const SHIM: &str = "shimx64.efi";
/// The loader that [`SHIM`] asks for, in the folder that it came from itself.
pub const GRUB: &str = "grubx64.efi";
/// What Debian's signed GRUB asks for by TFTP, the only protocol that it knows: the name is built into it.
pub const GRUB_START: &str = "grub/grub.cfg";
/// What [`GRUB_START`] has it ask for: the script of the machine that asks.
pub const GRUB_SCRIPT: &str = "grub/script.cfg";

/// What runs a boot script.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Loader {
    /// iPXE, which nobody has signed.
    Ipxe,
    /// Debian's signed GRUB, behind its signed shim.
    Grub,
}

impl Loader {
    /// Name of the template that installs.
    pub const fn install(self) -> &'static str {
        match self {
            Self::Ipxe => "install.ipxe",
            Self::Grub => "install.grub",
        }
    }

    /// Name of the template that sends a machine to its disk.
    pub const fn disk(self) -> &'static str {
        match self {
            Self::Ipxe => "disk.ipxe",
            Self::Grub => "disk.grub",
        }
    }

    /// Name of the template for a machine that is not enrolled.
    pub const fn unknown(self) -> &'static str {
        match self {
            Self::Ipxe => "unknown.ipxe",
            Self::Grub => "unknown.grub",
        }
    }
}

/// Content of [`GRUB_START`], the same for every machine: asks for the script until one starts a system or leaves GRUB.
pub const START: &str = "while true; do
  source \"$prefix/script.cfg\"
  echo 'Daybreak: asking again in 10 seconds'
  sleep 10
done
";
