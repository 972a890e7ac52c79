use std::collections::VecDeque;

use proptest::prelude::*;

use super::*;
use crate::options::{Asked, agree};

fn start(len: u64, blksize: u64, windowsize: u64) -> (Transfer, Burst) {
    let asked = Asked { blksize: Some(blksize), windowsize: Some(windowsize), ..Asked::default() };
    let limits = Limits::default();
    Transfer::start(len, &agree(&asked, len, &limits), &limits)
}

fn blocks(first: u64, last: u64) -> Step {
    Step::Send(Burst::Blocks { first, last })
}

#[test]
fn without_options_the_first_block_goes_at_once() {
    let limits = Limits::default();
    let agreed = agree(&Asked::default(), 1000, &limits);
    let (mut transfer, first) = Transfer::start(1000, &agreed, &limits);
    assert_eq!(first, Burst::Blocks { first: 1, last: 1 });
    assert!(!transfer.answered());
    assert_eq!(transfer.ack(1), blocks(2, 2));
    assert!(transfer.answered());
    assert_eq!((transfer.block(1), transfer.block(2)), ((0, 512), (512, 488)));
    assert_eq!(transfer.ack(2), Step::Finished);
    assert_eq!((transfer.acked_bytes(), transfer.resent()), (1000, 0));
}

#[test]
fn with_options_the_oack_must_be_acknowledged_first() {
    let (mut transfer, first) = start(100, 512, 1);
    assert_eq!(first, Burst::Oack);
    assert_eq!(transfer.ack(1), Step::Wait, "nothing but ACK 0 answers an OACK");
    assert_eq!(transfer.timed_out(), Step::Send(Burst::Oack));
    assert_eq!(transfer.ack(0), blocks(1, 1));
    assert_eq!(transfer.ack(1), Step::Finished);
}

#[test]
fn a_multiple_of_the_block_size_ends_with_an_empty_block() {
    let (mut transfer, _) = start(1024, 512, 1);
    transfer.ack(0);
    transfer.ack(1);
    assert_eq!(transfer.ack(2), blocks(3, 3));
    assert_eq!(transfer.block(3), (1024, 0));
    assert_eq!(transfer.ack(3), Step::Finished);
    let (mut empty, _) = start(0, 512, 4);
    assert_eq!(empty.ack(0), blocks(1, 1));
    assert_eq!(empty.block(1), (0, 0));
    assert_eq!(empty.ack(1), Step::Finished);
}

#[test]
fn windows_go_out_whole_and_are_acknowledged_once() {
    let (mut transfer, _) = start(5000, 512, 4);
    assert_eq!(transfer.ack(0), blocks(1, 4));
    assert_eq!(transfer.ack(4), blocks(5, 8));
    assert_eq!(transfer.ack(8), blocks(9, 10));
    assert_eq!(transfer.ack(10), Step::Finished);
}

#[test]
fn an_ack_inside_the_window_repeats_from_the_gap() {
    let (mut transfer, _) = start(100_000, 512, 4);
    transfer.ack(0);
    assert_eq!(transfer.ack(2), blocks(3, 6));
    assert_eq!(
        transfer.ack(2),
        Step::Wait,
        "the rest of the first window makes the client tell of the gap again"
    );
    assert_eq!(transfer.ack(6), blocks(7, 10));
    assert_eq!(transfer.resent(), 2);
}

#[test]
fn a_lost_first_block_of_a_window_is_repeated_once() {
    let (mut transfer, _) = start(100_000, 512, 4);
    transfer.ack(0);
    transfer.ack(4);
    assert_eq!(transfer.ack(4), blocks(5, 8));
    assert_eq!(transfer.ack(4), Step::Wait);
    assert_eq!(transfer.timed_out(), blocks(5, 8));
    assert_eq!(transfer.ack(4), blocks(5, 8), "a timeout allows one more");
}

#[test]
fn the_sorcerers_apprentice_finds_no_broom() {
    let (mut transfer, _) = start(5000, 512, 1);
    assert_eq!(transfer.ack(0), blocks(1, 1));
    assert_eq!(transfer.ack(0), Step::Wait);
    assert_eq!(transfer.ack(1), blocks(2, 2));
    assert_eq!(transfer.ack(1), Step::Wait);
    assert_eq!(transfer.ack(0), Step::Wait);
    assert_eq!(transfer.ack(2), blocks(3, 3));
    assert_eq!(transfer.resent(), 0);
}

#[test]
fn acks_of_blocks_that_were_never_sent_are_ignored() {
    let (mut transfer, _) = start(100_000, 512, 4);
    transfer.ack(0);
    assert_eq!(transfer.ack(5), Step::Wait);
    assert_eq!(transfer.ack(40_000), Step::Wait);
    assert_eq!(transfer.ack(4), blocks(5, 8));
}

#[test]
fn block_numbers_wrap_in_big_files() {
    let (mut transfer, _) = start(70_000 * 8, 8, 1);
    transfer.ack(0);
    for block in 1..=65_535_u16 {
        assert_eq!(transfer.ack(block), blocks(u64::from(block) + 1, u64::from(block) + 1));
    }
    assert_eq!(transfer.ack(0), blocks(65_537, 65_537));
    assert_eq!(transfer.ack(1), blocks(65_538, 65_538));
    assert_eq!(transfer.block(65_538), (65_537 * 8, 8));
}

#[test]
fn repetitions_are_bounded_and_wait_longer() {
    let limits = Limits { retries: 3, timeout: Duration::from_secs(1), ..Limits::default() };
    let (mut transfer, _) = Transfer::start(10, &agree(&Asked::default(), 10, &limits), &limits);
    let mut waits = vec![transfer.wait().as_secs()];
    for _ in 0..3 {
        assert_eq!(transfer.timed_out(), blocks(1, 1));
        waits.push(transfer.wait().as_secs());
    }
    assert_eq!(waits, [1, 2, 4, 8]);
    assert_eq!(transfer.timed_out(), Step::GivenUp);
}

#[test]
fn a_negotiated_timeout_is_kept() {
    let limits = Limits::default();
    let asked = Asked { timeout: Some(3), ..Asked::default() };
    let (mut transfer, _) = Transfer::start(10, &agree(&asked, 10, &limits), &limits);
    transfer.timed_out();
    transfer.timed_out();
    assert_eq!(transfer.wait(), Duration::from_secs(3));
}

#[test]
fn progress_resets_the_repetitions() {
    let limits = Limits { retries: 1, ..Limits::default() };
    let (mut transfer, _) = Transfer::start(2000, &agree(&Asked::default(), 2000, &limits), &limits);
    for block in 1..=3 {
        assert_ne!(transfer.timed_out(), Step::GivenUp);
        assert_ne!(transfer.ack(block), Step::GivenUp);
    }
    transfer.timed_out();
    assert_eq!(transfer.timed_out(), Step::GivenUp);
}

/// A client by the letter of RFC 7440 section 4, without the code under test.
struct Client {
    windowsize: u64,
    blksize: u64,
    /// Blocks received in order.
    got: u64,
    since_ack: u64,
    bytes: u64,
    done: bool,
}

impl Client {
    fn data(&mut self, block: u16, offset: u64, len: u64) -> Option<u16> {
        if self.done || block != wire(self.got + 1) {
            // Out of order, or again: tell what was received last.
            self.since_ack = 0;
            return Some(wire(self.got));
        }
        assert_eq!(offset, self.bytes, "block {} holds other bytes", self.got + 1);
        self.got += 1;
        self.bytes += len;
        self.since_ack += 1;
        self.done = len < self.blksize;
        (self.done || self.since_ack == self.windowsize).then(|| {
            self.since_ack = 0;
            wire(self.got)
        })
    }
}

fn wire(block: u64) -> u16 {
    u16::try_from(block % 65_536).unwrap()
}

/// What the network does to packets, out of a list of dice that is used round and round.
struct Network {
    dice: Vec<u8>,
    next: usize,
    loss: u8,
    twice: u8,
    swap: u8,
}

impl Network {
    fn roll(&mut self, chance: u8) -> bool {
        self.next += 1;
        let index = self.next;
        // The round number shifts the dice, so that a short list does not lose the same packet for ever.
        self.dice[index % self.dice.len()].wrapping_add(u8::try_from(index / self.dice.len() % 251).unwrap())
            < chance
    }

    fn carry<T: Copy>(&mut self, queue: &mut VecDeque<T>, packet: T) {
        if self.roll(self.loss) {
            return;
        }
        if self.roll(self.swap) {
            queue.push_front(packet);
        } else {
            queue.push_back(packet);
        }
        if self.roll(self.twice) {
            queue.push_back(packet);
        }
    }
}

/// Runs a transfer over the network; gives the number of DATA packets that the server sent.
fn run(len: u64, blksize: u64, windowsize: u64, network: &mut Network) -> Result<u64, TestCaseError> {
    let asked = Asked { blksize: Some(blksize), windowsize: Some(windowsize), ..Asked::default() };
    let limits = Limits { retries: 200, ..Limits::default() };
    let (mut transfer, first) = Transfer::start(len, &agree(&asked, len, &limits), &limits);
    let mut client = Client { windowsize, blksize, got: 0, since_ack: 0, bytes: 0, done: false };
    let (mut to_client, mut to_server) = (VecDeque::new(), VecDeque::new());
    let (mut sent, mut oacked) = (0, false);
    let mut step = Step::Send(first);
    for _ in 0..2_000_000 {
        match step {
            Step::Send(Burst::Oack) => network.carry(&mut to_client, None),
            Step::Send(Burst::Blocks { first, last }) => {
                prop_assert!(last - first < windowsize, "a burst longer than the window");
                for number in first..=last {
                    sent += 1;
                    network.carry(&mut to_client, Some(number));
                }
            }
            Step::Finished => {
                prop_assert!(client.done && client.bytes == len, "finished at {} of {len}", client.bytes);
                return Ok(sent);
            }
            Step::GivenUp => return Err(TestCaseError::fail("given up")),
            Step::Wait => {}
        }
        step = Step::Wait;
        if let Some(packet) = to_client.pop_front() {
            let ack = match packet {
                None if client.got == 0 => {
                    oacked = true;
                    Some(0)
                }
                Some(number) if oacked => {
                    let (offset, len) = transfer.block(number);
                    client.data(wire(number), offset, len)
                }
                _ => None,
            };
            if let Some(ack) = ack {
                network.carry(&mut to_server, ack);
            }
        } else if let Some(ack) = to_server.pop_front() {
            step = transfer.ack(ack);
        } else {
            step = transfer.timed_out();
        }
    }
    Err(TestCaseError::fail("no end"))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn every_byte_arrives_over_a_bad_network(
        len in 0_u64..200_000,
        blksize in 8_u64..2000,
        windowsize in 1_u64..65,
        dice in proptest::collection::vec(any::<u8>(), 50..400),
        loss in 0_u8..60, twice in 0_u8..60, swap in 0_u8..60,
    ) {
        let mut network = Network { dice, next: 0, loss, twice, swap };
        run(len, blksize, windowsize, &mut network)?;
    }

    #[test]
    fn lockstep_sends_each_block_once_when_nothing_is_lost(
        len in 0_u64..100_000,
        dice in proptest::collection::vec(any::<u8>(), 50..400),
        twice in 0_u8..=255, swap in 0_u8..100,
    ) {
        let mut network = Network { dice, next: 0, loss: 0, twice, swap };
        prop_assert_eq!(run(len, 512, 1, &mut network)?, len / 512 + 1);
    }

    #[test]
    fn any_order_of_inputs_keeps_the_transfer_whole(
        len in 0_u64..10_000,
        windowsize in 1_u64..20,
        inputs in proptest::collection::vec(proptest::option::of(0_u16..40), 0..200),
    ) {
        let (mut transfer, _) = start(len, 512, windowsize);
        for input in inputs {
            let step = match input {
                Some(block) => transfer.ack(block),
                None => transfer.timed_out(),
            };
            if let Step::Send(Burst::Blocks { first, last }) = step {
                prop_assert!(first >= 1 && first <= last && last <= len / 512 + 1);
                prop_assert!(last - first < windowsize);
            }
            prop_assert!(transfer.acked_bytes() <= len);
            if matches!(step, Step::Finished | Step::GivenUp) {
                break;
            }
        }
    }
}
