//! Where frames come from and go out, in bursts.

use crate::dpdk::{Burst, Mbuf, RxQueue, TxQueue};
use crate::forward::{DropReason, Pipeline};

/// A port with its twin, as the worker gets it and gives it back.
#[derive(Debug)]
pub struct DataPort {
    /// Frames from the wire.
    pub rx: RxQueue,
    /// Frames to the wire.
    pub tx: TxQueue,
    /// The TAP interface that Linux sees in the port's place: from it and to it.
    pub twin: Option<(RxQueue, TxQueue)>,
}

/// What went between a port and Linux.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TwinCount {
    /// Frames given to Linux.
    pub punted: u64,
    /// Frames taken from Linux.
    pub injected: u64,
}

/// A port in its place.
pub(super) struct Slot {
    pub(super) port: DataPort,
    pub(super) enabled: bool,
    pub(super) count: TwinCount,
    /// Frames that wait for their burst to fill or for the end of the round.
    wire: Burst,
    linux: Burst,
}

impl Slot {
    pub(super) fn new(port: DataPort, enabled: bool) -> Self {
        Self { port, enabled, count: TwinCount::default(), wire: Burst::new(), linux: Burst::new() }
    }

    /// Sends all that waits; says how many frames there were.
    pub(super) fn flush(&mut self, pipeline: &mut Pipeline) -> usize {
        let waiting = self.wire.len() + self.linux.len();
        self.flush_wire(pipeline);
        self.flush_linux(pipeline);
        waiting
    }

    fn flush_wire(&mut self, pipeline: &mut Pipeline) {
        send(&mut self.wire, &mut self.port.tx, DropReason::SendQueueFull, pipeline);
    }

    fn flush_linux(&mut self, pipeline: &mut Pipeline) {
        if let Some((_, to)) = &mut self.port.twin {
            self.count.punted += send(&mut self.linux, to, DropReason::TwinDown, pipeline);
        }
    }
}

/// Ports by number.
#[derive(Default)]
pub(super) struct Slots(pub(super) Vec<Option<Slot>>);

impl Slots {
    pub(super) fn get_mut(&mut self, port: usize) -> Option<&mut Slot> {
        self.0.get_mut(port)?.as_mut()
    }

    /// Sends a frame on a port, soon.
    pub(super) fn push_wire(&mut self, port: usize, packet: Mbuf, pipeline: &mut Pipeline) {
        match self.get_mut(port) {
            None => pipeline.count_drops(DropReason::NoPort, 1),
            Some(slot) if !slot.enabled => pipeline.count_drops(DropReason::PortDisabled, 1),
            Some(slot) => {
                if let Err(packet) = slot.wire.push(packet) {
                    slot.flush_wire(pipeline);
                    // There is room now.
                    let _ = slot.wire.push(packet);
                }
            }
        }
    }

    /// Gives a frame to Linux, soon.
    pub(super) fn push_linux(&mut self, port: usize, packet: Mbuf, pipeline: &mut Pipeline) {
        match self.get_mut(port) {
            Some(slot) if slot.port.twin.is_some() => {
                if let Err(packet) = slot.linux.push(packet) {
                    slot.flush_linux(pipeline);
                    // There is room now.
                    let _ = slot.linux.push(packet);
                }
            }
            _ => pipeline.count_drops(DropReason::NoTwin, 1),
        }
    }
}

/// Sends a burst and says how much went; what there is no room for is dropped and counted, for waiting would hold up
/// everybody.
fn send(burst: &mut Burst, to: &mut TxQueue, lost: DropReason, pipeline: &mut Pipeline) -> u64 {
    if burst.is_empty() {
        return 0;
    }
    let sent = to.send(burst);
    if !burst.is_empty() {
        pipeline.count_drops(lost, burst.len() as u64);
        burst.clear();
    }
    sent as u64
}
