//! What the service could not do.

use crate::site::ImageError;
use crate::store::StoreError;
use daybreak_cloud_init::RenderError;
use daybreak_cloud_init::template::TemplateError;
use std::path::PathBuf;

/// What the service could not do.
#[derive(Debug, thiserror::Error)]
pub enum ServiceError {
    /// The store failed or refused.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// An image is not usable.
    #[error(transparent)]
    Image(#[from] ImageError),
    /// No image of that name.
    #[error("there is no image {wanted}; the site's images: {known}")]
    NoImage {
        /// The name asked for.
        wanted: String,
        /// The names there are.
        known: String,
    },
    /// A node's definition does not go with the site.
    #[error("the node cannot be added: {0}")]
    Node(String),
    /// A template of the site cannot be read.
    #[error("cannot read the template {path}: {source}")]
    Template {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A loader cannot be read.
    #[error(
        "loaders.{name}: cannot read {path}: {source}; install its package (ipxe; shim-signed and \
         grub-efi-amd64-signed for Secure Boot), or name in `loaders` those that are there"
    )]
    Loader {
        /// Its name.
        name: String,
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Kernel or initrd of an image cannot be read again.
    #[error("cannot read kernel and initrd of an image for TFTP: {0}")]
    Boot(#[source] std::io::Error),
    /// A file cannot be served.
    #[error(transparent)]
    Artifact(#[from] daybreak_http::HttpError),
    /// A boot script's template does not compile or render.
    #[error("the boot script {name} does not render: {source}")]
    Script {
        /// Which.
        name: &'static str,
        /// Template, line and name.
        source: TemplateError,
    },
    /// A seed's template does not compile.
    #[error("the seed's template does not compile: {0}")]
    SeedTemplate(#[source] TemplateError),
    /// A seed did not render.
    #[error("the {step} seed of {node} does not render: {source}")]
    Seed {
        /// Which seed.
        step: &'static str,
        /// Of which node.
        node: String,
        /// Template, line and name.
        source: RenderError,
    },
    /// A value of ours does not fit where it must stand.
    #[error("cannot make the {what} of {node}: {why}")]
    Value {
        /// What.
        what: &'static str,
        /// Of which node.
        node: String,
        /// Why.
        why: String,
    },
    /// The kernel gave no random bytes.
    #[error("the kernel gave no random bytes: {0}")]
    Random(#[from] getrandom::Error),
}
