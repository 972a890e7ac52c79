//! Reading a package into a layer.

use std::io::{Cursor, Read, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use tar::EntryType;

use super::Control;
use crate::ImageError;
use crate::archive::{Content, Layer, Node};

/// Largest member of a package that is read, compressed or not: our largest program has some ten megabytes.
const MAX_MEMBER: u64 = 512 * 1024 * 1024;

/// Scripts that dpkg would run (Debian Policy §6). The root is not unpacked here, so nothing can run in it.
const SCRIPTS: [&str; 5] = ["preinst", "postinst", "prerm", "postrm", "config"];

/// A package in memory.
#[derive(Clone, Debug)]
pub(crate) struct Deb {
    /// Its fields.
    pub(crate) control: Control,
    /// Its files.
    pub(crate) data: Layer,
}

impl Deb {
    /// Reads a package; `label` names it in errors.
    ///
    /// # Errors
    /// [`ImageError::Deb`] when it is not a package, is for another architecture, has scripts, or has files that cannot
    /// go into the root.
    pub(crate) fn read(from: impl Read, label: &str) -> Result<Self, ImageError> {
        let wrong = |reason: String| ImageError::deb(label, reason);
        let mut archive = ar::Archive::new(from);
        let (mut control, mut data) = (None, None);
        while let Some(member) = archive.next_entry() {
            let mut member = member.map_err(|e| wrong(format!("is not a Debian package: {e}")))?;
            let name = String::from_utf8_lossy(member.header().identifier()).trim_end_matches('/').to_owned();
            let Some((part, packing)) = name.split_once(".tar") else { continue };
            let bytes = limited(&mut member).map_err(wrong)?;
            let tar = unpacked(bytes, packing, label)?;
            match part {
                "control" => control = Some(read_control(&tar).map_err(wrong)?),
                "data" => data = Some(read_data(&tar, label)?),
                _ => {}
            }
        }
        let control =
            control.ok_or_else(|| wrong("is not a Debian package: it has no control archive".to_owned()))?;
        let data = data.ok_or_else(|| wrong("is not a Debian package: it has no data archive".to_owned()))?;
        for field in ["Package", "Version", "Architecture"] {
            if control.get(field).is_none_or(str::is_empty) {
                return Err(wrong(format!("has no field {field}")));
            }
        }
        match control.get("Architecture") {
            Some("amd64" | "all") => Ok(Self { control, data }),
            other => Err(wrong(format!("is for {}, the image for amd64", other.unwrap_or_default()))),
        }
    }

    /// Name of the package.
    pub(crate) fn name(&self) -> &str {
        self.control.get("Package").unwrap_or_default()
    }

    /// Version of the package.
    pub(crate) fn version(&self) -> &str {
        self.control.get("Version").unwrap_or_default()
    }

    /// The files, and what dpkg keeps about them in its own folder.
    ///
    /// # Errors
    /// [`ImageError::Root`] when the package has files there itself.
    pub(crate) fn into_layer(self) -> Result<Layer, ImageError> {
        let list: String = self.data.nodes().flat_map(|(path, _)| ["/", path, "\n"]).collect();
        let path = format!("var/lib/dpkg/info/{}.list", self.name());
        let mut layer = self.data;
        layer.add(&path, Node::of_root(0o644, Content::Bytes(format!("/.\n{list}").into_bytes())))?;
        Ok(layer)
    }
}

fn limited(from: &mut impl Read) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    from.take(MAX_MEMBER + 1).read_to_end(&mut bytes).map_err(|e| e.to_string())?;
    if bytes.len() as u64 > MAX_MEMBER {
        return Err(format!("has an archive of more than {MAX_MEMBER} bytes"));
    }
    Ok(bytes)
}

fn unpacked(bytes: Vec<u8>, packing: &str, label: &str) -> Result<Vec<u8>, ImageError> {
    let wrong = |reason: String| ImageError::deb(label, reason);
    match packing {
        "" => Ok(bytes),
        ".gz" => limited(&mut flate2::read::GzDecoder::new(&bytes[..])).map_err(wrong),
        ".zst" => {
            let mut decoder = zstd::Decoder::new(&bytes[..]).map_err(|e| wrong(e.to_string()))?;
            limited(&mut decoder).map_err(wrong)
        }
        ".xz" => xz(bytes).map_err(wrong),
        other => Err(wrong(format!("is packed with {other}; accepted are gz, xz and zst"))),
    }
}

/// Debian's own packages are packed with xz; the program that dpkg-deb needs for them is there wherever dpkg is.
fn xz(bytes: Vec<u8>) -> Result<Vec<u8>, String> {
    let mut child = Command::new("xz")
        .arg("-dc")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|e| format!("xz cannot be started ({e}); it is in the Debian package xz-utils"))?;
    let mut stdin = child.stdin.take().ok_or("xz has no input")?;
    // From a thread of its own, as xz stops reading while nobody takes its output.
    let feeder = std::thread::spawn(move || stdin.write_all(&bytes));
    let mut stdout = child.stdout.take().ok_or("xz has no output")?;
    let unpacked = limited(&mut stdout);
    drop(stdout);
    let status = child.wait().map_err(|e| e.to_string())?;
    let fed = feeder.join().map_err(|_| "the thread that feeds xz panicked".to_owned())?;
    let unpacked = unpacked?;
    if !status.success() || fed.is_err() {
        return Err(format!("its xz archive is damaged ({status})"));
    }
    Ok(unpacked)
}

fn read_control(tar: &[u8]) -> Result<Control, String> {
    let mut archive = tar::Archive::new(Cursor::new(tar));
    let mut control = None;
    for entry in archive.entries().map_err(|e| e.to_string())? {
        let mut entry = entry.map_err(|e| e.to_string())?;
        let path = entry.path().map_err(|e| e.to_string())?.to_string_lossy().into_owned();
        let name = path.trim_start_matches("./");
        if SCRIPTS.contains(&name) {
            return Err(format!(
                "has the script {name}, which cannot run: its files are put over a root that is never unpacked; name \
                 the package in `packages` if it is in the archive, or ship links instead of the script"
            ));
        }
        if name == "control" {
            let mut text = String::new();
            entry.read_to_string(&mut text).map_err(|e| e.to_string())?;
            control = Some(Control::parse(text.trim_end())?);
        }
    }
    control.ok_or_else(|| "has no control file".to_owned())
}

fn read_data(tar: &[u8], label: &str) -> Result<Layer, ImageError> {
    let wrong = |reason: String| ImageError::deb(label, reason);
    let io = |e: std::io::Error| ImageError::deb(label, e.to_string());
    let mut archive = tar::Archive::new(Cursor::new(tar));
    let mut layer = Layer::default();
    for entry in archive.entries().map_err(io)? {
        let mut entry = entry.map_err(io)?;
        let path = entry.path().map_err(io)?.into_owned();
        let Some(path) = plain(&path) else {
            return Err(wrong(format!("has a file that would leave the root: {}", path.display())));
        };
        if path.is_empty() {
            continue;
        }
        let header = entry.header().clone();
        let content = match header.entry_type() {
            EntryType::Directory => Content::Folder,
            EntryType::Regular => Content::Bytes(limited(&mut entry).map_err(wrong)?),
            EntryType::Symlink => {
                let link = entry.link_name().map_err(io)?.unwrap_or_default();
                Content::Link(link.to_string_lossy().into_owned())
            }
            kind => {
                return Err(wrong(format!(
                    "/{path} is of type {kind:?}; files, folders and links are accepted"
                )));
            }
        };
        let number = |value: std::io::Result<u64>| u32::try_from(value.unwrap_or(0)).unwrap_or(0);
        let (uid, gid) = (number(header.uid()), number(header.gid()));
        layer.add(&path, Node { mode: header.mode().map_err(io)? & 0o7777, uid, gid, content })?;
    }
    Ok(layer)
}

/// The path in the root without `./`; nothing for one that leaves the root or hides Debian's links into `/usr`.
fn plain(path: &Path) -> Option<String> {
    use std::path::Component;
    let mut parts = Vec::new();
    for component in path.components() {
        match component {
            Component::Normal(part) => parts.push(part.to_str()?),
            Component::CurDir => {}
            _ => return None,
        }
    }
    if let Some(top @ ("bin" | "sbin" | "lib" | "lib64")) = parts.first().copied() {
        // dpkg writes through the links; so do we.
        parts[0] = "usr";
        parts.insert(1, top);
        if parts.len() == 2 {
            return Some(String::new());
        }
    }
    Some(parts.join("/"))
}

#[cfg(test)]
mod tests;
