//! Finds libdpdk with pkg-config, compiles the shim and generates the bindings from the installed headers.

use std::env;
use std::error::Error;
use std::path::PathBuf;
use std::process::Command;

/// The oldest release that the bindings are tested with (Debian 12).
const OLDEST: &str = "22.11";

/// The functions that the data plane calls; nothing else is bound.
const FUNCTIONS: &[&str] = &[
    "daybreak_.*",
    "rte_eal_hotplug_add",
    "rte_eal_hotplug_remove",
    "rte_eal_init",
    "rte_eth_add_rx_callback",
    "rte_eth_allmulticast_enable",
    "rte_eth_dev_adjust_nb_rx_tx_desc",
    "rte_eth_dev_configure",
    "rte_eth_dev_get_mtu",
    "rte_eth_dev_get_port_by_name",
    "rte_eth_dev_info_get",
    "rte_eth_dev_set_mtu",
    "rte_eth_dev_socket_id",
    "rte_eth_dev_start",
    "rte_eth_dev_stop",
    "rte_eth_macaddr_get",
    "rte_eth_promiscuous_enable",
    "rte_eth_rx_queue_setup",
    "rte_eth_stats_get",
    "rte_eth_tx_queue_setup",
    "rte_get_tsc_hz",
    "rte_mempool_avail_count",
    "rte_mempool_in_use_count",
    "rte_pktmbuf_free_bulk",
    "rte_pktmbuf_pool_create",
    "rte_strerror",
    "rte_thread_register",
    "rte_version",
];

/// The constants that go with them.
const CONSTANTS: &[&str] = &[
    "DAYBREAK_.*",
    "RTE_EAL_PMD_PATH",
    "RTE_MAX_ETHPORTS",
    "RTE_MBUF_DEFAULT_BUF_SIZE",
    "RTE_PKTMBUF_HEADROOM",
    "RTE_VER_.*",
];

/// Types that Rust holds only by pointer: their fields differ between releases or cannot be laid out in Rust.
const OPAQUE: &[&str] = &[
    "rte_bus",
    "rte_device",
    "rte_driver",
    "rte_eth_dev_portconf",
    "rte_eth_rxseg.*",
    "rte_mbuf",
    "rte_mempool",
    "rte_mempool_.*",
];

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed=shim/shim.c");
    println!("cargo:rerun-if-changed=shim/shim.h");
    let dpdk = pkg_config::Config::new().atleast_version(OLDEST).probe("libdpdk").map_err(|error| {
        format!("DPDK {OLDEST} or newer was not found by pkg-config; on Debian install libdpdk-dev\n{error}")
    })?;
    let machine = machine_flags()?;

    let mut shim = cc::Build::new();
    shim.file("shim/shim.c").includes(&dpdk.include_paths).warnings(true).extra_warnings(true);
    // DPDK's own inline functions are not clean under -Wextra; what is ours is.
    shim.flag("-Wno-unused-parameter").flag("-Wno-deprecated-declarations");
    for flag in &machine {
        shim.flag(flag);
    }
    shim.try_compile("daybreak_dpdk_shim")?;

    let mut bindings = bindgen::Builder::default()
        .header("shim/shim.h")
        .clang_args(dpdk.include_paths.iter().map(|path| format!("-I{}", path.display())))
        .clang_args(&machine)
        .parse_callbacks(Box::new(bindgen::CargoCallbacks::new()))
        .rust_edition(bindgen::RustEdition::Edition2024)
        .derive_default(true)
        .generate_comments(false)
        .prepend_enum_name(false);
    for name in FUNCTIONS {
        bindings = bindings.allowlist_function(name);
    }
    for name in CONSTANTS {
        bindings = bindings.allowlist_var(name);
    }
    for name in OPAQUE {
        bindings = bindings.opaque_type(name);
    }
    let bindings = bindings.allowlist_type("daybreak_mbuf_offset").generate()?;
    bindings.write_to_file(PathBuf::from(env::var("OUT_DIR")?).join("bindings.rs"))?;
    Ok(())
}

/// Flags such as `-march=corei7`, without which DPDK's headers do not compile; the pkg-config crate leaves them out.
fn machine_flags() -> Result<Vec<String>, Box<dyn Error>> {
    let program = env::var("PKG_CONFIG").unwrap_or_else(|_| "pkg-config".to_owned());
    let output = Command::new(program).args(["--cflags-only-other", "libdpdk"]).output()?;
    if !output.status.success() {
        return Err(format!("pkg-config --cflags-only-other libdpdk failed with {}", output.status).into());
    }
    let text = String::from_utf8(output.stdout)?;
    Ok(text.split_whitespace().filter(|flag| flag.starts_with("-m")).map(str::to_owned).collect())
}
