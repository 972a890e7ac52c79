//! What appliers say, as `rpc-error`s.

use daybreak_appliers::transaction::ApplyError;
use daybreak_appliers::{Refusal, Tag};
use daybreak_datastore::error::error_path;
use daybreak_datastore::schema::Schema;
use daybreak_datastore::tree::InstancePath;
use daybreak_netconf::error::{ErrorPath, ErrorTag, RpcError};

/// A path of an applier; what is no instance path stays text.
fn path(schema: &Schema, text: &str) -> Option<ErrorPath> {
    if text.is_empty() {
        return None;
    }
    Some(match InstancePath::parse(schema, text) {
        Ok(path) => error_path(schema, &path),
        Err(_) => ErrorPath { text: text.to_owned(), namespaces: Vec::new() },
    })
}

/// A refusal of an applier.
pub(super) fn refusal(schema: &Schema, refusal: Refusal) -> RpcError {
    let tag = match refusal.tag {
        Tag::InvalidValue => ErrorTag::InvalidValue,
        Tag::DataMissing => ErrorTag::DataMissing,
        Tag::OperationFailed => ErrorTag::OperationFailed,
    };
    let error = RpcError::application(tag, refusal.message).app_tag(refusal.app_tag);
    match path(schema, &refusal.path) {
        Some(path) => error.at(path),
        None => error,
    }
}

/// A change that did not come to be: every refusal, or the one thing that did not work.
pub(super) fn apply(schema: &Schema, error: ApplyError) -> Vec<RpcError> {
    let message = error.to_string();
    match error {
        ApplyError::Refused(refusals) => refusals.into_iter().map(|one| refusal(schema, one)).collect(),
        ApplyError::Failed { failure, .. } => {
            let error =
                RpcError::application(ErrorTag::OperationFailed, message).app_tag("daybreak:apply-failed");
            vec![match failure.path.as_deref().and_then(|text| path(schema, text)) {
                Some(path) => error.at(path),
                None => error,
            }]
        }
    }
}
