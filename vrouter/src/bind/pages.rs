//! Reserving huge pages of 2 MiB.

use std::fs;

use crate::config::Hugepages;

const RESERVED: &str = "/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages";
const PAGE: u32 = 2;
/// The least that is of use, in pages.
const LEAST: u32 = 16;

/// Reserves what the configuration wants, at most a quarter of the memory, and no less than was reserved already.
///
/// # Errors
/// Why there are too few.
pub(super) fn reserve(config: &Hugepages) -> Result<(), String> {
    let meminfo = fs::read_to_string("/proc/meminfo").map_err(|error| format!("/proc/meminfo: {error}"))?;
    let wanted = wanted(config.memory.to_mib(), &meminfo);
    let have = reserved()?;
    if have < wanted {
        fs::write(RESERVED, wanted.to_string()).map_err(|error| format!("writing {RESERVED}: {error}"))?;
    }
    let have = reserved()?;
    tracing::info!(pages = have, wanted, "huge pages of 2 MiB");
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

/// Pages to reserve.
fn wanted(mib: u32, meminfo: &str) -> u32 {
    let total = meminfo
        .lines()
        .find_map(|line| line.strip_prefix("MemTotal:")?.split_whitespace().next()?.parse::<u32>().ok());
    let quarter = total.map_or(u32::MAX, |kib| kib / 1024 / 4);
    mib.min(quarter).div_ceil(PAGE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn never_takes_more_than_a_quarter() {
        for (mib, kib, pages) in
            [(256, 4_000_000, 128), (256, 1_000_000, 122), (64, 500_000, 32), (3, 500_000, 2)]
        {
            assert_eq!(wanted(mib, &format!("MemTotal:  {kib} kB\n")), pages, "{mib} of {kib}");
        }
    }
}
