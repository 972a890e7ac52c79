//! The processor's own clock.

use daybreak_dpdk_sys as sys;

/// Ticks of a counter that runs at a constant rate on every processor that DPDK supports; costs some 20 of them.
#[inline]
pub fn cycles() -> u64 {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: every x86-64 processor has the instruction, and Linux lets processes use it.
    unsafe {
        core::arch::x86_64::_rdtsc()
    }
    #[cfg(target_arch = "aarch64")]
    {
        let ticks: u64;
        // SAFETY: reads the virtual counter, which Linux lets processes read.
        unsafe { core::arch::asm!("mrs {}, cntvct_el0", out(reg) ticks, options(nomem, nostack)) };
        ticks
    }
}

/// How many [`cycles`] a second has, as DPDK measured it at start; 0 before.
pub fn cycles_per_second() -> u64 {
    // SAFETY: reads a number.
    unsafe { sys::rte_get_tsc_hz() }
}
