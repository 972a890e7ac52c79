//! The Rust crates that are linked into our programs, as cargo resolves them for the image's machine.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::licence;
use crate::ImageError;
use crate::command::{Run, Tool};

const CARGO: Tool = Tool { program: "cargo", package: "cargo" };

/// What the image's programs are compiled for.
const TARGET: &str = "x86_64-unknown-linux-gnu";

/// What only build scripts and macros need is not linked.
const LINKED: &str = "normal,no-proc-macro";

/// Depth, name and version; licence; address. Tabs are in none of them.
const FORMAT: &str = "{p}\t{l}\t{r}";

/// Crates by [`Krate::id`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Crates(pub(crate) BTreeMap<String, Krate>);

/// A crate.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Krate {
    /// Its name.
    pub(crate) name: String,
    /// Its version.
    pub(crate) version: String,
    /// SPDX expression.
    pub(crate) licence: Option<String>,
    /// Address of its repository.
    pub(crate) repository: Option<String>,
    /// SHA-256 of its package file, of the lock file. Only crates of a registry have one; those of the workspace have none.
    pub(crate) sha256: Option<String>,
    /// Whether it comes from Rust's own registry.
    pub(crate) published: bool,
    /// Crates that it is linked with.
    pub(crate) needs: BTreeSet<String>,
}

impl Krate {
    /// Name and version.
    pub(crate) fn id(&self) -> String {
        format!("{}@{}", self.name, self.version)
    }
}

impl Crates {
    /// What the programs of `roots`, crates of the workspace that `folder` is in, are linked with.
    ///
    /// # Errors
    /// [`ImageError::Program`] when cargo cannot say, as outside of a workspace.
    pub(crate) fn of(roots: &BTreeSet<String>, folder: &Path) -> Result<Self, ImageError> {
        if roots.is_empty() {
            return Ok(Self::default());
        }
        let cargo = || Run::new("list the crates of the programs", CARGO).folder(folder);
        let workspace =
            cargo().args(["locate-project", "--workspace", "--message-format", "plain"]).output()?;
        let lock = Path::new(workspace.trim()).with_file_name("Cargo.lock");
        let lock_text = fs::read_to_string(&lock).map_err(ImageError::io("read", &lock))?;
        let lock = Lock::parse(&lock_text)
            .map_err(|e| ImageError::Root(format!("{}: {}", lock.display(), e.message())))?;
        let tree = cargo()
            .args(["tree", "--locked", "--target", TARGET, "--edges", LINKED])
            .args(["--prefix", "depth", "--charset", "ascii", "--format", FORMAT])
            .args(roots.iter().flat_map(|root| ["--package", root]))
            .output()?;
        parse(&tree, &lock)
            .ok_or_else(|| ImageError::Root("cargo tree prints what cannot be read as a tree".to_owned()))
    }

    /// The crate with a name, as programs name the one they are of.
    pub(crate) fn named(&self, name: &str) -> Option<&Krate> {
        self.0.values().find(|krate| krate.name == name)
    }
}

/// The part of `Cargo.lock` that matters here.
#[derive(Deserialize)]
struct Lock {
    #[serde(default)]
    package: Vec<Locked>,
}

#[derive(Deserialize)]
struct Locked {
    name: String,
    version: String,
    source: Option<String>,
    checksum: Option<String>,
}

impl Lock {
    fn parse(text: &str) -> Result<Self, toml::de::Error> {
        toml::from_str(text)
    }

    fn find(&self, name: &str, version: &str) -> Option<&Locked> {
        self.package.iter().find(|package| package.name == name && package.version == version)
    }
}

/// Reads `cargo tree --prefix depth` in [`FORMAT`]; nothing when it is not that.
fn parse(tree: &str, lock: &Lock) -> Option<Crates> {
    let mut crates = BTreeMap::<String, Krate>::new();
    let mut above: Vec<String> = Vec::new();
    for line in tree.lines().filter(|line| !line.trim().is_empty()) {
        let digits = line.find(|c: char| !c.is_ascii_digit())?;
        let depth: usize = line[..digits].parse().ok()?;
        let mut fields = line[digits..].split('\t');
        let mut words = fields.next()?.split_whitespace();
        let (name, version) = (words.next()?, words.next()?.strip_prefix('v')?);
        let written = fields.next()?;
        // A crate that was shown before ends in a mark.
        let repository = fields.next()?.trim_end_matches("(*)").trim();
        let locked = lock.find(name, version);
        let krate = Krate {
            name: name.to_owned(),
            version: version.to_owned(),
            licence: licence::of_crate(written),
            repository: Some(repository).filter(|address| address.starts_with("http")).map(str::to_owned),
            sha256: locked.and_then(|locked| locked.checksum.clone()),
            published: locked
                .and_then(|locked| locked.source.as_deref())
                .is_some_and(|source| source.starts_with("registry+")),
            needs: BTreeSet::new(),
        };
        let id = krate.id();
        crates.entry(id.clone()).or_insert(krate);
        if depth > above.len() {
            return None;
        }
        above.truncate(depth);
        if let Some(parent) = above.last() {
            crates.get_mut(parent)?.needs.insert(id.clone());
        }
        above.push(id);
    }
    Some(Crates(crates))
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOCK: &str = r#"
version = 4

[[package]]
name = "a"
version = "0.1.0"
dependencies = ["b", "c"]

[[package]]
name = "b"
version = "1.0.0+x"
source = "registry+https://registry.example/index"
checksum = "00ff"

[[package]]
name = "c"
version = "2.0.0"
source = "git+https://git.example/c#1234"
"#;

    const TREE: &str = "\
0a v0.1.0 (/somewhere/a)\tApache-2.0\t
1b v1.0.0+x\tMIT/Apache-2.0\thttps://git.example/b
2c v2.0.0 (https://git.example/c#1234)\t\t
1c v2.0.0 (https://git.example/c#1234)\t\t (*)

0z v0.1.0 (/somewhere/z)\tApache-2.0\t
1b v1.0.0+x\tMIT/Apache-2.0\thttps://git.example/b (*)
";

    #[test]
    fn a_tree_becomes_crates_with_what_they_need() {
        let Crates(crates) = parse(TREE, &Lock::parse(LOCK).unwrap()).unwrap();
        assert_eq!(crates.keys().collect::<Vec<_>>(), ["a@0.1.0", "b@1.0.0+x", "c@2.0.0", "z@0.1.0"]);
        let b = &crates["b@1.0.0+x"];
        assert_eq!(b.licence.as_deref(), Some("MIT OR Apache-2.0"));
        assert_eq!(b.repository.as_deref(), Some("https://git.example/b"));
        assert!(b.published && b.sha256.as_deref() == Some("00ff"), "{b:?}");
        assert!(!crates["a@0.1.0"].published && !crates["c@2.0.0"].published);
        assert_eq!(crates["c@2.0.0"].licence, None);
        let needs = |id: &str| crates[id].needs.iter().map(String::as_str).collect::<Vec<_>>();
        assert_eq!(needs("a@0.1.0"), ["b@1.0.0+x", "c@2.0.0"]);
        assert_eq!((needs("b@1.0.0+x"), needs("z@0.1.0")), (vec!["c@2.0.0"], vec!["b@1.0.0+x"]));
    }

    #[test]
    fn what_is_no_tree_is_not_read() {
        let lock = Lock::parse("").unwrap();
        for text in ["a v1\tMIT\t", "0a 1\tMIT\t", "0a v1", "1a v1\tMIT\t", "0a v1\tMIT"] {
            assert_eq!(parse(text, &lock), None, "{text:?}");
        }
    }

    #[test]
    fn our_own_programs_are_linked_with_crates_of_the_registry() {
        let roots = BTreeSet::from(["daybreak-trust".to_owned()]);
        let crates = Crates::of(&roots, Path::new(env!("CARGO_MANIFEST_DIR"))).unwrap();
        let own = crates.named("daybreak-trust").unwrap();
        assert!(!own.published && own.licence.as_deref() == Some("Apache-2.0"), "{own:?}");
        let dalek = crates.named("ed25519-dalek").unwrap();
        assert!(own.needs.contains(&dalek.id()), "{own:?}");
        assert!(dalek.published && dalek.sha256.as_ref().is_some_and(|sum| sum.len() == 64), "{dalek:?}");
        assert_eq!(crates.named("tempfile"), None, "what only tests need is not linked");
    }

    #[test]
    fn outside_of_a_workspace_cargo_says_so() {
        let folder = tempfile::tempdir().unwrap();
        let error = Crates::of(&BTreeSet::from(["a".to_owned()]), folder.path()).unwrap_err();
        assert!(error.to_string().contains("Cargo.toml"), "{error}");
    }
}
