//! One lease as bytes: `len u16 | crc32 u32 | payload`, little-endian.

use super::{Lease, LeaseState};
use crate::{client::ClientIdentity, wire::HwAddr};
use crc::{CRC_32_ISO_HDLC, Crc, Table};
use std::{net::Ipv4Addr, sync::Arc};
use uuid::Uuid;

static CRC: Crc<u32, Table<16>> = Crc::<u32, Table<16>>::new(&CRC_32_ISO_HDLC);

/// Bytes in front of the payload.
const PREFIX: usize = 6;
/// Largest record: all fields at their longest.
pub(super) const MAX_RECORD: usize = PREFIX + 1 + 4 + 8 + 8 + 18 + 17 + 256 + 256;

/// Why bytes are not a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum RecordError {
    /// The bytes end inside the record.
    #[error("cut off")]
    Cut,
    /// The length is impossible.
    #[error("impossible length")]
    Length,
    /// Checksum does not match.
    #[error("checksum does not match")]
    Checksum,
    /// The checksum is right and the content is not: written by another version.
    #[error("unknown content")]
    Content,
}

/// Appends the record of `lease`.
pub(crate) fn encode(lease: &Lease, out: &mut Vec<u8>) {
    let start = out.len();
    out.extend_from_slice(&[0; PREFIX]);
    out.push(match lease.state {
        LeaseState::Offered | LeaseState::Bound => 1,
        LeaseState::Released => 2,
        LeaseState::Declined => 3,
    });
    out.extend_from_slice(&lease.ip.octets());
    out.extend_from_slice(&lease.start.to_le_bytes());
    out.extend_from_slice(&lease.expires.to_le_bytes());
    match lease.client.hw {
        Some(hw) => {
            out.push(hw.htype());
            put_short(out, hw.as_bytes());
        }
        None => out.extend_from_slice(&[0, 0]),
    }
    put_short(out, lease.client.uuid.as_ref().map_or(&[], |u| u.as_bytes()));
    put_short(out, lease.client.client_id.as_deref().unwrap_or_default());
    put_short(out, lease.hostname.as_deref().unwrap_or_default().as_bytes());
    let payload = start + PREFIX;
    let crc = CRC.checksum(&out[payload..]);
    // All fields are bounded, so a payload is far below 64 KiB.
    let len = u16::try_from(out.len() - payload).unwrap_or(u16::MAX);
    out[start..start + 2].copy_from_slice(&len.to_le_bytes());
    out[start + 2..payload].copy_from_slice(&crc.to_le_bytes());
}

/// Reads the record at the start of `bytes`: the lease and how many bytes it took.
pub(super) fn decode(bytes: &[u8]) -> Result<(Lease, usize), RecordError> {
    let (prefix, rest) = bytes.split_at_checked(PREFIX).ok_or(RecordError::Cut)?;
    let len = usize::from(u16::from_le_bytes([prefix[0], prefix[1]]));
    if len == 0 || len + PREFIX > MAX_RECORD {
        return Err(RecordError::Length);
    }
    let payload = rest.get(..len).ok_or(RecordError::Cut)?;
    if CRC.checksum(payload) != u32::from_le_bytes([prefix[2], prefix[3], prefix[4], prefix[5]]) {
        return Err(RecordError::Checksum);
    }
    let lease = parse(payload).ok_or(RecordError::Content)?;
    Ok((lease, PREFIX + len))
}

fn parse(mut bytes: &[u8]) -> Option<Lease> {
    let input = &mut bytes;
    let state = match take::<1>(input)? {
        [1] => LeaseState::Bound,
        [2] => LeaseState::Released,
        [3] => LeaseState::Declined,
        _ => return None,
    };
    let ip = Ipv4Addr::from(take::<4>(input)?);
    let start = u64::from_le_bytes(take(input)?);
    let expires = u64::from_le_bytes(take(input)?);
    let [htype] = take(input)?;
    let hw = HwAddr::new(htype, take_short(input)?);
    let uuid = take_short(input)?;
    let uuid = if uuid.is_empty() { None } else { Some(Uuid::from_slice(uuid).ok()?) };
    let client_id = take_short(input)?;
    let client_id = (!client_id.is_empty()).then(|| Arc::from(client_id));
    let hostname = str::from_utf8(take_short(input)?).ok()?;
    let hostname = (!hostname.is_empty()).then(|| Arc::from(hostname));
    let client = ClientIdentity { hw, uuid, client_id };
    client.key()?;
    input.is_empty().then_some(Lease { ip, client, hostname, state, start, expires })
}

fn put_short(out: &mut Vec<u8>, bytes: &[u8]) {
    let len = bytes.len().min(255);
    out.push(u8::try_from(len).unwrap_or(255));
    out.extend_from_slice(&bytes[..len]);
}

fn take<const N: usize>(input: &mut &[u8]) -> Option<[u8; N]> {
    let (head, tail) = input.split_first_chunk::<N>()?;
    *input = tail;
    Some(*head)
}

fn take_short<'a>(input: &mut &'a [u8]) -> Option<&'a [u8]> {
    let [len] = take(input)?;
    let (head, tail) = input.split_at_checked(usize::from(len))?;
    *input = tail;
    Some(head)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn leases() -> impl Strategy<Value = Lease> {
        let state =
            prop_oneof![Just(LeaseState::Bound), Just(LeaseState::Released), Just(LeaseState::Declined)];
        let client = (
            prop::array::uniform6(1_u8..),
            prop::option::of(any::<[u8; 16]>()),
            prop::option::of(prop::collection::vec(any::<u8>(), 1..=255)),
        );
        (any::<u32>(), client, prop::option::of("[a-z]{1,255}"), state, any::<u64>(), any::<u64>()).prop_map(
            |(ip, (mac, uuid, id), hostname, state, start, expires)| Lease {
                ip: ip.into(),
                client: ClientIdentity {
                    hw: Some(HwAddr::ethernet(mac)),
                    uuid: uuid.map(Uuid::from_bytes),
                    client_id: id.map(Arc::from),
                },
                hostname: hostname.map(Arc::from),
                state,
                start,
                expires,
            },
        )
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(lease in leases(), tail in prop::collection::vec(any::<u8>(), 0..40)) {
            let mut bytes = Vec::new();
            encode(&lease, &mut bytes);
            let len = bytes.len();
            prop_assert!(len <= MAX_RECORD);
            bytes.extend(tail);
            prop_assert_eq!(decode(&bytes), Ok((lease, len)));
        }

        #[test]
        fn a_changed_bit_or_a_cut_is_noticed(lease in leases(), at in any::<prop::sample::Index>(), bit in 0..8) {
            let mut bytes = Vec::new();
            encode(&lease, &mut bytes);
            let at = at.index(bytes.len());
            prop_assert!(decode(&bytes[..at]).is_err());
            bytes[at] ^= 1_u8 << bit;
            prop_assert!(decode(&bytes).is_err());
        }

        #[test]
        fn any_bytes_are_survived(bytes in prop::collection::vec(any::<u8>(), 0..700)) {
            let _ = decode(&bytes);
        }
    }
}
