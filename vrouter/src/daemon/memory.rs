//! Where packet buffers go: huge pages if they are wanted and there.

use std::fs;
use std::path::Path;

use thiserror::Error;

use crate::config::{Config, Usage, memory, total_kib};
use crate::dpdk::Memory;

/// Huge pages are wanted and there are none.
#[derive(Debug, Error)]
#[error(
    "hugepages.use is `always`, and {free} MiB of free huge pages are too few (32 at least); reserve some \
     (vrouterd bind, /proc/sys/vm/nr_hugepages)"
)]
pub(super) struct NoHugePages {
    free: u32,
}

/// The least to work with.
const LEAST: u32 = 32;

/// Decides by what is free at this moment, for so many ports.
///
/// # Errors
/// When the configuration insists and there are too few.
pub(super) fn choose(config: &Config, ports: usize) -> Result<Memory, NoHugePages> {
    let meminfo = fs::read_to_string(Path::new("/proc/meminfo")).unwrap_or_default();
    let share = memory(&config.hugepages, &config.buffers, ports, total_kib(&meminfo));
    let free = free_mib(&meminfo);
    tracing::info!(mib = share.mib, why = share.why, huge_pages_mib = free, "memory for packets");
    decide(config.hugepages.usage, share.mib, free)
}

fn decide(usage: Usage, mib: u32, free: u32) -> Result<Memory, NoHugePages> {
    match usage {
        Usage::Never => Ok(Memory::Ordinary { mib }),
        Usage::Auto if free < LEAST => Ok(Memory::Ordinary { mib }),
        Usage::Always if free < LEAST => Err(NoHugePages { free }),
        Usage::Auto | Usage::Always => Ok(Memory::Huge { mib: mib.min(free), mount: None }),
    }
}

/// Free huge pages in MiB, from the text of /proc/meminfo.
fn free_mib(meminfo: &str) -> u32 {
    let number = |key: &str| {
        let line = meminfo.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(':'))?;
        line.split_whitespace().next()?.parse::<u32>().ok()
    };
    let (pages, kib) = (number("HugePages_Free").unwrap_or(0), number("Hugepagesize").unwrap_or(0));
    pages.saturating_mul(kib / 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_huge_pages_as_far_as_they_go() {
        let ordinary = Memory::Ordinary { mib: 256 };
        let huge = |mib| Memory::Huge { mib, mount: None };
        for (usage, free, memory) in [
            (Usage::Auto, 0, &ordinary),
            (Usage::Auto, 31, &ordinary),
            (Usage::Auto, 128, &huge(128)),
            (Usage::Always, 1024, &huge(256)),
            (Usage::Never, 1024, &ordinary),
        ] {
            assert_eq!(decide(usage, 256, free).unwrap(), *memory, "{usage:?} {free}");
        }
        let error = decide(Usage::Always, 256, 8).unwrap_err().to_string();
        assert!(error.contains("8 MiB"), "{error}");
    }

    #[test]
    fn reads_meminfo() {
        let text = "MemTotal: 100 kB\nHugePages_Total:     128\nHugePages_Free:       100\nHugepagesize:       2048 kB\n";
        assert_eq!(free_mib(text), 200);
        assert_eq!(free_mib("MemTotal: 1 kB\n"), 0);
    }
}
