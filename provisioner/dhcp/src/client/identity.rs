//! Who the machine is, the same from ROM through iPXE to the operating system.

use crate::wire::{HwAddr, Packet, code};
use std::{fmt, sync::Arc};
use uuid::Uuid;

/// Longest client identifier kept; a longer one is cut, so that memory and journal stay bounded.
pub(super) const MAX_CLIENT_ID: usize = 255;

/// Everything by which a client may be known.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ClientIdentity {
    /// `chaddr`.
    pub hw: Option<HwAddr>,
    /// Option 97 as sent. ROMs send the SMBIOS bytes (first three fields little-endian), iPXE and most
    /// operating systems network order: match with [`ClientIdentity::uuids`].
    pub uuid: Option<Uuid>,
    /// Option 61 with its type byte, at most 255 bytes.
    pub client_id: Option<Arc<[u8]>>,
}

/// The one name under which a client's lease is kept.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum ClientKey {
    /// By hardware address: whenever there is one.
    Hw(HwAddr),
    /// By UUID: links without usable hardware addresses.
    Uuid(Uuid),
    /// By client identifier, the last resort.
    ClientId(Arc<[u8]>),
}

impl ClientIdentity {
    /// The lease key: hardware address, then UUID, then client identifier.
    ///
    /// RFC 2131 §2 would prefer the client identifier, but a ROM sends none or its UUID, iPXE another and
    /// systemd-networkd a DUID: one machine would get three addresses. A UUID does not come first because all
    /// ports of a machine share it, and two ports must not share an address.
    pub fn key(&self) -> Option<ClientKey> {
        if let Some(hw) = self.hw {
            return Some(ClientKey::Hw(hw));
        }
        if let Some([one, other]) = self.uuids() {
            return Some(ClientKey::Uuid(one.min(other)));
        }
        self.client_id.clone().map(ClientKey::ClientId)
    }

    /// The UUID in both byte orders: as sent, and with the first three fields swapped.
    pub fn uuids(&self) -> Option<[Uuid; 2]> {
        self.uuid.map(|uuid| [uuid, Uuid::from_bytes_le(uuid.into_bytes())])
    }

    /// Fills what this packet did not say from what an earlier one did.
    pub(crate) fn or(self, earlier: &Self) -> Self {
        Self {
            hw: self.hw.or(earlier.hw),
            uuid: self.uuid.or(earlier.uuid),
            client_id: self.client_id.or_else(|| earlier.client_id.clone()),
        }
    }
}

impl fmt::Display for ClientIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.hw, &self.uuid, &self.client_id) {
            (Some(hw), _, _) => hw.fmt(f),
            (None, Some(uuid), _) => uuid.fmt(f),
            (None, None, Some(id)) => id.iter().try_for_each(|b| write!(f, "{b:02x}")),
            (None, None, None) => f.write_str("unknown"),
        }
    }
}

/// Reads `chaddr` and options 97 and 61. A UUID of all zeroes or all ones is a board without one.
pub fn identity_of(packet: &Packet<'_>) -> ClientIdentity {
    let uuid = packet.get(code::CLIENT_UUID).and_then(|value| {
        let bytes: [u8; 16] = value.strip_prefix(&[0])?.try_into().ok()?;
        let uuid = Uuid::from_bytes(bytes);
        (!uuid.is_nil() && !uuid.is_max()).then_some(uuid)
    });
    let client_id = packet
        .get(code::CLIENT_ID)
        .filter(|id| !id.is_empty())
        .map(|id| Arc::from(&id[..id.len().min(MAX_CLIENT_ID)]));
    ClientIdentity { hw: packet.hw_addr(), uuid, client_id }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::PacketSpec;

    fn key(spec: &PacketSpec) -> Option<ClientKey> {
        identity_of(&Packet::parse(&spec.bytes()).unwrap()).key()
    }

    #[test]
    fn one_machine_has_one_key_from_rom_to_operating_system() {
        let uuid: Vec<u8> = std::iter::once(0).chain(1..=16).collect();
        let rom = PacketSpec::discover().option(97, &uuid).option(61, &uuid);
        let ipxe = PacketSpec::discover().option(61, &[1, 2, 0, 0, 0, 0, 7]).option(97, &uuid);
        let networkd = PacketSpec::discover().option(61, &[255, 1, 2, 3, 4, 0, 2, 0, 0, 171, 17]);
        assert_eq!(key(&rom), key(&ipxe));
        assert_eq!(key(&ipxe), key(&networkd));
        assert!(matches!(key(&rom), Some(ClientKey::Hw(_))));
    }

    #[test]
    fn without_hardware_address_the_uuid_counts_in_either_byte_order() {
        let big: Vec<u8> = std::iter::once(0).chain(1..=16).collect();
        let little = [0, 4, 3, 2, 1, 6, 5, 8, 7, 9, 10, 11, 12, 13, 14, 15, 16];
        let spec = || PacketSpec::discover().no_hw().option(61, &[9, 9]);
        assert_eq!(key(&spec().option(97, &big)), key(&spec().option(97, &little)));
        assert!(matches!(key(&spec().option(97, &big)), Some(ClientKey::Uuid(_))));
    }

    #[test]
    fn a_useless_uuid_is_not_used() {
        for bad in [&[0; 17][..], &[255; 17], &[1; 17], &[0, 1, 2], &[]] {
            let spec = PacketSpec::discover().no_hw().option(97, bad).option(61, &[9, 9]);
            assert_eq!(key(&spec), Some(ClientKey::ClientId(Arc::from([9, 9]))), "{bad:?}");
        }
        let mut ones = [255; 17];
        ones[0] = 0;
        assert_eq!(key(&PacketSpec::discover().no_hw().option(97, &ones)), None);
    }

    #[test]
    fn an_overlong_client_identifier_is_cut() {
        let spec = PacketSpec::discover().no_hw().option(61, &[7; 200]).option(61, &[8; 200]);
        let Some(ClientKey::ClientId(id)) = key(&spec) else { panic!("a client identifier") };
        assert_eq!(id.len(), MAX_CLIENT_ID);
    }
}
