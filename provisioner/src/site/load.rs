//! Reading and checking a site file.

use super::Site;
use crate::boot::SHIM;
use daybreak_dhcp::config::{Boot, Loaders};
use std::path::{Path, PathBuf};

/// The site file is not usable.
#[derive(Debug, thiserror::Error)]
pub enum SiteError {
    /// It cannot be read.
    #[error("cannot read {path}: {source}")]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// It is not what a site file looks like; the text has line and column.
    #[error("{path}: {message}")]
    Syntax {
        /// The file.
        path: PathBuf,
        /// Line, column, what is wrong and what is accepted.
        message: String,
    },
    /// Values that do not go together.
    #[error("{path}: {message}")]
    Invalid {
        /// The file.
        path: PathBuf,
        /// Which key, what is wrong and what is accepted.
        message: String,
    },
}

/// Reads a site file and makes its paths absolute.
///
/// # Errors
/// When it cannot be read, does not parse, or its values do not go together.
pub fn load(path: &Path) -> Result<Site, SiteError> {
    let text =
        std::fs::read_to_string(path).map_err(|source| SiteError::Read { path: path.to_owned(), source })?;
    let mut site: Site = serde_saphyr::from_str(&text)
        .map_err(|error| SiteError::Syntax { path: path.to_owned(), message: error.to_string() })?;
    let folder = path.parent().unwrap_or(Path::new(""));
    absolute(&mut site, folder);
    boot_from_here(&mut site);
    check(&site).map_err(|message| SiteError::Invalid { path: path.to_owned(), message })?;
    Ok(site)
}

fn absolute(site: &mut Site, folder: &Path) {
    let templates = &mut site.templates;
    let paths = [&mut site.state_dir, &mut site.api.socket]
        .into_iter()
        .chain(site.images.values_mut().map(|image| &mut image.path))
        .chain(site.loaders.values_mut())
        .chain(
            [
                &mut templates.install_ipxe,
                &mut templates.disk_ipxe,
                &mut templates.unknown_ipxe,
                &mut templates.install_grub,
                &mut templates.disk_grub,
                &mut templates.unknown_grub,
                &mut templates.user_data,
                &mut templates.meta_data,
                &mut templates.vendor_data,
            ]
            .into_iter()
            .flatten(),
        );
    for path in paths {
        // `join` keeps a path that is absolute.
        *path = folder.join(&path);
    }
}

/// A subnet that names no boot server boots from this one.
fn boot_from_here(site: &mut Site) {
    let base_url = site.server.base_url();
    for subnet in &mut site.subnets {
        let here = || Boot {
            next_server: site.server.address,
            http: None,
            loaders: Loaders::default(),
            script: None,
        };
        let boot = subnet.boot.get_or_insert_with(here);
        boot.http.get_or_insert_with(|| base_url.clone());
        if site.defaults.secure_boot && boot.loaders.uefi_x64 == Loaders::default().uefi_x64 {
            boot.loaders.uefi_x64 = Some(SHIM.to_owned());
        }
    }
}

fn check(site: &Site) -> Result<(), String> {
    if site.subnets.is_empty() {
        return Err("subnets: is empty; name at least one network to serve".to_owned());
    }
    daybreak_dhcp::config::validate(&site.subnets).map_err(|error| format!("subnets: {error}"))?;
    if let Some(image) = &site.defaults.image
        && !site.images.contains_key(image)
    {
        let known: Vec<_> = site.images.keys().map(String::as_str).collect();
        return Err(format!("defaults.image: there is no image {image:?}; known: {}", known.join(", ")));
    }
    if site.defaults.secure_boot {
        site.has_secure_boot().map_err(|why| format!("defaults.secure_boot: {why}"))?;
    }
    for name in site.images.keys() {
        name.parse::<crate::node::NodeName>()
            .map_err(|_| format!("images.{name}: an image's name is 1 to 63 of a-z, 0-9 and '-'"))?;
    }
    for name in site.loaders.keys() {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
        if name.is_empty() || name.len() > 127 || !name.bytes().all(plain) || name.starts_with('.') {
            return Err(format!(
                "loaders.{name}: a loader's name is 1 to 127 letters, digits, '.', '_' and '-'"
            ));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::load;
    use daybreak_dhcp::config::Subnet;

    fn error(text: &str) -> String {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("site.yaml");
        std::fs::write(&path, text).unwrap();
        load(&path).unwrap_err().to_string()
    }

    const SUBNET: &str =
        "subnets:\n- interface: lab0\n  subnet: 10.77.0.0/24\n  pools: [10.77.0.100-10.77.0.199]\n";

    #[test]
    fn paths_count_from_the_files_folder() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("site.yaml");
        let text = format!(
            "server: {{address: 10.77.0.1}}\nstate_dir: state\nimages: {{vrouter: {{path: ../pxe}}}}\n{SUBNET}"
        );
        std::fs::write(&path, text).unwrap();
        let site = load(&path).unwrap();
        assert_eq!(site.state_dir, dir.path().join("state"));
        assert_eq!(site.images["vrouter"].path, dir.path().join("../pxe"));
        assert_eq!(site.server.base_url(), "http://10.77.0.1:8080");
    }

    #[test]
    fn an_unknown_key_names_its_place_and_the_accepted_ones() {
        let text = format!("server: {{address: 10.77.0.1}}\nimage: x\n{SUBNET}");
        let message = error(&text);
        assert!(message.contains("site.yaml"), "{message}");
        assert!(message.contains("line 2"), "{message}");
        assert!(message.contains("image") && message.contains("images"), "{message}");
    }

    #[test]
    fn a_default_image_must_exist() {
        let text = format!("server: {{address: 10.77.0.1}}\ndefaults: {{image: none}}\n{SUBNET}");
        assert!(error(&text).contains("defaults.image"));
    }

    #[test]
    fn secure_boot_starts_shim_where_the_subnet_names_no_loader_of_its_own() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("site.yaml");
        let site = |defaults: &str| {
            let own = "- interface: lab1\n  subnet: 10.78.0.0/24\n  \
                       boot: {next_server: 10.77.0.1, loaders: {uefi_x64: own.efi}}\n";
            let text = format!("server: {{address: 10.77.0.1}}\ndefaults: {defaults}\n{SUBNET}{own}");
            std::fs::write(&path, text).unwrap();
            let loaders = |subnet: Subnet| subnet.boot.unwrap().loaders.uefi_x64.unwrap();
            load(&path).unwrap().subnets.into_iter().map(loaders).collect::<Vec<_>>()
        };
        assert_eq!(site("{}"), ["snponly.efi", "own.efi"]);
        assert_eq!(site("{secure_boot: true}"), ["shimx64.efi", "own.efi"]);
    }

    #[test]
    fn secure_boot_needs_its_loaders_and_is_yes_or_no() {
        let server = "server: {address: 10.77.0.1}";
        let message = error(&format!(
            "{server}\nloaders: {{shimx64.efi: /x}}\ndefaults: {{secure_boot: true}}\n{SUBNET}"
        ));
        assert!(
            message.contains("defaults.secure_boot") && message.contains("lack grubx64.efi"),
            "{message}"
        );
        let message = error(&format!("{server}\ndefaults:\n  secure_boot: maybe\n{SUBNET}"));
        assert!(message.contains("line 3") && message.contains("maybe"), "{message}");
    }

    #[test]
    fn a_loaders_name_is_a_plain_name() {
        for name in ["../shadow", "a/b", ".hidden", "''"] {
            let text = format!("server: {{address: 10.77.0.1}}\nloaders: {{{name}: /x}}\n{SUBNET}");
            assert!(error(&text).contains("loaders"), "{name}");
        }
    }
}
