//! What kind of boot program asks: ROM, UEFI HTTP boot, iPXE, or an operating system.

use super::arch::{Arch, arch_of};
use crate::wire::{Packet, code};

/// The program behind the packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FirmwareKind {
    /// iPXE: gets the script, never a loader again (that would loop).
    Ipxe,
    /// UEFI HTTP boot: gets a URL.
    HttpClient,
    /// A PXE ROM: gets a loader over TFTP.
    PxeClient,
    /// An operating system or anything that does not boot from the network.
    NotBooting,
}

/// Program and architecture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Firmware {
    /// The program.
    pub kind: FirmwareKind,
    /// The machine, when it says.
    pub arch: Option<Arch>,
}

/// Reads options 60, 77, 93 and 175.
///
/// iPXE is known by the user class `iPXE`, which it sends bare although RFC 3004 §4 wants a length byte in front
/// (both are accepted), or by its encapsulated options 175.
pub fn firmware_of(packet: &Packet<'_>) -> Firmware {
    let arch = arch_of(packet);
    let class = packet.get(code::VENDOR_CLASS);
    let class = class.as_deref().unwrap_or_default();
    let user_class = packet.get(code::USER_CLASS);
    let user_class = user_class.as_deref().unwrap_or_default();
    let kind = if user_class == b"iPXE" || user_class == b"\x04iPXE" || packet.has(code::IPXE) {
        FirmwareKind::Ipxe
    } else if class.starts_with(b"HTTPClient") {
        FirmwareKind::HttpClient
    } else if class.starts_with(b"PXEClient") {
        FirmwareKind::PxeClient
    } else {
        match arch {
            Some(arch) if arch.is_http() => FirmwareKind::HttpClient,
            Some(_) => FirmwareKind::PxeClient,
            None => FirmwareKind::NotBooting,
        }
    };
    Firmware { kind, arch }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::PacketSpec;

    type Options<'o> = &'o [(u8, &'o [u8])];

    #[test]
    fn table_of_firmware() {
        let rom: &[u8] = b"PXEClient:Arch:00000:UNDI:002001";
        let cases: &[(&str, Options<'_>, FirmwareKind)] = &[
            ("dhclient", &[], FirmwareKind::NotBooting),
            ("udhcpc", &[(60, b"udhcp 1.35.0")], FirmwareKind::NotBooting),
            ("PXE ROM", &[(60, rom), (93, &[0, 0])], FirmwareKind::PxeClient),
            ("iPXE by user class", &[(60, rom), (93, &[0, 0]), (77, b"iPXE")], FirmwareKind::Ipxe),
            ("iPXE in the RFC's form", &[(60, rom), (77, b"\x04iPXE")], FirmwareKind::Ipxe),
            ("iPXE by option 175", &[(60, rom), (175, &[1, 1, 1])], FirmwareKind::Ipxe),
            ("another user class", &[(60, rom), (77, b"lab")], FirmwareKind::PxeClient),
            (
                "OVMF HTTP",
                &[(60, b"HTTPClient:Arch:00016:UNDI:003001"), (93, &[0, 16])],
                FirmwareKind::HttpClient,
            ),
            ("arch alone", &[(93, &[0, 11])], FirmwareKind::PxeClient),
            ("HTTP arch alone", &[(93, &[0, 19])], FirmwareKind::HttpClient),
        ];
        for (name, options, kind) in cases {
            let spec = options.iter().fold(PacketSpec::discover(), |s, (code, value)| s.option(*code, value));
            assert_eq!(firmware_of(&Packet::parse(&spec.bytes()).unwrap()).kind, *kind, "{name}");
        }
    }
}
