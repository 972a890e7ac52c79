//! What a build that is killed leaves: tested with a real process that is killed for real.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use rustix::fs::{CWD, FileType, Mode};

use crate::cache::{Cache, write_file};
use crate::command::{Run, Tool};

/// Tells the helper below where to work; without it the helper does nothing.
const FOLDER: &str = "DAYBREAK_TEST_KILLED_BUILD";

/// In a process of its own: a step that mounts something, says so, and goes on for longer than any test.
#[test]
#[ignore = "the process that the test below kills"]
fn helper() {
    let Some(folder) = std::env::var_os(FOLDER).map(PathBuf::from) else { return };
    let cache = Cache::open(&folder).unwrap();
    let step = cache.put("root", "key", |entry| {
        write_file(&entry.join("half"), b"half")?;
        let mount = entry.join("mount");
        fs::create_dir(&mount).unwrap();
        let script = format!(
            "exec 9>{fifo}; mount -t tmpfs none {mount}; (exec sleep 1000) & echo ready >&9; wait",
            fifo = folder.join("alive").display(),
            mount = mount.display(),
        );
        let sh = Tool { program: "sh", package: "dash" };
        Run::isolated("wait", sh).args(["-c", &script]).lines(&mut |_| ())
    });
    assert!(step.is_ok());
}

fn works(folder: &Path) -> usize {
    let names = fs::read_dir(folder).unwrap().map(|item| item.unwrap().file_name().into_string().unwrap());
    names.filter(|name| name.contains("work")).count()
}

#[test]
fn a_killed_build_leaves_no_process_no_mount_and_no_entry() {
    if !rustix::process::geteuid().is_root() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let fifo = folder.path().join("alive");
    rustix::fs::mknodat(CWD, &fifo, FileType::Fifo, Mode::from_raw_mode(0o600), 0).unwrap();
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["killed::helper", "--exact", "--ignored"])
        .env(FOLDER, folder.path())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    // Held open by every process of the step: its end is the end of all of them.
    let mut alive = BufReader::new(File::open(&fifo).unwrap());
    let mut line = String::new();
    alive.read_line(&mut line).unwrap();
    assert_eq!(line, "ready\n");
    assert_eq!(works(folder.path()), 1);

    child.kill().unwrap();
    child.wait().unwrap();
    alive.read_to_string(&mut line).unwrap();

    let mounts = fs::read_to_string("/proc/mounts").unwrap();
    assert!(!mounts.contains(folder.path().to_str().unwrap()), "{mounts}");
    let cache = Cache::open(folder.path()).unwrap();
    assert_eq!(cache.get("root", "key").unwrap(), None);
    assert_eq!(works(folder.path()), 0, "the next build removes what was left");
}
