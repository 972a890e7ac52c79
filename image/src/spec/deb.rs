//! `packages/NAME.yaml`: one of our own packages.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::DebName;
use crate::ImageError;

/// A Debian package made of programs of the workspace and of files.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DebSpec {
    /// Name of the package.
    pub package: DebName,
    /// One line that says what it is.
    pub summary: String,
    /// Packages that it needs.
    #[serde(default)]
    pub depends: Vec<DebName>,
    /// Programs of the workspace.
    #[serde(default)]
    pub programs: Vec<Program>,
    /// Files that lie beside the specification of the package.
    #[serde(default)]
    pub files: Vec<DebFile>,
    /// Symbolic links.
    #[serde(default)]
    pub links: Vec<Link>,
}

/// A program built by cargo.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Program {
    /// Crate of the workspace.
    #[serde(rename = "crate")]
    pub krate: String,
    /// Name of the program in that crate.
    pub bin: String,
    /// Where it goes.
    pub to: Target,
}

/// A file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DebFile {
    /// Path beside the specification of the package.
    pub from: PathBuf,
    /// Where it goes.
    pub to: Target,
    /// Whether it is a program.
    #[serde(default)]
    pub executable: bool,
}

/// A symbolic link; this is also how a unit is enabled.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Link {
    /// The link.
    pub at: Target,
    /// What it points to.
    pub to: String,
}

/// Absolute path in the root.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Target(String);

impl Target {
    /// The path without its leading slash.
    pub fn relative(&self) -> &str {
        &self.0[1..]
    }
}

impl TryFrom<String> for Target {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let Some(relative) = text.strip_prefix('/') else {
            return Err(format!("{text:?} is not an absolute path"));
        };
        if relative.split('/').any(|part| matches!(part, "" | "." | ".."))
            || text.chars().any(char::is_control)
        {
            return Err(format!("{text:?} is not a plain path: no empty parts, no . and .."));
        }
        // Debian 12 has these as links into /usr: a file there would replace the link.
        let top = relative.split('/').next().unwrap_or_default();
        if ["bin", "sbin", "lib", "lib64"].contains(&top) {
            return Err(format!("{text:?}: /{top} is a link to /usr/{top}; write /usr{text}"));
        }
        Ok(Self(text))
    }
}

impl From<Target> for String {
    fn from(target: Target) -> Self {
        target.0
    }
}

impl DebSpec {
    /// Parses and checks the text of a package's specification; `path` is only named in errors.
    ///
    /// # Errors
    /// [`ImageError::Spec`] with line and column, what is wrong there and what is accepted.
    pub fn parse(text: &str, path: &Path) -> Result<Self, ImageError> {
        let spec: Self = serde_saphyr::from_str(text).map_err(ImageError::spec(path))?;
        let wrong = |message: String| Err(ImageError::Spec { path: path.to_owned(), message });
        if spec.summary.is_empty() || spec.summary.chars().any(char::is_control) {
            return wrong("summary: must be one line, and not empty".to_owned());
        }
        let targets = spec.programs.iter().map(|program| &program.to);
        let targets = targets.chain(spec.files.iter().map(|file| &file.to));
        let mut targets: Vec<_> = targets.chain(spec.links.iter().map(|link| &link.at)).collect();
        if targets.is_empty() {
            return wrong("the package has no programs, files or links".to_owned());
        }
        targets.sort();
        if let Some([one, _]) = targets.array_windows().find(|[one, two]| one == two) {
            return wrong(format!("{:?} is there twice", String::from((*one).clone())));
        }
        Ok(spec)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "\
package: vrouter
summary: Management plane
depends: [libc6]
programs:
  - {crate: netconf-server, bin: vrouter, to: /usr/bin/vrouter}
files:
  - {from: a.service, to: /usr/lib/systemd/system/a.service}
links:
  - {at: /etc/systemd/system/multi-user.target.wants/a.service, to: /usr/lib/systemd/system/a.service}
";

    fn error(text: &str) -> String {
        DebSpec::parse(text, Path::new("packages/vrouter.yaml")).unwrap_err().to_string()
    }

    #[test]
    fn a_package_parses() {
        let spec = DebSpec::parse(GOOD, Path::new("x")).unwrap();
        assert_eq!(spec.programs[0].to.relative(), "usr/bin/vrouter");
    }

    #[test]
    fn targets_that_would_break_the_root_are_refused_with_their_place() {
        for (bad, why) in [
            ("usr/bin/vrouter", "not an absolute path"),
            ("/usr/../bin", "not a plain path"),
            ("/usr//bin", "not a plain path"),
            ("/lib/vrouter", "write /usr/lib/vrouter"),
        ] {
            let text = GOOD.replace("/usr/bin/vrouter", bad);
            let error = error(&text);
            assert!(error.contains(why) && error.contains("packages/vrouter.yaml: "), "{error}");
            assert!(error.contains("line 5"), "{error}");
        }
    }

    #[test]
    fn the_same_target_twice_is_refused() {
        let text = GOOD.replace("/usr/lib/systemd/system/a.service}\nlinks", "/usr/bin/vrouter}\nlinks");
        assert!(error(&text).contains("\"/usr/bin/vrouter\" is there twice"), "{}", error(&text));
    }

    #[test]
    fn a_package_of_nothing_is_refused() {
        assert!(error("{package: ab, summary: x}").contains("no programs, files or links"));
    }
}
