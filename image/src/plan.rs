//! What a build will do, as data: each step with everything that decides about its result.
//!
//! A step's key is the digest of its inputs. Two builds with the same key make the same result, so the result of one
//! serves the other. The plan reads no file and runs nothing: what was found out before comes in as [`Observed`].

use std::collections::BTreeMap;

use daybreak_layout::Sha256Digest;
use serde::Serialize;

use crate::spec::{Format, Spec};
use crate::steps::root::DPKG_OPTIONS;

/// Version of the steps themselves. To be raised when the builder makes something else of the same inputs.
const BUILDER: u32 = 2;

/// Version of the writers of formats. To be raised when they write something else of the same inputs.
const WRITERS: u32 = 1;

/// What was found out about this machine and its files.
#[derive(Clone, Debug)]
pub struct Observed {
    /// File name, size and digest of each package from the archive.
    pub archive: Vec<String>,
    /// Time stamp of everything in the image, in seconds since 1970.
    pub epoch: u64,
    /// Digest of the recipe of the root (`root/`).
    pub recipe: Sha256Digest,
    /// Digest of the boot script (`boot/daybreak`).
    pub boot: Sha256Digest,
    /// Digest of the overlay (`files/`).
    pub files: Sha256Digest,
    /// Digest of the packages that are put over the root, by name.
    pub debs: BTreeMap<String, Sha256Digest>,
    /// Digest of what the bill of materials says of our programs.
    pub sbom: Sha256Digest,
    /// Versions of the programs that make the image, by Debian package.
    pub tools: BTreeMap<String, String>,
}

/// The steps of a build.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Plan {
    /// Name of the image.
    pub name: String,
    /// Version of the image.
    pub version: String,
    /// Arguments for the kernel.
    pub kernel_args: String,
    /// Time stamp of everything in the image, in seconds since 1970.
    pub epoch: u64,
    /// In the order in which they are done.
    pub steps: Vec<Step>,
}

/// One step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Step {
    /// What is made.
    pub name: &'static str,
    /// Digest of the inputs.
    pub key: String,
    /// Everything that decides about the result.
    pub inputs: BTreeMap<&'static str, serde_json::Value>,
}

impl Plan {
    /// Plans a build of `formats`.
    pub fn new(spec: &Spec, formats: &[Format], observed: &Observed) -> Self {
        let tool = |name: &str| json(observed.tools.get(name).map(String::as_str).unwrap_or_default());
        let root = step(
            "root",
            [
                ("suite", json(spec.suite.as_str())),
                ("packages", json(&spec.packages)),
                ("archive", json(&observed.archive)),
                ("epoch", json(observed.epoch)),
                ("recipe", json(observed.recipe)),
                ("options", json(DPKG_OPTIONS)),
                ("mmdebstrap", tool("mmdebstrap")),
            ],
        );
        let grub = step(
            "grub",
            [
                ("bios", tool("grub-pc-bin")),
                ("efi", tool("grub-efi-amd64-signed")),
                ("shim", tool("shim-signed")),
                ("mok_manager", tool("shim-helpers-amd64-signed")),
                ("mkimage", tool("grub-common")),
            ],
        );
        let squashfs = step(
            "squashfs",
            [
                ("root", json(&root.key)),
                ("grub", json(&grub.key)),
                ("debs", json(&observed.debs)),
                ("sbom", json(observed.sbom)),
                ("files", json(observed.files)),
                ("users", json(&spec.users)),
                ("dpdk", json(&spec.dpdk)),
                ("trust", json(&spec.trust)),
                ("image", json([spec.name.as_str(), spec.version.as_str()])),
                ("zstd_level", json(spec.squashfs.zstd_level)),
                ("mksquashfs", tool("squashfs-tools")),
            ],
        );
        let initrd = step("initrd", [("root", json(&root.key)), ("boot", json(observed.boot))]);
        let slot = step(
            "slot",
            [
                ("squashfs", json(&squashfs.key)),
                ("initrd", json(&initrd.key)),
                ("kernel_args", json(spec.kernel_line())),
            ],
        );
        let steps = BeforeFormats { root, grub, squashfs, initrd, slot };
        let formats: Vec<_> = formats.iter().map(|format| steps.format(*format, spec, observed)).collect();
        let BeforeFormats { root, grub, squashfs, initrd, slot } = steps;
        let steps = [root, grub, squashfs, initrd, slot].into_iter().chain(formats).collect();
        Self {
            name: spec.name.to_string(),
            version: spec.version.to_string(),
            kernel_args: spec.kernel_line(),
            epoch: observed.epoch,
            steps,
        }
    }

    /// Key of a step.
    pub fn key(&self, name: &str) -> &str {
        self.steps.iter().find(|step| step.name == name).map_or("", |step| &step.key)
    }
}

/// The steps that every format builds on.
struct BeforeFormats {
    root: Step,
    grub: Step,
    squashfs: Step,
    initrd: Step,
    slot: Step,
}

impl BeforeFormats {
    fn format(&self, format: Format, spec: &Spec, observed: &Observed) -> Step {
        let disk = [
            ("slot", json(&self.slot.key)),
            ("grub", json(&self.grub.key)),
            ("size", json(spec.disk.size)),
            ("writers", json(WRITERS)),
        ];
        let medium =
            [("slot", json(&self.slot.key)), ("grub", json(&self.grub.key)), ("writers", json(WRITERS))];
        let more = match format {
            Format::Pxe => return step(format.name(), [("slot", json(&self.slot.key))]),
            Format::Iso | Format::Img => return step(format.name(), medium),
            Format::Qcow2 => ("qemu-img", json(observed.tools.get("qemu-utils"))),
            Format::Ova => ("machine", json((&spec.ova, &spec.version, observed.epoch))),
            Format::Gce => ("epoch", json(observed.epoch)),
            Format::Raw | Format::Vmdk | Format::Vhd => return step(format.name(), disk),
        };
        step(format.name(), disk.into_iter().chain([more]))
    }
}

fn step(name: &'static str, inputs: impl IntoIterator<Item = (&'static str, serde_json::Value)>) -> Step {
    let inputs: BTreeMap<_, _> = inputs.into_iter().collect();
    let text = json((BUILDER, name, &inputs)).to_string();
    Step { name, key: Sha256Digest::of(text.as_bytes()).to_string(), inputs }
}

fn json(value: impl Serialize) -> serde_json::Value {
    serde_json::to_value(value).unwrap_or_else(|e| unreachable!("plain data always has a JSON form: {e}"))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn spec(text: &str) -> Spec {
        Spec::parse(text, Path::new("appliance.yaml")).unwrap()
    }

    const SPEC: &str = "name: vrouter\nversion: '1.0'\npackages: [frr]\nkernel_args: [panic=30]\n";

    const ALL: [&str; 9] = ["pxe", "raw", "qcow2", "vmdk", "ova", "vhd", "gce", "iso", "img"];

    fn observed() -> Observed {
        Observed {
            archive: vec!["frr_8.4_amd64.deb 10 SHA256:aa".to_owned()],
            epoch: 1_700_000_000,
            recipe: Sha256Digest::of(b"recipe"),
            boot: Sha256Digest::of(b"boot"),
            files: Sha256Digest::of(b"files"),
            debs: BTreeMap::from([("vrouter".to_owned(), Sha256Digest::of(b"vrouter"))]),
            sbom: Sha256Digest::of(b"sbom"),
            tools: crate::build::TOOLS.map(|name| (name.to_owned(), "1".to_owned())).into(),
        }
    }

    fn plan(spec_text: &str, observed: &Observed) -> Plan {
        Plan::new(&spec(spec_text), &Format::all(), observed)
    }

    /// Names of the steps whose key is not the same in both.
    fn changed(one: &Plan, two: &Plan) -> Vec<&'static str> {
        one.steps.iter().zip(&two.steps).filter(|(a, b)| a.key != b.key).map(|(a, _)| a.name).collect()
    }

    /// The plan is a contract with the caches on disk: when this file changes on purpose, `BUILDER` may have to.
    #[test]
    fn the_plan_is_the_golden_one() {
        let json = serde_json::to_string_pretty(&plan(SPEC, &observed())).unwrap() + "\n";
        let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/plan.json");
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            std::fs::write(&golden, &json).unwrap();
        }
        assert_eq!(json, std::fs::read_to_string(golden).unwrap());
    }

    #[test]
    fn a_changed_daemon_leaves_the_root_alone() {
        let mut other = observed();
        other.debs.insert("vrouter".to_owned(), Sha256Digest::of(b"new"));
        assert_eq!(
            changed(&plan(SPEC, &observed()), &plan(SPEC, &other)),
            [&["squashfs", "slot"], &ALL[..]].concat()
        );
    }

    #[test]
    fn a_changed_crate_is_another_root_with_another_bill() {
        let mut other = observed();
        other.sbom = Sha256Digest::of(b"new");
        assert_eq!(changed(&plan(SPEC, &observed()), &plan(SPEC, &other))[0], "squashfs");
    }

    #[test]
    fn a_changed_boot_script_leaves_root_and_squashfs_alone() {
        let mut other = observed();
        other.boot = Sha256Digest::of(b"new");
        assert_eq!(
            changed(&plan(SPEC, &observed()), &plan(SPEC, &other)),
            [&["initrd", "slot"], &ALL[..]].concat()
        );
    }

    #[test]
    fn every_input_reaches_the_step_that_it_decides_about() {
        let base = plan(SPEC, &observed());
        for (line, first) in [
            ("dpdk: {driver: vfio-pci}", "squashfs"),
            ("squashfs: {zstd_level: 3}", "squashfs"),
            ("disk: {size: 9GiB}", "raw"),
            ("ova: {cpus: 4}", "ova"),
            ("trust: {keys: [RWQf6LRCGA9i53mlYecO4IzT51TGPpvWucNSCh1CBM0QTaLn73Y7GFO3]}", "squashfs"),
        ] {
            let other = plan(&format!("{SPEC}{line}\n"), &observed());
            assert_eq!(changed(&base, &other).first(), Some(&first), "{line}");
        }
        let args = plan(&SPEC.replace("panic=30", "quiet"), &observed());
        assert_eq!(changed(&base, &args), [&["slot"], &ALL[..]].concat());
        let larger = plan(&format!("{SPEC}disk: {{size: 9GiB}}\n"), &observed());
        assert_eq!(changed(&base, &larger), ["raw", "qcow2", "vmdk", "ova", "vhd", "gce"]);
        let packages = plan(&SPEC.replace("frr", "bird2"), &observed());
        assert_eq!(changed(&base, &packages)[0], "root");
        let mut newer = observed();
        newer.tools.insert("mmdebstrap".to_owned(), "2".to_owned());
        assert_eq!(changed(&base, &plan(SPEC, &newer))[0], "root");
    }
}
