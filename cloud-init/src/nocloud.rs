/// One of the four files of a `NoCloud` seed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NoCloudFile {
    /// Network configuration, version 2. cloud-init 22.4.2 reads it from a seed folder only, never over HTTP.
    NetworkConfig,
    /// Instance id and host name.
    MetaData,
    /// The cloud-config of the node.
    UserData,
    /// A cloud-config with lower precedence than the user-data.
    VendorData,
}

/// A name that is none of the four files.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{name:?} is not a file of a NoCloud seed; accepted: network-config, meta-data, user-data, vendor-data"
)]
pub struct UnknownFile {
    name: String,
}

impl NoCloudFile {
    /// All four, in the order in which current cloud-init asks for them.
    pub const ALL: [Self; 4] = [Self::NetworkConfig, Self::MetaData, Self::UserData, Self::VendorData];

    /// The name in the URL and in a seed folder.
    pub fn name(self) -> &'static str {
        match self {
            Self::NetworkConfig => "network-config",
            Self::MetaData => "meta-data",
            Self::UserData => "user-data",
            Self::VendorData => "vendor-data",
        }
    }

    /// The file that one path segment names, exactly as received: no decoding, no case folding.
    ///
    /// # Errors
    /// [`UnknownFile`] for any other text, so a path can never leave the four names.
    pub fn from_segment(segment: &str) -> Result<Self, UnknownFile> {
        Self::ALL
            .into_iter()
            .find(|file| file.name() == segment)
            .ok_or_else(|| UnknownFile { name: segment.chars().take(64).collect() })
    }

    /// The value for the `Content-Type` header. cloud-init ignores it; people and proxies do not.
    pub fn content_type(self) -> &'static str {
        match self {
            Self::NetworkConfig | Self::MetaData => "application/yaml; charset=utf-8",
            Self::UserData | Self::VendorData => "text/cloud-config; charset=utf-8",
        }
    }

    /// Whether cloud-init can start without the file.
    ///
    /// An optional file that a node does not have must be answered with 200 and an empty body: cloud-init asks for one
    /// that gives 404 again, 11 times in all and 1 s apart, while the machine waits.
    pub fn is_optional(self) -> bool {
        matches!(self, Self::NetworkConfig | Self::VendorData)
    }
}

impl std::fmt::Display for NoCloudFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_four_names_are_files() {
        for file in NoCloudFile::ALL {
            assert_eq!(NoCloudFile::from_segment(file.name()), Ok(file));
        }
        for bad in
            ["", "user-data/", "../user-data", "User-Data", "user%2ddata", "user-data\0", "meta-data?x"]
        {
            assert!(NoCloudFile::from_segment(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn cloud_init_cannot_start_without_two_of_them() {
        let required: Vec<_> = NoCloudFile::ALL.into_iter().filter(|f| !f.is_optional()).collect();
        assert_eq!(required, [NoCloudFile::MetaData, NoCloudFile::UserData]);
    }
}
