//! Work in another network namespace.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::thread;

use nix::sched::{CloneFlags, setns};

/// A network namespace: the daemon's own, or one by path.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Namespace(Option<PathBuf>);

impl Namespace {
    /// The namespace with a name in `/run/netns`; `None` is the daemon's own.
    pub fn named(name: Option<&str>) -> Self {
        Self(name.map(|name| Path::new("/run/netns").join(name)))
    }

    /// Whether it is the daemon's own.
    pub fn is_own(&self) -> bool {
        self.0.is_none()
    }

    /// Runs `work` in it, on a thread of its own, for a thread cannot be trusted to come back.
    ///
    /// # Errors
    /// When there is no such namespace or it cannot be entered.
    pub fn run<T: Send>(&self, work: impl FnOnce() -> T + Send) -> io::Result<T> {
        let Some(path) = &self.0 else { return Ok(work()) };
        let enter = || {
            let named = |error: io::Error| {
                io::Error::new(error.kind(), format!("network namespace {}: {error}", path.display()))
            };
            let file = File::open(path).map_err(named)?;
            setns(file, CloneFlags::CLONE_NEWNET).map_err(|error| named(error.into()))?;
            Ok(work())
        };
        thread::scope(|scope| {
            scope.spawn(enter).join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_own_one_is_where_we_are_and_an_absent_one_is_named() {
        assert_eq!(Namespace::named(None).run(|| 5).unwrap(), 5);
        let error = Namespace::named(Some("daybreak-absent")).run(|| 5).unwrap_err();
        assert!(error.to_string().contains("/run/netns/daybreak-absent"), "{error}");
    }
}
