//! What can fail between us and DPDK.

use std::ffi::{CStr, c_int};

use daybreak_dpdk_sys as sys;
use thiserror::Error;

/// An error of the DPDK layer.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum DpdkError {
    /// A call into DPDK failed.
    #[error("DPDK could not {action} {object}: {reason} (errno {errno}). {advice}")]
    Call {
        /// What was to be done.
        action: &'static str,
        /// On which port, pool or argument.
        object: String,
        /// DPDK's error number, positive.
        errno: i32,
        /// DPDK's words for it.
        reason: String,
        /// What to do about it.
        advice: &'static str,
    },
    /// DPDK can be started once per process.
    #[error(
        "DPDK was started before in this process, and it starts only once; use the handle of the first start"
    )]
    StartedBefore,
    /// An argument that DPDK would misread.
    #[error("{what} {value:?} is not usable: {why}")]
    Argument {
        /// Which argument.
        what: &'static str,
        /// Its value.
        value: String,
        /// What is wrong with it.
        why: &'static str,
    },
}

impl DpdkError {
    /// The error for a return value of DPDK: negative numbers are errors themselves, -1 refers to `rte_errno`.
    pub(super) fn call(action: &'static str, object: &str, code: c_int, advice: &'static str) -> Self {
        let errno = match code {
            // SAFETY: reads a thread-local number.
            -1 | 0.. => unsafe { sys::daybreak_errno() },
            code => -code,
        };
        // SAFETY: returns a string that is static or lives in this thread until the next call; it is copied here.
        let reason = unsafe { CStr::from_ptr(sys::rte_strerror(errno)) }.to_string_lossy().into_owned();
        Self::Call { action, object: object.to_owned(), errno, reason, advice }
    }
}

/// `Ok` for a return value that is not negative.
pub(super) fn check(
    code: c_int,
    action: &'static str,
    object: &str,
    advice: &'static str,
) -> Result<c_int, DpdkError> {
    if code < 0 { Err(DpdkError::call(action, object, code, advice)) } else { Ok(code) }
}
