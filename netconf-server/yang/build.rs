//! Collects the modules of the standards into one table in `OUT_DIR`.
//!
//! They are not part of this repository: `holo-yang` carries most, Debian's `libyuma-base` those of NETCONF itself.
//! `holo-yang` links a libyang of its own, so it may only run here and never in the daemon.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::{env, fmt::Write, fs};

/// Modules and submodules from `holo-yang`: those that are implemented and all that they import.
const FROM_HOLO: &[&str] = &[
    "iana-bfd-types",
    "iana-bgp-community-types",
    "iana-bgp-notification",
    "iana-bgp-rib-types",
    "iana-bgp-types",
    "iana-crypt-hash",
    "iana-if-type",
    "iana-routing-types",
    "ietf-bfd-types",
    "ietf-bgp",
    "ietf-bgp-capabilities",
    "ietf-bgp-common",
    "ietf-bgp-common-multiprotocol",
    "ietf-bgp-common-structure",
    "ietf-bgp-neighbor",
    "ietf-bgp-rib",
    "ietf-bgp-rib-attributes",
    "ietf-bgp-rib-tables",
    "ietf-interfaces",
    "ietf-ip",
    "ietf-ipv4-unicast-routing",
    "ietf-ipv6-router-advertisements",
    "ietf-ipv6-unicast-routing",
    "ietf-key-chain",
    "ietf-netconf-acm",
    "ietf-routing",
    "ietf-routing-policy",
    "ietf-routing-types",
    "ietf-system",
    "ietf-tcp",
    "ietf-tcp-common",
];

/// Where `libyuma-base` puts its modules.
const YUMA: &str = "/usr/share/yuma/modules/ietf";

/// Files of `libyuma-base`.
const FROM_YUMA: &[&str] = &[
    "ietf-netconf@2011-06-01.yang",
    "ietf-netconf-monitoring@2010-10-04.yang",
    "ietf-netconf-with-defaults@2011-06-01.yang",
];

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=modules");
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets OUT_DIR"));
    let mut table = String::from("&[\n");
    for text in holo().into_values().chain(yuma()).chain(own()) {
        add(&mut table, &out, &text);
    }
    table.push(']');
    write(&out.join("modules.rs"), &table);
}

/// The modules of [`FROM_HOLO`] by name.
fn holo() -> BTreeMap<&'static str, String> {
    let all: BTreeMap<String, &'static str> =
        holo_yang::YANG_EMBEDDED_MODULES.values().map(|text| (Header::of(text).name, *text)).collect();
    let find = |name: &'static str| {
        let text = all.get(name).unwrap_or_else(|| panic!("holo-yang no longer has the module {name}"));
        (name, (*text).to_owned())
    };
    FROM_HOLO.iter().map(|name| find(name)).collect()
}

/// The modules of [`FROM_YUMA`].
fn yuma() -> impl Iterator<Item = String> {
    FROM_YUMA.iter().map(|file| {
        let path = Path::new(YUMA).join(file);
        println!("cargo::rerun-if-changed={}", path.display());
        fs::read_to_string(&path).unwrap_or_else(|error| {
            panic!(
                "cannot read {}: {error}; install Debian's package libyuma-base (tests/setup/packages.sh does)",
                path.display()
            )
        })
    })
}

/// The modules that this crate holds, by file name.
fn own() -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("modules");
    let mut files: Vec<_> =
        fs::read_dir(&folder).expect("modules/").map(|entry| entry.expect("modules/").path()).collect();
    files.sort();
    files.iter().map(|file| fs::read_to_string(file).expect("a module of ours")).collect()
}

/// Puts a module into a file of its own and a line about it into the table.
fn add(table: &mut String, out: &Path, text: &str) {
    let Header { name, revision, parent } = Header::of(text);
    let revision = revision.unwrap_or_else(|| panic!("{name} has no revision"));
    let file = out.join(format!("{name}.yang"));
    write(&file, text);
    let path = file.display().to_string();
    writeln!(
        table,
        "Module {{ name: {name:?}, revision: {revision:?}, parent: {parent:?}, text: include_str!({path:?}) }},"
    )
    .expect("writing to memory");
}

fn write(path: &Path, text: &str) {
    fs::write(path, text).unwrap_or_else(|error| panic!("cannot write {}: {error}", path.display()));
}

/// What the first lines of a module say.
struct Header {
    name: String,
    revision: Option<String>,
    parent: Option<String>,
}

impl Header {
    fn of(text: &str) -> Self {
        let after = |word: &str| {
            let line = text.lines().find_map(|line| line.trim_start().strip_prefix(word)?.strip_prefix(' '));
            line.and_then(|rest| rest.split([' ', '{', ';']).find(|part| !part.is_empty()))
                .map(|part| part.trim_matches('"').to_owned())
        };
        let name = after("module").or_else(|| after("submodule")).expect("a module begins with its name");
        Self { name, revision: after("revision"), parent: after("belongs-to") }
    }
}
