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

/// Where Linux lists the processors that were isolated at boot (`isolcpus`): nothing runs there that was not sent there.
const ISOLATED: &str = "/sys/devices/system/cpu/isolated";

/// Chooses the packet thread's processor and keeps the calling thread, and those that it starts later, off it where
/// there is another.
///
/// # Errors
/// When there is none to choose or Linux refuses.
pub(super) fn divide(asked: Option<u16>) -> Result<u16, CpuError> {
    let set = sched_getaffinity(Pid::from_raw(0))?;
    let allowed: Vec<u16> = (0..CpuSet::count())
        .filter(|cpu| set.is_set(*cpu).unwrap_or(false))
        .filter_map(|cpu| u16::try_from(cpu).ok())
        .collect();
    let isolated = list(&std::fs::read_to_string(ISOLATED).unwrap_or_default());
    let (core, why) = choose(&allowed, &isolated, asked)?;
    let others: Vec<u16> = allowed.iter().copied().filter(|cpu| *cpu != core).collect();
    tracing::info!(core, why, others = ?others, "processor of the packet thread");
    if !others.is_empty() {
        let mut set = CpuSet::new();
        for cpu in others {
            set.set(usize::from(cpu))?;
        }
        sched_setaffinity(Pid::from_raw(0), &set)?;
    }
    Ok(core)
}

/// The processor, and why it is that one.
fn choose(allowed: &[u16], isolated: &[u16], asked: Option<u16>) -> Result<(u16, &'static str), CpuError> {
    if let Some(core) = asked {
        if allowed.contains(&core) || isolated.contains(&core) {
            return Ok((core, "the configuration says so"));
        }
        let allowed = [allowed, isolated].concat();
        return Err(CpuError::NotAllowed { core, allowed });
    }
    match (isolated, allowed) {
        ([.., last], _) => Ok((*last, "the last that was isolated at boot")),
        ([], [only]) => Ok((*only, "the only one: packets and all else take turns")),
        ([], [.., last]) => Ok((*last, "the last one")),
        ([], []) => Ok((0, "none is named")),
    }
}

/// Reads a list as `1-3,5`.
fn list(text: &str) -> Vec<u16> {
    let range = |part: &str| {
        let (from, to) = part.split_once('-').unwrap_or((part, part));
        Some(from.trim().parse::<u16>().ok()?..=to.trim().parse::<u16>().ok()?)
    };
    text.split(',').filter_map(range).flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_what_is_asked_for_then_an_isolated_one_then_the_last() {
        for (allowed, isolated, asked, core, why) in [
            (&[0, 1, 5][..], &[][..], None, 5, "last one"),
            (&[0, 1, 5], &[], Some(1), 1, "configuration"),
            (&[0], &[], None, 0, "take turns"),
            (&[0], &[2, 3], None, 3, "isolated"),
            (&[0], &[2, 3], Some(2), 2, "configuration"),
            (&[0, 1], &[3], Some(1), 1, "configuration"),
        ] {
            let chosen = choose(allowed, isolated, asked).unwrap();
            assert!(
                chosen.0 == core && chosen.1.contains(why),
                "{allowed:?} {isolated:?} {asked:?}: {chosen:?}"
            );
        }
        let error = choose(&[0, 1], &[], Some(2)).unwrap_err();
        assert_eq!(error.to_string(), "core 2 is not among those that vrouterd may run on: [0, 1]");
    }

    #[test]
    fn reads_linuxs_lists() {
        assert_eq!(list("1-3,5\n"), [1, 2, 3, 5]);
        assert_eq!(list("\n"), [0_u16; 0]);
    }
}
