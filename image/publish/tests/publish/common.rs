//! What the tests share: the command in a process of its own, and the clouds' environments.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use clap::Parser;
use daybreak_publish::cli;

/// Arguments for the helper below, one a line; without it the helper does nothing.
const ARGUMENTS: &str = "DAYBREAK_TEST_PUBLISH";

#[derive(Debug, Parser)]
struct Cli {
    #[command(subcommand)]
    command: cli::Command,
}

/// In a process of its own: the command, which can be killed there and has an environment of its own.
#[test]
#[ignore = "the process that the other tests start"]
fn helper() {
    let Ok(arguments) = std::env::var(ARGUMENTS) else { return };
    let cli = Cli::parse_from(["publish"].into_iter().chain(arguments.lines()));
    if let Err(error) = cli::run(cli.command, true) {
        eprintln!("daybreak: {error}");
        std::process::exit(1);
    }
}

/// The command with these arguments and no login of the machine.
pub(crate) fn publish(arguments: &[&str]) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    for (name, _) in std::env::vars_os() {
        let name = name.to_string_lossy().into_owned();
        if name.starts_with("AWS_")
            || name.starts_with("OS_")
            || name.to_ascii_lowercase().ends_with("_proxy")
        {
            command.env_remove(name);
        }
    }
    command
        .args(["common::helper", "--exact", "--ignored", "--nocapture"])
        .env(ARGUMENTS, arguments.join("\n"))
        .env("HOME", "/nonexistent")
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .stdin(Stdio::null());
    command
}

/// The result that the command printed as JSON.
pub(crate) fn result(output: &Output) -> serde_json::Value {
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{}{text}", errors(output));
    let json = &text[text.find('{').unwrap()..=text.rfind('}').unwrap()];
    serde_json::from_str(json).unwrap()
}

/// What the command said.
pub(crate) fn errors(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Folder of the programs that tests/setup/pypi.sh installs.
pub(crate) fn environment(name: &str) -> PathBuf {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/setup/pypi.sh");
    let output = Command::new(script).arg(name).stderr(Stdio::inherit()).output().unwrap();
    assert!(output.status.success(), "tests/setup/pypi.sh {name} failed");
    PathBuf::from(String::from_utf8(output.stdout).unwrap().trim())
}

/// A file of the tests' folder.
pub(crate) fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/publish").join(name)
}

/// A process that ends with this.
pub(crate) struct Server(Child);

impl Server {
    /// Starts it and waits for its line `ready`; gives also what else is in that line.
    pub(crate) fn start(command: &mut Command) -> (Self, String) {
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let line = lines.find(|line| line.as_ref().is_ok_and(|line| line.starts_with("ready")));
        let line = line.expect("the server ended before it was ready").unwrap();
        (Self(child), line.trim_start_matches("ready").trim().to_owned())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // The end of its input is the end of it; it ends its own children then.
        drop(self.0.stdin.take());
        self.0.wait().unwrap();
    }
}

/// A disk of `blocks` blocks of 512 KiB with a boot sector, of which about `filled` in 10 have something in them; no two
/// blocks are equal, and the last one is not whole.
pub(crate) fn disk(path: &Path, blocks: u64, filled: u64) {
    const BLOCK: u64 = 512 * 1024;
    let file = std::fs::File::create(path).unwrap();
    file.set_len(blocks * BLOCK - 1024).unwrap();
    file.write_all_at(&[0x55, 0xaa], 510).unwrap();
    for block in (0..blocks).filter(|block| block % 10 < filled) {
        let text = format!("block {block} ").repeat(40);
        file.write_all_at(text.as_bytes(), block * BLOCK + 4096 * (block % 100)).unwrap();
    }
    // Blocks of zeros that are no holes.
    file.write_all_at(&vec![0; 8192], (blocks - 2) * BLOCK).unwrap();
    file.write_all_at(b"the last bytes", blocks * BLOCK - 1024 - 14).unwrap();
    (&file).flush().unwrap();
}
