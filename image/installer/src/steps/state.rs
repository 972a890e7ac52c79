//! The state partition: ext4 with `config/` and the Day-1 seed, made in place without mounting anything.

use std::ffi::OsString;
use std::path::Path;
use std::process::{Command, Output};

use daybreak_layout::{DiskPlan, Role};

use crate::code::Code;
use crate::error::InstallError;
use crate::seed::{Seed, state_tree};
use crate::target::Target;

/// Label by which the installed system finds it.
const LABEL: &str = "daybreak-state";

/// Makes the file system at its place on the disk, which has no partition table yet. `work` is a folder in memory for the
/// seed on its way.
pub(crate) fn make(
    target: &mut dyn Target,
    plan: &DiskPlan,
    seed: Option<&Seed>,
    work: &Path,
) -> Result<(), InstallError> {
    let failed = |detail: String| InstallError::new(Code::StateFailed, detail);
    let folder = tempfile::Builder::new()
        .prefix("state-")
        .tempdir_in(work)
        .map_err(|e| failed(format!("a folder in {}: {e}", work.display())))?;
    let tree = folder.path().join("tree");
    state_tree(&tree, seed).map_err(|e| failed(format!("the files of the state partition: {e}")))?;

    let mut result = None;
    target
        .lend(&mut |disk| {
            result = Some(Command::new("mkfs.ext4").args(arguments(plan, &tree, disk)).output());
        })
        .map_err(InstallError::write("open the disk again"))?;
    let output = result.transpose().map_err(|e| failed(format!("mkfs.ext4: {e}")))?;
    check(output)?;
    target.sync().map_err(InstallError::write("write the state partition"))
}

fn arguments(plan: &DiskPlan, tree: &Path, disk: &Path) -> Vec<OsString> {
    let extent = plan.extent(Role::State);
    // A discard would start at the beginning of the disk, not of the partition.
    let options = format!("offset={},root_owner=0:0,nodiscard", extent.start);
    let uuid = plan.ids().state_filesystem().to_string();
    let words = ["-q", "-F", "-L", LABEL, "-U", &uuid, "-m", "1", "-E", &options, "-d"];
    let mut arguments: Vec<OsString> = words.into_iter().map(OsString::from).collect();
    arguments.extend([tree.into(), disk.into(), format!("{}k", extent.size / 1024).into()]);
    arguments
}

fn check(output: Option<Output>) -> Result<(), InstallError> {
    let Some(output) = output else {
        return Err(InstallError::new(Code::StateFailed, "mkfs.ext4 was not run"));
    };
    if output.status.success() {
        return Ok(());
    }
    let message = String::from_utf8_lossy(&output.stderr);
    let detail = format!("mkfs.ext4 ended with {}: {}", output.status, message.trim());
    Err(InstallError::new(Code::StateFailed, detail))
}
