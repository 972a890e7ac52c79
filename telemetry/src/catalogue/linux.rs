//! What the kernel tells about the machine.
//!
//! Names of interface counters are those of openconfig-interfaces with `_` for `-`, which is also what Telegraf makes
//! of the gNMI paths.

use super::{Set, Tag, Unit, counter, gauge, signed_gauge};
use std::time::Duration;

const OFTEN: Duration = Duration::from_secs(10);
const SELDOM: Duration = Duration::from_mins(1);

/// Time of each core.
pub static CPU: Set = Set {
    name: "system_cpu",
    about: "Time that each core has spent, by kind of work.",
    source: "/proc/stat",
    period: OFTEN,
    tags: &[Tag { name: "cpu", budget: 1024, about: "Number of the core." }],
    kpis: &[
        counter("user", Unit::Microseconds, "Programs, guests of a hypervisor included."),
        counter("nice", Unit::Microseconds, "Programs of lowered priority."),
        counter("system", Unit::Microseconds, "The kernel on behalf of programs."),
        counter("idle", Unit::Microseconds, "Nothing to do."),
        counter(
            "iowait",
            Unit::Microseconds,
            "Nothing to do but wait for a disk; the kernel may let it fall.",
        ),
        counter("irq", Unit::Microseconds, "Interrupts."),
        counter("softirq", Unit::Microseconds, "Deferred interrupt work, the kernel's packets among it."),
        counter("steal", Unit::Microseconds, "Ready to run while the hypervisor ran others."),
    ],
};

/// Load averages.
pub static LOAD: Set = Set {
    name: "system_load",
    about: "How many tasks want to run.",
    source: "/proc/loadavg",
    period: OFTEN,
    tags: &[],
    kpis: &[
        gauge("load1", Unit::Hundredths, "Average of the last minute."),
        gauge("load5", Unit::Hundredths, "Average of the last five minutes."),
        gauge("load15", Unit::Hundredths, "Average of the last fifteen minutes."),
        gauge("tasks_running", Unit::Count, "Tasks that run or could."),
        gauge("tasks", Unit::Count, "Tasks that exist, threads included."),
    ],
};

/// Memory.
pub static MEMORY: Set = Set {
    name: "system_memory",
    about: "Memory of the machine, huge pages included in the total.",
    source: "/proc/meminfo",
    period: OFTEN,
    tags: &[],
    kpis: &[
        gauge("total", Unit::Bytes, "What the kernel manages."),
        gauge("free", Unit::Bytes, "Used for nothing."),
        gauge(
            "available",
            Unit::Bytes,
            "What programs can get without swapping, as the kernel estimates it.",
        ),
        gauge("buffers", Unit::Bytes, "Cached blocks of devices."),
        gauge("cached", Unit::Bytes, "Cached files, those in tmpfs included."),
        gauge("dirty", Unit::Bytes, "Waiting to be written to disk."),
        gauge("slab", Unit::Bytes, "The kernel's own objects."),
        gauge("swap_total", Unit::Bytes, "Swap space."),
        gauge("swap_free", Unit::Bytes, "Swap space that is not used."),
    ],
};

/// Block devices.
pub static DISK: Set = Set {
    name: "system_disk",
    about: "Work of each block device that has done any.",
    source: "/proc/diskstats",
    period: OFTEN,
    tags: &[Tag { name: "device", budget: 256, about: "Name of the device or partition." }],
    kpis: &[
        counter("reads", Unit::Count, "Reads completed."),
        counter("read", Unit::Bytes, "Bytes read."),
        counter("read_time", Unit::Milliseconds, "Time that reads took, summed over them."),
        counter("writes", Unit::Count, "Writes completed."),
        counter("written", Unit::Bytes, "Bytes written."),
        counter("write_time", Unit::Milliseconds, "Time that writes took, summed over them."),
        gauge("in_flight", Unit::Count, "Requests that have begun and not ended."),
        counter("busy_time", Unit::Milliseconds, "Time with at least one request in flight."),
    ],
};

/// Network interfaces of the kernel.
pub static INTERFACE: Set = Set {
    name: "system_interface",
    about: "State and counters of each network interface of the kernel.",
    source: "/sys/class/net",
    period: OFTEN,
    tags: &[Tag { name: "interface", budget: 4096, about: "Name of the interface." }],
    kpis: &[
        counter("in_octets", Unit::Octets, "Bytes received."),
        counter("in_pkts", Unit::Count, "Packets received."),
        counter("in_multicast_pkts", Unit::Count, "Multicast packets received."),
        counter("in_errors", Unit::Count, "Packets received with an error."),
        counter("in_discards", Unit::Count, "Received packets dropped without being bad."),
        counter("in_missed", Unit::Count, "Packets that the device had no room for."),
        counter("out_octets", Unit::Octets, "Bytes sent."),
        counter("out_pkts", Unit::Count, "Packets sent."),
        counter("out_errors", Unit::Count, "Packets that could not be sent because of an error."),
        counter("out_discards", Unit::Count, "Packets dropped instead of being sent."),
        counter("carrier_transitions", Unit::Count, "How often the carrier came or went."),
        gauge("admin_status", Unit::Code, "What was asked for: 1 up, 2 down (ifAdminStatus of RFC 2863)."),
        gauge(
            "oper_status",
            Unit::Code,
            "What it is: 1 up, 2 down, 3 testing, 4 unknown, 5 dormant, 6 not present, 7 lower layer down (ifOperStatus of RFC 2863).",
        ),
        gauge("mtu", Unit::Bytes, "Largest packet that it sends."),
        gauge("speed", Unit::BitsPerSecond, "Speed of the line; absent while it is not known."),
    ],
};

/// Time since boot.
pub static UPTIME: Set = Set {
    name: "system_uptime",
    about: "How long the machine runs.",
    source: "/proc/uptime, /proc/stat",
    period: SELDOM,
    tags: &[],
    kpis: &[
        gauge("uptime", Unit::Milliseconds, "Time since boot."),
        gauge("boot_time", Unit::Seconds, "When the machine booted."),
    ],
};

/// The product's processes.
pub static PROCESS: Set = Set {
    name: "system_process",
    about: "Each process name of the configuration, summed over the processes that bear it.",
    source: "/proc/PID",
    period: OFTEN,
    tags: &[Tag {
        name: "process",
        budget: 64,
        about: "Name of the program, of which the kernel keeps 15 characters.",
    }],
    kpis: &[
        gauge(
            "running",
            Unit::Count,
            "Processes of that name; with 0, processor time, start and priority are absent.",
        ),
        counter("cpu_user", Unit::Microseconds, "Time in the program; falls when one of several ends."),
        counter("cpu_system", Unit::Microseconds, "Time in the kernel; falls when one of several ends."),
        gauge(
            "resident",
            Unit::Bytes,
            "Memory held, without huge pages; what is shared counts in each process.",
        ),
        gauge("threads", Unit::Count, "Threads."),
        gauge("open_files", Unit::Count, "Open file descriptors; absent where the daemon may not look."),
        gauge("start_time", Unit::Seconds, "When the youngest of them started."),
        signed_gauge(
            "oom_score_adj",
            Unit::Code,
            "How gladly the kernel kills it for memory, -1000 never to 1000 first: the highest of them.",
        ),
    ],
};

/// Huge pages.
pub static HUGEPAGES: Set = Set {
    name: "system_hugepages",
    about: "Pages of each huge size.",
    source: "/sys/kernel/mm/hugepages",
    period: SELDOM,
    tags: &[Tag {
        name: "size",
        budget: 16,
        about: "Size of a page as the kernel writes it, such as 2048kB.",
    }],
    kpis: &[
        gauge("pages", Unit::Count, "Pages in the pool."),
        gauge("free", Unit::Count, "Pages that no program holds."),
        gauge("reserved", Unit::Count, "Free pages that are promised to a program."),
        gauge("surplus", Unit::Count, "Pages beyond the configured number."),
    ],
};
