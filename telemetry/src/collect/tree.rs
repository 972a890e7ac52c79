//! Reading files of `/proc` and `/sys`.

use super::CollectError;
use std::path::{Path, PathBuf};

/// Where the kernel's files are, and what is needed to understand them.
#[derive(Debug, Clone)]
pub struct Machine {
    /// `/proc`, or a copy of it.
    pub proc: PathBuf,
    /// `/sys`, or a copy of it.
    pub sys: PathBuf,
    /// Clock ticks in a second (`sysconf(_SC_CLK_TCK)`).
    pub ticks: u64,
    /// Bytes of a page.
    pub page: u64,
    /// Names of the programs to look for.
    pub processes: Vec<String>,
}

impl Machine {
    /// The machine that this runs on.
    pub fn this(processes: Vec<String>) -> Self {
        Self {
            proc: "/proc".into(),
            sys: "/sys".into(),
            ticks: rustix::param::clock_ticks_per_second(),
            page: rustix::param::page_size() as u64,
            processes,
        }
    }

    /// Clock ticks as microseconds.
    pub(super) fn microseconds(&self, ticks: u64) -> u64 {
        let time = u128::from(ticks) * 1_000_000 / u128::from(self.ticks.max(1));
        u64::try_from(time).unwrap_or(u64::MAX)
    }
}

/// The text of a file; bytes that are not UTF-8 (names of interfaces and programs may be any) are replaced.
pub(super) fn text(path: &Path) -> Result<String, CollectError> {
    let bytes = std::fs::read(path).map_err(CollectError::read(path))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// The text of a file of a thing that may go away or may not have it, such as the speed of a virtual interface.
pub(super) fn text_if_there(path: &Path) -> Option<String> {
    text(path).ok()
}

/// A number that a file may hold.
pub(super) fn number_if_there(path: &Path) -> Option<u64> {
    text_if_there(path)?.trim().parse().ok()
}

/// Names in a folder, sorted.
pub(super) fn names(path: &Path) -> Result<Vec<String>, CollectError> {
    let mut names = Vec::new();
    for entry in std::fs::read_dir(path).map_err(CollectError::read(path))? {
        let entry = entry.map_err(CollectError::read(path))?;
        // A name that is not UTF-8 could not be opened by the name that the point would carry.
        names.extend(entry.file_name().into_string());
    }
    names.sort_unstable();
    Ok(names)
}

/// The number at a place of a line that is split at blanks.
pub(super) fn field(
    path: &Path,
    line: &str,
    words: &[&str],
    index: usize,
    wanted: &'static str,
) -> Result<u64, CollectError> {
    words.get(index).and_then(|word| word.parse().ok()).ok_or_else(|| CollectError::parse(path, wanted, line))
}
