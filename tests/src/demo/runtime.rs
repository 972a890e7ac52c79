//! Where a running demo is found again: a locked file that names its process.

use std::fs::File;
use std::io::{Read, Seek, Write};
use std::path::{Path, PathBuf};

use nix::fcntl::{Flock, FlockArg};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::error::{LabError, Result};

/// The file: its lock is held by the keeper, its text is the keeper's process id.
fn file() -> PathBuf {
    PathBuf::from("/run/daybreak-demo")
}

fn open(path: &Path) -> Result<File> {
    File::options()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(path)
        .map_err(|source| LabError::File { doing: "open", path: path.into(), source })
}

/// Proof that this process is the one demo.
pub(super) struct Claim(#[expect(dead_code, reason = "held for its lock")] Flock<File>);

/// Makes this process the demo, unless there is one.
pub(super) fn claim() -> Result<Option<Claim>> {
    claim_at(&file())
}

fn claim_at(path: &Path) -> Result<Option<Claim>> {
    let Ok(mut lock) = Flock::lock(open(path)?, FlockArg::LockExclusiveNonblock) else { return Ok(None) };
    let written =
        lock.set_len(0).and_then(|()| lock.rewind()).and_then(|()| write!(lock, "{}", std::process::id()));
    written.map_err(|source| LabError::File { doing: "write", path: path.into(), source })?;
    Ok(Some(Claim(lock)))
}

/// Ends the running demo and waits until it is gone; false when there is none.
pub(super) fn end() -> Result<bool> {
    end_at(&file(), |keeper| {
        // Fails only when it has just ended, which the lock then tells.
        let _ = kill(keeper, Signal::SIGTERM);
    })
}

fn end_at(path: &Path, stop: impl FnOnce(Pid)) -> Result<bool> {
    let mut opened = open(path)?;
    let mut text = String::new();
    opened.read_to_string(&mut text).map_err(|source| LabError::File {
        doing: "read",
        path: path.into(),
        source,
    })?;
    let opened = match Flock::lock(opened, FlockArg::LockExclusiveNonblock) {
        Ok(_nobody) => return Ok(false),
        Err((opened, _)) => opened,
    };
    let keeper = text.trim().parse().map_err(|_| LabError::Answer {
        what: path.display().to_string(),
        reason: format!("{text:?} is no process id"),
    })?;
    stop(Pid::from_raw(keeper));
    match Flock::lock(opened, FlockArg::LockExclusive) {
        Ok(_gone) => Ok(true),
        Err((_, e)) => {
            Err(LabError::File { doing: "wait for the lock of", path: path.into(), source: e.into() })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_one_demo_at_a_time_and_it_can_be_ended() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("demo");
        assert!(!end_at(&path, |_| panic!("nobody is there")).unwrap());
        let claim = claim_at(&path).unwrap().unwrap();
        assert!(claim_at(&path).unwrap().is_none(), "claimed twice");
        let own = i32::try_from(std::process::id()).unwrap();
        let ended = end_at(&path, |keeper| {
            assert_eq!(keeper, Pid::from_raw(own));
            drop(claim);
        });
        assert!(ended.unwrap());
        assert!(claim_at(&path).unwrap().is_some());
    }
}
