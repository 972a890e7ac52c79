//! The one error type of the crate.

use std::error::Error;
use std::io;

use crate::code::{Code, Effect};

/// Why an installation ended.
#[derive(Debug, thiserror::Error)]
#[error("{code}: {detail}. {}", code.remedy())]
pub struct InstallError {
    code: Code,
    detail: String,
    disk_changed: bool,
    #[source]
    source: Option<Box<dyn Error + Send + Sync>>,
}

impl InstallError {
    /// An error of the caller's own finding, with its code and what happened on which object.
    pub fn new(code: Code, detail: impl Into<String>) -> Self {
        Self { code, detail: detail.into(), disk_changed: code.effect() == Effect::Disk, source: None }
    }

    /// `detail` says what was being done; the source's text is appended, as the source itself is not always shown.
    pub(crate) fn caused(
        code: Code,
        detail: impl std::fmt::Display,
        source: impl Error + Send + Sync + 'static,
    ) -> Self {
        let mut error = Self::new(code, format!("{detail}: {source}"));
        error.source = Some(Box::new(source));
        error
    }

    /// For `map_err` on I/O on the target disk.
    pub(crate) fn write(detail: impl std::fmt::Display) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::caused(Code::WriteFailed, detail, source)
    }

    /// The same error, after the disk was changed.
    pub(crate) fn after_change(mut self) -> Self {
        self.disk_changed = true;
        self
    }

    /// The stable code.
    pub const fn code(&self) -> Code {
        self.code
    }

    /// What happened, on which object.
    pub fn detail(&self) -> &str {
        &self.detail
    }

    /// Whether the target disk was changed, so that it does not boot any more.
    pub const fn disk_changed(&self) -> bool {
        self.disk_changed
    }
}
