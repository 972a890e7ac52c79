//! Reading the fields of a packet buffer (`struct rte_mbuf`) at the offsets of the installed DPDK.
//!
//! Each function costs one load or store, as the field access in C does.

use std::ffi::c_void;

use crate::ffi;

/// Reads the field at `offset`.
///
/// # Safety
/// `packet` points to a live mbuf and `offset` is that of a field of type `T`.
#[inline]
unsafe fn get<T: Copy>(packet: *const ffi::rte_mbuf, offset: u32) -> T {
    // SAFETY: by the contract above; fields of an mbuf are aligned for their type.
    unsafe { packet.byte_add(offset as usize).cast::<T>().read() }
}

/// First byte of the packet's data in this segment.
///
/// # Safety
/// `packet` points to a live mbuf.
#[inline]
pub unsafe fn data(packet: *const ffi::rte_mbuf) -> *mut u8 {
    // SAFETY: the mbuf is live; data_off never exceeds the buffer that buf_addr points to.
    unsafe {
        let buffer: *mut c_void = get(packet, ffi::DAYBREAK_MBUF_BUF_ADDR);
        buffer.cast::<u8>().add(usize::from(get::<u16>(packet, ffi::DAYBREAK_MBUF_DATA_OFF)))
    }
}

/// Bytes of data in this segment.
///
/// # Safety
/// `packet` points to a live mbuf.
#[inline]
pub unsafe fn data_len(packet: *const ffi::rte_mbuf) -> u16 {
    // SAFETY: the mbuf is live.
    unsafe { get(packet, ffi::DAYBREAK_MBUF_DATA_LEN) }
}

/// Bytes of data in all segments.
///
/// # Safety
/// `packet` points to a live mbuf.
#[inline]
pub unsafe fn pkt_len(packet: *const ffi::rte_mbuf) -> u32 {
    // SAFETY: the mbuf is live.
    unsafe { get(packet, ffi::DAYBREAK_MBUF_PKT_LEN) }
}

/// Free bytes before the data.
///
/// # Safety
/// `packet` points to a live mbuf.
#[inline]
pub unsafe fn headroom(packet: *const ffi::rte_mbuf) -> u16 {
    // SAFETY: the mbuf is live.
    unsafe { get(packet, ffi::DAYBREAK_MBUF_DATA_OFF) }
}

/// Segments of the packet.
///
/// # Safety
/// `packet` points to a live mbuf.
#[inline]
pub unsafe fn nb_segs(packet: *const ffi::rte_mbuf) -> u16 {
    // SAFETY: the mbuf is live.
    unsafe { get(packet, ffi::DAYBREAK_MBUF_NB_SEGS) }
}

/// The port that received the packet.
///
/// # Safety
/// `packet` points to a live mbuf.
#[inline]
pub unsafe fn port(packet: *const ffi::rte_mbuf) -> u16 {
    // SAFETY: the mbuf is live.
    unsafe { get(packet, ffi::DAYBREAK_MBUF_PORT) }
}

/// Owners of the buffer.
///
/// # Safety
/// `packet` points to a live mbuf.
#[inline]
pub unsafe fn refcnt(packet: *const ffi::rte_mbuf) -> u16 {
    // SAFETY: the mbuf is live.
    unsafe { get(packet, ffi::DAYBREAK_MBUF_REFCNT) }
}

/// Offload flags.
///
/// # Safety
/// `packet` points to a live mbuf.
#[inline]
pub unsafe fn ol_flags(packet: *const ffi::rte_mbuf) -> u64 {
    // SAFETY: the mbuf is live.
    unsafe { get(packet, ffi::DAYBREAK_MBUF_OL_FLAGS) }
}
