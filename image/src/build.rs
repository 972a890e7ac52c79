//! One build from the specification to the folder of the image.

use std::collections::BTreeMap;
use std::fs;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use daybreak_layout::{Artefact, Manifest, Sha256Digest};
use daybreak_trust::SecretKey;
use rustix::fs::{CWD, RenameFlags};

use crate::apt::{Index, Sources};
use crate::cache::{self, Cache, Work, write_file};
use crate::command::{Run, Tool};
use crate::deb::{Deb, Status, status_of};
use crate::formats::{self, Sources as FormatSources};
use crate::plan::{Observed, Plan};
use crate::previous::Previous;
use crate::progress::Progress;
use crate::recipe::Recipe;
use crate::record::{self, BuildRecord, StepRecord};
use crate::sbom::{self, Bill, Crates, Subject};
use crate::spec::{Format, Spec};
use crate::steps::grub::Grub;
use crate::steps::packages::{Added, Daemon};
use crate::steps::root::Root;
use crate::steps::{initrd, packages, root, slot, squashfs};
use crate::{ImageError, digest, signing};

/// What to build and where.
#[derive(Clone, Debug)]
pub struct Request {
    /// The specification.
    pub spec: Spec,
    /// Folder with `root/`, `boot/`, `files/` and `packages/`: the folder of the specification.
    pub recipe: PathBuf,
    /// Folder in which the image's folder is made, named after the image.
    pub build_dir: PathBuf,
    /// Folder that keeps roots, packages and package lists between builds.
    pub cache_dir: PathBuf,
    /// Formats to make.
    pub formats: Vec<Format>,
    /// Folder of more packages to put into the image.
    pub debs: Option<PathBuf>,
    /// Folder of programs that are built already; without it cargo builds them.
    pub programs: Option<PathBuf>,
    /// Whether the package lists are fetched; without it those of an earlier build are used.
    pub update: bool,
    /// Threads that compress formats; their number does not change the bytes.
    pub threads: NonZeroUsize,
}

/// What was built.
#[derive(Clone, Debug)]
pub struct Built {
    /// Folder of the image.
    pub folder: PathBuf,
    /// Its manifest.
    pub manifest: Manifest,
    /// How it came to be.
    pub record: BuildRecord,
}

/// What [`prepare`] found out.
struct Prepared {
    plan: Plan,
    observed: Observed,
    sources: Sources,
    index: Index,
    debs: Vec<Added>,
    crates: Option<Crates>,
    tools: BTreeMap<String, String>,
    recipe: Recipe,
}

/// Programs that make the image, by the Debian packages whose versions decide about the result.
pub(crate) const TOOLS: [&str; 8] = [
    "mmdebstrap",
    "squashfs-tools",
    "grub-common",
    "grub-pc-bin",
    "grub-efi-amd64-signed",
    "shim-signed",
    "shim-helpers-amd64-signed",
    "qemu-utils",
];

/// Runs the steps, and remembers what they took.
pub(crate) struct Steps<'a> {
    progress: &'a mut dyn Progress,
    done: Vec<StepRecord>,
}

impl Steps<'_> {
    /// Runs a step; `work` says whether its result was there already.
    pub(crate) fn run<T>(
        &mut self,
        name: &'static str,
        total: Option<u64>,
        work: impl FnOnce(&mut dyn Progress) -> Result<(T, bool), ImageError>,
    ) -> Result<T, ImageError> {
        self.progress.start(name, total);
        let (made, cached) = work(self.progress)?;
        let seconds = self.progress.finish(cached);
        self.done.push(StepRecord { name, seconds, cached });
        Ok(made)
    }
}

/// Plans a build without making anything but package lists and programs.
///
/// # Errors
/// As [`build`].
pub fn plan(request: &Request, progress: &mut dyn Progress) -> Result<Plan, ImageError> {
    let cache = Cache::open(&request.cache_dir)?;
    let mut steps = Steps { progress, done: Vec::new() };
    prepare(request, &cache, &mut steps).map(|prepared| prepared.plan)
}

/// Builds an image, and signs it when there is a key. Its folder is either there whole or as it was before.
///
/// # Errors
/// [`ImageError`] says what failed, on what, why, and what to do.
pub fn build(
    request: &Request,
    key: Option<&SecretKey>,
    progress: &mut dyn Progress,
) -> Result<Built, ImageError> {
    let cache = Cache::open(&request.cache_dir)?;
    let mut steps = Steps { progress, done: Vec::new() };
    // A killed build's packages would lie in memory until somebody needs a new root.
    cache::clean(Path::new(root::MEMORY))?;
    let prepared = prepare(request, &cache, &mut steps)?;
    let Prepared { plan, tools, recipe, .. } = &prepared;

    fs::create_dir_all(&request.build_dir).map_err(ImageError::io("make the folder", &request.build_dir))?;
    let work = Work::new(&request.build_dir)?;
    let new = work.path().join("image");
    let pxe = new.join("pxe");
    fs::create_dir_all(&pxe).map_err(ImageError::io("make the folder", &pxe))?;

    let base = base_root(request, &prepared, &cache, &mut steps)?;
    let grub = steps.run("grub", None, |_| Ok((Grub::build(work.path())?, false)))?;
    let status = fs::read(base.status()).map_err(ImageError::io("read", &base.status()))?;
    let status = status_of(&status)?;
    let mut in_image = status.packages();
    let added = prepared.debs.iter().map(|added| &added.deb);
    in_image.extend(added.map(|deb| (deb.name().to_owned(), deb.version().to_owned())));
    let bill = steps.run("sbom", None, |_| Ok((bill(request, &prepared, &base, &status)?, false)))?;
    let packed = pack(request, &prepared, &base, &grub, &bill, &cache, &mut steps)?;

    steps.run("initrd", None, |_| {
        place(&packed.join("root.squashfs"), &pxe.join(Artefact::Root.file_name()))?;
        place(&base.vmlinuz(), &pxe.join(Artefact::Vmlinuz.file_name()))?;
        let script = recipe.boot_script()?;
        Ok((initrd::build(&base.initrd(), &script, &pxe.join(Artefact::Initrd.file_name()))?, false))
    })?;
    let slot_image = work.path().join("slot.img");
    let manifest = steps.run("slot", None, |_| Ok((slot::build(plan, &pxe, &slot_image)?, false)))?;
    let json = manifest.to_json();
    write_file(&new.join("manifest.json"), json.as_bytes())?;
    let subject = Subject::Image(Sha256Digest::of(json.as_bytes()));
    for (name, bytes) in bill.documents(subject)?.files(&plan.name) {
        write_file(&new.join(name), &bytes)?;
    }
    let sources = FormatSources {
        spec: &request.spec,
        plan,
        manifest: &manifest,
        grub: &grub,
        slot: &slot_image,
        files: &pxe,
        threads: request.threads,
    };
    let folder = request.build_dir.join(&plan.name);
    let previous = Previous::open(&folder);
    let known = formats::build(&sources, &request.formats, (work.path(), &new), &previous, &mut steps)?;
    if request.formats.contains(&Format::Pxe) {
        write_file(&pxe.join("manifest.json"), json.as_bytes())?;
    } else {
        fs::remove_dir_all(&pxe).map_err(ImageError::io("remove", &pxe))?;
    }

    let artefacts = steps.run("digests", None, |_| Ok((record::artefacts(&new, known)?, false)))?;
    write_file(&new.join("SHA256SUMS"), record::sums(&artefacts).as_bytes())?;
    let record = BuildRecord {
        plan: plan.clone(),
        steps: steps.done,
        packages: in_image,
        tools: tools.clone(),
        artefacts,
    };
    let text = serde_json::to_string_pretty(&record)
        .map_err(|e| ImageError::stream("write the build record")(std::io::Error::other(e)))?;
    write_file(&new.join("build-record.json"), (text + "\n").as_bytes())?;
    deliver(&new, &folder, key)?;
    Ok(Built { folder, manifest, record })
}

/// Builds programs, fetches lists, looks at files, and plans.
fn prepare(request: &Request, cache: &Cache, steps: &mut Steps<'_>) -> Result<Prepared, ImageError> {
    let spec = &request.spec;
    let recipe = Recipe::open(&request.recipe)?;
    let sources = Sources::of_this_machine(spec.suite)?;
    let (index, resolved) = steps.run("index", None, |progress| {
        let folder = cache.folder("lists").join(spec.suite.as_str());
        let index = Index::open(folder, spec.suite, &sources)?;
        if request.update || !index.is_filled() {
            match index.update() {
                Ok(()) => {}
                Err(error) if index.is_filled() => {
                    progress.note(&format!("going on with the package lists of an earlier build: {error}"));
                }
                Err(error) => return Err(error),
            }
        }
        let resolved = index.resolve(&spec.packages)?;
        Ok(((index, resolved), false))
    })?;
    let daemons = packages::load(&recipe.packages(), &spec.daemons)?;
    let mut debs = steps.run("programs", None, |progress| {
        let programs = match &request.programs {
            Some(folder) => folder.clone(),
            None if daemons.is_empty() => PathBuf::new(),
            None => packages::compile(&daemons, &request.recipe, &mut |line| progress.note(line.trim()))?,
        };
        let pack = |daemon| {
            let bytes = packages::pack(daemon, &programs, &spec.version, resolved.epoch)?;
            let deb = Deb::read(&bytes[..], packages::name(daemon).as_str())?;
            Ok(Added { deb, sha256: Sha256Digest::of(&bytes), crates: Some(packages::crates(daemon)) })
        };
        let debs = daemons.iter().map(pack).collect::<Result<Vec<_>, ImageError>>()?;
        Ok((debs, false))
    })?;
    if let Some(folder) = &request.debs {
        debs.extend(packages::read_folder(folder)?);
    }
    let crates = steps.run("crates", None, |progress| Ok((crates(request, &daemons, progress)?, false)))?;
    let tools = tools()?;
    let observed = Observed {
        archive: resolved.files,
        epoch: resolved.epoch,
        recipe: recipe.root_digest()?,
        boot: Sha256Digest::of(&recipe.boot_script()?),
        files: digest::of_layer(&recipe.files()?)?,
        debs: debs.iter().map(|added| (added.deb.name().to_owned(), added.sha256)).collect(),
        sbom: sbom::key(crates.as_ref(), &debs)?,
        tools: tools.clone(),
    };
    let plan = Plan::new(spec, &request.formats, &observed);
    Ok(Prepared { plan, observed, sources, index, debs, crates, tools, recipe })
}

/// The crates that our programs are linked with. For programs that were built elsewhere there may be no cargo to ask.
fn crates(
    request: &Request,
    daemons: &[Daemon],
    progress: &mut dyn Progress,
) -> Result<Option<Crates>, ImageError> {
    let roots = daemons.iter().flat_map(packages::crates).collect();
    match Crates::of(&roots, &request.recipe) {
        Ok(crates) => Ok(Some(crates)),
        Err(error) if request.programs.is_some() => {
            progress.note(&format!("the bill of materials names no crates: {error}"));
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

fn bill(request: &Request, prepared: &Prepared, base: &Root, status: &Status) -> Result<Bill, ImageError> {
    Bill::gather(&sbom::Inputs {
        spec: &request.spec,
        epoch: prepared.plan.epoch,
        status,
        copyright: &|package| base.copyright(package),
        archive: &prepared.observed.archive,
        debs: &prepared.debs,
        crates: prepared.crates.as_ref(),
    })
}

/// A result goes by the digest of its inputs: files that changed while they were read would give it a wrong name.
fn unchanged(folder: &str, planned: Sha256Digest, now: Sha256Digest) -> Result<(), ImageError> {
    if planned == now {
        Ok(())
    } else {
        Err(ImageError::Root(format!(
            "files of the recipe in {folder}/ changed during the build; build again"
        )))
    }
}

fn base_root(
    request: &Request,
    prepared: &Prepared,
    cache: &Cache,
    steps: &mut Steps<'_>,
) -> Result<Root, ImageError> {
    let key = prepared.plan.key("root");
    let folder = steps.run("root", None, |progress| {
        if let Some(folder) = cache.get("root", key)? {
            return Ok((folder, true));
        }
        let scratch = Work::new(&root::scratch_parent(&request.cache_dir))?;
        let recipe = prepared.recipe.root();
        let debs = cache.folder("debs");
        let inputs = root::Inputs {
            spec: &request.spec,
            sources: &prepared.sources,
            index: &prepared.index,
            recipe: &recipe,
            debs: &debs,
            epoch: prepared.plan.epoch,
            scratch: scratch.path(),
        };
        let made = cache.put("root", key, |entry| {
            root::build(&inputs, entry, progress)?;
            unchanged("root", prepared.observed.recipe, prepared.recipe.root_digest()?)
        })?;
        Ok((made, false))
    })?;
    Ok(Root::new(folder))
}

fn pack(
    request: &Request,
    prepared: &Prepared,
    base: &Root,
    grub: &Grub,
    bill: &Bill,
    cache: &Cache,
    steps: &mut Steps<'_>,
) -> Result<PathBuf, ImageError> {
    let key = prepared.plan.key("squashfs");
    let tar = base.tar();
    let total = fs::metadata(&tar).map_err(ImageError::io("look at", &tar))?.len();
    steps.run("squashfs", Some(total), |progress| {
        if let Some(folder) = cache.get("squashfs", key)? {
            return Ok((folder, true));
        }
        let mut files = prepared.recipe.files()?;
        bill.add_to(&mut files)?;
        let inputs = squashfs::Inputs {
            spec: &request.spec,
            base: &tar,
            files,
            debs: prepared.debs.iter().map(|added| added.deb.clone()).collect(),
            grub,
            epoch: prepared.plan.epoch,
        };
        let made = cache.put("squashfs", key, |entry| {
            squashfs::build(inputs, &entry.join("root.squashfs"), progress)?;
            unchanged("files", prepared.observed.files, digest::of_layer(&prepared.recipe.files()?)?)
        })?;
        Ok((made, false))
    })
}

/// Versions of the programs that make the image.
fn tools() -> Result<BTreeMap<String, String>, ImageError> {
    const DPKG_QUERY: Tool = Tool { program: "dpkg-query", package: "dpkg" };
    let text = Run::new("ask for the versions of installed programs", DPKG_QUERY)
        .args(["--show", "--showformat", "${Package}\\t${Version}\\n"])
        .output()?;
    let all: BTreeMap<_, _> = text.lines().filter_map(|line| line.split_once('\t')).collect();
    let found = |name: &str| {
        let version = all.get(name).filter(|version| !version.is_empty());
        let missing = || ImageError::NoProgram { program: name.to_owned(), package: "of that name" };
        version.map(|version| (name.to_owned(), (*version).to_owned())).ok_or_else(missing)
    };
    TOOLS.into_iter().map(found).collect()
}

/// A file of the cache in the image's folder: a copy, so that nobody changes the cache through it.
fn place(from: &Path, to: &Path) -> Result<(), ImageError> {
    fs::copy(from, to).map(drop).map_err(ImageError::io("copy to", to))
}

/// Signs the new folder where it is, then puts it in place: nobody sees it without its signatures.
fn deliver(new: &Path, folder: &Path, key: Option<&SecretKey>) -> Result<(), ImageError> {
    if let Some(key) = key {
        signing::sign(new, key, None)?;
    }
    publish(new, folder)
}

/// Puts the new folder in the place of the old one in one step; its files are on the disk before.
fn publish(new: &Path, folder: &Path) -> Result<(), ImageError> {
    let putting = || ImageError::io("put the image in place as", folder);
    cache::sync(new)?;
    if !folder.exists() {
        return fs::rename(new, folder).map_err(putting());
    }
    // The old folder comes into the work folder and goes with it.
    rustix::fs::renameat_with(CWD, new, CWD, folder, RenameFlags::EXCHANGE).map_err(|e| putting()(e.into()))
}

#[cfg(test)]
mod tests;
