//! The package lists of one build: fetched once, then frozen, so that what is planned is what is installed.

use std::path::{Path, PathBuf};

use super::Sources;
use super::sources::APT_GET;
use crate::ImageError;
use crate::command::Run;
use crate::spec::{DebName, Suite};

/// Package lists in a folder of the builder's own; the machine's are never touched.
pub(crate) struct Index {
    folder: PathBuf,
    suite: Suite,
}

/// What the lists say will be installed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Resolved {
    /// File name, size and digest of each package file, sorted.
    pub(crate) files: Vec<String>,
    /// Publication of the release in seconds since 1970: the time stamp of everything in the image.
    pub(crate) epoch: u64,
}

impl Index {
    /// The lists in `folder`, which is made if it is missing.
    ///
    /// # Errors
    /// [`ImageError::Io`] when the folder cannot be written.
    pub(crate) fn open(folder: PathBuf, suite: Suite, sources: &Sources) -> Result<Self, ImageError> {
        let index = Self { folder, suite };
        for folder in [index.lists().join("partial"), index.folder.join("archives/partial")] {
            std::fs::create_dir_all(&folder).map_err(ImageError::io("make the folder", &folder))?;
        }
        index.write("sources.list", &(sources.lines.join("\n") + "\n"))?;
        // dpkg's database of a machine without packages: everything is to be installed.
        index.write("status", "")?;
        let mut config = sources.config.join("\n");
        config.push_str("\nAcquire::Languages \"none\";\nAPT::Sandbox::User \"root\";\n");
        config.push_str("APT::Install-Recommends \"false\";\nDir::Etc::Parts \"/dev/null\";\n");
        for (key, path) in [
            ("Etc::SourceList", "sources.list"),
            ("Etc::SourceParts", "none"),
            ("Etc::Preferences", "none"),
            ("Etc::PreferencesParts", "none"),
            ("Etc::Main", "none"),
            ("State::Lists", "lists"),
            ("State::Status", "status"),
            ("State::Extended_States", "extended"),
            ("Cache", "cache"),
            ("Cache::Archives", "archives"),
        ] {
            let path = index.folder.join(path).display().to_string();
            config.extend(["Dir::", key, " \"", &path, "\";\n"]);
        }
        index.write("apt.conf", &config)?;
        Ok(index)
    }

    /// Folder of the lists, to be put at `/var/lib/apt/lists`.
    pub(crate) fn lists(&self) -> PathBuf {
        self.folder.join("lists")
    }

    /// Whether lists were fetched before.
    pub(crate) fn is_filled(&self) -> bool {
        self.release().is_some()
    }

    /// Fetches the lists from the archive.
    ///
    /// # Errors
    /// [`ImageError::Program`] when apt cannot; the lists of before are kept then.
    pub(crate) fn update(&self) -> Result<(), ImageError> {
        let what = "fetch the package lists";
        // Without this a mirror that does not answer is only a warning.
        let strict = "APT::Update::Error-Mode=any";
        self.apt(what).args(["-q", "-o", strict, "update"]).output().map(drop)
    }

    /// What installing `packages` on top of the minimal system takes.
    ///
    /// # Errors
    /// [`ImageError::Program`] when a package does not exist or cannot be installed together with the others.
    pub(crate) fn resolve(&self, packages: &[DebName]) -> Result<Resolved, ImageError> {
        let text = self
            .apt("work out which packages the image needs")
            // Of its own accord apt prints MD5, and nothing where the archive has none.
            .args(["-o", "Acquire::ForceHash=SHA256"])
            .args(["-qq", "--print-uris", "--yes", "install", "?essential", "?priority(required)", "apt"])
            .args(packages.iter().map(DebName::as_str))
            .output()?;
        let release = self.release().ok_or_else(|| {
            ImageError::Sources(format!("there is no package list of {} yet", self.suite.as_str()))
        })?;
        let text_of_release =
            std::fs::read_to_string(&release).map_err(ImageError::io("read the release file", &release))?;
        Ok(Resolved { files: files(&text), epoch: epoch(&text_of_release)? })
    }

    fn apt(&self, what: &'static str) -> Run {
        Run::new(what, APT_GET).env("APT_CONFIG", self.folder.join("apt.conf"))
    }

    /// The signed release file of the suite itself, without its updates.
    fn release(&self) -> Option<PathBuf> {
        let name = format!("_dists_{}_InRelease", self.suite.as_str());
        let mut files = std::fs::read_dir(self.lists()).ok()?.filter_map(Result::ok).map(|file| file.path());
        files.find(|path| path.file_name().is_some_and(|file| file.to_string_lossy().ends_with(&name)))
    }

    fn write(&self, name: &str, text: &str) -> Result<(), ImageError> {
        let path: &Path = &self.folder.join(name);
        std::fs::write(path, text).map_err(ImageError::io("write", path))
    }
}

/// `'URI' FILE SIZE SHA256:HEX` without the address: the mirror does not decide about the image.
fn files(print_uris: &str) -> Vec<String> {
    let fields = |line: &str| line.split_once("' ").map(|(_, fields)| fields.to_owned());
    let mut files: Vec<_> =
        print_uris.lines().filter(|line| line.starts_with('\'')).filter_map(fields).collect();
    files.sort();
    files
}

fn epoch(release: &str) -> Result<u64, ImageError> {
    let date = release.lines().find_map(|line| line.strip_prefix("Date: ")).unwrap_or_default();
    // RFC 2822 knows the zone of Debian's release files as GMT or +0000.
    let parsed = jiff::fmt::rfc2822::parse(&date.replace("UTC", "+0000"));
    parsed.ok().and_then(|date| u64::try_from(date.timestamp().as_second()).ok()).ok_or_else(|| {
        ImageError::Sources(format!("the release file has no date that can be read: {date:?}"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mirrors_do_not_count_and_order_neither() {
        let one = "'http://a.example/b.deb' b_2_amd64.deb 20 SHA256:bb\n'http://a.example/a.deb' a_1_all.deb 10 SHA256:aa\n";
        let two = "NOTE\n'http://z.example/a.deb' a_1_all.deb 10 SHA256:aa\n'http://z.example/b.deb' b_2_amd64.deb 20 SHA256:bb\n";
        assert_eq!(files(one), ["a_1_all.deb 10 SHA256:aa", "b_2_amd64.deb 20 SHA256:bb"]);
        assert_eq!(files(one), files(two));
    }

    #[test]
    fn the_date_of_a_release_is_read() {
        assert_eq!(epoch("Origin: Debian\nDate: Sat, 10 Jan 2026 10:28:27 UTC\n").unwrap(), 1_768_040_907);
        assert!(epoch("Origin: Debian\n").is_err());
        assert!(epoch("Date: yesterday\n").is_err());
    }
}
