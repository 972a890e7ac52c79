//! The base root: a minimal Debian with the packages of the specification, as a tar archive.

mod copyright;

use std::fs::{self, File};
use std::io::{self, BufReader};
use std::path::{Path, PathBuf};

use rustix::fs::StatVfsMountFlags;

use crate::ImageError;
use crate::apt::{Index, Sources};
use crate::archive::RawTar;
use crate::command::{Run, Tool};
use crate::progress::Progress;
use crate::spec::Spec;
use copyright::Copyrights;

const MMDEBSTRAP: Tool = Tool { program: "mmdebstrap", package: "mmdebstrap" };

/// Folder in memory.
pub(crate) const MEMORY: &str = "/dev/shm";

/// Room that unpacking the packages takes, with some to spare.
const ROOM: u64 = 4 << 30;

/// Documentation and translations: nobody reads them on an appliance. Licences stay, as their texts ask for it.
pub(crate) const DPKG_OPTIONS: [&str; 7] = [
    "path-exclude=/usr/share/man/*",
    "path-exclude=/usr/share/locale/*",
    "path-exclude=/usr/share/info/*",
    "path-exclude=/usr/share/i18n/locales/*",
    "path-exclude=/usr/share/doc/*",
    "path-include=/usr/share/doc/*/copyright",
    // The folder is thrown away when the machine stops: writing through to the disk is lost time.
    "force-unsafe-io",
];

/// Files of a cache entry.
pub(crate) struct Root {
    folder: PathBuf,
}

impl Root {
    /// The entry in `folder`, made by [`build`].
    pub(crate) fn new(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// The root as tar archive.
    pub(crate) fn tar(&self) -> PathBuf {
        self.folder.join("root.tar")
    }

    /// The kernel.
    pub(crate) fn vmlinuz(&self) -> PathBuf {
        self.folder.join("vmlinuz")
    }

    /// The initrd without the boot script.
    pub(crate) fn initrd(&self) -> PathBuf {
        self.folder.join("initrd.img")
    }

    /// dpkg's database.
    pub(crate) fn status(&self) -> PathBuf {
        self.folder.join("status")
    }

    /// The copyright file of a package, as text; nothing where it has none.
    pub(crate) fn copyright(&self, package: &str) -> Option<String> {
        let bytes = fs::read(self.copyrights().join(package)).ok()?;
        Some(String::from_utf8_lossy(&bytes).into_owned())
    }

    fn copyrights(&self) -> PathBuf {
        self.folder.join("copyright")
    }
}

/// What [`build`] works with.
pub(crate) struct Inputs<'a> {
    /// The specification.
    pub(crate) spec: &'a Spec,
    /// Where packages come from.
    pub(crate) sources: &'a Sources,
    /// The frozen package lists.
    pub(crate) index: &'a Index,
    /// Folder with `customize.sh` and its files.
    pub(crate) recipe: &'a Path,
    /// Folder that keeps package files between builds.
    pub(crate) debs: &'a Path,
    /// Time stamp of everything in the root.
    pub(crate) epoch: u64,
    /// Folder to unpack packages in.
    pub(crate) scratch: &'a Path,
}

/// Makes the root in the folder of a cache entry.
///
/// # Errors
/// [`ImageError::Program`] with mmdebstrap's last lines when it fails, [`ImageError::Root`] when the root is not as
/// expected.
pub(crate) fn build(
    inputs: &Inputs<'_>,
    entry: &Path,
    progress: &mut dyn Progress,
) -> Result<(), ImageError> {
    if !rustix::process::geteuid().is_root() {
        return Err(ImageError::Root(
            "making it from packages needs root: run the build once with sudo".to_owned(),
        ));
    }
    let root = Root::new(entry.to_owned());
    fs::create_dir_all(inputs.debs).map_err(ImageError::io("make the folder", inputs.debs))?;
    let fetched = inputs.scratch.join("fetched");
    fs::create_dir_all(&fetched).map_err(ImageError::io("make the folder", &fetched))?;
    command(inputs, &root.tar(), &fetched)?.lines(&mut |line| {
        if let Some(text) = line.strip_prefix("I: ") {
            progress.note(text);
        }
    })?;
    keep(&fetched, inputs.debs)?;
    extract(&root)
}

fn command(inputs: &Inputs<'_>, tar: &Path, fetched: &Path) -> Result<Run, ImageError> {
    let run = Run::isolated("make the root file system", MMDEBSTRAP);
    let mut options = vec![
        "--variant=minbase".to_owned(),
        "--mode=root".to_owned(),
        "--format=tar".to_owned(),
        // The lists are put in place below: they are those that the plan was made from.
        "--skip=update".to_owned(),
        "--skip=essential/unlink".to_owned(),
        "--aptopt=Acquire::Languages \"none\"".to_owned(),
        "--aptopt=APT::Install-Recommends \"false\"".to_owned(),
    ];
    options
        .extend(inputs.sources.config.iter().map(|line| format!("--aptopt={}", line.trim_end_matches(';'))));
    options.extend(DPKG_OPTIONS.iter().map(|option| format!("--dpkgopt={option}")));
    let packages: Vec<_> = inputs.spec.packages.iter().map(crate::spec::DebName::as_str).collect();
    options.push(format!("--include={}", packages.join(",")));
    let (lists, debs) = (quoted(&inputs.index.lists())?, quoted(inputs.debs)?);
    options.push(format!("--setup-hook=sync-in {lists} /var/lib/apt/lists"));
    options.push("--setup-hook=mkdir -p \"$1/var/cache/apt/archives/partial\"".to_owned());
    options.push(format!("--setup-hook=sync-in {debs} /var/cache/apt/archives"));
    options.push(format!("--customize-hook=sync-out /var/cache/apt/archives {}", quoted(fetched)?));
    let script = quoted(&inputs.recipe.join("customize.sh"))?;
    options.push(format!("--customize-hook=sh {script} \"$1\" {}", quoted(inputs.recipe)?));
    Ok(run
        .args(options)
        .arg(inputs.spec.suite.as_str())
        .arg(tar)
        .args(&inputs.sources.lines)
        .env("SOURCE_DATE_EPOCH", inputs.epoch.to_string())
        .env("TMPDIR", inputs.scratch)
        // The kernel package makes no initrd; customize.sh makes the only one.
        .env("INITRD", "No"))
}

/// A path as one word of a shell and of mmdebstrap's hooks.
fn quoted(path: &Path) -> Result<String, ImageError> {
    let text = path.to_str().filter(|text| !text.contains(['\'', '\\', '\n']));
    let text = text.ok_or_else(|| {
        ImageError::Root(format!("{}: quotes and backslashes in the path are not supported", path.display()))
    })?;
    Ok(format!("'{text}'"))
}

/// Takes the package files of this build into the folder, and those of other builds out of it.
fn keep(fetched: &Path, debs: &Path) -> Result<(), ImageError> {
    let names = |folder: &Path| -> Result<Vec<_>, ImageError> {
        let items = fs::read_dir(folder).map_err(ImageError::io("read the folder", folder))?;
        let names = items.filter_map(Result::ok).map(|item| item.file_name());
        Ok(names.filter(|name| name.to_string_lossy().ends_with(".deb")).collect())
    };
    let new = names(fetched)?;
    for name in names(debs)?.iter().filter(|name| !new.contains(name)) {
        let path = debs.join(name);
        fs::remove_file(&path).map_err(ImageError::io("remove", &path))?;
    }
    for name in new {
        let to = debs.join(&name);
        if !to.exists() {
            let part = debs.join("new");
            fs::copy(fetched.join(&name), &part).map_err(ImageError::io("copy to", &part))?;
            fs::rename(&part, &to).map_err(ImageError::io("put in place", &to))?;
        }
    }
    Ok(())
}

/// Takes kernel, initrd, dpkg's database and the copyright files out of the archive.
fn extract(root: &Root) -> Result<(), ImageError> {
    let path = root.tar();
    let file = File::open(&path).map_err(ImageError::io("open", &path))?;
    let mut tar = RawTar::new(BufReader::with_capacity(1 << 20, file));
    let mut found = [None, None, None];
    let mut copyrights = Copyrights::into(&root.copyrights())?;
    while let Some(entry) = tar.next_entry().map_err(ImageError::io("read", &path))? {
        let (at, to) = if entry.path.starts_with("boot/vmlinuz-") {
            (0, root.vmlinuz())
        } else if entry.path.starts_with("boot/initrd.img-") {
            (1, root.initrd())
        } else if entry.path == "var/lib/dpkg/status" {
            (2, root.status())
        } else {
            copyrights.take(&entry, &mut tar.content())?;
            continue;
        };
        if let Some(first) = found[at].replace(entry.path.clone()) {
            return Err(ImageError::Root(format!(
                "there are two kernels, /{first} and /{}; name only one linux-image in `packages`",
                entry.path
            )));
        }
        let mut out = File::create(&to).map_err(ImageError::io("make", &to))?;
        io::copy(&mut tar.content(), &mut out).map_err(ImageError::io("write", &to))?;
    }
    copyrights.finish()?;
    for (found, what) in found.iter().zip(["a kernel", "an initrd", "dpkg's database"]) {
        if found.is_none() {
            return Err(ImageError::Root(format!(
                "there is no {}; `packages` needs linux-image-amd64 and initramfs-tools",
                what.trim_start_matches(['a', 'n', ' '])
            )));
        }
    }
    Ok(())
}

/// Folder for unpacking packages: in memory where there is room for it, which is three times as fast.
pub(crate) fn scratch_parent(fallback: &Path) -> PathBuf {
    let shm = Path::new(MEMORY);
    // Programs of the new root run in it, which some containers forbid there.
    let room = rustix::fs::statvfs(shm).is_ok_and(|stat| {
        let free = stat.f_bavail.saturating_mul(stat.f_frsize);
        free >= ROOM && !stat.f_flag.contains(StatVfsMountFlags::NOEXEC)
    });
    // A folder in memory is only as good as the memory behind it.
    let memory = fs::read_to_string("/proc/meminfo").ok().as_deref().and_then(available);
    if room && memory.is_some_and(|memory| memory >= ROOM + (1 << 30)) {
        shm.to_owned()
    } else {
        fallback.to_owned()
    }
}

fn available(meminfo: &str) -> Option<u64> {
    let line = meminfo.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    line.trim().strip_suffix(" kB")?.parse::<u64>().ok().map(|kib| kib * 1024)
}

#[cfg(test)]
mod tests;
