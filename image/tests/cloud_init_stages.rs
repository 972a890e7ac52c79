//! The helper that reads cloud-init's code once for all stages, with cloud-init itself.

#![allow(clippy::unwrap_used, reason = "a failure here is a failure of the test")]

use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

const HELPERS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/files/usr/lib/daybreak");

/// What ends the server of these tests; harmless on the machine that runs them, as the real last stage is not.
const LAST: &str = "features";

/// Debian's cloud-init, unpacked.
fn cloud_init() -> PathBuf {
    let setup = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/setup/cloud-init.sh");
    let output = Command::new(setup).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    PathBuf::from(String::from_utf8(output.stdout).unwrap().trim())
}

/// A running server.
struct Server {
    child: Child,
    socket: PathBuf,
    program: PathBuf,
    _folder: tempfile::TempDir,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Server {
    /// Starts it and waits until it says that it is ready, as the service manager does.
    fn start() -> Self {
        let program = cloud_init();
        let folder = tempfile::tempdir().unwrap();
        let manager = UnixDatagram::bind(folder.path().join("notify")).unwrap();
        manager.set_read_timeout(Some(Duration::from_mins(1))).unwrap();
        let socket = folder.path().join("socket");
        let child = Command::new("/usr/bin/python3")
            .arg(format!("{HELPERS}/cloud-init-stages"))
            .args([socket.as_os_str(), LAST.as_ref()])
            .env("PYTHONPATH", program.parent().unwrap().join("../root/usr/lib/python3/dist-packages"))
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .env("NOTIFY_SOCKET", folder.path().join("notify"))
            .spawn()
            .unwrap();
        let mut said = [0; 64];
        let length = manager.recv(&mut said).expect("it says that it is ready");
        assert_eq!(&said[..length], b"READY=1");
        Self { child, socket, program, _folder: folder }
    }

    fn stage(&self, arguments: &[&str]) -> Command {
        stage(&self.socket, &self.program, arguments)
    }

    /// The processes of its stages.
    fn stages(&self) -> Vec<i32> {
        let id = self.child.id();
        let children = std::fs::read_to_string(format!("/proc/{id}/task/{id}/children")).unwrap();
        children.split_whitespace().map(|id| id.parse().unwrap()).collect()
    }

    /// The process of the stage that is about to run.
    fn wait_for_a_stage(&self) -> i32 {
        let until = Instant::now() + Duration::from_mins(1);
        loop {
            if let [id] = self.stages()[..] {
                return id;
            }
            assert!(Instant::now() < until, "no stage was started");
            std::thread::yield_now();
        }
    }
}

fn stage(socket: &Path, program: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new("/usr/bin/python3");
    command.arg("-IS").arg(format!("{HELPERS}/cloud-init-stage")).arg(socket).arg(program).args(arguments);
    command
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap().trim()
}

fn kill(process: i32) {
    let process = rustix::process::Pid::from_raw(process).unwrap();
    rustix::process::kill_process(process, rustix::process::Signal::KILL).unwrap();
}

/// A stage that runs until somebody ends it: nothing ever finishes on a machine without cloud-init.
fn endless(server: &Server) -> Child {
    server.stage(&["status", "--wait"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

#[test]
fn stages_have_their_own_output_and_status() {
    let mut server = Server::start();
    let direct: Output = Command::new(&server.program).arg("--version").output().unwrap();
    let output = server.stage(&["--version"]).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    assert_eq!(text(&output.stdout).split(' ').next_back(), text(&direct.stdout).split(' ').next_back());

    let output = server.stage(&["modules", "--mode=nonsense"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    assert!(text(&output.stderr).contains("invalid choice: 'nonsense'"), "{output:?}");

    let output = server.stage(&[LAST]).output().unwrap();
    assert!(text(&output.stdout).contains("NETWORK_CONFIG_V2"), "{output:?}");
    assert!(server.child.wait().unwrap().success(), "it ends after the last stage");
}

#[test]
fn a_stage_that_is_killed_fails_and_the_next_one_runs() {
    let server = Server::start();
    let client = endless(&server);
    kill(server.wait_for_a_stage());
    assert_eq!(client.wait_with_output().unwrap().status.code(), Some(128 + 9));
    assert!(server.stage(&["--version"]).output().unwrap().status.success());
}

#[test]
fn a_stage_whose_server_ends_fails() {
    let mut server = Server::start();
    let mut client = endless(&server);
    let process = server.wait_for_a_stage();
    server.child.kill().unwrap();
    server.child.wait().unwrap();
    client.wait().unwrap();
    // It has the client's output open.
    kill(process);
    let output = client.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(
        text(&output.stderr).contains("ended before it answered: cloud-init status --wait"),
        "{output:?}"
    );
}

#[test]
fn without_a_server_the_program_itself_runs() {
    let folder = tempfile::tempdir().unwrap();
    let program = cloud_init();
    let output =
        stage(&folder.path().join("nobody"), &program, &["modules", "--mode=nonsense"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2), "{output:?}");
}
