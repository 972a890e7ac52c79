//! A packet generator without a wire: writes headers into the packets that a `null` port receives.
//!
//! That port hands out empty buffers, the same few again and again; looked up as they are, every packet would have one
//! destination and the tables would stay in the cache.

use std::ffi::c_void;
use std::ptr::NonNull;

use daybreak_dpdk_sys as sys;

use super::error::DpdkError;
use super::mbuf::Mbuf;
use super::port::Port;

/// Headers, one after the other for as long as the process lives.
struct Headers {
    list: Vec<[u8; 34]>,
    next: usize,
}

/// Lets every packet that the port receives begin with the next of `headers` (Ethernet and IPv4). To be called before
/// the packet thread has the port.
///
/// # Errors
/// When there are no headers, or DPDK refuses.
pub fn stamp(port: &Port, headers: Vec<[u8; 34]>) -> Result<(), DpdkError> {
    if headers.is_empty() {
        return Err(DpdkError::Argument { what: "headers", value: "[]".into(), why: "there are none" });
    }
    let headers: &'static mut Headers = Box::leak(Box::new(Headers { list: headers, next: 0 }));
    let user = std::ptr::from_mut(headers).cast::<c_void>();
    // SAFETY: the port is open; the function fits, and what it is given lives for ever and has no other user.
    let callback = unsafe { sys::rte_eth_add_rx_callback(port.id(), 0, Some(write), user) };
    if callback.is_null() {
        return Err(DpdkError::call("stamp packets of", port.name(), -1, ""));
    }
    Ok(())
}

/// DPDK calls this on the thread that receives, after each burst.
unsafe extern "C" fn write(
    _port: u16,
    _queue: u16,
    packets: *mut *mut sys::rte_mbuf,
    count: u16,
    _room: u16,
    user: *mut c_void,
) -> u16 {
    // SAFETY: `user` is what `stamp` gave, and one thread receives at a time.
    let headers = unsafe { &mut *user.cast::<Headers>() };
    for place in 0..usize::from(count) {
        // SAFETY: the driver put `count` packets there, which stay with DPDK: the handle is given back, not dropped.
        let packet = unsafe { NonNull::new(*packets.add(place)).map(|packet| Mbuf::from_raw(packet)) };
        let Some(mut packet) = packet.map(std::mem::ManuallyDrop::new) else { continue };
        if let Some(start) = packet.data_mut().first_chunk_mut::<34>() {
            *start = headers.list[headers.next];
        }
        headers.next = if headers.next + 1 == headers.list.len() { 0 } else { headers.next + 1 };
    }
    count
}
