//! The usual lab: one wire, a provisioner on it, and machines.

use std::fmt::Write as _;
use std::net::Ipv4Addr;
use std::path::Path;
use std::sync::Arc;

use crate::bridge::Bridge;
use crate::directory::{self, LabDirectory};
use crate::environment::Environment;
use crate::error::Result;
use crate::machine::{Accelerator, Card, Disk, Firmware, Machine, MachineSpec};
use crate::namespace::Namespace;
use crate::provisioner::Provisioner;
use crate::ssh::{HostKeys, Login, SshKey};

/// Address of the provisioner. Each lab has its own namespaces, so all labs use the same.
pub const SERVER: Ipv4Addr = Ipv4Addr::new(10, 77, 0, 1);

/// How the provisioner gives addresses on the lab's wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Addressing {
    /// It is the DHCP server.
    Server,
    /// Another one gives addresses, it adds boot data (proxyDHCP).
    Proxy,
}

/// A wire with a provisioner.
pub struct Lab {
    // Fields drop in this order: machines are the caller's, the provisioner goes before its namespace.
    provisioner: Provisioner,
    server: Arc<Namespace>,
    bridge: Bridge,
    key: SshKey,
    accelerator: Accelerator,
    environment: Environment,
    directory: LabDirectory,
}

impl Lab {
    /// Builds the wire and the server's namespace, and writes the site file; nothing is served yet.
    ///
    /// # Errors
    /// When the kernel refuses a part of the network, or the lab's files cannot be written.
    pub fn new(name: &str, environment: Environment, addressing: Addressing) -> Result<Self> {
        let directory = LabDirectory::new(&directory::base(), name)?;
        let bridge = Bridge::new(&format!("{name} wire"))?;
        let server = Arc::new(Namespace::new(&format!("{name} server"))?);
        bridge.join(&server, "eth0", Some(&format!("{SERVER}/24")))?;
        server.ip(&["address add 169.254.169.254/32 dev eth0"])?;
        let site = site_file(&directory, &environment, addressing);
        let provisioner =
            Provisioner::new(Arc::clone(&server), environment.daybreak.clone(), &directory, &site)?;
        let key = SshKey::generate(&directory)?;
        let accelerator = environment.accelerator()?;
        Ok(Self { provisioner, server, bridge, key, accelerator, environment, directory })
    }

    /// Has the provisioner serve one image more from its next start on; nodes get the built one.
    ///
    /// # Errors
    /// When the site file cannot be written.
    pub fn offer(&self, name: &str, folder: &Path) -> Result<()> {
        self.provisioner.edit_site(|site| {
            site.replacen("images:\n", &format!("images:\n  {name}: {{path: {}}}\n", folder.display()), 1)
                .replacen("defaults: {", "defaults: {image: vrouter, ", 1)
        })
    }

    /// The provisioner.
    pub fn provisioner(&self) -> &Provisioner {
        &self.provisioner
    }

    /// The provisioner, to start and kill it.
    pub fn provisioner_mut(&mut self) -> &mut Provisioner {
        &mut self.provisioner
    }

    /// The namespace of the provisioner, from which the wire is reached.
    pub fn server(&self) -> &Arc<Namespace> {
        &self.server
    }

    /// The wire.
    pub fn bridge(&self) -> &Bridge {
        &self.bridge
    }

    /// The lab's files.
    pub fn directory(&self) -> &LabDirectory {
        &self.directory
    }

    /// The lab's files, to keep them.
    pub fn directory_mut(&mut self) -> &mut LabDirectory {
        &mut self.directory
    }

    /// The key that may log in.
    pub fn key(&self) -> &SshKey {
        &self.key
    }

    /// What is under test.
    pub fn environment(&self) -> &Environment {
        &self.environment
    }

    /// Writes the ends of a machine's console and of the provisioner's log to standard error.
    pub fn explain(&self, machine: &Machine) {
        if let Ok(console) = machine.console() {
            eprintln!("--- the end of the console:\n{}", console.tail(60));
        }
        eprintln!("--- the end of the provisioner's log:\n{}", self.provisioner.log_tail(40));
    }

    /// Puts a machine on the wire, switched off: one card with the hardware address ending in `number`.
    ///
    /// # Errors
    /// When the tap or the machine's files cannot be made.
    pub fn machine(&self, name: &str, number: u8, firmware: Firmware, disks: Vec<Disk>) -> Result<Machine> {
        self.machine_on(name, number, firmware, disks, &[])
    }

    /// The same with one card more on each of `others`, whose hardware addresses follow.
    ///
    /// # Errors
    /// When a tap or the machine's files cannot be made.
    pub fn machine_on(
        &self,
        name: &str,
        number: u8,
        firmware: Firmware,
        disks: Vec<Disk>,
        others: &[&Bridge],
    ) -> Result<Machine> {
        let mut cards = Vec::with_capacity(1 + others.len());
        for (number, bridge) in (number..).zip([&self.bridge].into_iter().chain(others.iter().copied())) {
            cards.push(Card::new(&mac(number), bridge.add_tap()?));
        }
        let spec = MachineSpec { firmware, cards, disks, ..MachineSpec::new(name) };
        Machine::new(&self.directory, spec, self.accelerator)
    }

    /// Puts a machine on the wire that does not boot by network, switched off; `plug` gives it what it starts from.
    ///
    /// # Errors
    /// When the tap or the machine's files cannot be made, or `plug` fails.
    pub fn ready_made(
        &self,
        name: &str,
        number: u8,
        plug: impl FnOnce(&mut MachineSpec) -> Result<()>,
    ) -> Result<Machine> {
        let cards = vec![Card::new(&mac(number), self.bridge.add_tap()?)];
        let mut spec = MachineSpec { cards, network_boot: false, ..MachineSpec::new(name) };
        plug(&mut spec)?;
        Machine::new(&self.directory, spec, self.accelerator)
    }

    /// Enrols the machine with hardware address `number`, to be installed on the disk with serial `DISK0`.
    ///
    /// # Errors
    /// When the provisioner refuses.
    pub fn enrol(&self, name: &str, number: u8) -> Result<()> {
        self.provisioner.add_node(name, &node_file(name, number, self.key.public()))
    }

    /// How to log in to a node that has phoned home.
    ///
    /// # Errors
    /// When its address or host keys are not known.
    pub fn login(&self, node: &str) -> Result<Login> {
        let known_hosts = self.provisioner.command(&["node", "known-hosts", node])?;
        let view = self.provisioner.json(&["node", "show", node])?;
        let address = view["address"].as_str().unwrap_or_default();
        Login::new(&self.directory, &self.key, address, HostKeys::Known(&known_hosts))
    }
}

/// The hardware address that a lab's machine number has.
pub fn mac(number: u8) -> String {
    format!("52:54:00:77:00:{number:02x}")
}

/// The node file of a lab's machine.
pub fn node_file(name: &str, number: u8, key: &str) -> String {
    let mut text = String::new();
    let _ = writeln!(text, "name: {name}");
    let _ = writeln!(text, "macs: [\"{}\"]", mac(number));
    let _ = writeln!(text, "install:\n  disk: {{serial: DISK0}}");
    let _ = writeln!(text, "day1:\n  hostname: {name}\n  ssh_authorized_keys:\n  - {key}");
    text
}

fn site_file(directory: &LabDirectory, environment: &Environment, addressing: Addressing) -> String {
    let mode = match addressing {
        Addressing::Server => "mode: server\n  pools: [10.77.0.50-10.77.0.99]\n  router: 10.77.0.1",
        Addressing::Proxy => "mode: proxy",
    };
    let (files, pxe) = (directory.path().display(), environment.pxe());
    format!(
        "server: {{address: {SERVER}, http_port: 80}}\n\
         state_dir: {files}/state\n\
         api: {{socket: {files}/api.sock}}\n\
         images:\n  vrouter: {{path: {pxe}}}\n\
         metadata: {{}}\n\
         defaults: {{kernel_args: [console=tty0, \"console=ttyS0,115200\"]}}\n\
         subnets:\n- interface: eth0\n  subnet: 10.77.0.0/24\n  {mode}\n  boot: {{next_server: {SERVER}}}\n",
        pxe = pxe.display()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_file_has_the_machines_address_and_the_key() {
        let text = node_file("r1", 10, "ssh-ed25519 AAAA lab");
        assert!(text.contains("52:54:00:77:00:0a"), "{text}");
        assert!(text.ends_with("  - ssh-ed25519 AAAA lab\n"), "{text}");
    }
}
