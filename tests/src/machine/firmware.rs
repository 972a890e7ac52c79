//! What starts a machine.

/// The machine's firmware and the network boot code that goes with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Firmware {
    /// `SeaBIOS`; the card carries the iPXE ROM.
    Bios,
    /// OVMF with its own PXE client: DHCP option 93 says 7, the loader comes by TFTP.
    Uefi,
    /// The same with Secure Boot on: Microsoft's keys are in it, and it keeps its variables from the system. Needs Q35.
    UefiSecureBoot,
}

impl Firmware {
    /// Each.
    pub const ALL: [Self; 3] = [Self::Bios, Self::Uefi, Self::UefiSecureBoot];

    /// OVMF's code and its variables at first, as Debian's `ovmf` installs them; none for a BIOS.
    pub(crate) const fn ovmf(self) -> Option<(&'static str, &'static str)> {
        match self {
            Self::Bios => None,
            Self::Uefi => Some(("/usr/share/OVMF/OVMF_CODE_4M.fd", "/usr/share/OVMF/OVMF_VARS_4M.fd")),
            Self::UefiSecureBoot => {
                Some(("/usr/share/OVMF/OVMF_CODE_4M.secboot.fd", "/usr/share/OVMF/OVMF_VARS_4M.ms.fd"))
            }
        }
    }

    /// Whether it is a UEFI.
    pub const fn is_uefi(self) -> bool {
        self.ovmf().is_some()
    }
}
