//! What vtysh says.

use super::{ObserveError, Settings};
use crate::command::{CommandError, Program, Said};

/// Runs a command of FRR's shell and takes up to `limit` bytes of what it says.
pub(super) async fn ask(settings: &Settings, command: &str, limit: u64) -> Result<Said, ObserveError> {
    let failed = |error: CommandError| ObserveError::new("frr", error);
    let program = Program::new(settings.frr.bin_dir.join("vtysh"))
        .arg("--config_dir")
        .arg(&settings.frr.conf_dir)
        .arg("--vty_socket")
        .arg(&settings.frr.run_dir)
        .args(["-c", command])
        .limit(limit);
    let said = program.run(settings.deadline).await.map_err(failed)?;
    if said.status.success() || said.cut {
        Ok(said)
    } else {
        Err(ObserveError::new("frr", format!("\"{command}\" failed: {}", said.message())))
    }
}
