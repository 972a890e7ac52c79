//! The layout that the bindings use (from libclang) against the one that the shim was compiled with (the C compiler).
#![allow(unsafe_code, reason = "tests the foreign function interface")]

use std::ffi::CStr;
use std::mem::{MaybeUninit, offset_of, size_of};

use daybreak_dpdk_sys as sys;

fn layout() -> sys::daybreak_layout {
    let mut out = MaybeUninit::zeroed();
    // SAFETY: the function writes the whole struct, which is plain numbers.
    unsafe {
        sys::daybreak_layout(out.as_mut_ptr());
        out.assume_init()
    }
}

#[test]
fn packet_buffer_offsets_agree() {
    let c = layout();
    for (field, rust, c) in [
        ("size", size_of::<sys::rte_mbuf>(), c.mbuf_size),
        ("buf_addr", sys::DAYBREAK_MBUF_BUF_ADDR as usize, c.mbuf_buf_addr),
        ("data_off", sys::DAYBREAK_MBUF_DATA_OFF as usize, c.mbuf_data_off),
        ("refcnt", sys::DAYBREAK_MBUF_REFCNT as usize, c.mbuf_refcnt),
        ("nb_segs", sys::DAYBREAK_MBUF_NB_SEGS as usize, c.mbuf_nb_segs),
        ("port", sys::DAYBREAK_MBUF_PORT as usize, c.mbuf_port),
        ("ol_flags", sys::DAYBREAK_MBUF_OL_FLAGS as usize, c.mbuf_ol_flags),
        ("pkt_len", sys::DAYBREAK_MBUF_PKT_LEN as usize, c.mbuf_pkt_len),
        ("data_len", sys::DAYBREAK_MBUF_DATA_LEN as usize, c.mbuf_data_len),
        ("buf_len", sys::DAYBREAK_MBUF_BUF_LEN as usize, c.mbuf_buf_len),
    ] {
        assert_eq!(rust, c, "rte_mbuf {field}");
    }
}

#[test]
fn configuration_structs_agree() {
    let c = layout();
    for (what, rust, c) in [
        ("rte_eth_conf", size_of::<sys::rte_eth_conf>(), c.eth_conf_size),
        ("rte_eth_rxconf", size_of::<sys::rte_eth_rxconf>(), c.eth_rxconf_size),
        ("rte_eth_txconf", size_of::<sys::rte_eth_txconf>(), c.eth_txconf_size),
        ("rte_eth_dev_info", size_of::<sys::rte_eth_dev_info>(), c.eth_dev_info_size),
        ("driver_name", offset_of!(sys::rte_eth_dev_info, driver_name), c.eth_dev_info_driver_name),
        ("default_txconf", offset_of!(sys::rte_eth_dev_info, default_txconf), c.eth_dev_info_default_txconf),
        ("rte_eth_stats", size_of::<sys::rte_eth_stats>(), c.eth_stats_size),
        ("rx_nombuf", offset_of!(sys::rte_eth_stats, rx_nombuf), c.eth_stats_rx_nombuf),
        ("rte_ether_addr", size_of::<sys::rte_ether_addr>(), c.ether_addr_size),
    ] {
        assert_eq!(rust, c, "{what}");
    }
}

#[test]
fn the_library_that_runs_is_the_one_compiled_for() {
    // SAFETY: returns a static string.
    let version = unsafe { CStr::from_ptr(sys::rte_version()) }.to_string_lossy().into_owned();
    let compiled = format!("DPDK {}.{:02}.", sys::RTE_VER_YEAR, sys::RTE_VER_MONTH);
    assert!(version.starts_with(&compiled), "headers are {compiled}*, the loaded library says {version}");
}
