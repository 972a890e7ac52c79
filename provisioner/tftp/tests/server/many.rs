//! A whole site that powers on at once.

use daybreak_tftp::{EventKind, Limits};
use rustix::process::{Resource, getrlimit, setrlimit};

use crate::load::{Job, fetch, fetch_many};
use crate::support::Tftp;

/// Raises the soft limit of open files to the hard one: both ends of every session live in this process.
fn allow_sockets() {
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    setrlimit(Resource::Nofile, limit).unwrap();
}

fn all_arrive(sessions: usize, blksize: usize, windowsize: u64) {
    allow_sockets();
    let mut tftp = Tftp::with(Limits { sessions, ..Limits::default() });
    let content = tftp.files["boot/loader.efi"].clone();
    let job = Job { server: tftp.address(), name: "boot/loader.efi", blksize, windowsize, content: &content };
    for result in fetch_many(job, sessions).unwrap() {
        let fetched = result.unwrap();
        assert_eq!((fetched.bytes, fetched.blksize), (content.len(), blksize));
        assert_eq!(fetched.windowsize, windowsize);
    }
    for _ in 0..sessions {
        let end = tftp.ended();
        assert!(matches!(end.kind, EventKind::Finished { .. }), "{end:?}");
    }
    assert_eq!(tftp.server().stats().sessions, 0);
    assert_eq!(tftp.server().stats().refused, 0);
}

#[test]
fn a_thousand_sessions_at_once_lose_none() {
    all_arrive(1000, 1428, 1);
}

#[test]
fn two_hundred_sessions_with_windows_lose_none() {
    all_arrive(200, 1428, 16);
}

#[test]
fn one_stream_reports_its_rate() {
    let mut tftp = Tftp::start();
    let content = tftp.files["big"].clone();
    let job = Job { server: tftp.address(), name: "big", blksize: 8192, windowsize: 16, content: &content };
    let fetched = fetch(job).unwrap();
    let end = tftp.ended();
    let rate = end.kind.rate().unwrap();
    let by_client = content.len() as u64 * 1000 / u64::try_from(fetched.elapsed.as_millis()).unwrap().max(1);
    assert!(rate > by_client / 4, "the server says {rate} bytes/s, the client {by_client}");
}
