//! Client architecture: option 93 (RFC 4578 §2.1, registry "Processor Architecture Types" of IANA).

use crate::wire::{Packet, code};
use serde::{Deserialize, Serialize};

/// Machine and boot method that asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Arch {
    /// 0: x86 BIOS.
    Bios,
    /// 6: UEFI on 32-bit x86.
    UefiIa32,
    /// 7, and 9 from firmware that follows the text of RFC 4578 before its erratum: UEFI on x86-64.
    UefiX64,
    /// 10: UEFI on 32-bit ARM.
    UefiArm32,
    /// 11: UEFI on 64-bit ARM.
    UefiArm64,
    /// 15: UEFI HTTP boot on 32-bit x86.
    HttpIa32,
    /// 16: UEFI HTTP boot on x86-64.
    HttpX64,
    /// 18: UEFI HTTP boot on 32-bit ARM.
    HttpArm32,
    /// 19: UEFI HTTP boot on 64-bit ARM.
    HttpArm64,
    /// 20: HTTP boot of an x86 BIOS.
    HttpBios,
    /// 27: UEFI on 64-bit RISC-V.
    UefiRiscv64,
    /// 28: UEFI HTTP boot on 64-bit RISC-V.
    HttpRiscv64,
    /// A number without a loader of ours; kept for the event.
    #[serde(untagged)]
    Other(u16),
}

impl Arch {
    /// From the number of the registry.
    pub fn from_wire(number: u16) -> Self {
        match number {
            0 => Self::Bios,
            6 => Self::UefiIa32,
            7 | 9 => Self::UefiX64,
            10 => Self::UefiArm32,
            11 => Self::UefiArm64,
            15 => Self::HttpIa32,
            16 => Self::HttpX64,
            18 => Self::HttpArm32,
            19 => Self::HttpArm64,
            20 => Self::HttpBios,
            27 => Self::UefiRiscv64,
            28 => Self::HttpRiscv64,
            other => Self::Other(other),
        }
    }

    /// True when the firmware fetches its boot file by HTTP.
    pub fn is_http(self) -> bool {
        matches!(
            self,
            Self::HttpIa32
                | Self::HttpX64
                | Self::HttpArm32
                | Self::HttpArm64
                | Self::HttpBios
                | Self::HttpRiscv64
        )
    }
}

/// The architecture of the client, or `None` when it says none and so is not boot firmware.
///
/// Option 93 is a list; the first number we know wins. Firmware without the option is read from the class string
/// `PXEClient:Arch:NNNNN:UNDI:XXXYYY` (PXE 2.1 §2.2.3), and a bare `PXEClient` is an old BIOS.
pub fn arch_of(packet: &Packet<'_>) -> Option<Arch> {
    if let Some(list) = packet.get(code::CLIENT_ARCH) {
        let mut found = list.chunks_exact(2).map(|n| Arch::from_wire(u16::from_be_bytes([n[0], n[1]])));
        let first = found.next();
        return match first {
            Some(Arch::Other(_)) => found.find(|a| !matches!(a, Arch::Other(_))).or(first),
            known => known,
        };
    }
    let class = packet.get(code::VENDOR_CLASS)?;
    let rest = class.strip_prefix(b"PXEClient").or_else(|| class.strip_prefix(b"HTTPClient"))?;
    let digits = rest.strip_prefix(b":Arch:").and_then(|r| r.get(..5)).and_then(|d| str::from_utf8(d).ok());
    match digits.and_then(|d| d.parse().ok()) {
        Some(number) => Some(Arch::from_wire(number)),
        None if class.starts_with(b"PXEClient") => Some(Arch::Bios),
        None => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::PacketSpec;

    #[test]
    fn table_of_option_93() {
        for (number, arch) in [
            (0, Arch::Bios),
            (1, Arch::Other(1)),
            (6, Arch::UefiIa32),
            (7, Arch::UefiX64),
            (9, Arch::UefiX64),
            (10, Arch::UefiArm32),
            (11, Arch::UefiArm64),
            (15, Arch::HttpIa32),
            (16, Arch::HttpX64),
            (18, Arch::HttpArm32),
            (19, Arch::HttpArm64),
            (20, Arch::HttpBios),
            (27, Arch::UefiRiscv64),
            (28, Arch::HttpRiscv64),
            (41, Arch::Other(41)),
        ] {
            let [high, low] = u16::to_be_bytes(number);
            let bytes = PacketSpec::discover().option(93, &[high, low]).bytes();
            assert_eq!(arch_of(&Packet::parse(&bytes).unwrap()), Some(arch), "{number}");
            assert_eq!(arch.is_http(), matches!(number, 15..=20 | 28), "{number}");
        }
    }

    #[test]
    fn table_of_clients_without_a_clean_option_93() {
        let list = |o: &[(u8, &[u8])]| {
            let spec = o.iter().fold(PacketSpec::discover(), |s, (code, value)| s.option(*code, value));
            arch_of(&Packet::parse(&spec.bytes()).unwrap())
        };
        assert_eq!(list(&[]), None);
        assert_eq!(list(&[(60, b"MSFT 5.0")]), None);
        assert_eq!(list(&[(60, b"PXEClient")]), Some(Arch::Bios));
        assert_eq!(list(&[(60, b"PXEClient:Arch:00007:UNDI:003016")]), Some(Arch::UefiX64));
        assert_eq!(list(&[(60, b"HTTPClient:Arch:00016:UNDI:003001")]), Some(Arch::HttpX64));
        assert_eq!(list(&[(60, b"HTTPClient")]), None);
        assert_eq!(list(&[(60, b"PXEClient:Arch:zzzzz")]), Some(Arch::Bios));
        assert_eq!(list(&[(93, &[0, 1, 0, 7])]), Some(Arch::UefiX64), "first known of a list");
        assert_eq!(list(&[(93, &[0, 1, 0, 2])]), Some(Arch::Other(1)));
        assert_eq!(list(&[(93, &[7])]), None, "odd length says nothing");
        assert_eq!(list(&[(93, &[])]), None);
    }
}
