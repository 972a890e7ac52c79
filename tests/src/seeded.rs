//! A machine without any provisioner: an image, a `NoCloud` medium beside it, and a login.

use crate::bridge::Bridge;
use crate::directory::{self, LabDirectory};
use crate::environment::Environment;
use crate::error::Result;
use crate::machine::{Card, Machine, MachineSpec, disk};
use crate::namespace::Namespace;
use crate::patience::Patience;
use crate::ssh::{HostKeys, Login, SshKey};

/// Hardware address of the machine's first card.
pub const MAC: &str = "52:54:00:77:00:01";
/// Its address on the wire.
pub const ADDRESS: &str = "10.77.0.20";

/// What a machine is plugged together from.
pub struct Parts<'a> {
    /// The image and programs under test.
    pub environment: &'a Environment,
    /// Where the lab's files are.
    pub directory: &'a LabDirectory,
    /// The wire of the first card, in whose namespace the machine runs.
    pub bridge: &'a Bridge,
    /// The first-boot data, by the names that `NoCloud` has for its files.
    pub seed: &'a [(&'a str, &'a str)],
}

/// A machine that a `NoCloud` medium, or what the test put in its place, made reachable.
pub struct Seeded {
    /// The machine.
    pub machine: Machine,
    login: Login,
    outside: Namespace,
    bridge: Bridge,
    directory: LabDirectory,
}

impl Seeded {
    /// Switches a machine on and waits until its administrator can log in. `plug` gives it what it starts from; its host
    /// name is to be `name`.
    ///
    /// # Errors
    /// When something of the lab cannot be made, or the machine cannot be reached in time: then the end of its console is on
    /// standard error.
    pub fn boot(name: &str, plug: impl FnOnce(&mut MachineSpec, &Parts<'_>) -> Result<()>) -> Result<Self> {
        let mut seeded = Self::assemble(name, plug)?;
        seeded.power_on()?;
        seeded.wait()?;
        Ok(seeded)
    }

    fn wait(&self) -> Result<()> {
        self.login.wait(&self.outside, Patience::secs(300)).inspect_err(|_| {
            if let Ok(console) = self.machine.console() {
                eprintln!("--- the end of the console:\n{}", console.tail(60));
            }
        })
    }

    /// Takes the machine's power away, with everything written, and waits until its administrator can log in again.
    ///
    /// # Errors
    /// As [`Seeded::boot`].
    pub fn restart(&mut self) -> Result<()> {
        self.run("sync")?;
        self.machine.power_cut();
        self.power_on()?;
        self.wait()
    }

    /// The same, switched off.
    ///
    /// # Errors
    /// When something of the lab cannot be made.
    pub fn assemble(
        name: &str,
        plug: impl FnOnce(&mut MachineSpec, &Parts<'_>) -> Result<()>,
    ) -> Result<Self> {
        let environment = Environment::from_process()?;
        let directory = LabDirectory::new(&directory::base(), name)?;
        let bridge = Bridge::new("wire")?;
        let outside = Namespace::new("outside")?;
        bridge.join(&outside, "eth0", Some("10.77.0.1/24"))?;
        let key = SshKey::generate(&directory)?;
        let user_data = format!(
            "#cloud-config\nhostname: {name}\nusers:\n- name: admin\n  groups: [adm, sudo]\n  shell: /bin/bash\n  \
             sudo: ALL=(ALL) NOPASSWD:ALL\n  ssh_authorized_keys:\n  - {}\n",
            key.public()
        );
        let network = format!(
            "version: 2\nethernets:\n  wire:\n    match: {{macaddress: \"{MAC}\"}}\n    addresses: [{ADDRESS}/24]\n"
        );
        let meta_data = format!("instance-id: {name}-1\n");
        let files = [
            ("user-data", user_data.as_str()),
            ("meta-data", meta_data.as_str()),
            ("network-config", network.as_str()),
            ("vendor-data", ""),
        ];
        let card = Card::new(MAC, bridge.add_tap()?);
        let mut spec = MachineSpec {
            cards: vec![card],
            medium: Some(disk::seed_medium(&directory, name, &files)?),
            network_boot: false,
            ..MachineSpec::new(name)
        };
        plug(
            &mut spec,
            &Parts { environment: &environment, directory: &directory, bridge: &bridge, seed: &files },
        )?;
        let machine = Machine::new(&directory, spec, environment.accelerator()?)?;
        let login = Login::new(&directory, &key, ADDRESS, HostKeys::FirstSeen)?;
        Ok(Self { machine, login, outside, bridge, directory })
    }

    /// Switches it on.
    ///
    /// # Errors
    /// When it does not start.
    pub fn power_on(&mut self) -> Result<()> {
        self.machine.power_on(&self.bridge)
    }

    /// How its administrator logs in.
    pub fn login(&self) -> &Login {
        &self.login
    }

    /// What a command prints on the machine.
    ///
    /// # Errors
    /// When it fails there.
    pub fn run(&self, command: &str) -> Result<String> {
        self.login.run(&self.outside, command).map(|text| text.trim().to_owned())
    }

    /// The lab's files.
    pub fn directory(&self) -> &LabDirectory {
        &self.directory
    }

    /// Who is beside the machine on its wire.
    pub fn outside(&self) -> &Namespace {
        &self.outside
    }

    /// Whether the machine was started by UEFI.
    ///
    /// # Errors
    /// When it cannot be asked.
    pub fn by_uefi(&self) -> Result<bool> {
        self.run("test -d /sys/firmware/efi && echo yes || echo no").map(|answer| answer == "yes")
    }
}
