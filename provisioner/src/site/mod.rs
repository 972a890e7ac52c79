//! The site file: everything `daybreak serve` is told.

mod duration;
mod images;
mod load;
mod metadata;
mod nodes;

use crate::boot::{GRUB, SHIM};
use daybreak_cloud_init::template::KernelArg;
use daybreak_dhcp::config::Subnet;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::path::PathBuf;

pub use duration::Span;
pub use images::{Image, ImageError, Images};
pub use load::{SiteError, load};
pub use metadata::MetadataService;
pub use nodes::read_nodes;

/// Where the API listens when nothing else is said.
pub const DEFAULT_SOCKET: &str = "/run/daybreak/api.sock";

/// The site file (docs/site.md). Relative paths count from the file's own folder.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Site {
    /// How machines reach this server.
    pub server: Server,
    /// Folder of the store and of the lease journal.
    #[serde(default = "default_state_dir")]
    pub state_dir: PathBuf,
    /// The API for `daybreak node …`.
    #[serde(default)]
    pub api: Api,
    /// The clouds' metadata service, when it is to be served.
    #[serde(default)]
    pub metadata: Option<MetadataService>,
    /// Images by name, each the `pxe/` folder of a build.
    #[serde(default)]
    pub images: BTreeMap<String, ImageSource>,
    /// Loaders by the name that firmware asks for.
    #[serde(default = "default_loaders")]
    pub loaders: BTreeMap<String, PathBuf>,
    /// What nodes get when they do not say otherwise.
    #[serde(default)]
    pub defaults: Defaults,
    /// Own templates in place of the built-in ones.
    #[serde(default)]
    pub templates: Templates,
    /// Networks that are served.
    pub subnets: Vec<Subnet>,
}

impl Site {
    /// Whether the loaders for Secure Boot are served; the error names those that are missing.
    ///
    /// # Errors
    /// What to do about it.
    pub fn has_secure_boot(&self) -> Result<(), String> {
        let missing: Vec<_> =
            [SHIM, GRUB].into_iter().filter(|name| !self.loaders.contains_key(*name)).collect();
        if missing.is_empty() {
            return Ok(());
        }
        Err(format!(
            "the site's `loaders` lack {}; add what Debian's packages shim-signed and grub-efi-amd64-signed have (docs/site.md)",
            missing.join(" and ")
        ))
    }
}

/// How machines reach this server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Server {
    /// Address that stands in boot scripts and seeds.
    pub address: Ipv4Addr,
    /// Port of boot scripts, images and seeds.
    #[serde(default = "default_http_port")]
    pub http_port: u16,
    /// Port of TFTP. Firmware knows only 69; another one is for tests.
    #[serde(default = "default_tftp_port")]
    pub tftp_port: u16,
}

impl Server {
    /// `http://ADDRESS:PORT`.
    pub fn base_url(&self) -> String {
        format!("http://{}:{}", self.address, self.http_port)
    }
}

/// The API for `daybreak node …`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Api {
    /// UNIX socket; whoever may open it may use the API.
    #[serde(default = "default_socket")]
    pub socket: PathBuf,
}

impl Default for Api {
    fn default() -> Self {
        Self { socket: default_socket() }
    }
}

/// An image to serve.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ImageSource {
    /// Folder with `manifest.json`, `vmlinuz`, `initrd.img` and `root.squashfs`.
    pub path: PathBuf,
    /// Public keys of minisign: the image is served only when one of them signed its manifest.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub keys: Vec<String>,
}

/// What nodes get when they do not say otherwise.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Defaults {
    /// Image to install; may be left out when there is just one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<String>,
    /// SSH public keys that may log in to every node, besides its own.
    #[serde(default)]
    pub ssh_authorized_keys: Vec<daybreak_cloud_init::text::SshKey>,
    /// Kernel arguments of every network boot, after the image's own; both consoles when left out.
    #[serde(default = "default_kernel_args")]
    pub kernel_args: Vec<KernelArg>,
    /// Whether UEFI machines are started in a way that Secure Boot allows, unless their node says otherwise.
    #[serde(default)]
    pub secure_boot: bool,
    /// How long a deployment may take before it counts as failed.
    #[serde(default = "default_deploying")]
    pub deploying: Span,
}

impl Default for Defaults {
    fn default() -> Self {
        Self {
            image: None,
            ssh_authorized_keys: Vec::new(),
            kernel_args: default_kernel_args(),
            secure_boot: false,
            deploying: default_deploying(),
        }
    }
}

/// Own templates in place of the built-in ones (docs/site.md).
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Templates {
    /// iPXE script that boots the installer.
    #[serde(default)]
    pub install_ipxe: Option<PathBuf>,
    /// iPXE script that sends a machine to its disk.
    #[serde(default)]
    pub disk_ipxe: Option<PathBuf>,
    /// iPXE script of a machine that is not enrolled.
    #[serde(default)]
    pub unknown_ipxe: Option<PathBuf>,
    /// GRUB script that boots the installer.
    #[serde(default)]
    pub install_grub: Option<PathBuf>,
    /// GRUB script that sends a machine to its disk.
    #[serde(default)]
    pub disk_grub: Option<PathBuf>,
    /// GRUB script of a machine that is not enrolled.
    #[serde(default)]
    pub unknown_grub: Option<PathBuf>,
    /// cloud-init user-data.
    #[serde(default)]
    pub user_data: Option<PathBuf>,
    /// cloud-init meta-data.
    #[serde(default)]
    pub meta_data: Option<PathBuf>,
    /// cloud-init vendor-data.
    #[serde(default)]
    pub vendor_data: Option<PathBuf>,
}

fn default_state_dir() -> PathBuf {
    "/var/lib/daybreak".into()
}

fn default_socket() -> PathBuf {
    DEFAULT_SOCKET.into()
}

fn default_http_port() -> u16 {
    8080
}

fn default_tftp_port() -> u16 {
    69
}

/// The consoles that the installed system's GRUB names too; the last one is `/dev/console`.
fn default_kernel_args() -> Vec<KernelArg> {
    ["console=tty0", "console=ttyS0,115200"].into_iter().filter_map(|arg| arg.parse().ok()).collect()
}

fn default_deploying() -> Span {
    Span::from_minutes(30)
}

/// Where Debian's packages `ipxe`, `shim-signed` and `grub-efi-amd64-signed` put them.
fn default_loaders() -> BTreeMap<String, PathBuf> {
    [
        ("undionly.kpxe", "/usr/lib/ipxe/undionly.kpxe"),
        ("ipxe.efi", "/usr/lib/ipxe/ipxe.efi"),
        ("snponly.efi", "/usr/lib/ipxe/snponly.efi"),
        (SHIM, "/usr/lib/shim/shimx64.efi.signed"),
        (GRUB, "/usr/lib/grub/x86_64-efi-signed/grubnetx64.efi.signed"),
    ]
    .into_iter()
    .map(|(name, path)| (name.to_owned(), path.into()))
    .collect()
}
