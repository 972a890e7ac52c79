use serde::{Deserialize, Serialize};

use crate::text::{FilePath, HttpUrl, PlainText, SeedUrl, Sha256, Size};

/// What the installer is told: the content of `/run/daybreak/install.json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InstallAnswer {
    /// Which disk to install on.
    #[serde(default)]
    pub disk: DiskHints,
    /// What to install.
    pub image: InstallImage,
    /// Where the installer fetches the Day-1 seed that it stores on the disk.
    pub seed_url: SeedUrl,
    /// Where the installer posts its progress.
    pub report_url: HttpUrl,
    /// Whether a disk that holds data may be overwritten.
    #[serde(default)]
    pub wipe: bool,
    /// What to do when the installation is done.
    #[serde(default)]
    pub after: After,
}

/// Hints that choose the disk: all that are given must match, and exactly one disk must remain.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DiskHints {
    /// Serial number of the disk.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub serial: Option<PlainText>,
    /// Device path such as `/dev/vda`; may change between boots.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<FilePath>,
    /// Name under `/dev/disk/by-path`, such as `pci-0000:00:04.0`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by_path: Option<PlainText>,
    /// Smallest size that is accepted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_size: Option<Size>,
    /// Largest size that is accepted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_size: Option<Size>,
}

/// The image to write, trusted by the digest of its manifest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InstallImage {
    /// Folder that holds `manifest.json` and the files it names.
    pub url: SeedUrl,
    /// SHA-256 of `manifest.json`.
    pub manifest_sha256: Sha256,
}

/// What the machine does after a finished installation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum After {
    /// Restart, from the disk.
    #[default]
    Reboot,
    /// Power off.
    Poweroff,
    /// Stay in the live system.
    Stay,
}

impl InstallAnswer {
    /// The answer as the JSON text the installer reads: two-space indent, a line break at the end.
    ///
    /// # Errors
    /// Those of `serde_json`; none of the fields can cause one.
    pub fn to_json(&self) -> Result<String, serde_json::Error> {
        let mut text = serde_json::to_string_pretty(self)?;
        text.push('\n');
        Ok(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONTRACT: &str = r#"{
        "disk": {"serial": "DISK0", "path": "/dev/vda", "by_path": "pci-0000:00:04.0", "min_size": "4GiB", "max_size": "64GiB"},
        "image": {"url": "http://10.0.0.1/images/vrouter/", "manifest_sha256": "0000000000000000000000000000000000000000000000000000000000000000"},
        "seed_url": "http://10.0.0.1/seed/TOKEN2/",
        "report_url": "http://10.0.0.1/report/TOKEN",
        "wipe": true,
        "after": "reboot"
    }"#;

    #[test]
    fn the_contract_comes_back_unchanged() {
        let answer: InstallAnswer = serde_json::from_str(CONTRACT).unwrap();
        let written: serde_json::Value = serde_json::from_str(&answer.to_json().unwrap()).unwrap();
        assert_eq!(written, serde_json::from_str::<serde_json::Value>(CONTRACT).unwrap());
    }

    #[test]
    fn a_wrong_end_names_the_accepted_ones() {
        let error = serde_json::from_str::<After>("\"halt\"").unwrap_err().to_string();
        for word in ["reboot", "poweroff", "stay"] {
            assert!(error.contains(word), "{error}");
        }
    }
}
