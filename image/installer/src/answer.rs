//! The install answer: what the seed (or a person) wants installed, and where. See `docs/install.md`.

use daybreak_layout::Sha256Digest;
use serde::Deserialize;

use crate::code::Code;
use crate::error::InstallError;
use crate::size::ByteSize;

/// Longest answer that [`Answer::parse`] reads, in bytes.
const MAX_ANSWER: usize = 64 * 1024;

/// The content of `/run/daybreak/install.json`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Answer {
    /// Which disk to install on.
    #[serde(default)]
    pub disk: DiskHints,
    /// What to install.
    pub image: ImageAnswer,
    /// Folder with the four `NoCloud` files that the installed system shall start with; without it, none are stored.
    pub seed_url: Option<String>,
    /// Where progress is posted; without it, nowhere.
    pub report_url: Option<String>,
    /// Whether a disk that holds data may be erased.
    #[serde(default)]
    pub wipe: bool,
    /// What to do at the end.
    #[serde(default)]
    pub after: After,
}

/// The image, by its folder and the digest of its manifest.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ImageAnswer {
    /// Folder that holds `manifest.json` and the files that it names.
    pub url: String,
    /// SHA-256 of `manifest.json`.
    pub manifest_sha256: Sha256Digest,
}

/// Hints that choose the disk: all that are given must match, and exactly one disk must remain.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DiskHints {
    /// Device path such as `/dev/vda`, or a link to it such as `/dev/disk/by-id/…`.
    pub path: Option<String>,
    /// Serial number.
    pub serial: Option<String>,
    /// World wide name.
    pub wwn: Option<String>,
    /// Model name.
    pub model: Option<String>,
    /// Name under `/dev/disk/by-path`, such as `pci-0000:00:04.0`.
    pub by_path: Option<String>,
    /// Smallest size that is accepted.
    pub min_size: Option<ByteSize>,
    /// Largest size that is accepted.
    pub max_size: Option<ByteSize>,
}

/// What happens after a finished installation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum After {
    /// Restart, from the disk.
    #[default]
    Reboot,
    /// Power off.
    Poweroff,
    /// Stay in the running system.
    Stay,
}

impl Answer {
    /// Parses an answer file.
    ///
    /// # Errors
    /// [`Code::AnswerInvalid`], naming the field, for anything but the documented format.
    pub fn parse(json: &[u8]) -> Result<Self, InstallError> {
        let wrong = |detail: String| InstallError::new(Code::AnswerInvalid, detail);
        if json.len() > MAX_ANSWER {
            return Err(wrong(format!("the answer is longer than {MAX_ANSWER} bytes")));
        }
        let answer: Self = serde_json::from_slice(json).map_err(|e| wrong(format!("the answer: {e}")))?;
        check_url("image.url", &answer.image.url)?;
        for (field, url) in [("seed_url", &answer.seed_url), ("report_url", &answer.report_url)] {
            if let Some(url) = url {
                check_url(field, url)?;
            }
        }
        Ok(answer)
    }
}

/// Refuses a URL of another scheme at once, with its field, not later in the middle of a step.
pub(crate) fn check_url(field: &str, url: &str) -> Result<(), InstallError> {
    let host = url.strip_prefix("http://").unwrap_or_default();
    if host.is_empty() || host.starts_with('/') || !url.bytes().all(|c| c.is_ascii_graphic()) {
        let detail = format!("{field}: {url:?} is not an http:// URL (the digests protect the content)");
        return Err(InstallError::new(Code::AnswerInvalid, detail));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONTRACT: &str = r#"{
        "disk": {"serial": "DISK0", "path": "/dev/vda", "by_path": "pci-0000:00:04.0", "min_size": "4GiB", "max_size": "64GiB"},
        "image": {"url": "http://192.0.2.1/images/vrouter/", "manifest_sha256": "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
        "seed_url": "http://192.0.2.1/seed/TOKEN2/",
        "report_url": "http://192.0.2.1/report/TOKEN",
        "wipe": true,
        "after": "reboot"
    }"#;

    #[test]
    fn the_contract_is_understood() {
        let answer = Answer::parse(CONTRACT.as_bytes()).unwrap();
        assert_eq!(answer.disk.serial.as_deref(), Some("DISK0"));
        assert_eq!(answer.disk.max_size, Some(ByteSize(64 << 30)));
        assert_eq!(answer.image.manifest_sha256, Sha256Digest::of(b"abc"));
        assert!(answer.wipe);
    }

    #[test]
    fn what_is_left_out_has_the_safe_value() {
        let start = CONTRACT.find("\"image\"").unwrap();
        let end = CONTRACT.find(",\n        \"seed_url\"").unwrap();
        let answer = Answer::parse(format!("{{{}}}", &CONTRACT[start..end]).as_bytes()).unwrap();
        assert_eq!((answer.disk, answer.wipe, answer.after), (DiskHints::default(), false, After::Reboot));
    }

    #[test]
    fn a_fault_names_its_field() {
        for (from, to, named) in [
            ("\"wipe\"", "\"wype\"", "wype"),
            ("\"4GiB\"", "\"4G\"", "4GiB"),
            ("\"reboot\"", "\"halt\"", "poweroff"),
            ("ba7816bf", "BA7816BF", "lower-case"),
            ("http://192.0.2.1/images", "ftp://192.0.2.1/images", "image.url"),
            ("http://192.0.2.1/seed", "http:///seed", "seed_url"),
            ("http://192.0.2.1/report", "http://192.0.2.1 /report", "report_url"),
        ] {
            let error = Answer::parse(CONTRACT.replacen(from, to, 1).as_bytes()).unwrap_err();
            assert_eq!(error.code(), Code::AnswerInvalid);
            assert!(error.detail().contains(named), "{named}: {error}");
        }
        assert!(Answer::parse(&vec![b' '; MAX_ANSWER + 1]).is_err());
    }
}
