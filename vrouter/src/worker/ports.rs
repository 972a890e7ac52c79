//! Where frames go out, in bursts.

use crate::dpdk::{Burst, Mbuf, RxQueue, TxQueue};
use crate::forward::{DropReason, Pipeline};

/// A port with its twin.
#[derive(Debug)]
pub struct DataPort {
    /// Frames from the wire.
    pub rx: RxQueue,
    /// Frames to the wire.
    pub tx: TxQueue,
    /// The TAP interface that Linux sees in the port's place: from it and to it.
    pub twin: Option<(RxQueue, TxQueue)>,
}

/// Frames that wait for their burst to fill or for the end of the round.
pub(super) struct Outputs {
    wire: Vec<Burst>,
    twin: Vec<Burst>,
}

impl Outputs {
    pub(super) fn new(ports: usize) -> Self {
        let bursts = || (0..ports).map(|_| Burst::new()).collect();
        Self { wire: bursts(), twin: bursts() }
    }

    /// Sends a frame on a port, soon.
    pub(super) fn wire(
        &mut self,
        port: usize,
        packet: Mbuf,
        ports: &mut [DataPort],
        pipeline: &mut Pipeline,
    ) {
        let (Some(burst), Some(to)) = (self.wire.get_mut(port), ports.get_mut(port)) else {
            pipeline.count_drops(DropReason::NoPort, 1);
            return;
        };
        push(burst, packet, &mut to.tx, pipeline);
    }

    /// Gives a frame to Linux, soon.
    pub(super) fn twin(
        &mut self,
        port: usize,
        packet: Mbuf,
        ports: &mut [DataPort],
        pipeline: &mut Pipeline,
    ) {
        let twin = ports.get_mut(port).and_then(|port| port.twin.as_mut());
        let (Some(burst), Some((_, to))) = (self.twin.get_mut(port), twin) else {
            pipeline.count_drops(DropReason::NoTwin, 1);
            return;
        };
        push(burst, packet, to, pipeline);
    }

    /// Sends all that waits.
    pub(super) fn flush(&mut self, ports: &mut [DataPort], pipeline: &mut Pipeline) {
        for ((port, wire), twin) in ports.iter_mut().zip(&mut self.wire).zip(&mut self.twin) {
            send(wire, &mut port.tx, pipeline);
            if let Some((_, to)) = &mut port.twin {
                send(twin, to, pipeline);
            }
        }
    }
}

/// Adds a frame to a burst, which is sent first when it is full.
fn push(burst: &mut Burst, packet: Mbuf, to: &mut TxQueue, pipeline: &mut Pipeline) {
    if let Err(packet) = burst.push(packet) {
        send(burst, to, pipeline);
        // There is room now.
        let _ = burst.push(packet);
    }
}

/// Sends a burst; what the port has no room for is dropped and counted, for waiting would hold up everybody.
fn send(burst: &mut Burst, to: &mut TxQueue, pipeline: &mut Pipeline) {
    if burst.is_empty() {
        return;
    }
    to.send(burst);
    pipeline.count_drops(DropReason::SendQueueFull, burst.len() as u64);
    burst.clear();
}
