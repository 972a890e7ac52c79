//! Records of the journal as bytes.
//!
//! A record is `length: u32, crc32: u32, payload`, all numbers little-endian; the checksum is over length and payload.

use super::super::{BootTime, Confirm, SessionId};
use crc::{CRC_32_ISO_HDLC, Crc};

/// Largest payload, bytes. Larger changes go into a snapshot file that the record names.
pub(in crate::store) const MAX_PAYLOAD: usize = 1 << 20;

const HEADER: usize = 8;
static CRC: Crc<u32> = Crc::<u32>::new(&CRC_32_ISO_HDLC);

/// What the journal remembers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::store) enum Record {
    /// First record: what the rest builds on.
    Base {
        boot_id: String,
        /// Number of the last transaction that is part of the snapshot.
        sequence: u64,
        /// File with the running configuration.
        running: String,
        /// A confirmed commit that waits, and the file with what to go back to.
        waiting: Option<(Confirm, String)>,
    },
    /// A transaction is about to be carried out.
    Intent { sequence: u64, session: SessionId, change: Change, confirm: ConfirmStep },
    /// It was carried out.
    Commit { sequence: u64 },
    /// It was undone.
    Abort { sequence: u64 },
}

/// How the new configuration comes from the old one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::store) enum Change {
    /// By an edit, as XML.
    Edit(String),
    /// The file holds all of it.
    Snapshot(String),
}

/// What a transaction does to the confirmed commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::store) enum ConfirmStep {
    /// Nothing.
    Keep,
    /// Starts one, or extends the one that waits.
    Wait(Confirm),
    /// Ends it.
    End,
}

impl Record {
    /// The record with length and checksum.
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut out = vec![0; HEADER];
        match self {
            Self::Base { boot_id, sequence, running, waiting } => {
                out.push(0);
                number(&mut out, *sequence);
                text(&mut out, boot_id);
                text(&mut out, running);
                match waiting {
                    None => out.push(0),
                    Some((confirm, file)) => {
                        out.push(1);
                        put_confirm(&mut out, confirm);
                        text(&mut out, file);
                    }
                }
            }
            Self::Intent { sequence, session, change, confirm } => {
                out.push(1);
                number(&mut out, *sequence);
                number(&mut out, session.0.into());
                let (kind, content) = match change {
                    Change::Edit(edit) => (0, edit),
                    Change::Snapshot(file) => (1, file),
                };
                out.push(kind);
                text(&mut out, content);
                match confirm {
                    ConfirmStep::Keep => out.push(0),
                    ConfirmStep::Wait(confirm) => {
                        out.push(1);
                        put_confirm(&mut out, confirm);
                    }
                    ConfirmStep::End => out.push(2),
                }
            }
            Self::Commit { sequence } => {
                out.push(2);
                number(&mut out, *sequence);
            }
            Self::Abort { sequence } => {
                out.push(3);
                number(&mut out, *sequence);
            }
        }
        let length = u32::try_from(out.len() - HEADER).unwrap_or(u32::MAX).to_le_bytes();
        let checksum = checksum(length, &out[HEADER..]).to_le_bytes();
        out[..4].copy_from_slice(&length);
        out[4..HEADER].copy_from_slice(&checksum);
        out
    }

    /// The first record of `bytes` and how many bytes it takes; `None` if it is not whole.
    pub(super) fn decode(bytes: &[u8]) -> Option<(Self, usize)> {
        let (header, rest) = bytes.split_at_checked(HEADER)?;
        let length: [u8; 4] = header[..4].try_into().ok()?;
        let size = usize::try_from(u32::from_le_bytes(length)).ok()?;
        // Twice the bound leaves room for the names beside the largest change.
        if size > 2 * MAX_PAYLOAD {
            return None;
        }
        let payload = rest.get(..size)?;
        if header[4..] != checksum(length, payload).to_le_bytes() {
            return None;
        }
        let mut fields = Fields(payload);
        let record = fields.record()?;
        fields.0.is_empty().then_some((record, HEADER + size))
    }
}

fn checksum(length: [u8; 4], payload: &[u8]) -> u32 {
    let mut digest = CRC.digest();
    digest.update(&length);
    digest.update(payload);
    digest.finalize()
}

fn number(out: &mut Vec<u8>, value: u64) {
    out.extend_from_slice(&value.to_le_bytes());
}

fn text(out: &mut Vec<u8>, value: &str) {
    number(out, value.len() as u64);
    out.extend_from_slice(value.as_bytes());
}

fn put_confirm(out: &mut Vec<u8>, confirm: &Confirm) {
    number(out, confirm.deadline.0);
    number(out, confirm.session.0.into());
    match &confirm.persist {
        None => out.push(0),
        Some(persist) => {
            out.push(1);
            text(out, persist);
        }
    }
}

struct Fields<'a>(&'a [u8]);

impl Fields<'_> {
    fn record(&mut self) -> Option<Record> {
        let kind = self.byte()?;
        let sequence = self.number()?;
        Some(match kind {
            0 => Record::Base {
                sequence,
                boot_id: self.text()?,
                running: self.text()?,
                waiting: match self.byte()? {
                    0 => None,
                    1 => Some((self.confirm()?, self.text()?)),
                    _ => return None,
                },
            },
            1 => Record::Intent {
                sequence,
                session: self.session()?,
                change: match self.byte()? {
                    0 => Change::Edit(self.text()?),
                    1 => Change::Snapshot(self.text()?),
                    _ => return None,
                },
                confirm: match self.byte()? {
                    0 => ConfirmStep::Keep,
                    1 => ConfirmStep::Wait(self.confirm()?),
                    2 => ConfirmStep::End,
                    _ => return None,
                },
            },
            2 => Record::Commit { sequence },
            3 => Record::Abort { sequence },
            _ => return None,
        })
    }

    fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    fn number(&mut self) -> Option<u64> {
        let (bytes, rest) = self.0.split_first_chunk::<8>()?;
        self.0 = rest;
        Some(u64::from_le_bytes(*bytes))
    }

    fn text(&mut self) -> Option<String> {
        let length = usize::try_from(self.number()?).ok()?;
        let (bytes, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        String::from_utf8(bytes.to_vec()).ok()
    }

    fn session(&mut self) -> Option<SessionId> {
        u32::try_from(self.number()?).ok().map(SessionId)
    }

    fn confirm(&mut self) -> Option<Confirm> {
        let (deadline, session) = (BootTime(self.number()?), self.session()?);
        let persist = match self.byte()? {
            0 => None,
            1 => Some(self.text()?),
            _ => return None,
        };
        Some(Confirm { deadline, session, persist })
    }
}

#[cfg(test)]
mod tests {
    use super::{BootTime, Change, Confirm, ConfirmStep, Record, SessionId};

    #[test]
    fn records_are_read_back_whole_or_not_at_all() {
        let confirm = Confirm { deadline: BootTime(7), session: SessionId(3), persist: Some("p".into()) };
        let intent = |change, confirm| Record::Intent { sequence: 9, session: SessionId(4), change, confirm };
        for record in [
            Record::Base { boot_id: "b".into(), sequence: 1, running: "r".into(), waiting: None },
            Record::Base {
                boot_id: "b".into(),
                sequence: 1,
                running: "r".into(),
                waiting: Some((confirm.clone(), "f".into())),
            },
            intent(Change::Edit("<a/>".into()), ConfirmStep::Keep),
            intent(Change::Snapshot("s".into()), ConfirmStep::Wait(confirm)),
            intent(Change::Edit(String::new()), ConfirmStep::End),
            Record::Commit { sequence: u64::MAX },
            Record::Abort { sequence: 0 },
        ] {
            let bytes = record.encode();
            assert_eq!(Record::decode(&bytes), Some((record, bytes.len())));
            for cut in 0..bytes.len() {
                assert_eq!(Record::decode(&bytes[..cut]), None);
                let mut flipped = bytes.clone();
                flipped[cut] ^= 0x10;
                assert_eq!(Record::decode(&flipped), None);
            }
        }
    }
}
