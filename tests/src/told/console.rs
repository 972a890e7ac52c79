//! A machine that nobody has told anything: whoever stands at its console gets in, and nobody else.

use std::process::Command;
use std::time::Duration;

use serde_json::Value;

use super::{BOOT, Medium};
use crate::error::{LabError, Result};
use crate::lab::Lab;
use crate::machine::Machine;
use crate::patience::Patience;
use crate::text_log::Mark;

/// What the new password is made of; the policy of the image's PAM takes it.
const CHOSEN: &str = "a-password-of-the-test-7";

/// Boots, gets in at the console, and looks whether the ports are open and the passwords are not.
pub(super) fn lets_in(lab: &Lab, machine: &mut Machine, medium: Medium) -> Result<()> {
    machine.power_on(lab.bridge())?;
    if medium.is_live() {
        machine.wait_console("admin@vrouter> ", Patience::secs(BOOT))?;
        machine.type_in("show version\n")?;
        machine.wait_console("vrouter ", Patience::secs(60))?;
    } else {
        chooses_a_password(machine)?;
    }
    ports_are_open(lab)
}

/// The password on the screen opens the console once, and another one has to be chosen.
fn chooses_a_password(machine: &mut Machine) -> Result<()> {
    let console = machine.console()?;
    let patience = || Patience::secs(120);
    let shown =
        console.wait_for(Mark::default(), "First login: user admin, password ", Patience::secs(BOOT))?;
    console.wait_for(shown, " (of this machine only", patience())?;
    let text = console.since(shown);
    let password = text.split(' ').next().unwrap_or_default().to_owned();
    let prompt = console.wait_for(shown, "login: ", patience())?;
    machine.type_in("admin\n")?;
    let mut mark = console.wait_for(prompt, "Password: ", patience())?;
    machine.type_in(&format!("{password}\n"))?;
    for (asked, answer) in [
        ("Current password: ", password.as_str()),
        ("New password: ", CHOSEN),
        ("Retype new password: ", CHOSEN),
    ] {
        mark = console.wait_for(mark, asked, patience())?;
        machine.type_in(&format!("{answer}\n"))?;
    }
    mark = console.wait_for(mark, "admin@vrouter", patience())?;
    machine.type_in("id -un; vrouter show version\n")?;
    console.wait_for(mark, "vrouter ", patience()).map(drop)
}

/// SSH and NETCONF answer at the address that the machine was given, and take no password.
fn ports_are_open(lab: &Lab) -> Result<()> {
    let leases = lab.provisioner().json(&["leases"])?;
    let address = leases.as_array().and_then(|leases| leases.last()).map(|lease| &lease["address"]);
    let Some(Value::String(address)) = address else {
        return Err(LabError::Answer { what: "the machine's lease".to_owned(), reason: leases.to_string() });
    };
    for port in ["22", "830"] {
        let mut ssh = Command::new("ssh");
        ssh.args(["-F", "none", "-v", "-p", port, "-o", "BatchMode=yes", "-o", "StrictHostKeyChecking=no"]);
        ssh.args(["-o", "UserKnownHostsFile=/dev/null", &format!("admin@{address}"), "true"]);
        // OpenSSH ends with the methods that the other side would take.
        let text = Patience::secs(180).find("a refusal", Duration::from_secs(1), || {
            let output = lab.server().output(&ssh)?;
            let text = String::from_utf8_lossy(&output.stderr).into_owned();
            Ok(text.rsplit_once("Permission denied (").map(|(_, methods)| methods.to_owned()).ok_or(text))
        })?;
        if text.contains("password") || text.contains("keyboard") {
            return Err(LabError::Answer { what: format!("methods of port {port}"), reason: text });
        }
    }
    Ok(())
}
