//! A machine of the test's own: network, host name, and the folders in which the appliance keeps things.

use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, unshare};
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// The longest that anything here may take.
const PATIENCE: Duration = Duration::from_mins(1);

/// Runs a test on a thread where `/etc` is a copy, `/run`, `/var/lib` and `/home` are empty, and the network is `lo` alone:
/// the daemons find everything at its place on the appliance, and the machine keeps its own.
pub(crate) fn in_machine(test: impl FnOnce(&Path) + Send + 'static) {
    let thread = std::thread::spawn(move || {
        let new = CloneFlags::CLONE_NEWNET | CloneFlags::CLONE_NEWUTS | CloneFlags::CLONE_NEWNS;
        unshare(new).expect("namespaces need root");
        let none = None::<&str>;
        mount(none, "/", none, MsFlags::MS_REC | MsFlags::MS_PRIVATE, none).unwrap();
        let folder: TempDir = tempfile::tempdir().unwrap();
        let place = folder.path().display();
        shell(&format!(
            "chmod 755 {place}; cp -a /etc {place}/etc; mkdir -p {place}/run {place}/lib {place}/home"
        ));
        for (own, path) in [("etc", "/etc"), ("run", "/run"), ("lib", "/var/lib"), ("home", "/home")] {
            mount(Some(&folder.path().join(own)), path, none, MsFlags::MS_BIND, none).unwrap();
        }
        shell("ip link set lo up; sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1");
        test(folder.path());
    });
    if let Err(panic) = thread.join() {
        std::panic::resume_unwind(panic);
    }
}

/// Runs a command line, and gives what it says.
pub(crate) fn shell(line: &str) -> String {
    let out = Command::new("sh").args(["-c", line]).output().unwrap();
    assert!(out.status.success(), "{line}: {}", String::from_utf8_lossy(&out.stderr));
    String::from_utf8(out.stdout).unwrap()
}

/// Waits until a condition holds, and says what was awaited when it does not in time.
pub(crate) fn until(what: &str, holds: impl FnMut() -> bool) {
    look(what, Duration::from_millis(20), holds);
}

/// The same for what may be there for a moment only.
pub(crate) fn caught(what: &str, holds: impl FnMut() -> bool) {
    look(what, Duration::from_micros(500), holds);
}

fn look(what: &str, pause: Duration, mut holds: impl FnMut() -> bool) {
    let end = Instant::now() + PATIENCE;
    while !holds() {
        assert!(Instant::now() < end, "waited in vain until {what}");
        // Nobody tells of what happens in the processes of others.
        std::thread::park_timeout(pause);
    }
}
