//! What the packet thread does, round after round.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use tokio::sync::mpsc::Receiver;

use super::idle::Idle;
use super::ports::Slots;
use super::{Counts, Job, WorkerConfig};
use crate::dpdk::{Burst, MbufPool, cycles, cycles_per_second};
use crate::fib::PortId;
use crate::forward::{DropReason, Node, Outcome, Pipeline, Tables};

/// Changes that are made between two bursts, so that a flood of routes does not stop packets.
const CHANGES_PER_ROUND: usize = 64;

/// What the thread owns.
pub(super) struct State {
    slots: Slots,
    pool: MbufPool,
    tables: Tables,
    pipeline: Pipeline,
    /// What becomes of the packets of the burst under way, and the errors about them; kept for their memory only.
    steps: Vec<Step>,
    replies: Vec<Vec<u8>>,
    start: Instant,
    idle: Idle,
    spent: Spent,
}

/// What becomes of a packet.
#[derive(Clone, Copy)]
enum Step {
    Send(PortId),
    Punt,
    Drop,
}

/// Time in cycles.
#[derive(Default)]
struct Spent {
    busy: u64,
    poll: u64,
    rest: u64,
}

impl State {
    pub(super) fn new(pool: MbufPool, tables: Tables, pipeline: Pipeline, config: WorkerConfig) -> Self {
        Self {
            slots: Slots::default(),
            pool,
            tables,
            pipeline,
            steps: Vec::new(),
            replies: Vec::new(),
            start: Instant::now(),
            idle: Idle::new(config.rest),
            spent: Spent::default(),
        }
    }

    pub(super) fn run(mut self, mut inbox: Receiver<Job>, stop: &Arc<AtomicBool>) {
        let mut burst = Burst::new();
        let mut time = cycles();
        while !stop.load(Ordering::Acquire) {
            let mut jobs = 0;
            for _ in 0..CHANGES_PER_ROUND {
                let Ok(job) = inbox.try_recv() else { break };
                self.perform(job);
                jobs += 1;
            }
            let mut packets = 0;
            for port in 0..self.slots.0.len() {
                packets += self.forward_port(port, &mut burst);
                packets += self.relay_twin(port, &mut burst);
            }
            if packets > 0 {
                self.flush();
            }
            let now = cycles();
            let spent = if packets + jobs > 0 { &mut self.spent.busy } else { &mut self.spent.poll };
            *spent += now.wrapping_sub(time);
            time = now;
            if let Some(rest) = self.idle.after(packets, jobs) {
                thread::park_timeout(rest);
                let now = cycles();
                self.spent.rest += now.wrapping_sub(time);
                time = now;
            }
        }
    }

    fn perform(&mut self, job: Job) {
        match job {
            Job::Tables(request) => {
                request(&mut self.tables, &self.pipeline);
                self.tables.changed();
            }
            Job::SetPort(port, slot, info, answer) => {
                let place = usize::from(port.0);
                if place >= self.slots.0.len() {
                    self.slots.0.resize_with(place + 1, || None);
                }
                let before = std::mem::replace(&mut self.slots.0[place], slot.map(|slot| *slot));
                self.tables.set_port(port, info);
                // The queues go back to the asker, who closes them: that takes longer than packets should wait.
                let _ = answer.send(before.map(|slot| slot.port));
            }
            Job::SetEnabled(port, enabled) => {
                if let Some(slot) = self.slots.get_mut(usize::from(port.0)) {
                    slot.enabled = enabled;
                }
            }
            Job::SetMtu(port, mtu) => {
                let info = self.tables.ports.get(usize::from(port.0)).copied().flatten();
                if let Some(mut info) = info {
                    info.mtu = mtu;
                    self.tables.set_port(port, Some(info));
                }
            }
            Job::Counts(answer) => {
                let _ = answer.send(Box::new(self.counts()));
            }
        }
    }

    fn counts(&self) -> Counts {
        let per_second = cycles_per_second().max(1);
        let time = |cycles: u64| {
            let nanos = u128::from(cycles) * 1_000_000_000 / u128::from(per_second);
            Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
        };
        Counts {
            ports: self.slots.0.iter().map(|slot| slot.as_ref().map(|slot| slot.count)).collect(),
            nodes: *self.pipeline.nodes(),
            drops: self.pipeline.drops().clone(),
            busy: time(self.spent.busy),
            poll: time(self.spent.poll),
            rest: time(self.spent.rest),
        }
    }

    /// Receives from a port and forwards; says how many frames there were.
    fn forward_port(&mut self, port: usize, burst: &mut Burst) -> usize {
        let since = cycles();
        let Some(slot) = self.slots.get_mut(port) else { return 0 };
        let received = slot.port.rx.receive(burst);
        let Ok(id) = u16::try_from(port).map(PortId) else { return 0 };
        if received == 0 {
            return 0;
        }
        if !slot.enabled {
            // Taken all the same, so that nothing old goes out when the port is enabled again.
            self.pipeline.count_drops(DropReason::PortDisabled, received as u64);
            burst.clear();
            return 0;
        }
        self.pipeline.count_node(Node::Receive, received, since);
        let (steps, replies) = (&mut self.steps, &mut self.replies);
        steps.clear();
        self.pipeline.run(&self.tables, id, burst, self.start.elapsed(), |_, outcome| {
            steps.push(match outcome {
                Outcome::Send(to) => Step::Send(to),
                Outcome::Punt => Step::Punt,
                Outcome::Drop => Step::Drop,
                Outcome::Reply(bytes) => {
                    replies.push(bytes);
                    Step::Drop
                }
            });
        });
        let since = cycles();
        for (packet, step) in burst.drain().zip(&self.steps) {
            match *step {
                Step::Send(to) => self.slots.push_wire(usize::from(to.0), packet, &mut self.pipeline),
                Step::Punt => self.slots.push_linux(port, packet, &mut self.pipeline),
                Step::Drop => {}
            }
        }
        for bytes in self.replies.drain(..) {
            // An error that finds no buffer is not sent: errors are a courtesy.
            let reply = self.pool.alloc().and_then(|mut reply| {
                reply.append(u16::try_from(bytes.len()).ok()?)?.copy_from_slice(&bytes);
                Some(reply)
            });
            if let Some(reply) = reply {
                self.slots.push_wire(port, reply, &mut self.pipeline);
            }
        }
        self.pipeline.spend(Node::Send, since);
        received
    }

    /// Sends what Linux wrote to a port's twin; says how many frames there were.
    fn relay_twin(&mut self, port: usize, burst: &mut Burst) -> usize {
        let since = cycles();
        let Some(slot) = self.slots.get_mut(port) else { return 0 };
        let Some((twin, _)) = &mut slot.port.twin else { return 0 };
        let received = twin.receive(burst);
        if received == 0 {
            return 0;
        }
        slot.count.injected += received as u64;
        for packet in burst.drain() {
            self.slots.push_wire(port, packet, &mut self.pipeline);
        }
        self.pipeline.count_node(Node::Inject, received, since);
        received
    }

    /// Sends all that waits.
    fn flush(&mut self) {
        let since = cycles();
        let Self { slots, pipeline, .. } = self;
        let sent = slots.0.iter_mut().flatten().map(|slot| slot.flush(pipeline)).sum();
        if sent > 0 {
            self.pipeline.count_node(Node::Send, sent, since);
        }
    }
}
