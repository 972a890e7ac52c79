//! Ports: opened, started, asked for their state, closed when the last handle goes.

use std::ffi::{CStr, CString};
use std::mem::MaybeUninit;
use std::ops::RangeInclusive;
use std::ptr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU16, Ordering};

use daybreak_dpdk_sys as sys;

use super::eal::Eal;
use super::error::{DpdkError, check};
use super::pool::MbufPool;
use super::queue::{RxQueue, TxQueue};
use super::spec::PortSpec;
use crate::packet::MacAddr;

/// How a port is set up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PortConfig {
    /// Descriptors of the receive queue; the driver may round it.
    pub rx_descriptors: u16,
    /// Descriptors of the send queue; the driver may round it.
    pub tx_descriptors: u16,
    /// Largest IP packet in bytes.
    pub mtu: u16,
    /// Which packets the device lets through.
    pub filter: Filter,
}

/// Which packets a device lets through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Filter {
    /// What its driver does by itself.
    Driver,
    /// Those to the port's address and to groups. A device that cannot tell groups apart lets everything through.
    Router,
}

impl Default for PortConfig {
    fn default() -> Self {
        Self { rx_descriptors: 512, tx_descriptors: 512, mtu: 1500, filter: Filter::Driver }
    }
}

/// Counters of a port since it was started, as its driver keeps them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PortStats {
    /// Packets received.
    pub rx_packets: u64,
    /// Bytes received, Ethernet header included.
    pub rx_bytes: u64,
    /// Packets that the device dropped because we were too slow.
    pub rx_missed: u64,
    /// Packets received with errors.
    pub rx_errors: u64,
    /// Packets that found no free buffer.
    pub rx_no_buffer: u64,
    /// Packets sent.
    pub tx_packets: u64,
    /// Bytes sent, Ethernet header included.
    pub tx_bytes: u64,
    /// Packets that failed to be sent.
    pub tx_errors: u64,
}

/// State of a port's link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Link {
    /// Whether there is a carrier.
    pub up: bool,
    /// Megabit per second; `None` when the driver does not know.
    pub speed: Option<u32>,
}

/// Which of DPDK's ports are open: a second opening would share queues that allow one user each.
static OPEN: [AtomicBool; sys::RTE_MAX_ETHPORTS as usize] =
    [const { AtomicBool::new(false) }; sys::RTE_MAX_ETHPORTS as usize];

/// A started device; stopped and closed when dropped.
#[derive(Debug)]
pub(super) struct Device {
    pub(super) id: u16,
    name: String,
    bus: &'static str,
}

impl Drop for Device {
    fn drop(&mut self) {
        let (Ok(bus), Ok(name)) = (CString::new(self.bus), CString::new(self.name.as_str())) else { return };
        // SAFETY: the port is ours, and both queues are gone, for they hold this device too. A device that will not
        // stop is unplugged all the same, which closes it; there is nobody left to tell.
        unsafe {
            sys::rte_eth_dev_stop(self.id);
            sys::rte_eal_hotplug_remove(bus.as_ptr(), name.as_ptr());
        }
        if let Some(open) = OPEN.get(usize::from(self.id)) {
            open.store(false, Ordering::Release);
        }
    }
}

/// A started port.
#[derive(Debug, Clone)]
pub struct Port {
    device: Arc<Device>,
}

impl Port {
    /// Opens a device, with one queue each way, and starts it.
    ///
    /// # Errors
    /// When DPDK does not know the device, another port has it, or its driver refuses the set-up.
    pub fn open(
        _eal: &'static Eal,
        spec: &PortSpec,
        pool: MbufPool,
        config: PortConfig,
    ) -> Result<(Self, RxQueue, TxQueue), DpdkError> {
        static NEXT: AtomicU16 = AtomicU16::new(0);
        let (name, arguments) = spec.device(NEXT.fetch_add(1, Ordering::Relaxed))?;
        let device = Arc::new(plug(spec, name, &arguments)?);
        device.set_up(pool, config)?;
        let (rx, tx) = (RxQueue { device: Arc::clone(&device) }, TxQueue { device: Arc::clone(&device) });
        Ok((Self { device }, rx, tx))
    }

    /// DPDK's name of the device: a PCI address, or such as `net_tap0`.
    pub fn name(&self) -> &str {
        &self.device.name
    }

    /// DPDK's number of the port.
    #[cfg(feature = "bench")]
    pub(super) fn id(&self) -> u16 {
        self.device.id
    }

    /// The hardware address.
    ///
    /// # Errors
    /// When the driver does not say.
    pub fn mac(&self) -> Result<MacAddr, DpdkError> {
        let mut mac = sys::rte_ether_addr::default();
        // SAFETY: the port is open and `mac` is written.
        let code = unsafe { sys::rte_eth_macaddr_get(self.device.id, &raw mut mac) };
        check(code, "read the hardware address of", self.name(), "")?;
        Ok(MacAddr(mac.addr_bytes))
    }

    /// Largest IP packet in bytes.
    ///
    /// # Errors
    /// When the driver does not say.
    pub fn mtu(&self) -> Result<u16, DpdkError> {
        let mut mtu = 0;
        // SAFETY: the port is open and `mtu` is written.
        let code = unsafe { sys::rte_eth_dev_get_mtu(self.device.id, &raw mut mtu) };
        check(code, "read the MTU of", self.name(), "")?;
        Ok(mtu)
    }

    /// Changes the largest IP packet in bytes. A driver of a Linux interface changes that of the interface, which it
    /// looks for in the network namespace of the calling thread. Drivers without the notion, as rings, take any.
    ///
    /// # Errors
    /// When the driver refuses the value.
    pub fn set_mtu(&self, mtu: u16) -> Result<(), DpdkError> {
        const ENOTSUP: i32 = -95;
        // SAFETY: the port is open.
        let code = unsafe { sys::rte_eth_dev_set_mtu(self.device.id, mtu) };
        if code == ENOTSUP {
            return Ok(());
        }
        check(code, "set the MTU of", self.name(), "The driver's limits are in `vrouterd ctl ports`.")?;
        Ok(())
    }

    /// The smallest and the largest MTU that the driver takes.
    ///
    /// # Errors
    /// When the driver does not say.
    pub fn mtu_range(&self) -> Result<RangeInclusive<u16>, DpdkError> {
        /// Ethernet header and checksum.
        const OVERHEAD: u32 = 18;
        let info = self.device.info()?;
        // As DPDK checks it: by the MTU that the driver says, and by the longest frame, which leaves room for what the
        // driver adds to a packet, or for the usual where it does not say.
        let says = info.max_mtu != u16::MAX && info.max_rx_pktlen > u32::from(info.max_mtu);
        let overhead = if says { info.max_rx_pktlen - u32::from(info.max_mtu) } else { OVERHEAD };
        let by_frame = u16::try_from(info.max_rx_pktlen.saturating_sub(overhead)).unwrap_or(u16::MAX);
        Ok(info.min_mtu..=info.max_mtu.min(by_frame))
    }

    /// The driver's counters.
    ///
    /// # Errors
    /// When the driver has none.
    pub fn stats(&self) -> Result<PortStats, DpdkError> {
        let mut stats = sys::rte_eth_stats::default();
        // SAFETY: the port is open and `stats` is written.
        let code = unsafe { sys::rte_eth_stats_get(self.device.id, &raw mut stats) };
        check(code, "read the counters of", self.name(), "")?;
        Ok(PortStats {
            rx_packets: stats.ipackets,
            rx_bytes: stats.ibytes,
            rx_missed: stats.imissed,
            rx_errors: stats.ierrors,
            rx_no_buffer: stats.rx_nombuf,
            tx_packets: stats.opackets,
            tx_bytes: stats.obytes,
            tx_errors: stats.oerrors,
        })
    }

    /// State of the link, without waiting for the device.
    ///
    /// # Errors
    /// When the driver does not say.
    pub fn link(&self) -> Result<Link, DpdkError> {
        let (mut speed, mut up) = (0, 0);
        // SAFETY: the port is open and both numbers are written.
        let code = unsafe { sys::daybreak_eth_link(self.device.id, &raw mut speed, &raw mut up) };
        check(code, "read the link of", self.name(), "")?;
        let speed = (speed != 0 && speed != u32::MAX).then_some(speed);
        Ok(Link { up: up != 0, speed })
    }

    /// Name of the driver, such as `net_virtio`.
    ///
    /// # Errors
    /// When the driver does not say.
    pub fn driver(&self) -> Result<String, DpdkError> {
        let info = self.device.info()?;
        // SAFETY: not null in any driver; a static string of the driver's.
        Ok(unsafe { CStr::from_ptr(info.driver_name) }.to_string_lossy().into_owned())
    }
}

/// Makes DPDK find the device, if it has not yet.
fn plug(spec: &PortSpec, name: String, arguments: &str) -> Result<Device, DpdkError> {
    let unusable =
        |_| DpdkError::Argument { what: "device", value: name.clone(), why: "it contains a NUL byte" };
    let c_name = CString::new(name.as_str()).map_err(unusable)?;
    let c_arguments = CString::new(arguments).map_err(unusable)?;
    let c_bus = CString::new(spec.bus()).map_err(unusable)?;
    let mut id = 0;
    // SAFETY: strings are NUL-terminated, `id` is written.
    let known = unsafe { sys::rte_eth_dev_get_port_by_name(c_name.as_ptr(), &raw mut id) } == 0;
    if !known {
        // SAFETY: strings are NUL-terminated and copied by DPDK.
        let code = unsafe { sys::rte_eal_hotplug_add(c_bus.as_ptr(), c_name.as_ptr(), c_arguments.as_ptr()) };
        let object = format!("{name} {arguments}");
        check(
            code,
            "add the device",
            object.trim_end(),
            "A PCI device must be allowed at start and bound to vfio-pci or uio_pci_generic; an interface must exist.",
        )?;
        // SAFETY: as above.
        let code = unsafe { sys::rte_eth_dev_get_port_by_name(c_name.as_ptr(), &raw mut id) };
        check(code, "find the port of", &name, "The device is not an Ethernet port, or no driver took it.")?;
    }
    let open = OPEN.get(usize::from(id)).is_none_or(|open| open.swap(true, Ordering::AcqRel));
    if open {
        return Err(DpdkError::Argument { what: "device", value: name, why: "it is open already" });
    }
    Ok(Device { id, name, bus: spec.bus() })
}

impl Device {
    /// What the driver says about itself.
    fn info(&self) -> Result<sys::rte_eth_dev_info, DpdkError> {
        let mut info = MaybeUninit::<sys::rte_eth_dev_info>::zeroed();
        // SAFETY: the port exists; DPDK fills the struct, for which all zeroes is a valid value too.
        unsafe {
            check(sys::rte_eth_dev_info_get(self.id, info.as_mut_ptr()), "ask about", &self.name, "")?;
            Ok(info.assume_init())
        }
    }

    /// Configures one queue each way and starts the port.
    fn set_up(&self, pool: MbufPool, config: PortConfig) -> Result<(), DpdkError> {
        // SAFETY: rte_eth_conf is plain numbers and pointers that may be null; all zeroes asks for no offload, no
        // receive-side scaling and no interrupts, which every driver can do.
        let mut ethernet = unsafe { MaybeUninit::<sys::rte_eth_conf>::zeroed().assume_init() };
        ethernet.rxmode.mtu = config.mtu.into();
        let (mut rx, mut tx) = (config.rx_descriptors, config.tx_descriptors);
        // SAFETY: the port exists and is stopped; all pointers live through their calls; null configurations of queues
        // mean the driver's defaults; the pool is never freed.
        unsafe {
            let code = sys::rte_eth_dev_configure(self.id, 1, 1, &raw const ethernet);
            check(
                code,
                "configure",
                &self.name,
                "The MTU may be beyond its driver, or another process holds the device.",
            )?;
            let code = sys::rte_eth_dev_adjust_nb_rx_tx_desc(self.id, &raw mut rx, &raw mut tx);
            check(code, "size the queues of", &self.name, "")?;
            let node = u32::try_from(sys::rte_eth_dev_socket_id(self.id)).unwrap_or(u32::MAX);
            let code = sys::rte_eth_rx_queue_setup(self.id, 0, rx, node, ptr::null(), pool.as_ptr());
            check(
                code,
                "set up the receive queue of",
                &self.name,
                "Ask for fewer descriptors or give more memory.",
            )?;
            let code = sys::rte_eth_tx_queue_setup(self.id, 0, tx, node, ptr::null());
            check(
                code,
                "set up the send queue of",
                &self.name,
                "Ask for fewer descriptors or give more memory.",
            )?;
            let code = sys::rte_eth_dev_start(self.id);
            check(
                code,
                "start",
                &self.name,
                "The pool needs more buffers than the queues have descriptors.",
            )?;
            // Neighbour discovery and routing protocols come to groups that the device is not told one by one. A device
            // that can do neither, as a ring, has no filter.
            if config.filter == Filter::Router && sys::rte_eth_allmulticast_enable(self.id) < 0 {
                sys::rte_eth_promiscuous_enable(self.id);
            }
        }
        Ok(())
    }
}
