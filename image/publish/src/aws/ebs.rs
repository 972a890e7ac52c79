//! The EBS direct API, version 2019-11-02: a snapshot from blocks.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use ureq::http::Method;

use super::blocks::{BLOCK, Block, BlockDigest};
use super::client::{Call, Client, Service};
use super::journal::Encryption;
use crate::PublishError;
use crate::retry::Stop;

/// Minutes after which AWS gives a snapshot up that gets no block: a day, so that a run can be gone on with tomorrow.
const TIMEOUT_MINUTES: u32 = 24 * 60;

/// A key and a value on a resource.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Tag {
    /// The key.
    pub(crate) key: String,
    /// The value.
    pub(crate) value: String,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Start<'a> {
    client_token: &'a str,
    description: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    encrypted: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    kms_key_arn: Option<&'a str>,
    tags: &'a [Tag],
    timeout: u32,
    volume_size: u64,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Started {
    snapshot_id: String,
}

/// Starts a snapshot of `gibibytes`; the same token gives the same snapshot again.
pub(crate) fn start(
    client: &Client,
    stop: &Stop,
    token: &str,
    description: &str,
    gibibytes: u64,
    encryption: &Encryption,
    tags: &[Tag],
) -> Result<String, PublishError> {
    const NAME: &str = "StartSnapshot";
    let key = match encryption {
        Encryption::Default => None,
        Encryption::Key(arn) => Some(arn.as_str()),
    };
    let start = Start {
        client_token: token,
        description,
        encrypted: key.map(|_| true),
        kms_key_arn: key,
        tags,
        timeout: TIMEOUT_MINUTES,
        volume_size: gibibytes,
    };
    let answer_error = |reason: String| PublishError::Answer { call: NAME, reason };
    let body = serde_json::to_vec(&start).map_err(|e| answer_error(e.to_string()))?;
    let headers = vec![("content-type", "application/json".to_owned())];
    let call = Call { headers, body: &body, ..call(NAME, Method::POST, "/snapshots".to_owned()) };
    let answer = client.call(&call, stop)?;
    let started: Started = serde_json::from_slice(&answer.body).map_err(|e| answer_error(e.to_string()))?;
    Ok(started.snapshot_id)
}

/// Writes a block; `percent` of the whole is done before it.
pub(crate) fn put(
    client: &Client,
    stop: &Stop,
    snapshot: &str,
    block: &Block,
    percent: u64,
) -> Result<(), PublishError> {
    let headers = vec![
        ("content-type", "application/octet-stream".to_owned()),
        ("x-amz-data-length", BLOCK.to_string()),
        ("x-amz-progress", percent.min(100).to_string()),
        ("x-amz-checksum", STANDARD.encode(block.digest)),
        ("x-amz-checksum-algorithm", "SHA256".to_owned()),
    ];
    let path = format!("/snapshots/{snapshot}/blocks/{}", block.index);
    let call = Call {
        headers,
        body: &block.data,
        // "The block data is not signed as part of the Signature Version 4 signing process"; the checksum is.
        unsigned_body: true,
        spread: block.index,
        maybe_early: true,
        ..call("PutSnapshotBlock", Method::PUT, path)
    };
    let answer = client.call(&call, stop)?;
    let ours = STANDARD.encode(block.digest);
    match answer.header("x-amz-checksum") {
        Some(theirs) if theirs != ours => Err(PublishError::Digest {
            what: format!("block {} of snapshot {snapshot}", block.index),
            theirs: theirs.to_owned(),
            ours,
        }),
        _ => Ok(()),
    }
}

/// Ends the snapshot: it takes no more blocks, and AWS compares all of them with the checksum.
pub(crate) fn complete(
    client: &Client,
    stop: &Stop,
    snapshot: &str,
    blocks: usize,
    checksum: &str,
) -> Result<(), PublishError> {
    let headers = vec![
        ("x-amz-changedblockscount", blocks.to_string()),
        ("x-amz-checksum", checksum.to_owned()),
        ("x-amz-checksum-algorithm", "SHA256".to_owned()),
        ("x-amz-checksum-aggregation-method", "LINEAR".to_owned()),
    ];
    let path = format!("/snapshots/completion/{snapshot}");
    let call = Call { headers, ..call("CompleteSnapshot", Method::POST, path) };
    client.call(&call, stop).map(drop)
}

/// Checksum over the blocks' digests in the order of their indexes (aggregation method `LINEAR`), in base64.
pub(crate) fn linear<'a>(digests: impl Iterator<Item = &'a BlockDigest>) -> String {
    use sha2::{Digest, Sha256};
    let mut all = Sha256::new();
    for digest in digests {
        all.update(digest);
    }
    STANDARD.encode(all.finalize())
}

fn call(name: &'static str, method: Method, path: String) -> Call<'static> {
    Call {
        name,
        service: Service::Ebs,
        method,
        path,
        headers: Vec::new(),
        body: &[],
        unsigned_body: false,
        spread: 0,
        maybe_early: false,
    }
}
