//! Pools of packet buffers.

use std::ffi::CString;
use std::ptr::{self, NonNull};

use daybreak_dpdk_sys as sys;

use super::burst::{Burst, own};
use super::eal::Eal;
use super::error::DpdkError;
use super::mbuf::Mbuf;

/// Packet buffers of one size, allocated at once. A pool lives until the process ends, because packets may be in the
/// hands of a port at any time; so make few, at start.
#[derive(Debug, Clone, Copy)]
pub struct MbufPool(NonNull<sys::rte_mempool>);

// SAFETY: DPDK's default pools are rings that any thread may put to and get from.
unsafe impl Send for MbufPool {}
// SAFETY: as above.
unsafe impl Sync for MbufPool {}

impl MbufPool {
    /// A pool of `count` buffers that each hold a packet of `room` bytes after the usual headroom (128 bytes). Each
    /// DPDK thread keeps up to `cache` free buffers to itself.
    ///
    /// # Errors
    /// When the name is taken or unusable, or the memory is too small.
    pub fn new(_eal: &'static Eal, name: &str, count: u32, cache: u32, room: u16) -> Result<Self, DpdkError> {
        let unusable = |why| DpdkError::Argument { what: "pool", value: name.to_owned(), why };
        let c_name = CString::new(name).map_err(|_| unusable("its name contains a NUL byte"))?;
        let size = u16::try_from(sys::RTE_PKTMBUF_HEADROOM)
            .ok()
            .and_then(|headroom| headroom.checked_add(room))
            .ok_or_else(|| unusable("its buffers would exceed 64 KiB"))?;
        // SAFETY: DPDK runs (`_eal`), the name is NUL-terminated and copied by DPDK.
        let pool = unsafe { sys::rte_pktmbuf_pool_create(c_name.as_ptr(), count, cache, 0, size, -1) };
        NonNull::new(pool).map(Self).ok_or_else(|| {
            DpdkError::call(
                "make the buffer pool",
                name,
                -1,
                "Give DPDK more memory or ask for fewer buffers.",
            )
        })
    }

    /// An empty packet, or `None` when all buffers are in use.
    pub fn alloc(&self) -> Option<Mbuf> {
        let mut packet = ptr::null_mut();
        // SAFETY: the pool is live; one pointer is written when 0 is returned.
        let code = unsafe { sys::daybreak_pktmbuf_alloc_bulk(self.0.as_ptr(), &raw mut packet, 1) };
        // SAFETY: it is still null, or a fresh mbuf that is ours.
        if code == 0 { unsafe { own(packet) } } else { None }
    }

    /// Fills the rest of a burst with empty packets; false, and nothing changed, when there are too few buffers.
    pub fn fill(&self, burst: &mut Burst) -> bool {
        let (place, count) = burst.spare();
        // SAFETY: the pool is live and `place` has room for `count` pointers.
        let code = unsafe { sys::daybreak_pktmbuf_alloc_bulk(self.0.as_ptr(), place, u32::from(count)) };
        if code != 0 {
            return false;
        }
        // SAFETY: DPDK wrote `count` fresh mbufs that are ours.
        unsafe { burst.grow(count) };
        true
    }

    /// Buffers in use.
    pub fn in_use(&self) -> u32 {
        // SAFETY: the pool is live.
        unsafe { sys::rte_mempool_in_use_count(self.0.as_ptr()) }
    }

    /// Free buffers.
    pub fn available(&self) -> u32 {
        // SAFETY: the pool is live.
        unsafe { sys::rte_mempool_avail_count(self.0.as_ptr()) }
    }

    /// For DPDK's own use.
    pub(super) fn as_ptr(self) -> *mut sys::rte_mempool {
        self.0.as_ptr()
    }
}
