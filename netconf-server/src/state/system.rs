//! System state of ietf-system (RFC 7317 §3.3).

use super::lenient::Lenient;
use super::time::date_and_time;
use daybreak_datastore::tree::{BuildError, Builder};
use std::fs::read_to_string;
use std::path::Path;
use std::time::{Duration, SystemTime};

/// The machine, as its kernel tells.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Machine {
    /// As `Linux`.
    pub os_name: Option<String>,
    /// As `6.1.0-28-amd64`.
    pub os_release: Option<String>,
    /// As `#1 SMP Debian 6.1.119-1`.
    pub os_version: Option<String>,
    /// As `x86_64`.
    pub machine: Option<String>,
    /// When it was started.
    pub booted: Option<SystemTime>,
}

impl Machine {
    /// Reads it from the files of the kernel; `root` is `/proc`. What cannot be read is absent.
    pub fn read(root: &Path) -> Self {
        let kernel = |name: &str| {
            let text = read_to_string(root.join("sys/kernel").join(name)).ok()?;
            Some(text.trim_end().to_owned())
        };
        Self {
            os_name: kernel("ostype"),
            os_release: kernel("osrelease"),
            os_version: kernel("version"),
            machine: kernel("arch").or_else(|| Some(std::env::consts::ARCH.to_owned())),
            booted: read_to_string(root.join("stat")).ok().and_then(|stat| boot_time(&stat)),
        }
    }
}

/// The line `btime` of `/proc/stat`: seconds since 1970.
fn boot_time(stat: &str) -> Option<SystemTime> {
    let seconds = stat.lines().find_map(|line| line.strip_prefix("btime "))?.trim().parse().ok()?;
    SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(seconds))
}

pub(super) fn fill(top: &mut Builder<'_>, machine: &Machine, now: SystemTime) -> Result<(), BuildError> {
    top.container("system-state", |state| {
        state.container("platform", |platform| {
            platform.text_if("os-name", machine.os_name.as_deref())?;
            platform.text_if("os-release", machine.os_release.as_deref())?;
            platform.text_if("os-version", machine.os_version.as_deref())?;
            platform.text_if("machine", machine.machine.as_deref())
        })?;
        state.container("clock", |clock| {
            clock
                .leaf("current-datetime", date_and_time(now))?
                .optional("boot-datetime", machine.booted.map(date_and_time))?;
            Ok(())
        })?;
        Ok(())
    })?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{Machine, boot_time};
    use std::path::Path;
    use std::time::{Duration, SystemTime};

    #[test]
    fn the_kernel_tells_of_the_machine() {
        let machine = Machine::read(Path::new("/proc"));
        assert_eq!(machine.os_name.as_deref(), Some("Linux"));
        assert!(machine.os_release.is_some_and(|release| !release.contains('\n')));
        assert!(machine.booted.is_some_and(|booted| booted < SystemTime::now()));
    }

    #[test]
    fn what_cannot_be_read_is_absent() {
        let machine = Machine::read(Path::new("/nonexistent"));
        assert_eq!((machine.os_name, machine.booted), (None, None));
        assert_eq!(boot_time("cpu 1 2\nbtime 10\n"), Some(SystemTime::UNIX_EPOCH + Duration::from_secs(10)));
        assert_eq!(boot_time("btime soon"), None);
    }
}
