//! The rules, in one table: identifier, what it demands, where that is written, and how bad a breach is.

use std::fmt;

use serde::Serialize;

/// How bad a breach is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// The format forbids it, or an importer that matters refuses it.
    Must,
    /// It works, yet somewhere it will surprise.
    Should,
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Must => "must",
            Self::Should => "should",
        })
    }
}

macro_rules! rules {
    ($($rule:ident $id:literal $level:ident $source:literal $text:literal)*) => {
        /// A rule.
        #[expect(clippy::doc_markdown, reason = "the sentences are printed as they are")]
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Rule {
            $(#[doc = $text] $rule,)*
        }

        impl Rule {
            /// Every rule.
            pub const ALL: &[Self] = &[$(Self::$rule),*];

            /// Its identifier, which stays the same.
            pub const fn id(self) -> &'static str {
                match self { $(Self::$rule => $id,)* }
            }

            /// How bad a breach is.
            pub const fn level(self) -> Level {
                match self { $(Self::$rule => Level::$level,)* }
            }

            /// Where it is written.
            pub const fn source(self) -> &'static str {
                match self { $(Self::$rule => $source,)* }
            }

            /// What it demands.
            pub const fn text(self) -> &'static str {
                match self { $(Self::$rule => $text,)* }
            }
        }
    };
}

rules! {
    TarFormat "OVA-TAR" Must "DSP0243 §5.3; POSIX ustar"
        "An OVA is a ustar archive with right checksums, whole files and two records of zeroes at its end."
    TarEntries "OVA-FILES" Must "DSP0243 §5.3"
        "Only regular files are in an OVA, without folders in their names, none twice."
    OvfFirst "OVA-FIRST" Must "DSP0243 §5.3"
        "The descriptor, a file with the name .ovf, is the first file, and the only one of its kind."
    Order "OVA-ORDER" Must "DSP0243 §5.3"
        "Manifest and certificate follow the descriptor, or come last; the others are in the order of References."
    BaseName "OVA-NAME" Must "DSP0243 §5.1"
        "Manifest and certificate have the descriptor's name, with .mf and .cert."
    Owner "OVA-OWNER" Should "reproducible archives"
        "The files belong to user and group 0: the names of a build machine mean nothing elsewhere."

    ManifestMissing "MF-MISSING" Should "DSP0243 §5.1"
        "A manifest is there: without it nothing tells a broken download."
    ManifestSyntax "MF-SYNTAX" Must "DSP0243 §5.1"
        "Each line of the manifest is ALGORITHM(FILE)= DIGEST, in hex."
    ManifestAlgorithm "MF-ALGORITHM" Must "ESXi 6.7 release notes"
        "Digests are SHA-256 or better: ESXi refuses SHA-1 since 6.7."
    ManifestDigest "MF-DIGEST" Must "DSP0243 §5.1"
        "Each digest is that of its file."
    ManifestComplete "MF-COMPLETE" Must "DSP0243 §5.1"
        "The descriptor and every file of References have a digest, and nothing else has."

    Xml "OVF-XML" Must "DSP0243 §6"
        "The descriptor is well-formed XML in UTF-8, without a document type."
    Envelope "OVF-ENVELOPE" Must "DSP0243 §6.1"
        "Its root is Envelope of OVF 1 (schemas.dmtf.org/ovf/envelope/1), with References first and one VirtualSystem."
    Sections "OVF-SECTIONS" Must "DSP8023"
        "Info, then Name, then sections in a VirtualSystem, and Info first in every section, as the schema orders them."
    References "OVF-REFERENCES" Must "DSP0243 §7.1"
        "Every File has an id of its own, an href that is a file in the package, and its size; every file in the package has one."
    Disks "OVF-DISK" Must "DSP0243 §9.1"
        "Every Disk has an id of its own, a capacity, the format of the file and a fileRef that is a File's id."
    Capacity "OVF-CAPACITY" Must "DSP0243 §9.1"
        "The capacity of a Disk is that of its VMDK."
    DiskFormat "OVF-FORMAT" Must "vSphere importer"
        "The format of a disk is vmdk.html#streamOptimized of VMware's specifications."
    Networks "OVF-NETWORK" Must "DSP0243 §9.2"
        "Every Connection of an adapter is a Network of the NetworkSection."
    Hardware "OVF-HARDWARE" Must "DSP0243 §8.1; vSphere importer"
        "There is a VirtualHardwareSection with a System of type vmx-N, processors and memory."
    Items "OVF-ITEM" Must "DSP0243 §8.3"
        "Every Item has ElementName, an InstanceID of its own and ResourceType; Parent is another Item; HostResource is a Disk or File."
    ItemOrder "OVF-ITEM-ORDER" Must "DSP8023; CIM_ResourceAllocationSettingData"
        "The elements of an Item and a System are in the order of the alphabet, none of another vendor before them."
    Properties "OVF-PROPERTY" Must "DSP0243 §9.5"
        "Every Property has a key of its own without blanks, colons and points, and a type."
    Transport "OVF-TRANSPORT" Must "DSP0243 §9.5"
        "A machine with properties has a transport that brings them: iso or com.vmware.guestInfo; iso needs a CD drive."
    Password "OVF-PASSWORD" Should "good practice"
        "No property has a password with a value in the file."

    VmdkHeader "VMDK-HEADER" Must "Virtual Disk Format 5.0, SparseExtentHeader"
        "The file starts with KDMV, version 1 to 3, line-end characters as they are, and is not marked unclean."
    VmdkFlags "VMDK-FLAGS" Must "Virtual Disk Format 5.0, stream-optimised"
        "The flags say compressed grains and markers, and not that redundant tables are used."
    VmdkCompression "VMDK-COMPRESSION" Must "Virtual Disk Format 5.0"
        "The compression is deflate."
    VmdkCapacity "VMDK-CAPACITY" Must "Virtual Disk Format 5.0, capacity"
        "The capacity is a multiple of the grain size, and not zero."
    VmdkGrainSize "VMDK-GRAIN-SIZE" Must "Virtual Disk Format 5.0, grainSize"
        "A grain has 128 sectors, and a grain table 512 entries, which is what ESXi takes."
    VmdkDescriptor "VMDK-DESCRIPTOR" Must "Virtual Disk Format 5.0, The Descriptor File"
        "A descriptor is embedded, of type streamOptimized, with CID and parentCID=ffffffff and one extent of the whole capacity."
    VmdkDdb "VMDK-DDB" Must "Virtual Disk Format 5.0, The Disk Database"
        "ddb.adapterType is ide, buslogic, lsilogic or legacyESX, and ddb.virtualHWVersion a number."
    VmdkTools "VMDK-TOOLS" Should "vSphere importer"
        "ddb.toolsVersion is there: without it vSphere guesses."
    VmdkDirectory "VMDK-DIRECTORY" Must "Virtual Disk Format 5.0, stream-optimised"
        "The header leaves the place of the grain directory to the footer, which gives it."
    VmdkFooter "VMDK-FOOTER" Must "Virtual Disk Format 5.0, stream-optimised"
        "A footer follows the directory; it is the header but for the place of the directory."
    VmdkMarkers "VMDK-MARKERS" Must "Virtual Disk Format 5.0, markers"
        "From the overhead on there are only markers, grains and tables, each at the start of a sector, and each whole."
    VmdkGrains "VMDK-GRAINS" Must "Virtual Disk Format 5.0, grain markers"
        "Grains are inside the disk, in ascending order, and decompress to their size."
    VmdkTables "VMDK-TABLES" Must "Virtual Disk Format 5.0, Grain Directories and Grain Tables"
        "Grain tables have the place of every grain and of no other, the directory that of every table."
    VmdkEnd "VMDK-EOS" Must "Virtual Disk Format 5.0, end-of-stream marker"
        "An end-of-stream marker is the last sector, and nothing follows it."
}

/// A rule that a file breaks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Breach {
    /// The rule.
    pub rule: Rule,
    /// The file or element that breaks it.
    pub object: String,
    /// What was found there.
    pub detail: String,
}

impl fmt::Display for Breach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { rule, object, detail } = self;
        write!(f, "{} ({}) {object}: {detail}. {} [{}]", rule.id(), rule.level(), rule.text(), rule.source())
    }
}

/// Breaches that are kept of one rule: a broken file can have millions.
const MAX_OF_RULE: usize = 5;

/// What was found so far.
#[derive(Debug, Default)]
pub(crate) struct Breaches {
    found: Vec<Breach>,
}

impl Breaches {
    pub(crate) fn add(&mut self, rule: Rule, object: &str, detail: impl Into<String>) {
        if self.found.iter().filter(|breach| breach.rule == rule).count() < MAX_OF_RULE {
            self.found.push(Breach { rule, object: object.to_owned(), detail: detail.into() });
        }
    }

    /// Adds a breach unless `good`.
    pub(crate) fn check(&mut self, good: bool, rule: Rule, object: &str, detail: impl FnOnce() -> String) {
        if !good {
            self.add(rule, object, detail());
        }
    }

    /// In the order of the rules.
    pub(crate) fn finish(mut self) -> Vec<Breach> {
        self.found.sort_by_key(|breach| breach.rule);
        self.found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_are_unique_and_texts_are_sentences() {
        let ids: std::collections::BTreeSet<_> = Rule::ALL.iter().map(|rule| rule.id()).collect();
        assert_eq!(ids.len(), Rule::ALL.len());
        assert!(Rule::ALL.iter().all(|rule| rule.text().ends_with('.') && !rule.source().is_empty()));
    }

    #[test]
    fn the_manual_has_every_rule() {
        let manual = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/image.md");
        let manual = std::fs::read_to_string(manual).unwrap();
        for rule in Rule::ALL {
            let row = format!("| `{}` | {} | {} |\n", rule.id(), rule.level(), rule.text());
            assert!(manual.contains(&row), "{row}");
        }
    }

    #[test]
    fn a_thousand_breaches_of_one_rule_are_a_few() {
        let mut breaches = Breaches::default();
        for n in 0..1000 {
            breaches.add(Rule::VmdkGrains, "x", n.to_string());
        }
        breaches.add(Rule::TarFormat, "y", "first in the list");
        let found = breaches.finish();
        assert_eq!(found.len(), MAX_OF_RULE + 1);
        assert_eq!(found[0].rule, Rule::TarFormat);
    }
}
