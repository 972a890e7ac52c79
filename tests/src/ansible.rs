//! Ansible as a user has it: the collection built and installed, the inventory asked of the provisioner, a playbook run.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::error::{LabError, Result};
use crate::lab::Lab;
use crate::namespace::{checked, words};

/// Ansible's programs with the collection, for one lab.
pub struct Ansible {
    programs: PathBuf,
    /// Home of the user who runs it: trusted host keys, collections, inventory.
    home: PathBuf,
    key: PathBuf,
}

/// What a run of a playbook did to a host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recap {
    /// Tasks that were right already or made so.
    pub ok: u32,
    /// Tasks that changed something.
    pub changed: u32,
    /// Tasks that failed.
    pub failed: u32,
    /// All that was printed.
    pub output: String,
}

impl Ansible {
    /// Makes Ansible's environment (kept in the cache), builds and installs the collection, and writes an inventory that
    /// asks the lab's provisioner.
    ///
    /// # Errors
    /// When a step fails; the text has what it said.
    pub fn new(lab: &Lab) -> Result<Self> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let mut setup = Command::new(root.join("tests/setup/pypi.sh"));
        setup.arg("ansible").env("DAYBREAK_CACHE", &lab.environment().cache);
        let programs = PathBuf::from(run(&setup)?.trim());
        let home = lab.directory().join("ansible");
        let write = |name: &str, text: &str| {
            let path = home.join(name);
            let folder = path.parent().unwrap_or(&home);
            std::fs::create_dir_all(folder)
                .and_then(|()| std::fs::write(&path, text))
                .map_err(|source| LabError::File { doing: "write", path: path.clone(), source })
        };
        let inventory = serde_json::json!({
            "plugin": "daybreak.vrouter.daybreak",
            "command": [lab.environment().daybreak, "--socket", lab.provisioner().socket()],
        });
        write("site.daybreak.yml", &inventory.to_string())?;
        let ansible = Self { programs, home, key: lab.key().private().to_owned() };
        let mut build = ansible.program("ansible-galaxy");
        build.args(["collection", "build", "--force", "--output-path"]).arg(&ansible.home);
        build.arg(root.join("ansible"));
        run(&build)?;
        let mut install = ansible.program("ansible-galaxy");
        install
            .args(["collection", "install", "--offline", "--force", "-p"])
            .arg(ansible.home.join("collections"));
        install.arg(ansible.home.join(concat!("daybreak-vrouter-", env!("CARGO_PKG_VERSION"), ".tar.gz")));
        run(&install)?;
        Ok(ansible)
    }

    /// Trusts the host keys that a node phoned home with.
    ///
    /// # Errors
    /// When they are not known yet.
    pub fn trust(&self, lab: &Lab, node: &str) -> Result<()> {
        let keys = lab.provisioner().command(&["node", "known-hosts", node])?;
        let path = self.home.join(".ssh/known_hosts");
        std::fs::create_dir_all(self.home.join(".ssh"))
            .and_then(|()| std::fs::write(&path, keys))
            .map_err(|source| LabError::File { doing: "write", path, source })
    }

    /// The command that runs the playbook of the collection, with variables for every host.
    pub fn playbook(&self, variables: &serde_json::Value) -> Command {
        let mut command = self.program("ansible-playbook");
        command.arg("-i").arg(self.home.join("site.daybreak.yml"));
        command.arg("--private-key").arg(&self.key);
        command.args(["-e", &variables.to_string(), "daybreak.vrouter.router"]);
        command
    }

    /// The same as a line for a shell.
    pub fn shell(&self, variables: &serde_json::Value) -> String {
        let command = self.playbook(variables);
        let mut line = format!("env -C {}", self.home.display());
        for (key, value) in command.get_envs() {
            let _ = write!(line, " {}={}", key.display(), value.unwrap_or_default().display());
        }
        format!("{line} {}", words(&command).replace(&variables.to_string(), &format!("'{variables}'")))
    }

    /// Runs the playbook of the collection from the provisioner's namespace.
    ///
    /// # Errors
    /// When it cannot be run or tells nothing of `host`; a failed task is not an error here, see [`Recap::failed`].
    pub fn run(&self, lab: &Lab, host: &str, variables: &serde_json::Value) -> Result<Recap> {
        let output = lab.server().output(&self.playbook(variables))?;
        let text = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
        recap(&text, host).ok_or_else(|| LabError::Answer {
            what: "ansible-playbook daybreak.vrouter.router".to_owned(),
            reason: text.into_owned(),
        })
    }

    fn program(&self, name: &str) -> Command {
        let mut command = Command::new(self.programs.join(name));
        command.current_dir(&self.home);
        command.env("HOME", &self.home).env("ANSIBLE_HOME", self.home.join(".ansible"));
        command.env("ANSIBLE_COLLECTIONS_PATH", self.home.join("collections"));
        command.env("ANSIBLE_NOCOLOR", "1").env("LC_ALL", "C.UTF-8");
        command
    }
}

fn run(command: &Command) -> Result<String> {
    let program = command.get_program().to_string_lossy().into_owned();
    let mut copy = Command::new(command.get_program());
    copy.args(command.get_args());
    if let Some(directory) = command.get_current_dir() {
        copy.current_dir(directory);
    }
    copy.envs(command.get_envs().filter_map(|(key, value)| Some((key, value?))));
    let output = copy.output().map_err(|source| LabError::Start { program, source })?;
    checked(&words(command), &output)
}

/// Reads `r1 : ok=3 changed=3 unreachable=0 failed=0 …`.
fn recap(text: &str, host: &str) -> Option<Recap> {
    let line = text.lines().rev().find(|line| {
        line.split_once(':').is_some_and(|(name, rest)| name.trim() == host && rest.contains("ok="))
    })?;
    let number = |key: &str| {
        line.split_whitespace()
            .find_map(|word| word.strip_prefix(key)?.strip_prefix('=')?.parse::<u32>().ok())
    };
    Some(Recap {
        ok: number("ok")?,
        changed: number("changed")?,
        failed: number("failed")? + number("unreachable")?,
        output: text.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_recap_of_its_host() {
        let text = "PLAY RECAP ****\nr10 : ok=9 changed=9 unreachable=0 failed=0\n\
                    r1                         : ok=3    changed=2    unreachable=0    failed=1    skipped=0\n";
        let recap = recap(text, "r1").unwrap();
        assert_eq!((recap.ok, recap.changed, recap.failed), (3, 2, 1));
        assert!(super::recap(text, "r2").is_none());
    }
}
