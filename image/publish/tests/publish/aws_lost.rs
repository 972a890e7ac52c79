//! Calls that AWS has done and whose answer never came.

use std::sync::atomic::{AtomicUsize, Ordering};

use crate::aws::Rig;
use crate::common::result;
use crate::proxy::{self, Fate};

/// AWS says of the second `RegisterImage` that the name is taken: by us.
#[test]
fn an_image_whose_registration_was_not_answered_is_found() {
    const TAKEN: &str = "HTTP/1.1 400 Bad Request\r\ncontent-type: text/xml\r\nconnection: close\r\n\r\n\
                         <Response><Errors><Error><Code>InvalidAMIName.Duplicate</Code><Message>taken</Message></Error></Errors></Response>";
    let rig = Rig::new(20);
    let calls = AtomicUsize::new(0);
    let url = proxy::start(&rig.url, move |first, body| {
        let hit = first.starts_with("POST / ") && body.contains("Action=RegisterImage");
        match hit.then(|| calls.fetch_add(1, Ordering::SeqCst)) {
            None => Fate::Pass,
            Some(0) => Fate::DropAnswer,
            Some(_) => Fate::Answer(TAKEN),
        }
    });
    let made = result(&rig.command(&url, &[]).output().unwrap());
    assert_eq!(rig.calls("RegisterImage").len(), 1);
    let image = made["image"].as_str().unwrap();
    let tags = rig.look(&["image", &rig.url, image])["tags"].to_string();
    assert!(tags.contains(image), "it was finished: {tags}");
}

/// AWS takes minutes to complete a snapshot, and refuses to seal it twice.
#[test]
fn a_snapshot_whose_sealing_was_not_answered_is_waited_for() {
    const SEALED: &str = "HTTP/1.1 400 Bad Request\r\nx-amzn-errortype: ValidationException\r\nconnection: close\r\n\r\n{\"Message\": \"is completed\"}\n";
    const PENDING: &str = "HTTP/1.1 200 OK\r\ncontent-type: text/xml\r\nconnection: close\r\n\r\n\
                           <DescribeSnapshotsResponse><snapshotSet><item><snapshotId>SNAPSHOT</snapshotId><status>pending</status></item></snapshotSet></DescribeSnapshotsResponse>";
    let rig = Rig::new(20);
    let (seals, looks) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let url = proxy::start(&rig.url, move |first, body| {
        if first.starts_with("POST /snapshots/completion/") {
            return if seals.fetch_add(1, Ordering::SeqCst) == 0 {
                Fate::DropAnswer
            } else {
                Fate::Answer(SEALED)
            };
        }
        let look = seals.load(Ordering::SeqCst) > 1 && body.contains("Action=DescribeSnapshots");
        if look && looks.fetch_add(1, Ordering::SeqCst) == 0 { Fate::Answer(PENDING) } else { Fate::Pass }
    });
    let made = result(&rig.command(&url, &[]).output().unwrap());
    rig.snapshot(made["snapshot"].as_str().unwrap());
}
