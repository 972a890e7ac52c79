//! Options of `vrouter install`, and what they come to together with an answer file.

use std::fs;
use std::path::{Path, PathBuf};

use clap::ValueEnum;
use daybreak_installer::{After, Answer, ByteSize, DiskHints};
use daybreak_layout::Sha256Digest;
use daybreak_layout::grub::GRUB_DIR;

/// Where the live system of a CD or USB stick has its image.
pub(super) const BOOT_MEDIUM: &str = "/run/daybreak/medium";

/// Options of `vrouter install`.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Args {
    /// Answer file, as the seed writes it; says everything that the options below say
    #[arg(long, value_name = "FILE", conflicts_with_all = ["disk", "source", "manifest_sha256", "seed_url", "report_url"])]
    pub(super) answer: Option<PathBuf>,
    /// Which disk: /dev/NAME, or serial=, wwn=, model=, by-path=, min-size=, max-size=; all that are given must match
    #[arg(long, value_name = "HINT", value_parser = parse_hint)]
    pub(super) disk: Vec<(String, String)>,
    /// Image to install: URL or local folder with manifest.json, or a tar archive of one; by default the medium that this system runs from
    #[arg(long, value_name = "URL|PATH")]
    pub(super) source: Option<String>,
    /// SHA-256 of manifest.json; needed when the source is an http:// URL and no keys are configured
    #[arg(long, value_name = "HEX")]
    pub(super) manifest_sha256: Option<Sha256Digest>,
    /// Folder on a server with the four `NoCloud` files that the installed system starts with
    #[arg(long, value_name = "URL")]
    pub(super) seed_url: Option<String>,
    /// Where to post progress
    #[arg(long, value_name = "URL")]
    pub(super) report_url: Option<String>,
    /// What to do at the end [default: reboot with an answer file, else stay]
    #[arg(long, value_enum)]
    pub(super) after: Option<AfterArg>,
    /// Erase the disk without asking
    #[arg(long)]
    pub(super) yes: bool,
    /// Say what would be done, and do nothing
    #[arg(long)]
    pub(super) dry_run: bool,
    /// Take an image that is not signed with a key of /etc/daybreak/keys
    #[arg(long, conflicts_with = "answer")]
    pub(super) insecure: bool,
    /// Folder with GRUB's files
    #[arg(long, value_name = "DIR", default_value = GRUB_DIR, hide = true)]
    pub(super) grub_dir: PathBuf,
    /// Install into this existing regular file, of the size that the disk shall have, in place of a disk
    #[arg(long, value_name = "FILE", conflicts_with_all = ["disk", "answer"])]
    pub(super) image_file: Option<PathBuf>,
}

/// `--after`.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum AfterArg {
    /// Restart, from the disk
    Reboot,
    /// Power off
    Poweroff,
    /// Stay in this system
    Stay,
}

/// Options and answer file as one.
#[derive(Debug)]
pub(super) struct Wanted {
    pub(super) hints: DiskHints,
    pub(super) source: Place,
    pub(super) manifest_sha256: Option<Sha256Digest>,
    pub(super) seed_url: Option<String>,
    pub(super) report_url: Option<String>,
    pub(super) wipe: bool,
    pub(super) after: After,
    /// Whether a seed said all this, and not a person at the keyboard.
    pub(super) from_answer: bool,
}

/// Where the image is.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Place {
    Url(String),
    Folder(PathBuf),
}

impl Wanted {
    /// Everything that is fetched or posted to.
    pub(super) fn urls(&self) -> impl Iterator<Item = &str> {
        let image = match &self.source {
            Place::Url(url) => Some(url.as_str()),
            Place::Folder(_) => None,
        };
        image.into_iter().chain(self.seed_url.as_deref()).chain(self.report_url.as_deref())
    }
}

impl Args {
    /// # Errors
    /// What is wrong with the options or the answer file, in a sentence.
    pub(super) fn wanted(&self) -> Result<Wanted, String> {
        let after = self.after.map(|after| match after {
            AfterArg::Reboot => After::Reboot,
            AfterArg::Poweroff => After::Poweroff,
            AfterArg::Stay => After::Stay,
        });
        if let Some(path) = &self.answer {
            let json = fs::read(path).map_err(|e| format!("{}: {e}", path.display()))?;
            let answer = Answer::parse(&json).map_err(|e| format!("{}: {}", path.display(), e.detail()))?;
            return Ok(Wanted {
                hints: answer.disk,
                source: Place::Url(answer.image.url),
                manifest_sha256: Some(answer.image.manifest_sha256),
                seed_url: answer.seed_url,
                report_url: answer.report_url,
                wipe: answer.wipe || self.yes,
                after: after.unwrap_or(answer.after),
                from_answer: true,
            });
        }
        Ok(Wanted {
            hints: hints(&self.disk)?,
            source: self.place()?,
            manifest_sha256: self.manifest_sha256,
            seed_url: self.seed_url.clone(),
            report_url: self.report_url.clone(),
            wipe: self.yes,
            after: after.unwrap_or(After::Stay),
            from_answer: false,
        })
    }

    fn place(&self) -> Result<Place, String> {
        match &self.source {
            Some(source) if source.contains("://") => Ok(Place::Url(source.clone())),
            Some(source) => Ok(Place::Folder(source.into())),
            None if Path::new(BOOT_MEDIUM).join("manifest.json").is_file() => {
                Ok(Place::Folder(BOOT_MEDIUM.into()))
            }
            None => Err("give --source or --answer: this system was not started from a medium with an image"
                .to_owned()),
        }
    }
}

const NAMES: [&str; 7] = ["path", "serial", "wwn", "model", "by-path", "min-size", "max-size"];

fn parse_hint(text: &str) -> Result<(String, String), String> {
    if text.starts_with('/') {
        return Ok(("path".to_owned(), text.to_owned()));
    }
    match text.split_once('=') {
        Some((name, value)) if NAMES.contains(&name) && !value.is_empty() => {
            Ok((name.to_owned(), value.to_owned()))
        }
        _ => Err(format!("write /dev/NAME or one of {}= with a value", NAMES.join("=, "))),
    }
}

fn hints(given: &[(String, String)]) -> Result<DiskHints, String> {
    let mut hints = DiskHints::default();
    for (name, value) in given {
        let size = || value.parse::<ByteSize>();
        let taken = match name.as_str() {
            "min-size" => hints.min_size.replace(size()?).is_some(),
            "max-size" => hints.max_size.replace(size()?).is_some(),
            _ => {
                let field = match name.as_str() {
                    "serial" => &mut hints.serial,
                    "wwn" => &mut hints.wwn,
                    "model" => &mut hints.model,
                    "by-path" => &mut hints.by_path,
                    _ => &mut hints.path,
                };
                field.replace(value.clone()).is_some()
            }
        };
        if taken {
            return Err(format!("--disk {name}= is given twice"));
        }
    }
    Ok(hints)
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        args: Args,
    }

    fn wanted(words: &[&str]) -> Result<Wanted, String> {
        let words = std::iter::once("install").chain(words.iter().copied());
        Line::try_parse_from(words).map_err(|e| e.to_string())?.args.wanted()
    }

    #[test]
    fn hints_are_read() {
        let words =
            ["--source", "/mnt", "--disk", "/dev/vda", "--disk", "serial=X=1", "--disk", "min-size=4GiB"];
        let hints = wanted(&words).unwrap().hints;
        assert_eq!(hints.path.as_deref(), Some("/dev/vda"));
        assert_eq!(hints.serial.as_deref(), Some("X=1"));
        assert_eq!(hints.min_size, Some(ByteSize(4 << 30)));
    }

    #[test]
    fn wrong_hints_are_refused() {
        for hint in ["vda", "serial", "serial=", "colour=red", "min-size=4G"] {
            assert!(wanted(&["--source", "/mnt", "--disk", hint]).is_err(), "{hint}");
        }
        assert!(wanted(&["--source", "/mnt", "--disk", "/dev/vda", "--disk", "path=/dev/vdb"]).is_err());
    }

    #[test]
    fn an_answer_file_stands_alone() {
        let message = wanted(&["--answer", "a.json", "--source", "/mnt"]).unwrap_err();
        assert!(message.contains("cannot be used with"), "{message}");
    }

    #[test]
    fn by_hand_nothing_is_erased_or_restarted_unless_asked_for() {
        let wanted = wanted(&["--source", "http://192.0.2.1/x"]).unwrap();
        assert_eq!((wanted.wipe, wanted.after), (false, After::Stay));
        assert_eq!(wanted.source, Place::Url("http://192.0.2.1/x".to_owned()));
    }
}
