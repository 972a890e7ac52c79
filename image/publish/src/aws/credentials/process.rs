//! Keys that another program prints: `credential_process` of a profile.

use std::process::{Command, Stdio};

use super::{Keys, Printed, login};
use crate::PublishError;

/// Runs the line by the shell, as AWS' tools do.
pub(super) fn keys(line: &str, from: &str) -> Result<Keys, PublishError> {
    let from = format!("credential_process of {from}");
    let output = Command::new("sh").arg("-c").arg(line).stdin(Stdio::null()).output();
    let output = output.map_err(|e| login(format!("{from} cannot be started: {e}")))?;
    if !output.status.success() {
        let words = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        return Err(login(format!("{from} failed ({}): {words}", output.status)));
    }
    // What it printed is not repeated: it may hold a secret.
    let printed: Printed = serde_json::from_slice(&output.stdout).map_err(|e| {
        login(format!(
            "{from} printed something else than keys as JSON (line {}, column {})",
            e.line(),
            e.column()
        ))
    })?;
    printed.keys(from)
}
