//! Reserving huge pages of 2 MiB.

use std::fs;

use crate::config::Share;

const RESERVED: &str = "/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages";
const PAGE: u32 = 2;
/// The least that is of use, in pages.
const LEAST: u32 = 16;

/// Reserves huge pages for an amount of memory, and no fewer than were reserved already.
///
/// # Errors
/// Why there are too few.
pub(super) fn reserve(share: &Share) -> Result<(), String> {
    let wanted = share.mib.div_ceil(PAGE);
    let have = reserved()?;
    if have < wanted {
        fs::write(RESERVED, wanted.to_string()).map_err(|error| format!("writing {RESERVED}: {error}"))?;
    }
    let have = reserved()?;
    tracing::info!(pages = have, wanted, why = share.why, "huge pages of 2 MiB");
    if have >= LEAST {
        return Ok(());
    }
    Err(format!(
        "Linux has {have} huge pages of 2 MiB where {LEAST} are the least; memory is too small or in pieces"
    ))
}

fn reserved() -> Result<u32, String> {
    let text = fs::read_to_string(RESERVED).map_err(|error| format!("reading {RESERVED}: {error}"))?;
    text.trim().parse().map_err(|_| format!("{RESERVED} holds no number"))
}
