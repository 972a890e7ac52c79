//! Any datagram: it is parsed, its name becomes a key or is refused, its options are settled within the limits.
#![no_main]

use std::path::{Component, Path};

use daybreak_tftp::options::agree;
use daybreak_tftp::packet::{Packet, parse};
use daybreak_tftp::{Limits, key};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(packet) = parse(bytes) else { return };
    let Packet::Request(request) = packet else { return };
    if let Ok(key) = key(request.name) {
        assert!(Path::new(key).components().all(|part| matches!(part, Component::Normal(_))));
        assert!(key.bytes().all(|byte| (b' '..=b'~').contains(&byte) && !b"\\%:".contains(&byte)));
    }
    let limits = Limits::default();
    let agreed = agree(&request.asked, 12_345, &limits);
    assert!((8..=65_464).contains(&agreed.blksize));
    assert!((1..=limits.windowsize).contains(&agreed.windowsize));
    if let Some(oack) = agreed.oack {
        assert!(oack.len() < 512);
        assert!(matches!(parse(&oack), Ok(Packet::Oack(_))));
    }
});
