//! The packet thread: receive, decide, send what needs no record, pass on what does.

use super::{
    commit::Batch,
    receive::{BATCH, Receiver},
    send::{Link, Outbox, Sender},
    unix,
};
use crate::{
    counters::Counters,
    decide::{Arrival, Engine, Output},
    event::{Outcome, Sink, emit},
    lease::{Leases, UnixSeconds},
};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use std::{
    os::unix::net::UnixStream,
    sync::{Arc, mpsc::SyncSender},
    time::SystemTime,
};

/// Idle wake-up, so that leases expire without packets.
const TICK: Timespec = Timespec { tv_sec: 1, tv_nsec: 0 };
/// So many packets in one go mean load: the thread then rests for [`MODERATION`], so that the next batch is larger and
/// costs fewer system calls and wake-ups, here and at the relay. It also paces replies: a batch is at most 64.
const BUSY: usize = 4;
const MODERATION: Timespec = Timespec { tv_sec: 0, tv_nsec: 500_000 };
/// How often reserved addresses are looked at again.
const UNPARK_SECONDS: u64 = 60;

pub(super) struct PacketLoop {
    pub(super) engine: Engine,
    pub(super) links: Arc<Vec<Link>>,
    pub(super) leases: Leases,
    pub(super) counters: Arc<Counters>,
    pub(super) events: Sink,
    pub(super) clock: fn() -> SystemTime,
    pub(super) to_commit: SyncSender<Batch>,
    pub(super) woken: UnixStream,
}

impl PacketLoop {
    pub(super) fn run(self) {
        let mut receiver = Receiver::new();
        let mut sender = Sender::new();
        let mut unpark_at = 0;
        loop {
            let ready = match self.wait() {
                Ok(Some(ready)) => ready,
                Ok(None) => return,
                Err(error) => {
                    tracing::error!(%error, "DHCP stops: cannot wait for packets");
                    return;
                }
            };
            let now = unix(self.clock);
            {
                let mut table = self.leases.table.write();
                table.expire(now);
                if now >= unpark_at {
                    table.unpark();
                    unpark_at = now + UNPARK_SECONDS;
                }
            }
            let mut packets = 0;
            for index in ready {
                let Some(count) = self.work(index, now, &mut receiver, &mut sender) else { return };
                packets += count;
            }
            if packets >= BUSY && self.pause() {
                return;
            }
        }
    }

    /// Waits for [`MODERATION`]; true when the server is to stop.
    fn pause(&self) -> bool {
        let mut fds = [PollFd::new(&self.woken, PollFlags::IN)];
        // An interrupted pause is a shorter one.
        poll(&mut fds, Some(&MODERATION)).is_ok_and(|ready| ready > 0)
    }

    /// Indexes of links with packets; `None` when the server is to stop.
    fn wait(&self) -> Result<Option<Vec<usize>>, rustix::io::Errno> {
        let mut fds: Vec<PollFd<'_>> =
            self.links.iter().map(|l| PollFd::new(&l.udp, PollFlags::IN)).collect();
        fds.push(PollFd::new(&self.woken, PollFlags::IN));
        match poll(&mut fds, Some(&TICK)) {
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error),
        }
        if fds.pop().is_some_and(|woken| !woken.revents().is_empty()) {
            return Ok(None);
        }
        Ok(Some((0..fds.len()).filter(|i| !fds[*i].revents().is_empty()).collect()))
    }

    /// Works off one batch of a link and tells how many packets it was; `None` when the commit thread is gone.
    fn work(
        &self,
        index: usize,
        now: UnixSeconds,
        receiver: &mut Receiver,
        sender: &mut Sender,
    ) -> Option<usize> {
        let link = &self.links[index];
        let count = match receiver.receive(&link.udp) {
            Ok(count) => count,
            Err(error) => {
                // Reported once per pending error of the socket, such as "network is down".
                tracing::warn!(%error, "cannot receive DHCP packets");
                0
            }
        };
        if count == 0 {
            return Some(0);
        }
        let mut at_once = Outbox::default();
        let mut batch = Batch { link: index, ..Batch::default() };
        let mut output = Output::default();
        let mut events = Vec::with_capacity(BATCH);
        {
            let mut table = self.leases.table.write();
            let mut seen = self.leases.seen.write();
            for (source, bytes) in receiver.packets() {
                let arrival = Arrival { interface: link.interface, port: link.port, source };
                output.replies.clear();
                let decision = self.engine.decide(&mut table, &mut seen, arrival, bytes, now, &mut output);
                let durable = matches!(
                    decision.event.outcome,
                    Outcome::Ack { .. } | Outcome::Release { .. } | Outcome::Decline { .. }
                );
                if let Some(to) = decision.destination {
                    let outbox = if durable { &mut batch.replies } else { &mut at_once };
                    outbox.push(link, to, decision.from, &output.replies);
                }
                if durable { batch.events.push(decision.event) } else { events.push(decision.event) }
            }
        }
        batch.records = std::mem::take(&mut output.records);
        if output.left_out > 0 {
            self.counters.options_left_out(output.left_out as u64);
        }
        // Acknowledgements wait for the disk: start that first.
        let alive = batch.records.is_empty() || self.to_commit.send(batch).is_ok();
        if at_once.len() > 0 {
            self.counters.send_failed(sender.send(link, &mut at_once));
        }
        emit(&self.events, &self.counters, events);
        alive.then_some(count)
    }
}
