//! A handful of packets that travel together.

use std::fmt;
use std::mem::{ManuallyDrop, MaybeUninit};
use std::ops::{Deref, DerefMut};
use std::ptr::NonNull;

use daybreak_dpdk_sys as sys;

use super::mbuf::Mbuf;

/// Packets in a burst at most. 32 pointers are four cache lines, and enough to hide the latency of a table lookup.
pub const BURST: usize = 32;

/// Up to [`BURST`] packets, owned, in order. It is a slice of [`Mbuf`].
pub struct Burst {
    packets: [MaybeUninit<Mbuf>; BURST],
    /// The first `len` packets are there.
    len: usize,
}

impl Burst {
    /// An empty burst.
    pub const fn new() -> Self {
        Self { packets: [const { MaybeUninit::uninit() }; BURST], len: 0 }
    }

    /// Adds a packet, or gives it back when the burst is full.
    ///
    /// # Errors
    /// The packet, when there is no place.
    #[inline]
    pub fn push(&mut self, packet: Mbuf) -> Result<(), Mbuf> {
        let Some(place) = self.packets.get_mut(self.len) else { return Err(packet) };
        place.write(packet);
        self.len += 1;
        Ok(())
    }

    /// Takes the last packet.
    #[inline]
    pub fn pop(&mut self) -> Option<Mbuf> {
        self.len = self.len.checked_sub(1)?;
        // SAFETY: the place was filled, and with `len` lowered nobody reads it again.
        Some(unsafe { self.packets[self.len].assume_init_read() })
    }

    /// Takes all packets, first to last. Those that the iterator is not asked for are freed with it.
    #[inline]
    pub fn drain(&mut self) -> impl Iterator<Item = Mbuf> {
        std::mem::take(self).into_packets()
    }

    /// The packets by value.
    fn into_packets(self) -> IntoPackets {
        IntoPackets { burst: ManuallyDrop::new(self), next: 0 }
    }

    /// Frees all packets with one call.
    pub fn clear(&mut self) {
        let count = std::mem::take(&mut self.len);
        if count > 0 {
            // SAFETY: the first `count` places hold live mbufs of ours, `Mbuf` is a transparent pointer, and with `len`
            // at 0 nobody uses them again.
            unsafe { sys::rte_pktmbuf_free_bulk(self.raw(), u32::try_from(count).unwrap_or(0)) }
        }
    }

    /// Where DPDK reads or writes packet pointers.
    pub(super) fn raw(&mut self) -> *mut *mut sys::rte_mbuf {
        self.packets.as_mut_ptr().cast()
    }

    /// Room for more packets, as DPDK's place to write them and how many.
    pub(super) fn spare(&mut self) -> (*mut *mut sys::rte_mbuf, u16) {
        let free = u16::try_from(BURST - self.len).unwrap_or(0);
        // SAFETY: `len` never exceeds the array.
        (unsafe { self.raw().add(self.len) }, free)
    }

    /// Says that DPDK wrote `count` packets to [`Self::spare`].
    ///
    /// # Safety
    /// The next `count` places hold live mbufs that nobody else owns.
    pub(super) unsafe fn grow(&mut self, count: u16) {
        self.len += usize::from(count);
        debug_assert!(self.len <= BURST, "DPDK gave more packets than it was asked for");
    }

    /// Forgets the first `count` packets, which DPDK owns now, and moves the others to the front.
    pub(super) fn forget_front(&mut self, count: usize) {
        debug_assert!(count <= self.len, "DPDK took more packets than there were");
        let left = self.len.saturating_sub(count);
        let base = self.packets.as_mut_ptr();
        // SAFETY: places `count..len` hold packets; they are moved inside the array and `len` covers them once.
        unsafe { std::ptr::copy(base.add(self.len - left), base, left) };
        self.len = left;
    }
}

impl Deref for Burst {
    type Target = [Mbuf];

    #[inline]
    fn deref(&self) -> &[Mbuf] {
        // SAFETY: the first `len` places are filled.
        unsafe { self.packets[..self.len].assume_init_ref() }
    }
}

impl DerefMut for Burst {
    #[inline]
    fn deref_mut(&mut self) -> &mut [Mbuf] {
        // SAFETY: the first `len` places are filled.
        unsafe { self.packets[..self.len].assume_init_mut() }
    }
}

impl Default for Burst {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for Burst {
    fn drop(&mut self) {
        self.clear();
    }
}

impl fmt::Debug for Burst {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

/// Packets of a burst by value.
struct IntoPackets {
    /// Never dropped as a burst: its places before `next` are given out.
    burst: ManuallyDrop<Burst>,
    next: usize,
}

impl Iterator for IntoPackets {
    type Item = Mbuf;

    #[inline]
    fn next(&mut self) -> Option<Mbuf> {
        if self.next == self.burst.len {
            return None;
        }
        let place = self.next;
        self.next += 1;
        // SAFETY: the place is filled, and `next` has passed it, so it is read once.
        Some(unsafe { self.burst.packets[place].assume_init_read() })
    }
}

impl Drop for IntoPackets {
    fn drop(&mut self) {
        while self.next().is_some() {}
    }
}

/// Takes ownership of a pointer that DPDK gave out.
///
/// # Safety
/// The pointer is null or a live mbuf that nobody else owns.
pub(super) unsafe fn own(packet: *mut sys::rte_mbuf) -> Option<Mbuf> {
    // SAFETY: by the contract above.
    NonNull::new(packet).map(|packet| unsafe { Mbuf::from_raw(packet) })
}
