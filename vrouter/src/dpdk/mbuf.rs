//! One packet buffer, owned.

use std::fmt;
use std::ptr::NonNull;
use std::slice;

use daybreak_dpdk_sys as sys;

/// A packet in DPDK's memory. Dropping it gives the buffer back to its pool.
///
/// Data means the bytes of the first segment; ports are set up so that a packet of their MTU fits in one.
#[repr(transparent)]
pub struct Mbuf(NonNull<sys::rte_mbuf>);

// SAFETY: a buffer belongs to no thread; DPDK's pools take and give from any.
unsafe impl Send for Mbuf {}

impl Mbuf {
    /// Takes ownership.
    ///
    /// # Safety
    /// `packet` is a live mbuf that nobody else owns or reads.
    pub(super) unsafe fn from_raw(packet: NonNull<sys::rte_mbuf>) -> Self {
        Self(packet)
    }

    /// The packet's bytes.
    #[inline]
    pub fn data(&self) -> &[u8] {
        // SAFETY: we own the live mbuf; data_len bytes from its data on are inside its buffer, which the pool
        // zeroed or a port filled.
        unsafe {
            slice::from_raw_parts(
                sys::mbuf::data(self.0.as_ptr()),
                usize::from(sys::mbuf::data_len(self.0.as_ptr())),
            )
        }
    }

    /// The packet's bytes, to be changed.
    #[inline]
    pub fn data_mut(&mut self) -> &mut [u8] {
        // SAFETY: as in `data`; we are the only owner and `self` is borrowed for as long as the slice lives.
        unsafe {
            let length = usize::from(sys::mbuf::data_len(self.0.as_ptr()));
            slice::from_raw_parts_mut(sys::mbuf::data(self.0.as_ptr()), length)
        }
    }

    /// Bytes of the packet in all its segments.
    #[inline]
    pub fn packet_len(&self) -> u32 {
        // SAFETY: we own the live mbuf.
        unsafe { sys::mbuf::pkt_len(self.0.as_ptr()) }
    }

    /// Whether the whole packet is in [`Self::data`].
    #[inline]
    pub fn is_contiguous(&self) -> bool {
        // SAFETY: we own the live mbuf.
        unsafe { sys::mbuf::nb_segs(self.0.as_ptr()) == 1 }
    }

    /// Free bytes before the data.
    pub fn headroom(&self) -> u16 {
        // SAFETY: we own the live mbuf.
        unsafe { sys::mbuf::headroom(self.0.as_ptr()) }
    }

    /// Adds `length` bytes before the data and gives them to be written; `None` when there is no room.
    pub fn prepend(&mut self, length: u16) -> Option<&mut [u8]> {
        // SAFETY: we own the live mbuf; DPDK returns null or the start of `length` more bytes of its buffer.
        unsafe {
            let start = NonNull::new(sys::daybreak_pktmbuf_prepend(self.0.as_ptr(), length))?;
            Some(slice::from_raw_parts_mut(start.as_ptr().cast(), usize::from(length)))
        }
    }

    /// Adds `length` bytes after the data and gives them to be written; `None` when there is no room.
    pub fn append(&mut self, length: u16) -> Option<&mut [u8]> {
        // SAFETY: we own the live mbuf; DPDK returns null or the start of `length` more bytes of its buffer.
        unsafe {
            let start = NonNull::new(sys::daybreak_pktmbuf_append(self.0.as_ptr(), length))?;
            Some(slice::from_raw_parts_mut(start.as_ptr().cast(), usize::from(length)))
        }
    }

    /// Takes `length` bytes from the front; false, and nothing changed, when there are fewer.
    pub fn advance(&mut self, length: u16) -> bool {
        // SAFETY: we own the live mbuf.
        unsafe { !sys::daybreak_pktmbuf_adj(self.0.as_ptr(), length).is_null() }
    }

    /// Takes `length` bytes from the end; false, and nothing changed, when the last segment has fewer.
    pub fn trim(&mut self, length: u16) -> bool {
        // SAFETY: we own the live mbuf.
        unsafe { sys::daybreak_pktmbuf_trim(self.0.as_ptr(), length) == 0 }
    }
}

impl Drop for Mbuf {
    fn drop(&mut self) {
        // SAFETY: we own the live mbuf, and nobody uses it afterwards.
        unsafe { sys::daybreak_pktmbuf_free(self.0.as_ptr()) }
    }
}

impl fmt::Debug for Mbuf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mbuf").field("len", &self.packet_len()).finish_non_exhaustive()
    }
}
