//! A ready-made image is told who it is: every medium, firmware and source of first-boot data is a row.

mod console;
mod medium;
mod source;

use std::time::Duration;

pub use medium::{Medium, stick};
pub use source::Source;

use crate::environment::Environment;
use crate::error::{LabError, Result};
use crate::lab::{Addressing, Lab, node_file};
use crate::machine::{Firmware, Machine};
use crate::patience::Patience;

/// Longest time from power-on to an active node, on a quiet machine without hardware virtualisation.
const BOOT: u64 = 600;

/// Part of what every machine is told to run.
const CONTACT: &str = "noc@example.net";

/// One way to start an appliance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Row {
    /// What it starts from.
    pub medium: Medium,
    /// By which firmware.
    pub firmware: Firmware,
    /// Who tells it who it is.
    pub source: Source,
}

impl Row {
    /// Starts it in a lab of its own. It has to become an active node in which the seed's key logs in and the seed's startup
    /// configuration runs; without a source, its console has to let somebody in.
    ///
    /// # Errors
    /// When it does not: then the ends of console and log are on standard error.
    pub fn run(self, name: &str) -> Result<()> {
        let mut lab = Lab::new(name, Environment::from_process()?, Addressing::Server)?;
        lab.provisioner_mut().start()?;
        if self.source != Source::None {
            let startup = format!("{{\"ietf-system:system\": {{\"contact\": \"{CONTACT}\"}}}}");
            let node = node_file(name, 1, lab.key().public());
            let node = format!("{node}  startup_config:\n    format: json\n    content: '{startup}'\n");
            lab.provisioner().add_node(name, &node)?;
            lab.provisioner().command(&["node", "deploy", name])?;
        }
        let mut machine = lab.ready_made(name, 1, |spec| {
            spec.firmware = self.firmware;
            self.medium.plug(&lab, spec)?;
            self.source.plug(&lab, name, spec)
        })?;
        let done = match self.source {
            Source::None => console::lets_in(&lab, &mut machine, self.medium),
            _ => self.becomes_active(&lab, &mut machine, name),
        };
        done.inspect_err(|_| lab.explain(&machine))
    }

    fn becomes_active(self, lab: &Lab, machine: &mut Machine, name: &str) -> Result<()> {
        let mut timeline = lab.provisioner().timeline(name)?;
        machine.power_on(lab.bridge())?;
        timeline
            .wait("the node to be active", Patience::secs(BOOT), |e| e.says("STATE-CHANGED", "active"))?;
        let login = lab.login(name)?;
        login.wait(lab.server(), Patience::secs(120))?;
        let run = |command: &str| login.run(lab.server(), command).map(|text| text.trim().to_owned());
        let holds = |what: &str, seen: &str, holds: bool| {
            if holds {
                return Ok(());
            }
            Err(LabError::Answer { what: format!("{what} of {self:?}"), reason: seen.to_owned() })
        };
        // In one login: under emulation each takes seconds.
        let seen = run("hostname
             test -d /sys/firmware/efi && echo uefi || echo bios
             grep -q daybreak.slot= /proc/cmdline && echo installed || echo live
             cat /run/cloud-init/status.json")?;
        let mut lines = seen.splitn(4, '\n');
        let mut next = || lines.next().unwrap_or_default();
        let (hostname, firmware, live, status) = (next(), next(), next(), next());
        holds("the host name", hostname, hostname == name)?;
        holds("the firmware", firmware, (firmware == "bios") == (self.firmware == Firmware::Bios))?;
        holds("the system", live, (live == "live") == self.medium.is_live())?;
        holds("the datasource", status, status.contains(self.source.datasource()))?;
        // What runs is what the Day-1 data said, wherever it came from. netconfd starts beside the end of the first boot.
        let awaited = format!("the running configuration of {self:?}");
        Patience::secs(180).find(&awaited, Duration::from_millis(500), || {
            let running = run("vrouter show config -o set");
            let runs = running.as_ref().is_ok_and(|running| running.contains(CONTACT));
            Ok(runs.then_some(()).ok_or_else(|| format!("{running:?}")))
        })?;
        if self.source.is_metadata_service() {
            let url = "http://169.254.169.254/openstack/latest/user_data";
            let code = run(&format!("curl -s -o /dev/null -w '%{{http_code}}' {url}"))?;
            holds("user-data after the first boot", &code, code == "404")?;
        }
        Ok(())
    }
}
