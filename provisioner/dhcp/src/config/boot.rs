//! Network boot of a subnet: which file for which machine.

use crate::client::{Arch, Firmware, FirmwareKind};
use serde::Deserialize;
use std::{borrow::Cow, net::Ipv4Addr};

/// Where machines find their loader and iPXE its script.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Boot {
    /// TFTP server (`siaddr`, option 66).
    pub next_server: Ipv4Addr,
    /// Base URL of the HTTP server, `http://` and host; default `http://NEXT_SERVER`.
    pub http: Option<String>,
    /// Loader by architecture.
    #[serde(default)]
    pub loaders: Loaders,
    /// What iPXE runs; default `HTTP/boot/script.ipxe`.
    pub script: Option<String>,
}

/// Loader names: over TFTP as they stand, by UEFI HTTP boot below `HTTP/boot/`. `null` serves none.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Loaders {
    /// x86 BIOS (architectures 0 and 20).
    pub bios: Option<String>,
    /// UEFI on 32-bit x86 (6 and 15).
    pub uefi_ia32: Option<String>,
    /// UEFI on x86-64 (7, 9 and 16).
    pub uefi_x64: Option<String>,
    /// UEFI on 32-bit ARM (10 and 18).
    pub uefi_arm32: Option<String>,
    /// UEFI on 64-bit ARM (11 and 19).
    pub uefi_arm64: Option<String>,
    /// UEFI on 64-bit RISC-V (27 and 28).
    pub uefi_riscv64: Option<String>,
}

impl Default for Loaders {
    fn default() -> Self {
        Self {
            bios: Some("undionly.kpxe".into()),
            uefi_ia32: Some("ipxe-i386.efi".into()),
            // Not `ipxe.efi`: Debian's 2019 build hangs when its script exits to the next boot option.
            uefi_x64: Some("snponly.efi".into()),
            uefi_arm32: None,
            uefi_arm64: Some("ipxe-arm64.efi".into()),
            uefi_riscv64: None,
        }
    }
}

impl Loaders {
    /// The loader of an architecture, whichever way it is fetched.
    pub fn name(&self, arch: Arch) -> Option<&str> {
        match arch {
            Arch::Bios | Arch::HttpBios => self.bios.as_deref(),
            Arch::UefiIa32 | Arch::HttpIa32 => self.uefi_ia32.as_deref(),
            Arch::UefiX64 | Arch::HttpX64 => self.uefi_x64.as_deref(),
            Arch::UefiArm32 | Arch::HttpArm32 => self.uefi_arm32.as_deref(),
            Arch::UefiArm64 | Arch::HttpArm64 => self.uefi_arm64.as_deref(),
            Arch::UefiRiscv64 | Arch::HttpRiscv64 => self.uefi_riscv64.as_deref(),
            Arch::Other(_) => None,
        }
    }
}

impl Boot {
    /// Base URL without a closing slash.
    pub fn base_url(&self) -> Cow<'_, str> {
        match &self.http {
            Some(url) => Cow::Borrowed(url.trim_end_matches('/')),
            None => Cow::Owned(format!("http://{}", self.next_server)),
        }
    }

    /// What iPXE runs.
    pub fn script_url(&self) -> Cow<'_, str> {
        match &self.script {
            Some(url) => Cow::Borrowed(url),
            None => Cow::Owned(format!("{}/boot/script.ipxe", self.base_url())),
        }
    }

    /// The boot file of a client, whose node may have a loader of its own (`own`) for UEFI on x86-64: the script for iPXE,
    /// which breaks the loop of iPXE loading iPXE; a URL for UEFI HTTP boot; a TFTP name for a PXE ROM; nothing for anything else or for a machine without a loader.
    pub fn file<'b>(&'b self, firmware: Firmware, own: Option<&'b str>) -> Option<Cow<'b, str>> {
        let loader = |arch| match arch {
            Arch::UefiX64 | Arch::HttpX64 if own.is_some() => own,
            _ => self.loaders.name(arch),
        };
        match firmware.kind {
            FirmwareKind::Ipxe => Some(self.script_url()),
            FirmwareKind::HttpClient => {
                let name = loader(firmware.arch?)?;
                Some(Cow::Owned(format!("{}/boot/{name}", self.base_url())))
            }
            FirmwareKind::PxeClient => loader(firmware.arch?).map(Cow::Borrowed),
            FirmwareKind::NotBooting => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn table_of_boot_files() {
        let boot = Boot {
            next_server: Ipv4Addr::new(192, 0, 2, 1),
            http: Some("http://boot.example:8080/".into()),
            loaders: Loaders::default(),
            script: None,
        };
        let script = "http://boot.example:8080/boot/script.ipxe";
        for (kind, arch, file) in [
            (FirmwareKind::PxeClient, Some(Arch::Bios), Some("undionly.kpxe")),
            (FirmwareKind::PxeClient, Some(Arch::UefiIa32), Some("ipxe-i386.efi")),
            (FirmwareKind::PxeClient, Some(Arch::UefiX64), Some("snponly.efi")),
            (FirmwareKind::PxeClient, Some(Arch::UefiArm64), Some("ipxe-arm64.efi")),
            (FirmwareKind::PxeClient, Some(Arch::UefiArm32), None),
            (FirmwareKind::PxeClient, Some(Arch::Other(41)), None),
            (FirmwareKind::PxeClient, None, None),
            (
                FirmwareKind::HttpClient,
                Some(Arch::HttpX64),
                Some("http://boot.example:8080/boot/snponly.efi"),
            ),
            (
                FirmwareKind::HttpClient,
                Some(Arch::HttpArm64),
                Some("http://boot.example:8080/boot/ipxe-arm64.efi"),
            ),
            (FirmwareKind::HttpClient, None, None),
            (FirmwareKind::Ipxe, Some(Arch::Bios), Some(script)),
            (FirmwareKind::Ipxe, Some(Arch::UefiX64), Some(script)),
            (FirmwareKind::Ipxe, None, Some(script)),
            (FirmwareKind::NotBooting, None, None),
        ] {
            assert_eq!(boot.file(Firmware { kind, arch }, None).as_deref(), file, "{kind:?} {arch:?}");
        }
    }

    #[test]
    fn defaults_come_from_the_next_server() {
        let boot = Boot {
            next_server: Ipv4Addr::new(192, 0, 2, 1),
            http: None,
            loaders: Loaders::default(),
            script: None,
        };
        assert_eq!(boot.script_url(), "http://192.0.2.1/boot/script.ipxe");
        let own = Boot { script: Some("http://other/x.ipxe".into()), ..boot };
        assert_eq!(own.script_url(), "http://other/x.ipxe");
    }
}
