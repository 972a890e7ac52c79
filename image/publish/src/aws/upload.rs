//! Blocks into a snapshot, side by side.

use std::collections::BTreeMap;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};

use super::blocks::{BLOCK, Block, BlockDigest, Blocks};
use super::client::Client;
use super::ebs;
use super::journal::{Journal, Known};
use crate::PublishError;
use crate::console::Console;
use crate::retry::Stop;
use crate::source::Source;

/// What the workers share.
struct Work<'a> {
    client: &'a Client,
    snapshot: &'a str,
    journal: &'a Journal,
    console: &'a Console,
    stop: &'a Stop,
    total: u64,
    failed: Mutex<Option<PublishError>>,
}

/// Writes every block of the disk that is not zeros and that the journal does not know; gives the digests of all of them.
/// At most `workers` blocks are under way and as many again in memory.
pub(super) fn run(
    client: &Client,
    snapshot: &str,
    source: &Source,
    (journal, known): (&Journal, &Known),
    workers: usize,
    console: &Console,
    stop: &Stop,
) -> Result<BTreeMap<u32, BlockDigest>, PublishError> {
    let total = source.size.div_ceil(BLOCK);
    let work = Work { client, snapshot, journal, console, stop, total, failed: Mutex::new(None) };
    console.start("upload", source.size);
    let read = std::thread::scope(|scope| {
        let (send, receive) = sync_channel(workers);
        let receive = Arc::new(Mutex::new(receive));
        for _ in 0..workers {
            let receive = Arc::clone(&receive);
            let work = &work;
            // Each worker has its share of the receiver: when the last one ends, nobody can be sent a block.
            scope.spawn(move || work.put_all(&receive));
        }
        drop(receive);
        let read = read(source, known, &send, console);
        if read.is_err() {
            stop.set();
        }
        read
    });
    console.finish();
    match work.failed.into_inner().unwrap_or_else(PoisonError::into_inner) {
        Some(error) => Err(error),
        None => read,
    }
}

/// Reads the disk and hands over what has to be written. Ends early when nobody takes blocks any more.
fn read(
    source: &Source,
    known: &Known,
    send: &SyncSender<Block>,
    console: &Console,
) -> Result<BTreeMap<u32, BlockDigest>, PublishError> {
    let changed = || changed(source, known);
    let mut digests = BTreeMap::new();
    let mut passed = 0;
    for block in Blocks::new(&source.file, &source.path, source.size) {
        let block = block?;
        // Zeros between this block and the one before count as done.
        console.advance((u64::from(block.index) * BLOCK).saturating_sub(passed));
        passed = (u64::from(block.index) + 1) * BLOCK;
        digests.insert(block.index, block.digest);
        match known.blocks.get(&block.index) {
            Some(digest) if *digest == block.digest => console.advance(BLOCK),
            Some(_) => return Err(changed()),
            None => {
                if send.send(block).is_err() {
                    break;
                }
            }
        }
    }
    // A block that was written and is now zeros. When the loop ended early, the error of the worker is the one to tell.
    if known.blocks.keys().any(|index| !digests.contains_key(index)) {
        return Err(changed());
    }
    console.advance(source.size.saturating_sub(passed));
    Ok(digests)
}

/// Compares the disk with the blocks of a snapshot that takes no more.
pub(super) fn check(source: &Source, known: &Known) -> Result<(), PublishError> {
    let mut same = 0;
    for block in Blocks::new(&source.file, &source.path, source.size) {
        let block = block?;
        if known.blocks.get(&block.index) != Some(&block.digest) {
            return Err(changed(source, known));
        }
        same += 1;
    }
    if same == known.blocks.len() { Ok(()) } else { Err(changed(source, known)) }
}

fn changed(source: &Source, known: &Known) -> PublishError {
    let what_to_do = match &known.image {
        None => "remove what that left (the same command with --discard), then publish it anew".to_owned(),
        Some(image) => {
            format!(
                "{image} is the image of before: end that run with the disk of before, or publish this one by another --state"
            )
        }
    };
    PublishError::image(&source.path, format!("it has changed since the upload began; {what_to_do}"))
}

impl Work<'_> {
    fn put_all(&self, receive: &Mutex<Receiver<Block>>) {
        while !self.stop.is_set() {
            let next = receive.lock().unwrap_or_else(PoisonError::into_inner).recv();
            let Ok(block) = next else { return };
            if let Err(error) = self.put(&block) {
                // The first one is the cause; others may only have been stopped.
                self.failed.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
                self.stop.set();
            }
        }
    }

    fn put(&self, block: &Block) -> Result<(), PublishError> {
        let percent = u64::from(block.index) * 100 / self.total.max(1);
        ebs::put(self.client, self.stop, self.snapshot, block, percent)?;
        self.journal.block(block.index, &block.digest)?;
        self.console.advance(BLOCK);
        Ok(())
    }
}
