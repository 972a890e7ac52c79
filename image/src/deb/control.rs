//! Control paragraphs (Debian Policy §5): fields of a package, and dpkg's `status` file, which is made of them.

use std::collections::{BTreeMap, BTreeSet};

use crate::ImageError;
use crate::spec::DebSpec;

/// Fields of one package in the order in which they were written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Control {
    fields: Vec<(String, String)>,
}

impl Control {
    /// For one of our own packages.
    pub(crate) fn of(spec: &DebSpec, version: &str, installed_kib: u64) -> Self {
        let mut fields = vec![
            ("Package", spec.package.to_string()),
            ("Version", version.to_owned()),
            ("Architecture", "amd64".to_owned()),
            ("Maintainer", "Daybreak <daybreak@localhost>".to_owned()),
            ("Installed-Size", installed_kib.to_string()),
        ];
        if !spec.depends.is_empty() {
            let depends: Vec<_> = spec.depends.iter().map(ToString::to_string).collect();
            fields.push(("Depends", depends.join(", ")));
        }
        fields.push(("Section", "net".to_owned()));
        fields.push(("Priority", "optional".to_owned()));
        fields.push(("Description", spec.summary.clone()));
        Self { fields: fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect() }
    }

    /// Parses one paragraph; lines that continue a value keep their line breaks.
    ///
    /// # Errors
    /// Says which line is not a field.
    pub(crate) fn parse(paragraph: &str) -> Result<Self, String> {
        let mut fields: Vec<(String, String)> = Vec::new();
        for line in paragraph.lines() {
            if line.starts_with([' ', '\t']) {
                let (_, value) = fields.last_mut().ok_or_else(|| format!("{line:?} continues nothing"))?;
                value.push('\n');
                value.push_str(line);
            } else {
                let (name, value) = line.split_once(':').ok_or_else(|| format!("{line:?} is not a field"))?;
                fields.push((name.to_owned(), value.trim().to_owned()));
            }
        }
        Ok(Self { fields })
    }

    /// Value of a field.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.fields
            .iter()
            .find(|(field, _)| field.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// The paragraph as text, ending in a line break.
    pub(crate) fn to_text(&self) -> String {
        let lines = self.fields.iter().flat_map(|(name, value)| [name, ": ", value, "\n"]);
        lines.collect()
    }

    /// The paragraph as dpkg's `status` has it for an installed package: with the state after the name.
    fn to_status(&self) -> String {
        let mut fields = self.fields.clone();
        let at =
            fields.iter().position(|(name, _)| name.eq_ignore_ascii_case("Package")).map_or(0, |at| at + 1);
        fields.insert(at, ("Status".to_owned(), "install ok installed".to_owned()));
        Self { fields }.to_text()
    }

    /// Groups of alternatives that the package needs, by name alone.
    pub(crate) fn depends(&self) -> impl Iterator<Item = Vec<&str>> {
        let lists = [self.get("Pre-Depends"), self.get("Depends")];
        let groups = lists.into_iter().flatten().flat_map(|list| list.split(','));
        let name = |alternative: &'_ str| -> usize {
            alternative.find(|c: char| " (:<[".contains(c)).unwrap_or(alternative.len())
        };
        groups.map(str::trim).filter(|group| !group.is_empty()).map(move |group| {
            group.split('|').map(str::trim).map(|alternative| &alternative[..name(alternative)]).collect()
        })
    }
}

/// dpkg's `status` as read from a root.
pub(crate) struct Status {
    text: String,
    controls: BTreeMap<String, Control>,
    /// Packages by the virtual ones that they provide.
    provided: BTreeMap<String, String>,
}

/// Parses dpkg's `status`.
///
/// # Errors
/// [`ImageError::Root`] when it is not made of control paragraphs.
pub(crate) fn status_of(bytes: &[u8]) -> Result<Status, ImageError> {
    let wrong = |reason: String| ImageError::Root(format!("/var/lib/dpkg/status: {reason}"));
    let text = std::str::from_utf8(bytes).map_err(|e| wrong(e.to_string()))?.to_owned();
    let (mut controls, mut provided) = (BTreeMap::new(), BTreeMap::new());
    for paragraph in text.split("\n\n").map(str::trim_start).filter(|paragraph| !paragraph.is_empty()) {
        let control = Control::parse(paragraph).map_err(wrong)?;
        let name = control.get("Package").ok_or_else(|| wrong("a paragraph without Package".to_owned()))?;
        let name = name.to_owned();
        let virtuals = control.get("Provides").into_iter().flat_map(|list| list.split(','));
        let virtuals = virtuals.filter_map(|one| one.split_whitespace().next());
        provided.extend(virtuals.map(|one| (one.to_owned(), name.clone())));
        controls.insert(name, control);
    }
    Ok(Status { text, controls, provided })
}

impl Status {
    /// Versions by package.
    pub(crate) fn packages(&self) -> BTreeMap<String, String> {
        let version = |control: &Control| control.get("Version").unwrap_or_default().to_owned();
        self.controls.iter().map(|(name, control)| (name.clone(), version(control))).collect()
    }

    /// Every package by name.
    pub(crate) fn controls(&self) -> &BTreeMap<String, Control> {
        &self.controls
    }

    /// The package that provides a virtual one.
    pub(crate) fn provider(&self, name: &str) -> Option<&str> {
        self.provided.get(name).map(String::as_str)
    }

    /// The file with packages added, as if dpkg had installed them.
    ///
    /// # Errors
    /// [`ImageError::Deb`] names a package that is there already, and one whose dependency is not met. Versions in
    /// dependencies are not compared.
    pub(crate) fn with(&self, added: &[&Control]) -> Result<String, ImageError> {
        let mut text = self.text.trim_end().to_owned() + "\n";
        let name_of = |control: &Control| control.get("Package").unwrap_or_default().to_owned();
        let mut present: BTreeSet<String> =
            self.controls.keys().chain(self.provided.keys()).cloned().collect();
        present.extend(added.iter().map(|control| name_of(control)));
        let mut seen = BTreeSet::new();
        for control in added {
            let name = name_of(control);
            if self.controls.contains_key(&name) || !seen.insert(name.clone()) {
                return Err(ImageError::deb(
                    &name,
                    "is in the image already; take it out of `packages`, or of the folder",
                ));
            }
            if let Some(group) =
                control.depends().find(|group| !group.iter().any(|one| present.contains(*one)))
            {
                let needs = group.join(" | ");
                return Err(ImageError::deb(
                    &name,
                    format!("needs {needs}, which is not in the image; add it to `packages`"),
                ));
            }
            text.push('\n');
            text.push_str(&control.to_status());
        }
        text.push('\n');
        Ok(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STATUS: &str = "\
Package: libc6
Status: install ok installed
Version: 2.36-9
Description: C library
 more of it

Package: busybox
Version: 1:1.35
Provides: wget-like (= 1), other
";

    fn status() -> Status {
        status_of(STATUS.as_bytes()).unwrap()
    }

    fn control(text: &str) -> Control {
        Control::parse(text).unwrap()
    }

    #[test]
    fn packages_and_versions_are_read() {
        let expected = [("busybox", "1:1.35"), ("libc6", "2.36-9")];
        let expected = expected.map(|(name, version)| (name.to_owned(), version.to_owned()));
        assert_eq!(status().packages(), BTreeMap::from(expected));
        assert_eq!(status().provider("wget-like"), Some("busybox"));
    }

    #[test]
    fn an_added_package_is_installed_by_what_dpkg_reads() {
        let added = control("Package: vrouter\nVersion: 1\nDepends: libc6 (>= 2), x | other");
        let text = status().with(&[&added]).unwrap();
        assert!(text.ends_with(
            "\n\nPackage: vrouter\nStatus: install ok installed\nVersion: 1\nDepends: libc6 (>= 2), x | other\n\n"
        ));
        assert!(text.starts_with(STATUS.trim_end()));
        assert!(status_of(text.as_bytes()).unwrap().packages().contains_key("vrouter"));
    }

    #[test]
    fn missing_dependencies_and_doubles_are_refused_by_name() {
        let needs = status().with(&[&control("Package: a\nDepends: libc6, frr (>= 8) | bird")]).unwrap_err();
        assert_eq!(
            needs.to_string(),
            "package a: needs frr | bird, which is not in the image; add it to `packages`"
        );
        assert!(status().with(&[&control("Package: busybox")]).unwrap_err().to_string().contains("already"));
        let twice = control("Package: a");
        assert!(status().with(&[&twice, &twice]).is_err());
    }

    #[test]
    fn added_packages_meet_each_others_dependencies() {
        let (a, b) = (control("Package: a\nPre-Depends: b"), control("Package: b"));
        assert!(status().with(&[&a, &b]).is_ok());
    }

    #[test]
    fn what_is_not_a_paragraph_is_refused() {
        assert!(status_of(b"Package").is_err());
        assert!(status_of(b" continued").is_err());
        assert!(status_of(b"Version: 1").is_err());
    }
}
