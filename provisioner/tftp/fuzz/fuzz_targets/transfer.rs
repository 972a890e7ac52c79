//! Any order of packets and timeouts: a transfer sends only what it has, never more than a window, and comes to an end.
#![no_main]

use daybreak_tftp::Limits;
use daybreak_tftp::options::{Asked, agree};
use daybreak_tftp::packet::{Packet, parse};
use daybreak_tftp::transfer::{Burst, Step, Transfer};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Some((head, rest)) = bytes.split_first_chunk::<8>() else { return };
    let number = |at: usize| u64::from(u16::from_be_bytes([head[at], head[at + 1]]));
    let len = number(0) * number(0);
    let asked = Asked {
        blksize: Some(number(2)),
        windowsize: Some(number(4) % 100),
        timeout: Some(number(6)).filter(|seconds| seconds % 3 == 0),
        tsize: None,
    };
    let limits = Limits::default();
    let agreed = agree(&asked, len, &limits);
    let (mut transfer, first) = Transfer::start(len, &agreed, &limits);
    let last_block = len / u64::from(agreed.blksize) + 1;
    let check = |transfer: &Transfer, burst: Burst| {
        if let Burst::Blocks { first, last } = burst {
            assert!(1 <= first && first <= last && last <= last_block);
            assert!(last - first < u64::from(agreed.windowsize));
            for number in [first, last] {
                let (offset, size) = transfer.block(number);
                assert!(offset + size <= len && size <= u64::from(agreed.blksize));
                assert!(number == last_block || size == u64::from(agreed.blksize));
            }
        } else {
            assert!(agreed.oack.is_some());
        }
    };
    check(&transfer, first);
    let mut silent = 0;
    for packet in rest.chunks(4) {
        let step = match parse(packet) {
            Ok(Packet::Ack { block }) => transfer.ack(block),
            _ => {
                silent += 1;
                transfer.timed_out()
            }
        };
        assert!(transfer.acked_bytes() <= len);
        match step {
            Step::Send(burst) => check(&transfer, burst),
            Step::Finished => {
                assert_eq!(transfer.acked_bytes(), len);
                return;
            }
            Step::GivenUp => {
                assert!(silent > limits.retries);
                return;
            }
            Step::Wait => {}
        }
        assert!(transfer.wait() >= transfer.first_wait());
    }
});
