//! What can be wrong with what FRR sends.

use thiserror::Error;

/// The stream is out of step: the connection is of no use any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum FrameError {
    /// Not version 1 of the FPM header.
    #[error(
        "FPM header version {0}, expected 1: the peer is not zebra's FPM, or the stream is out of step; reconnect"
    )]
    Version(u8),
    /// Not netlink.
    #[error("FPM message type {0}, expected 1 (netlink): load zebra with -M dplane_fpm_nl")]
    Kind(u8),
    /// A length that does not even cover the header.
    #[error("FPM frame length {0} is shorter than its header; reconnect")]
    Length(u16),
}
