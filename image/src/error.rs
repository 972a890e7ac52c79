//! The one error type of the crate.

use std::io;
use std::path::{Path, PathBuf};

use daybreak_formats::FormatError;
use daybreak_layout::LayoutError;
use daybreak_trust::TrustError;

/// Why an image could not be built.
#[derive(Debug, thiserror::Error)]
pub enum ImageError {
    /// A specification that cannot be used.
    #[error("{path}: {message}")]
    Spec {
        /// The file.
        path: PathBuf,
        /// Line and column, what is wrong there and what is accepted.
        message: String,
    },
    /// A program that the build runs is not installed.
    #[error("{program} is not installed: it is in the Debian package {package} (apt-get install {package})")]
    NoProgram {
        /// The program.
        program: String,
        /// The package that has it.
        package: &'static str,
    },
    /// A program that the build runs failed.
    #[error("{what}: {program} {status}\n{output}")]
    Program {
        /// What it was to do.
        what: String,
        /// The program.
        program: String,
        /// How it ended.
        status: String,
        /// Last lines of what it printed.
        output: String,
    },
    /// The machine's package sources cannot be used.
    #[error("package sources: {0}")]
    Sources(String),
    /// A package that cannot be put into the image.
    #[error("package {package}: {reason}")]
    Deb {
        /// The package, or the file where it has no name yet.
        package: String,
        /// Why, and what to do.
        reason: String,
    },
    /// A root that is not as the builder made it.
    #[error("root file system: {0}")]
    Root(String),
    /// Disk or slot layout.
    #[error("{what}: {source}")]
    Layout {
        /// What was being made.
        what: &'static str,
        /// The cause.
        source: LayoutError,
    },
    /// A file of a format cannot be written or looked at.
    #[error("{path}: {source}")]
    Format {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: FormatError,
    },
    /// A file that breaks rules of its format.
    #[error("{path}: {count} breaches of rules that must be kept")]
    Lint {
        /// The file.
        path: PathBuf,
        /// How many.
        count: usize,
    },
    /// An image could not be published.
    #[error(transparent)]
    Publish(#[from] daybreak_publish::PublishError),
    /// A key or signature that is not accepted.
    #[error("{path}: {source}")]
    Trust {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: TrustError,
    },
    /// A file or folder cannot be read or written.
    #[error("{action} {path}: {source}")]
    Io {
        /// What was being done.
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// Bytes of an archive or of the layout cannot be passed on.
    #[error("{action}: {source}")]
    Stream {
        /// What was being done.
        action: &'static str,
        /// The cause.
        source: io::Error,
    },
}

impl ImageError {
    /// For `map_err`: what serde says about a file.
    pub(crate) fn spec(path: &Path) -> impl FnOnce(serde_saphyr::Error) -> Self {
        move |error| Self::Spec { path: path.to_owned(), message: error.to_string() }
    }

    /// For `map_err`: wraps an I/O error with what was being done to which file.
    pub(crate) fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io { action, path: path.to_owned(), source }
    }

    /// For `map_err`: wraps an I/O error of a stream with what was being done.
    pub(crate) fn stream(action: &'static str) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Stream { action, source }
    }

    /// For `map_err`: wraps an error of the layout with what was being made.
    pub(crate) fn layout(what: &'static str) -> impl FnOnce(LayoutError) -> Self {
        move |source| Self::Layout { what, source }
    }

    /// For `map_err`: wraps an error of a format with the file that was being written or looked at.
    pub(crate) fn format(path: &Path) -> impl FnOnce(FormatError) -> Self {
        move |source| Self::Format { path: path.to_owned(), source }
    }

    /// For `map_err`: wraps an error of keys and signatures with the file that it is about.
    pub(crate) fn trust(path: &Path) -> impl FnOnce(TrustError) -> Self {
        move |source| Self::Trust { path: path.to_owned(), source }
    }

    /// For packages.
    pub(crate) fn deb(package: &str, reason: impl Into<String>) -> Self {
        Self::Deb { package: package.to_owned(), reason: reason.into() }
    }
}
