//! A router that we did not write: FRR's zebra and bgpd in a namespace.

use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use crate::error::{LabError, Result};
use crate::namespace::Namespace;
use crate::patience::Patience;
use crate::process::Process;

/// Where Debian puts the daemons.
const DAEMONS: &str = "/usr/lib/frr";

/// FRR with zebra and bgpd. Dropping it ends both.
pub struct Frr {
    // bgpd ends before zebra.
    _bgpd: Process,
    zebra: Process,
    namespace: Arc<Namespace>,
    /// Sockets and configuration; the daemons run as user `frr` and need a folder that is theirs.
    folder: tempfile::TempDir,
}

impl Frr {
    /// Starts zebra and bgpd in `namespace` with `configuration` (the text of an `frr.conf`) and waits until both answer.
    /// Logs go to `directory`.
    ///
    /// # Errors
    /// When a daemon does not start, or does not answer in time.
    pub fn start(namespace: &Arc<Namespace>, directory: &Path, configuration: &str) -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("daybreak-frr-").tempdir();
        let folder = folder.map_err(|source| file("make", &std::env::temp_dir(), source))?;
        let place = folder.path().to_owned();
        own(&place, 0o755)?;
        for name in ["zebra.conf", "bgpd.conf"] {
            let path = place.join(name);
            std::fs::write(&path, configuration).map_err(|source| file("write", &path, source))?;
            own(&path, 0o640)?;
        }
        let zebra = daemon("zebra", namespace, &place, directory)?;
        wait_for_socket(&place.join("zserv.api"), &zebra)?;
        let bgpd = daemon("bgpd", namespace, &place, directory)?;
        wait_for_socket(&place.join("bgpd.vty"), &bgpd)?;
        Ok(Self { _bgpd: bgpd, zebra, namespace: Arc::clone(namespace), folder })
    }

    /// Runs a command of its shell; gives what it prints.
    ///
    /// # Errors
    /// When the shell fails.
    pub fn vtysh(&self, commands: &[&str]) -> Result<String> {
        let mut command = Command::new("vtysh");
        command.arg("--vty_socket").arg(self.folder.path());
        for line in commands {
            command.args(["-c", line]);
        }
        self.namespace.check(&command)
    }

    /// The command that opens its shell from outside of the lab.
    pub fn shell(&self) -> String {
        format!(
            "nsenter --net=/proc/{}/ns/net vtysh --vty_socket {}",
            self.zebra.id(),
            self.folder.path().display()
        )
    }

    /// Runs a command that prints JSON.
    ///
    /// # Errors
    /// When the shell fails or prints no JSON.
    pub fn json(&self, command: &str) -> Result<Value> {
        let text = self.vtysh(&[command])?;
        serde_json::from_str(&text)
            .map_err(|e| LabError::Answer { what: command.to_owned(), reason: e.to_string() })
    }

    /// Waits until its session with `neighbour` is established.
    ///
    /// # Errors
    /// When it is not in time; the text has what FRR says of the session.
    pub fn wait_established(&self, neighbour: &str, patience: Patience) -> Result<()> {
        self.wait(&format!("a BGP session with {neighbour}"), patience, || {
            let summary = self.json("show bgp summary json")?;
            let state = &summary["ipv4Unicast"]["peers"][neighbour]["state"];
            Ok((state == "Established").then_some(()).ok_or_else(|| summary.to_string()))
        })
    }

    /// Looks until `look` finds what is awaited; else it says what it saw.
    ///
    /// # Errors
    /// When it is not found in time, or cannot be looked for.
    pub fn wait<T>(
        &self,
        awaited: &str,
        patience: Patience,
        look: impl FnMut() -> Result<std::result::Result<T, String>>,
    ) -> Result<T> {
        patience.find(awaited, Duration::from_millis(200), look)
    }
}

/// Starts one in a namespace of process ids, whose first process is a shell: the daemons become another user, which takes the
/// parent-death signal from them; the kernel ends them with that shell.
fn daemon(name: &str, namespace: &Namespace, place: &Path, directory: &Path) -> Result<Process> {
    let mut command = Command::new("unshare");
    command.args(["--pid", "--fork", "--kill-child=KILL", "sh", "-c", r#""$@"; exit $?"#, name]);
    command.arg(format!("{DAEMONS}/{name}"));
    command.arg("-f").arg(place.join(format!("{name}.conf")));
    command.arg("-i").arg(place.join(format!("{name}.pid")));
    command.arg("-z").arg(place.join("zserv.api")).arg("--vty_socket").arg(place);
    command.args(["-P", "0", "--log", "stdout"]);
    Process::start(namespace, name, &command, directory)
}

fn wait_for_socket(path: &Path, process: &Process) -> Result<()> {
    let mut patience = Patience::secs(30);
    while !path.exists() {
        let Some(wait) = patience.next_wait(Duration::from_millis(50)) else {
            let seen = format!("{}\n{}", process.output().tail(10), process.errors().tail(10));
            let awaited = path.display().to_string();
            return Err(LabError::TimedOut { awaited, waited: patience.waited(), seen });
        };
        std::thread::park_timeout(wait);
    }
    Ok(())
}

/// Gives a file to FRR's user.
fn own(path: &Path, mode: u32) -> Result<()> {
    let user = nix::unistd::User::from_name("frr").ok().flatten();
    let user = user.ok_or_else(|| LabError::Missing {
        what: "the user `frr`",
        path: PathBuf::from("/etc/passwd"),
        remedy: "`make setup` installs FRR",
    })?;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode))
        .and_then(|()| chown(path, Some(user.uid.as_raw()), Some(user.gid.as_raw())))
        .map_err(|source| file("give to frr", path, source))
}

fn file(doing: &'static str, path: &Path, source: std::io::Error) -> LabError {
    LabError::File { doing, path: path.to_owned(), source }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bridge::Bridge;

    fn config(own: &str, number: u32, peer: &str, peer_number: u32, network: &str) -> String {
        format!(
            "router bgp {number}\n bgp router-id {own}\n no bgp ebgp-requires-policy\n no bgp network import-check\n \
             neighbor {peer} remote-as {peer_number}\n neighbor {peer} timers 1 3\n neighbor {peer} timers connect 1\n \
             address-family ipv4 unicast\n  network {network}\n"
        )
    }

    /// The daemons whose files are in `folder`.
    fn daemons_of(folder: &Path) -> Vec<String> {
        let entries = std::fs::read_dir("/proc").unwrap();
        let lines = entries.filter_map(|entry| std::fs::read(entry.unwrap().path().join("cmdline")).ok());
        let lines = lines.map(|line| String::from_utf8_lossy(&line).replace('\0', " "));
        lines.filter(|line| line.starts_with(DAEMONS) && line.contains(&*folder.to_string_lossy())).collect()
    }

    #[test]
    fn its_daemons_end_with_the_process_that_started_them() {
        let directory = tempfile::tempdir().unwrap();
        let namespace = Arc::new(Namespace::new("mortal").unwrap());
        let frr = Frr::start(&namespace, directory.path(), "").unwrap();
        let folder = frr.folder.path().to_owned();
        assert_eq!(daemons_of(&folder).len(), 2);
        drop(frr);
        let (awaited, look) = ("the end of zebra and bgpd", Duration::from_millis(50));
        let gone = || {
            let left = daemons_of(&folder);
            Ok(if left.is_empty() { Ok(()) } else { Err(left.join("\n")) })
        };
        Patience::secs(10).find(awaited, look, gone).unwrap();
    }

    #[test]
    fn two_of_them_exchange_routes() {
        let directory = tempfile::tempdir().unwrap();
        let bridge = Bridge::new("peers").unwrap();
        let (one, two) = (Arc::new(Namespace::new("one").unwrap()), Arc::new(Namespace::new("two").unwrap()));
        bridge.join(&one, "eth0", Some("10.9.0.1/24")).unwrap();
        bridge.join(&two, "eth0", Some("10.9.0.2/24")).unwrap();
        let first = Frr::start(
            &one,
            directory.path(),
            &config("10.9.0.1", 65001, "10.9.0.2", 65002, "198.51.100.0/24"),
        )
        .unwrap();
        let second = Frr::start(
            &two,
            directory.path(),
            &config("10.9.0.2", 65002, "10.9.0.1", 65001, "203.0.113.0/24"),
        )
        .unwrap();
        first.wait_established("10.9.0.2", Patience::secs(60)).unwrap();
        second
            .wait("the route of the other", Patience::secs(60), || {
                let routes = second.vtysh(&["show ip route bgp"])?;
                Ok(routes.contains("198.51.100.0/24").then_some(()).ok_or(routes))
            })
            .unwrap();
    }
}
