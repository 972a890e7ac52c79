//! Which processor the packet thread has, and which the others.

use nix::errno::Errno;
use nix::sched::{CpuSet, sched_getaffinity, sched_setaffinity};
use nix::unistd::Pid;
use thiserror::Error;

/// No processor for the packet thread.
#[derive(Debug, Error)]
pub(super) enum CpuError {
    /// The configuration asks for one that the process may not use.
    #[error("core {core} is not among those that vrouterd may run on: {allowed:?}")]
    NotAllowed {
        /// The one asked for.
        core: u16,
        /// Those there are.
        allowed: Vec<u16>,
    },
    /// Linux refused.
    #[error("cannot bind to a processor: {0}")]
    Linux(#[from] Errno),
}

/// Chooses the packet thread's processor, the last one unless the configuration names one, and keeps the calling thread,
/// and those that it starts later, off it where there is another.
///
/// # Errors
/// When there is none to choose or Linux refuses.
pub(super) fn divide(asked: Option<u16>) -> Result<u16, CpuError> {
    let set = sched_getaffinity(Pid::from_raw(0))?;
    let allowed: Vec<u16> = (0..CpuSet::count())
        .filter(|cpu| set.is_set(*cpu).unwrap_or(false))
        .filter_map(|cpu| u16::try_from(cpu).ok())
        .collect();
    let core = choose(&allowed, asked)?;
    if allowed.len() > 1 {
        let mut others = CpuSet::new();
        for cpu in allowed.iter().filter(|cpu| **cpu != core) {
            others.set(usize::from(*cpu))?;
        }
        sched_setaffinity(Pid::from_raw(0), &others)?;
    }
    Ok(core)
}

fn choose(allowed: &[u16], asked: Option<u16>) -> Result<u16, CpuError> {
    let last = allowed.last().copied().unwrap_or(0);
    let core = asked.unwrap_or(last);
    if allowed.contains(&core) {
        return Ok(core);
    }
    Err(CpuError::NotAllowed { core, allowed: allowed.to_vec() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_the_last_one_or_the_one_asked_for() {
        assert_eq!(choose(&[0, 1, 5], None).unwrap(), 5);
        assert_eq!(choose(&[0, 1, 5], Some(1)).unwrap(), 1);
        let error = choose(&[0, 1], Some(2)).unwrap_err();
        assert_eq!(error.to_string(), "core 2 is not among those that vrouterd may run on: [0, 1]");
    }
}
