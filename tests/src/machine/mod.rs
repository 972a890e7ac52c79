//! Machines: QEMU on a lab's bridge, with power buttons, a console and disks that outlive a power cut.

pub mod accelerator;
pub mod card;
pub mod disk;
pub mod firmware;
pub mod qmp;
pub mod spec;
pub mod storage;

use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use serde_json::json;

use crate::bridge::Bridge;
use crate::directory::LabDirectory;
use crate::error::{LabError, Result};
use crate::patience::Patience;
use crate::process::Process;
use crate::text_log::{Mark, TextLog};

pub use accelerator::accelerator;
pub use card::{Card, CardModel, Plug, Slot};
pub use firmware::Firmware;
pub use spec::{Accelerator, BootMedium, Chipset, DirectBoot, MachineSpec, Threads};
pub use storage::{Controller, Disk, DiskFormat};

/// QEMU's program for the appliance's architecture.
const QEMU: &str = "qemu-system-x86_64";

/// A machine. Off until [`Machine::power_on`]; dropping it takes its power away.
pub struct Machine {
    spec: MachineSpec,
    accelerator: Accelerator,
    directory: PathBuf,
    /// Power-ons so far; each has its own console file.
    starts: u32,
    running: Option<Running>,
}

struct Running {
    process: Process,
    qmp: qmp::Qmp,
}

impl Machine {
    /// Puts a machine into the lab, switched off. Its files go to the lab's directory.
    ///
    /// # Errors
    /// When the UEFI variables cannot be copied.
    pub fn new(directory: &LabDirectory, spec: MachineSpec, accelerator: Accelerator) -> Result<Self> {
        let machine =
            Self { spec, accelerator, directory: directory.path().to_owned(), starts: 0, running: None };
        if let Some((_, first)) = machine.spec.firmware.ovmf() {
            let vars = machine.file("vars.fd");
            std::fs::copy(first, &vars).map_err(|source| LabError::File {
                doing: "copy OVMF's variables to",
                path: vars,
                source,
            })?;
        }
        Ok(machine)
    }

    fn file(&self, suffix: &str) -> PathBuf {
        self.directory.join(format!("{}.{suffix}", self.spec.name))
    }

    /// What it is made of.
    pub fn spec(&self) -> &MachineSpec {
        &self.spec
    }

    /// Changes what it is made of; takes effect at the next power-on.
    pub fn spec_mut(&mut self) -> &mut MachineSpec {
        &mut self.spec
    }

    /// Switches it on, in the namespace of `bridge`.
    ///
    /// # Errors
    /// When QEMU does not start; the text has what it said. When it is on already.
    pub fn power_on(&mut self, bridge: &Bridge) -> Result<()> {
        if self.running.is_some() {
            return Err(self.odd("is on already"));
        }
        self.starts += 1;
        let socket = self.file(&format!("{}.qmp", self.starts));
        let listener = qmp::QmpListener::bind(&socket)?;
        let mut command = Command::new(QEMU);
        command.args(self.spec.arguments(self.accelerator, &socket, &self.file("vars.fd")));
        let name = format!("{}.{}", self.spec.name, self.starts);
        let mut process = Process::start(bridge.namespace(), &name, &command, &self.directory)?;
        let qmp = listener.accept(process.child(), Patience::secs(60)).map_err(|e| match e {
            LabError::Qmp { command, reason } => {
                LabError::Qmp { command, reason: format!("{reason}\n{}", process.errors().tail(10)) }
            }
            other => other,
        })?;
        self.running = Some(Running { process, qmp });
        let out: Vec<_> =
            (0..).zip(&self.spec.cards).filter(|(_, card)| !card.cable).map(|(i, _)| i).collect();
        out.into_iter().try_for_each(|card| self.set_cable(card, false))
    }

    /// Takes the cable out of a card, counted from 0, or puts it in.
    ///
    /// # Errors
    /// When it is off, or has no such card.
    pub fn set_cable(&mut self, card: usize, plugged: bool) -> Result<()> {
        let arguments = json!({"name": format!("net{card}"), "up": plugged});
        self.running()?.qmp.execute("set_link", &arguments).map(drop)
    }

    /// Takes its power away, as pulling the plug does: nothing is flushed, nothing is told.
    pub fn power_cut(&mut self) {
        self.running = None;
    }

    /// Presses the reset button.
    ///
    /// # Errors
    /// When it is off.
    pub fn reset(&mut self) -> Result<()> {
        self.running()?.qmp.execute("system_reset", &json!({})).map(drop)
    }

    /// Presses the power button and waits until the operating system has switched the machine off.
    ///
    /// # Errors
    /// When it is off already or does not go off in time.
    pub fn power_down(&mut self, patience: Patience) -> Result<()> {
        let running = self.running()?;
        running.qmp.execute("system_powerdown", &json!({}))?;
        running.process.wait(patience)?;
        self.running = None;
        Ok(())
    }

    /// Waits until the guest resets the machine (a reboot).
    ///
    /// # Errors
    /// When it is off, or does not reset in time.
    pub fn wait_reset(&mut self, patience: Patience) -> Result<()> {
        self.running()?.qmp.wait_event("RESET", patience).map(drop)
    }

    /// Waits until QEMU ends by itself, as with [`MachineSpec::exit_port`]; gives its exit code.
    ///
    /// # Errors
    /// When it is off, or does not end in time.
    pub fn wait_exit(&mut self, patience: Patience) -> Result<Option<i32>> {
        let status = self.running()?.process.wait(patience)?;
        self.running = None;
        Ok(status.code())
    }

    /// Processor time that the machine has taken from its host since power-on, emulation and all.
    ///
    /// # Errors
    /// When it is off.
    pub fn processor_time(&mut self) -> Result<Duration> {
        let path = PathBuf::from(format!("/proc/{}/stat", self.running()?.process.id()));
        let text = std::fs::read_to_string(&path).map_err(|source| LabError::File {
            doing: "read",
            path: path.clone(),
            source,
        })?;
        // proc(5): fields 14 and 15, counted after the name, which may have blanks and ends with the last parenthesis.
        let ticks = text.rsplit_once(')').map(|(_, rest)| {
            rest.split_whitespace().skip(11).take(2).filter_map(|word| word.parse::<u64>().ok()).sum::<u64>()
        });
        let rate = nix::unistd::sysconf(nix::unistd::SysconfVar::CLK_TCK).ok().flatten();
        match (ticks, rate.and_then(|rate| u64::try_from(rate).ok())) {
            (Some(ticks), Some(rate)) if rate > 0 => Ok(Duration::from_millis(ticks * 1000 / rate)),
            _ => Err(self.odd("has no readable /proc entry")),
        }
    }

    /// The monitor, for what has no method here.
    ///
    /// # Errors
    /// When the machine is off.
    pub fn qmp(&mut self) -> Result<&mut qmp::Qmp> {
        Ok(&mut self.running()?.qmp)
    }

    /// The console since the last power-on.
    ///
    /// # Errors
    /// When the machine is off.
    pub fn console(&self) -> Result<TextLog> {
        match &self.running {
            Some(running) => Ok(running.process.output().clone()),
            None => Err(self.odd("is off, so it has no console")),
        }
    }

    /// Waits for a text on the console since power-on.
    ///
    /// # Errors
    /// When it does not come in time, or the machine is off or ends.
    pub fn wait_console(&self, needle: &str, patience: Patience) -> Result<Mark> {
        self.console()?.wait_for(Mark::default(), needle, patience)
    }

    /// Types on the console.
    ///
    /// # Errors
    /// When the machine is off.
    pub fn type_in(&mut self, text: &str) -> Result<()> {
        self.running()?.process.type_in(text)
    }

    fn running(&mut self) -> Result<&mut Running> {
        let odd = self.odd("is off");
        self.running.as_mut().ok_or(odd)
    }

    fn odd(&self, reason: &str) -> LabError {
        LabError::Answer { what: format!("machine {}", self.spec.name), reason: reason.to_owned() }
    }
}
