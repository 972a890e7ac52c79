//! Our own packages: programs of the workspace and files, each a `.deb`; and packages given as files.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use daybreak_layout::Sha256Digest;

use crate::ImageError;
use crate::archive::{Content, Layer, Node};
use crate::command::{Run, Tool};
use crate::deb::{Control, Deb, write_deb};
use crate::digest;
use crate::spec::{DebName, DebSpec, Version};

const CARGO: Tool = Tool { program: "cargo", package: "cargo" };

/// Profile that programs for the appliance are built with.
const PROFILE: &str = "release";

/// One of our own packages with the path of its specification.
pub(crate) struct Daemon {
    spec: DebSpec,
    path: PathBuf,
}

/// A package that is put over the root.
pub(crate) struct Added {
    /// The package.
    pub(crate) deb: Deb,
    /// Digest of its file.
    pub(crate) sha256: Sha256Digest,
    /// Crates of its programs, when it is one of ours.
    pub(crate) crates: Option<BTreeSet<String>>,
}

/// Reads `packages/NAME.yaml` of each name.
///
/// # Errors
/// [`ImageError::Io`] and [`ImageError::Spec`] for files that cannot be used.
pub(crate) fn load(folder: &Path, names: &[DebName]) -> Result<Vec<Daemon>, ImageError> {
    let load = |name: &DebName| {
        let path = folder.join(format!("{name}.yaml"));
        let text = fs::read_to_string(&path).map_err(ImageError::io("read", &path))?;
        let spec = DebSpec::parse(&text, &path)?;
        if spec.package != *name {
            return Err(ImageError::Spec {
                path,
                message: format!("package: {} is not {name}", spec.package),
            });
        }
        Ok(Daemon { spec, path })
    };
    names.iter().map(load).collect()
}

/// Builds the programs of the packages in the workspace that `folder` is part of, and gives the folder they are in.
///
/// # Errors
/// [`ImageError::Program`] with the compiler's last lines.
pub(crate) fn compile(
    daemons: &[Daemon],
    folder: &Path,
    note: &mut dyn FnMut(&str),
) -> Result<PathBuf, ImageError> {
    let what = "find the workspace of the programs";
    let metadata = Run::new(what, CARGO)
        .args(["metadata", "--no-deps", "--format-version", "1"])
        .folder(folder)
        .output()?;
    let metadata: serde_json::Value = serde_json::from_str(&metadata)
        .map_err(|e| ImageError::Root(format!("cargo metadata prints what is not JSON: {e}")))?;
    let target = metadata["target_directory"].as_str().unwrap_or_default();
    let mut run = Run::new("build the programs", CARGO).args(["build", "--locked", "--profile", PROFILE]);
    for program in daemons.iter().flat_map(|daemon| &daemon.spec.programs) {
        run = run.args(["--package", &program.krate, "--bin", &program.bin]);
    }
    if daemons.iter().any(|daemon| !daemon.spec.programs.is_empty()) {
        run.folder(folder).lines(note)?;
    }
    Ok(Path::new(target).join(PROFILE))
}

/// Makes the package of a daemon with the programs in `programs`.
///
/// # Errors
/// [`ImageError::Io`] when a program or file is missing.
pub(crate) fn pack(
    daemon: &Daemon,
    programs: &Path,
    version: &Version,
    epoch: u64,
) -> Result<Vec<u8>, ImageError> {
    let Daemon { spec, path } = daemon;
    let beside = path.parent().unwrap_or(Path::new("."));
    let mut data = Layer::default();
    for program in &spec.programs {
        let from = programs.join(&program.bin);
        data.add(program.to.relative(), Node::of_root(0o755, Content::Copy(from)))?;
    }
    for file in &spec.files {
        let mode = if file.executable { 0o755 } else { 0o644 };
        data.add(file.to.relative(), Node::of_root(mode, Content::Copy(beside.join(&file.from))))?;
    }
    for link in &spec.links {
        data.add(link.at.relative(), Node::of_root(0o777, Content::Link(link.to.clone())))?;
    }
    let mut size = 0;
    for (_, node) in data.nodes() {
        size += node.content.open()?.0;
    }
    // Debian Policy §5.6.12: a version has no underscore.
    let version = version.as_str().replace('_', "+");
    let mut bytes = Vec::new();
    write_deb(&mut bytes, &Control::of(spec, &version, size.div_ceil(1024)), &data, epoch)?;
    Ok(bytes)
}

/// Name of a daemon's package.
pub(crate) fn name(daemon: &Daemon) -> &DebName {
    &daemon.spec.package
}

/// Crates of a daemon's programs.
pub(crate) fn crates(daemon: &Daemon) -> BTreeSet<String> {
    daemon.spec.programs.iter().map(|program| program.krate.clone()).collect()
}

/// Every `.deb` of a folder, by file name.
///
/// # Errors
/// [`ImageError::Io`] when the folder cannot be read, [`ImageError::Deb`] for a package that cannot be used.
pub(crate) fn read_folder(folder: &Path) -> Result<Vec<Added>, ImageError> {
    let items = fs::read_dir(folder).map_err(ImageError::io("read the folder", folder))?;
    let mut paths: Vec<_> = items.filter_map(Result::ok).map(|item| item.path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "deb"));
    paths.sort();
    let read = |path: PathBuf| {
        let file = File::open(&path).map_err(ImageError::io("open", &path))?;
        let deb = Deb::read(file, &path.display().to_string())?;
        Ok(Added { deb, sha256: digest::of_file(&path)?.sha256, crates: None })
    };
    paths.into_iter().map(read).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recipe() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        fs::write(
            folder.path().join("run.yaml"),
            "package: run\nsummary: Runs\nprograms: [{crate: c, bin: run, to: /usr/bin/run}]\n\
             files: [{from: run.service, to: /usr/lib/systemd/system/run.service}]\n\
             links: [{at: /etc/systemd/system/multi-user.target.wants/run.service, to: /usr/lib/systemd/system/run.service}]\n",
        )
        .unwrap();
        fs::write(folder.path().join("run.service"), "[Unit]\n").unwrap();
        fs::write(folder.path().join("run"), vec![b'x'; 3000]).unwrap();
        folder
    }

    #[test]
    fn a_daemon_becomes_a_package() {
        let folder = recipe();
        let daemons = load(folder.path(), &["run".parse().unwrap()]).unwrap();
        let bytes = pack(&daemons[0], folder.path(), &"1.0_a".parse().unwrap(), 0).unwrap();
        assert_eq!(bytes, pack(&daemons[0], folder.path(), &"1.0_a".parse().unwrap(), 0).unwrap());
        let deb = Deb::read(&bytes[..], "run.deb").unwrap();
        assert_eq!(
            (deb.name(), deb.version(), deb.control.get("Installed-Size")),
            ("run", "1.0+a", Some("3"))
        );
        assert_eq!(deb.data.get("usr/bin/run").map(|node| node.mode), Some(0o755));
        assert!(deb.data.get("etc/systemd/system/multi-user.target.wants/run.service").is_some());
    }

    #[test]
    fn a_missing_program_is_named() {
        let folder = recipe();
        let daemons = load(folder.path(), &["run".parse().unwrap()]).unwrap();
        let error =
            pack(&daemons[0], Path::new("/nowhere"), &"1".parse().unwrap(), 0).unwrap_err().to_string();
        assert!(error.contains("/nowhere/run"), "{error}");
    }

    #[test]
    fn a_specification_of_another_name_is_refused() {
        let folder = recipe();
        fs::rename(folder.path().join("run.yaml"), folder.path().join("other.yaml")).unwrap();
        let error = load(folder.path(), &["other".parse().unwrap()]).err().unwrap().to_string();
        assert!(error.contains("run is not other"), "{error}");
        assert!(load(folder.path(), &["none".parse().unwrap()]).is_err());
    }

    #[test]
    fn a_folder_of_packages_is_read_in_order_and_other_files_are_left() {
        let folder = recipe();
        let daemons = load(folder.path(), &["run".parse().unwrap()]).unwrap();
        let bytes = pack(&daemons[0], folder.path(), &"1".parse().unwrap(), 0).unwrap();
        fs::write(folder.path().join("run_1.deb"), &bytes).unwrap();
        let debs = read_folder(folder.path()).unwrap();
        assert_eq!(debs.iter().map(|added| added.deb.name()).collect::<Vec<_>>(), ["run"]);
        assert_eq!(debs[0].sha256, Sha256Digest::of(&bytes));
        assert_eq!((&debs[0].crates, crates(&daemons[0])), (&None, BTreeSet::from(["c".to_owned()])));
    }
}
