//! `daybreak-dataplane`.

use super::{IntentError, place::Place};
use daybreak_appliers::intent::DataplanePort;

/// An entry of the list `port`.
pub(super) fn port(entry: &Place<'_>) -> Result<DataplanePort, IntentError> {
    Ok(DataplanePort {
        at: entry.at(),
        name: entry.need("name")?.to_owned(),
        device: entry.need("device")?.to_owned(),
    })
}
