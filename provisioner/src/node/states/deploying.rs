//! Network boot, install, first boot from disk, until the installed system phones home.

use super::Step;
use crate::node::{Fact, InstallReport, InstallStep, Intent, Node, State};

pub(super) fn step(node: &Node, fact: &Fact) -> Step {
    match fact {
        Fact::Report(report) => on_report(report),
        Fact::PhoneHome { .. } => Step::to(State::Active, "the installed system phoned home"),
        Fact::Deadline => Step::to(State::Failed, overdue(node)),
        Fact::Intent(Intent::Abort) => Step::to(State::Failed, "aborted by the operator"),
        Fact::Intent(Intent::Deploy) | Fact::BootScript => Step::Wait,
    }
}

fn on_report(report: &InstallReport) -> Step {
    match report.step {
        InstallStep::Done => Step::Installed,
        InstallStep::Failed => {
            let code = report.code.as_deref().unwrap_or("INSTALL-FAILED");
            Step::to(State::Failed, format!("the installer gave up: {code}: {}", report.message))
        }
        _ => Step::Wait,
    }
}

fn overdue(node: &Node) -> String {
    if node.status.installed {
        return "the installed system did not phone home before the deadline; look at its console: \
                did it boot from the disk, and does it reach the provisioner?"
            .to_owned();
    }
    match &node.status.progress {
        Some(progress) => format!(
            "the install did not finish before the deadline; last seen: {} at {} %",
            progress.what, progress.percent
        ),
        None => "the install did not finish before the deadline; the installer never reported".to_owned(),
    }
}
