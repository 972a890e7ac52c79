//! Images that differ from the built one: another version, or broken in some way.

use std::os::unix::fs::symlink;
use std::path::Path;

use serde_json::{Value, json};

use crate::environment::Environment;
use crate::error::{LabError, Result};

/// Makes an image of the same files with another version in `folder`; `change` may break its manifest and files.
///
/// # Errors
/// When the built image cannot be read, or `folder` cannot be written.
pub fn image(
    environment: &Environment,
    folder: &Path,
    version: &str,
    change: impl FnOnce(&mut Value, &Path),
) -> Result<()> {
    let failed = |doing, path: &Path| {
        let path = path.to_owned();
        move |source| LabError::File { doing, path, source }
    };
    std::fs::create_dir_all(folder).map_err(failed("make", folder))?;
    let pxe = environment.pxe();
    let pxe = pxe.canonicalize().map_err(failed("find", &pxe))?;
    for name in ["vmlinuz", "initrd.img", "root.squashfs"] {
        let path = folder.join(name);
        symlink(pxe.join(name), &path).map_err(failed("link", &path))?;
    }
    let path = pxe.join("manifest.json");
    let text = std::fs::read(&path).map_err(failed("read", &path))?;
    let mut manifest: Value = serde_json::from_slice(&text)
        .map_err(|e| LabError::Answer { what: path.display().to_string(), reason: e.to_string() })?;
    manifest["version"] = json!(version);
    if let Some(files) = manifest["files"].as_object_mut() {
        // It names the digest of another slot image.
        files.remove("slot.img");
    }
    change(&mut manifest, folder);
    let path = folder.join("manifest.json");
    std::fs::write(&path, format!("{manifest:#}")).map_err(failed("write", &path))
}
