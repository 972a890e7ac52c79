//! DPDK's environment: memory, buses, logging. Started once, it stays until the process ends.

use std::ffi::{CStr, CString, c_char, c_int};
use std::path::PathBuf;
use std::ptr;
use std::sync::atomic::{AtomicBool, Ordering};

use daybreak_dpdk_sys as sys;

use super::error::{DpdkError, check};
use super::spec::PciAddress;

/// Where packet buffers live.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Memory {
    /// Ordinary pages: works everywhere, at under half of the speed, and only with virtual ports.
    Ordinary {
        /// How much, in MiB.
        mib: u32,
    },
    /// Huge pages. They are unlinked at once, so that a killed process leaves none behind.
    Huge {
        /// How much, in MiB.
        mib: u32,
        /// The mounted hugetlbfs; `None` takes pages without a file system.
        mount: Option<PathBuf>,
    },
}

/// Which PCI devices DPDK may touch.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Pci {
    /// None: the bus is not even scanned.
    #[default]
    None,
    /// These at start, and others as ports are opened.
    Only(Vec<PciAddress>),
}

/// An address that no device has.
const NOWHERE: &str = "ffff:ff:1f.7";

/// From which severity on DPDK writes to standard error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LogLevel {
    /// Errors only.
    Error,
    /// Warnings too.
    #[default]
    Warning,
    /// What it does.
    Info,
    /// Everything.
    Debug,
}

impl LogLevel {
    /// DPDK's name of the level.
    fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Info => "info",
            Self::Debug => "debug",
        }
    }
}

/// How DPDK is to start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EalConfig {
    /// Where packet buffers live.
    pub memory: Memory,
    /// Which PCI devices may be used.
    pub pci: Pci,
    /// The processor that the calling thread is bound to.
    pub cpu: u16,
    /// What DPDK logs.
    pub log: LogLevel,
}

impl EalConfig {
    /// The command line that DPDK reads instead of a structure.
    fn arguments(&self) -> Vec<String> {
        let mut args: Vec<String> =
            vec!["vrouterd".into(), "--no-telemetry".into(), "-l".into(), self.cpu.to_string()];
        args.push(format!("--log-level={}", self.log.name()));
        // Without shared files several of these run beside each other, and a killed one leaves nothing behind.
        match &self.memory {
            Memory::Ordinary { mib } => {
                args.extend(["--no-huge".into(), "--no-shconf".into(), "-m".into(), mib.to_string()]);
            }
            Memory::Huge { mib, mount: None } => {
                args.extend(["--in-memory".into(), "-m".into(), mib.to_string()]);
            }
            Memory::Huge { mib, mount: Some(mount) } => {
                args.extend(["--huge-unlink".into(), "--no-shconf".into(), "-m".into(), mib.to_string()]);
                args.extend(["--huge-dir".into(), mount.display().to_string()]);
            }
        }
        match &self.pci {
            Pci::None => args.push("--no-pci".into()),
            // An empty allow-list would allow every device, and without the bus none could be added later.
            Pci::Only(devices) if devices.is_empty() => args.extend(["-a".into(), NOWHERE.into()]),
            Pci::Only(devices) => {
                for device in devices {
                    args.extend(["-a".into(), device.to_string()]);
                }
            }
        }
        args
    }
}

/// Where DPDK finds the libraries of its drivers.
pub fn driver_folder() -> PathBuf {
    let text = CStr::from_bytes_with_nul(sys::RTE_EAL_PMD_PATH).unwrap_or_default();
    PathBuf::from(text.to_string_lossy().into_owned())
}

/// Whether a start was tried: DPDK cannot be started again, not even after a failure.
static STARTED: AtomicBool = AtomicBool::new(false);

/// DPDK's environment. The reference that [`Eal::start`] gives out is the proof that it runs.
#[derive(Debug)]
pub struct Eal {
    _only_made_here: (),
}

impl Eal {
    /// Starts DPDK and binds the calling thread to `config.cpu`; threads that it spawns later inherit that.
    ///
    /// # Errors
    /// When it was started before, when an argument cannot be passed, and when DPDK refuses: usually too little
    /// memory, or a device that is not bound to a driver it can use.
    pub fn start(config: &EalConfig) -> Result<&'static Self, DpdkError> {
        static RUNNING: Eal = Eal { _only_made_here: () };
        let arguments = config.arguments();
        let mut owned = Vec::with_capacity(arguments.len());
        for argument in &arguments {
            owned.push(CString::new(argument.as_str()).map_err(|_| DpdkError::Argument {
                what: "argument",
                value: argument.clone(),
                why: "it contains a NUL byte",
            })?);
        }
        if STARTED.swap(true, Ordering::SeqCst) {
            return Err(DpdkError::StartedBefore);
        }
        // DPDK keeps the strings and permutes the array, so both get memory that is never given back.
        let mut argv: Vec<*mut c_char> = owned.into_iter().map(CString::into_raw).collect();
        argv.push(ptr::null_mut());
        let argv: &'static mut [*mut c_char] = argv.leak();
        let count = c_int::try_from(argv.len() - 1).unwrap_or(c_int::MAX);
        // SAFETY: argv holds `count` NUL-terminated strings and a null pointer, all of static lifetime.
        let code = unsafe { sys::rte_eal_init(count, argv.as_mut_ptr()) };
        check(
            code,
            "start with",
            &arguments.join(" "),
            "See its messages above; check the huge pages (grep Huge /proc/meminfo) and the drivers of the devices.",
        )?;
        Ok(&RUNNING)
    }

    /// Makes the calling thread one that DPDK knows, so that pools keep free buffers for it. Without that all works, and
    /// slower.
    ///
    /// # Errors
    /// When DPDK has no place for it.
    pub fn register_thread(&self) -> Result<(), DpdkError> {
        // SAFETY: DPDK runs; the thread unregisters itself when it ends.
        let code = unsafe { sys::rte_thread_register() };
        check(code, "register", "the packet thread", "").map(drop)
    }

    /// DPDK's name and version.
    pub fn version() -> String {
        // SAFETY: returns a static string.
        unsafe { CStr::from_ptr(sys::rte_version()) }.to_string_lossy().into_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(memory: Memory, pci: Pci) -> String {
        EalConfig { memory, pci, cpu: 1, log: LogLevel::Warning }.arguments().join(" ")
    }

    #[test]
    fn touches_no_device_unless_asked() {
        let line = config(Memory::Ordinary { mib: 64 }, Pci::None);
        assert_eq!(
            line,
            "vrouterd --no-telemetry -l 1 --log-level=warning --no-huge --no-shconf -m 64 --no-pci"
        );
        let line = config(Memory::Ordinary { mib: 64 }, Pci::Only(Vec::new()));
        assert!(line.ends_with("-a ffff:ff:1f.7"), "an empty list must not allow everything: {line}");
    }

    #[test]
    fn allows_the_named_devices_only() {
        let device = "0000:00:05.0".parse().unwrap();
        let line = config(Memory::Huge { mib: 128, mount: None }, Pci::Only(vec![device]));
        assert!(line.ends_with("--in-memory -m 128 -a 0000:00:05.0"), "{line}");
    }

    #[test]
    fn leaves_no_files_in_a_mounted_hugetlbfs() {
        let line = config(Memory::Huge { mib: 128, mount: Some("/dev/hugepages".into()) }, Pci::None);
        assert!(line.contains("--huge-unlink") && line.contains("--no-shconf"), "{line}");
    }
}
