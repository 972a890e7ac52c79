//! Progress: to the caller and, over HTTP, to the provisioner.

mod sender;

use serde::Serialize;

use crate::code::Code;
use crate::error::InstallError;

pub use sender::Reporter;

/// A step of the installation, in the order in which they happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Step {
    /// The old content is made unreadable and unbootable.
    Partition,
    /// The slot image is written.
    Write,
    /// The slot image is read back.
    Verify,
    /// The state partition is made, with the Day-1 seed.
    Seed,
    /// Boot loaders and partition table are written, sector 0 last.
    Bootloader,
    /// The disk boots.
    Done,
    /// The installation ended.
    Failed,
}

/// One report: the body that is posted, and one line of `-o json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Event {
    /// Where the installation is.
    pub step: Step,
    /// Of this step, 0 to 100.
    pub percent: u8,
    /// Bytes done in this step.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u64>,
    /// Bytes to do in this step.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total: Option<u64>,
    /// For people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<Code>,
}

impl Event {
    /// A step begins.
    pub(crate) fn begin(step: Step, message: String) -> Self {
        Self { step, percent: 0, bytes: None, total: None, message: Some(message), code: None }
    }

    /// `bytes` of `total` are done.
    pub(crate) fn progress(step: Step, bytes: u64, total: u64) -> Self {
        let percent = u8::try_from(u128::from(bytes) * 100 / u128::from(total.max(1))).unwrap_or(100);
        Self { step, percent, bytes: Some(bytes), total: Some(total), message: None, code: None }
    }

    /// A step ended well.
    pub(crate) fn end(step: Step) -> Self {
        Self { step, percent: 100, bytes: None, total: None, message: None, code: None }
    }

    /// The installation ended well.
    pub fn done(message: String) -> Self {
        Self { message: Some(message), ..Self::end(Step::Done) }
    }

    /// The installation ended with an error.
    pub fn failed(error: &InstallError) -> Self {
        let mut event = Self::begin(Step::Failed, error.detail().to_owned());
        event.code = Some(error.code());
        event
    }
}

/// Somebody who wants to know.
pub trait Observer {
    /// Must not block: the disk waits.
    fn event(&mut self, event: &Event);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_body_is_the_contract() {
        let json = |event: Event| serde_json::to_string(&event).unwrap();
        assert_eq!(
            json(Event::progress(Step::Write, 1, 3)),
            r#"{"step":"write","percent":33,"bytes":1,"total":3}"#
        );
        let error = InstallError::new(Code::DiskAmbiguous, "two disks");
        assert_eq!(
            json(Event::failed(&error)),
            r#"{"step":"failed","percent":0,"message":"two disks","code":"DISK-AMBIGUOUS"}"#
        );
    }

    #[test]
    fn percent_has_no_overflow() {
        assert_eq!(Event::progress(Step::Write, 0, 0).percent, 0);
        assert_eq!(Event::progress(Step::Write, u64::MAX, u64::MAX).percent, 100);
    }
}
