//! Time since the machine was started, and which start that was.

use daybreak_datastore::store::BootTime;
use nix::time::{ClockId, clock_gettime};

use super::ServeError;

const BOOT_ID: &str = "/proc/sys/kernel/random/boot_id";

/// The time since the start of the machine, sleep included.
pub(super) fn since_boot() -> BootTime {
    // CLOCK_BOOTTIME is in every kernel that runs this; zero would only let a confirmed commit wait longer.
    let time = clock_gettime(ClockId::CLOCK_BOOTTIME).map_or(std::time::Duration::ZERO, Into::into);
    BootTime(u64::try_from(time.as_millis()).unwrap_or(u64::MAX))
}

pub(super) fn boot_id() -> Result<String, ServeError> {
    let text = std::fs::read_to_string(BOOT_ID)
        .map_err(|source| ServeError::BootId { path: BOOT_ID.into(), source })?;
    Ok(text.trim().to_owned())
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_clock_runs_and_the_boot_has_an_id() {
        let before = super::since_boot();
        assert!(before.0 > 0 && super::since_boot() >= before);
        assert_eq!(super::boot_id().unwrap().len(), 36);
    }
}
