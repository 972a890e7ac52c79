//! The bill from dpkg's database, copyright files, package lists, our own packages and cargo's tree.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use super::{Bill, Crates, Kind, Part, licence, purl::purl};
use crate::ImageError;
use crate::archive::Content;
use crate::deb::{Control, Status};
use crate::spec::Spec;
use crate::steps::packages::Added;

/// What is known of an image.
pub(crate) struct Inputs<'a> {
    /// The specification.
    pub(crate) spec: &'a Spec,
    /// Time of the image in seconds since 1970.
    pub(crate) epoch: u64,
    /// dpkg's database of the base root.
    pub(crate) status: &'a Status,
    /// Gives a package's copyright file.
    pub(crate) copyright: &'a dyn Fn(&str) -> Option<String>,
    /// File name, size and digest of each package from the archive.
    pub(crate) archive: &'a [String],
    /// Packages that are put over the root.
    pub(crate) debs: &'a [Added],
    /// Crates of the programs in them; nothing where they are not known.
    pub(crate) crates: Option<&'a Crates>,
}

impl Bill {
    /// Puts the bill together.
    ///
    /// # Errors
    /// [`ImageError::Sources`] when the time of the image is none.
    pub(crate) fn gather(inputs: &Inputs<'_>) -> Result<Self, ImageError> {
        let created =
            i64::try_from(inputs.epoch).ok().and_then(|epoch| jiff::Timestamp::from_second(epoch).ok());
        let created = created
            .ok_or_else(|| ImageError::Sources(format!("{} seconds since 1970 is no time", inputs.epoch)))?;
        let mut gatherer = Gatherer { inputs, present: present(inputs), unlisted: BTreeMap::new() };
        let sums = sums(inputs.archive);
        let mut parts: Vec<_> =
            inputs.status.controls().values().map(|control| gatherer.archived(control, &sums)).collect();
        parts.extend(inputs.debs.iter().map(|own| gatherer.own(own)));
        parts.sort_by(|one, other| one.name.cmp(&other.name));
        parts.extend(inputs.crates.into_iter().flat_map(|crates| crates.0.values()).map(linked));
        Ok(Self {
            name: inputs.spec.name.to_string(),
            version: inputs.spec.version.to_string(),
            created: created.to_string(),
            parts,
            unlisted: gatherer.unlisted,
            crates_known: inputs.crates.is_some(),
        })
    }
}

struct Gatherer<'a> {
    inputs: &'a Inputs<'a>,
    present: BTreeSet<&'a str>,
    unlisted: BTreeMap<String, String>,
}

impl Gatherer<'_> {
    /// A package of the archive.
    fn archived(&mut self, control: &Control, sums: &BTreeMap<&str, &str>) -> Part {
        let mut part = self.package(control);
        let file = format!(
            "{}_{}_{}.deb",
            part.name,
            part.version.replace(':', "%3a"),
            field(control, "Architecture")
        );
        part.sha256 = sums.get(file.as_str()).map(|sum| (*sum).to_owned());
        part.supplier = Some("Debian");
        let qualifiers =
            [("arch", field(control, "Architecture")), ("distro", self.inputs.spec.suite.as_str())];
        part.purl = Some(purl("deb", Some("debian"), &part.name, &part.version, &qualifiers));
        let copyright = (self.inputs.copyright)(&part.name);
        part.licence = self.licence(&part, copyright.as_deref());
        part
    }

    /// A package that is put over the root: ours, or one that the operator adds.
    fn own(&mut self, own: &Added) -> Part {
        let control = &own.deb.control;
        let mut part = self.package(control);
        part.sha256 = Some(own.sha256.to_string());
        if let Some(roots) = &own.crates {
            part.supplier = Some("Daybreak");
            let qualifiers = [("arch", field(control, "Architecture"))];
            part.purl = Some(purl("deb", Some("daybreak"), &part.name, &part.version, &qualifiers));
            let crates = self.inputs.crates;
            let roots = roots.iter().filter_map(|root| crates.and_then(|crates| crates.named(root)));
            let roots: Vec<_> = roots.collect();
            let licences: BTreeSet<_> = roots.iter().filter_map(|root| root.licence.as_deref()).collect();
            part.licence =
                (!licences.is_empty()).then(|| licences.into_iter().collect::<Vec<_>>().join(" AND "));
            part.contains = roots.iter().map(|root| crate_id(&root.name, &root.version)).collect();
        } else {
            let path = format!("usr/share/doc/{}/copyright", part.name);
            let copyright = own.deb.data.get(&path).and_then(|node| match &node.content {
                Content::Bytes(bytes) => Some(String::from_utf8_lossy(bytes).into_owned()),
                _ => None,
            });
            part.licence = self.licence(&part, copyright.as_deref());
        }
        part
    }

    /// What the fields of any package say.
    fn package(&self, control: &Control) -> Part {
        let (name, version) = (field(control, "Package"), field(control, "Version"));
        let needs: BTreeSet<_> = control
            .depends()
            .filter_map(|group| group.into_iter().find_map(|one| self.installed(one)))
            .filter(|needed| *needed != name)
            .map(package_id)
            .collect();
        Part {
            id: package_id(name),
            kind: Kind::Package,
            name: name.to_owned(),
            version: version.to_owned(),
            supplier: None,
            licence: None,
            sha256: None,
            purl: None,
            source: source(control),
            homepage: control.get("Homepage").filter(|page| page.starts_with("http")).map(str::to_owned),
            contains: Vec::new(),
            needs: needs.into_iter().collect(),
        }
    }

    /// The package that is there for a name in a dependency.
    fn installed<'b>(&'b self, name: &'b str) -> Option<&'b str> {
        if self.present.contains(name) { Some(name) } else { self.inputs.status.provider(name) }
    }

    fn licence(&mut self, part: &Part, copyright: Option<&str>) -> Option<String> {
        let source = part.source.as_ref().map_or(part.name.as_str(), |(name, _)| name);
        let licence = licence::of_copyright(copyright?, source)?;
        self.unlisted.extend(licence.unlisted);
        Some(licence.expression)
    }
}

fn linked(krate: &super::crates::Krate) -> Part {
    Part {
        id: crate_id(&krate.name, &krate.version),
        kind: Kind::Crate,
        name: krate.name.clone(),
        version: krate.version.clone(),
        supplier: None,
        licence: krate.licence.clone(),
        sha256: krate.sha256.clone(),
        // A crate of the workspace must not be taken for one of the same name in the registry.
        purl: krate.published.then(|| purl("cargo", None, &krate.name, &krate.version, &[])),
        source: None,
        homepage: krate.repository.clone(),
        contains: Vec::new(),
        needs: krate
            .needs
            .iter()
            .filter_map(|id| id.split_once('@'))
            .map(|(name, v)| crate_id(name, v))
            .collect(),
    }
}

/// Names of all packages.
fn present<'a>(inputs: &Inputs<'a>) -> BTreeSet<&'a str> {
    let added = inputs.debs.iter().map(|own| own.deb.name());
    inputs.status.controls().keys().map(String::as_str).chain(added).collect()
}

/// Digests by file name.
fn sums(archive: &[String]) -> BTreeMap<&str, &str> {
    let mut sums = BTreeMap::new();
    for line in archive {
        let mut words = line.split(' ');
        if let (Some(file), Some(sum)) =
            (words.next(), words.nth(1).and_then(|sum| sum.strip_prefix("SHA256:")))
        {
            sums.insert(file, sum);
        }
    }
    sums
}

/// Name and version of the source package (Debian Policy §5.6.1), where they are others.
fn source(control: &Control) -> Option<(String, String)> {
    let written = control.get("Source")?;
    let version = field(control, "Version");
    let (name, version) = match written.split_once(" (") {
        Some((name, rest)) => (name, rest.trim_end_matches(')')),
        None => (written, version),
    };
    Some((name.to_owned(), version.to_owned()))
}

fn field<'a>(control: &'a Control, name: &str) -> &'a str {
    control.get(name).unwrap_or_default()
}

fn package_id(name: &str) -> String {
    format!("deb-{}", letters(name))
}

fn crate_id(name: &str, version: &str) -> String {
    format!("crate-{}-{}", letters(name), letters(version))
}

/// Letters, digits, `.` and `-`, which SPDX's identifiers are made of; others as a point and their number.
fn letters(text: &str) -> String {
    let mut letters = String::new();
    for c in text.chars() {
        if c.is_ascii_alphanumeric() || c == '-' || c == '.' {
            letters.push(c);
        } else {
            // Writing to a string cannot fail.
            let _ = write!(letters, ".{:02x}", u32::from(c));
        }
    }
    letters
}
