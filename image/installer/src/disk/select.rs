//! Which disk to install on: a pure decision.

use daybreak_layout::{MIN_DISK_SIZE, SECTOR};

use super::Disk;
use crate::answer::DiskHints;
use crate::code::Code;
use crate::error::InstallError;
use crate::size::ByteSize;

/// The one disk that matches every hint and can be installed on.
///
/// The disk that the running system was started from is left out unless a hint names it; every other disk counts, even one
/// that cannot be used, so that the choice never depends on what happens to be mounted.
///
/// # Errors
/// A `DISK-…` code, with the disks that it is about.
pub fn select<'a>(disks: &'a [Disk], hints: &DiskHints) -> Result<&'a Disk, InstallError> {
    let named =
        hints.path.is_some() || hints.serial.is_some() || hints.wwn.is_some() || hints.by_path.is_some();
    let candidates: Vec<&Disk> =
        disks.iter().filter(|disk| (named || !disk.boot_medium) && matches(disk, hints)).collect();
    match candidates[..] {
        [disk] => usable(disk).map(|()| disk),
        [] => Err(missing(disks, hints)),
        _ => Err(InstallError::new(
            Code::DiskAmbiguous,
            format!("{} match: {}", describe_hints(hints), list(candidates)),
        )),
    }
}

fn matches(disk: &Disk, hints: &DiskHints) -> bool {
    fn same(hint: Option<&String>, found: Option<&String>) -> bool {
        hint.is_none_or(|hint| found.is_some_and(|found| found.trim() == hint.trim()))
    }
    let path = hints.path.as_ref().is_none_or(|hint| *hint == disk.path || disk.links.contains(hint));
    let by_path = hints.by_path.as_ref().is_none_or(|hint| disk.by_path.contains(hint));
    path && by_path
        && same(hints.serial.as_ref(), disk.serial.as_ref())
        && same(hints.wwn.as_ref(), disk.wwn.as_ref())
        && same(hints.model.as_ref(), disk.model.as_ref())
        && hints.min_size.is_none_or(|min| disk.size >= min.0)
        && hints.max_size.is_none_or(|max| disk.size <= max.0)
}

fn usable(disk: &Disk) -> Result<(), InstallError> {
    let refuse = |code, why: String| Err(InstallError::new(code, format!("{disk}{why}")));
    if disk.boot_medium {
        return refuse(Code::DiskBootMedium, " holds the running system".to_owned());
    }
    if !disk.in_use_by.is_empty() {
        return refuse(Code::DiskBusy, format!(" is used by {}", disk.in_use_by.join(", ")));
    }
    if disk.read_only {
        return refuse(Code::DiskReadOnly, " is write-protected".to_owned());
    }
    if disk.sector != SECTOR {
        return refuse(Code::DiskSectorSize, format!(" has sectors of {} bytes", disk.sector));
    }
    if disk.size < MIN_DISK_SIZE {
        return refuse(Code::DiskTooSmall, format!(" is smaller than {}", ByteSize(MIN_DISK_SIZE)));
    }
    Ok(())
}

fn missing(disks: &[Disk], hints: &DiskHints) -> InstallError {
    let found = if disks.is_empty() { "no disk at all".to_owned() } else { list(disks) };
    InstallError::new(Code::DiskMissing, format!("{} match no disk; found: {found}", describe_hints(hints)))
}

fn list<'a>(disks: impl IntoIterator<Item = &'a Disk>) -> String {
    disks.into_iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

fn describe_hints(hints: &DiskHints) -> String {
    let texts = [
        ("path", hints.path.clone()),
        ("serial", hints.serial.clone()),
        ("wwn", hints.wwn.clone()),
        ("model", hints.model.clone()),
        ("by_path", hints.by_path.clone()),
        ("min_size", hints.min_size.map(|size| size.to_string())),
        ("max_size", hints.max_size.map(|size| size.to_string())),
    ];
    let given: Vec<String> =
        texts.into_iter().filter_map(|(name, text)| Some(format!("{name} {:?}", text?))).collect();
    if given.is_empty() { "the hints (none)".to_owned() } else { format!("the hints {}", given.join(", ")) }
}

#[cfg(test)]
mod tests;
