//! Receiving and sending bursts.

use std::sync::Arc;

use daybreak_dpdk_sys as sys;

use super::burst::Burst;
use super::port::Device;

/// The receive queue of a port. There is one, because DPDK allows one reader per queue.
#[derive(Debug)]
pub struct RxQueue {
    pub(super) device: Arc<Device>,
}

impl RxQueue {
    /// Receives packets into what is free in the burst, without waiting; says how many came.
    #[inline]
    pub fn receive(&mut self, burst: &mut Burst) -> usize {
        let (place, room) = burst.spare();
        // SAFETY: the device is started as long as it lives, `&mut self` makes us the only reader of its queue 0, and
        // `place` has room for `room` pointers.
        let count = unsafe { sys::daybreak_eth_rx_burst(self.device.id, 0, place, room) };
        // SAFETY: DPDK wrote `count` mbufs that are ours now.
        unsafe { burst.grow(count) };
        usize::from(count)
    }
}

/// The send queue of a port. There is one, because DPDK allows one writer per queue.
#[derive(Debug)]
pub struct TxQueue {
    pub(super) device: Arc<Device>,
}

impl TxQueue {
    /// Gives packets to the port, without waiting, and says how many it took. What it had no room for stays in the
    /// burst, in order.
    #[inline]
    pub fn send(&mut self, burst: &mut Burst) -> usize {
        let count = u16::try_from(burst.len()).unwrap_or(0);
        // SAFETY: the device is started as long as it lives, `&mut self` makes us the only writer of its queue 0, and
        // the first `count` places hold live mbufs of ours; those that DPDK takes are forgotten here.
        let taken = unsafe { sys::daybreak_eth_tx_burst(self.device.id, 0, burst.raw(), count) };
        burst.forget_front(usize::from(taken));
        usize::from(taken)
    }
}
