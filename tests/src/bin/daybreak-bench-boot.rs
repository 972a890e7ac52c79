//! Seconds from power-on to a login prompt and to the greeting of the NETCONF server: of a fresh disk, and of an installed one.
//! One JSON line per figure on standard output; the bar is that of the appliance's design.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use daybreak_tests::error::Result;
use daybreak_tests::machine::{Firmware, Threads, disk};
use daybreak_tests::patience::Patience;
use daybreak_tests::seeded::Seeded;
use daybreak_tests::text_log::Mark;
use serde_json::json;

/// Power-on to NETCONF ready under software emulation, installed, in seconds.
const BAR: f64 = 60.0;

/// Boots of an installed disk.
const BOOTS: usize = 3;

/// Longest boot.
const LIMIT: u64 = 600;

/// Between two looks at the NETCONF port.
const LOOK: Duration = Duration::from_millis(250);

/// What one boot took.
#[derive(Clone, Copy)]
struct Boot {
    login: Duration,
    netconf: Duration,
}

fn boot(seeded: &mut Seeded) -> Result<Boot> {
    seeded.power_on()?;
    let start = Instant::now();
    let mut login = None;
    let awaited = "a greeting on the NETCONF port";
    Patience::secs(LIMIT).find(awaited, LOOK, || {
        if login.is_none() && seeded.machine.console()?.since(Mark::default()).contains("login:") {
            login = Some(start.elapsed());
        }
        seeded.login().netconf_greets(seeded.outside())
    })?;
    let netconf = start.elapsed();
    if login.is_none() {
        seeded.machine.wait_console("login:", Patience::secs(LIMIT))?;
    }
    Ok(Boot { login: login.unwrap_or_else(|| start.elapsed()), netconf })
}

fn report(metric: &str, seconds: f64) {
    println!(
        "{}",
        json!({
            "bench": "boot", "metric": metric, "ours": seconds, "peer": BAR, "peer_name": "the bar",
            "ratio": seconds / BAR, "better": "lower", "unit": "s",
        })
    );
}

fn measure(firmware: Firmware, name: &str) -> Result<()> {
    let mut seeded = Seeded::assemble("bench-boot", |spec, parts| {
        spec.firmware = firmware;
        spec.threads = Threads::Each;
        spec.disks = vec![disk::overlay(parts.directory, "system", "DISK0", &parts.environment.qcow2()?)?];
        Ok(())
    })?;
    let first = boot(&mut seeded)?;
    report(&format!("fresh disk, {name}, to login"), first.login.as_secs_f64());
    report(&format!("fresh disk, {name}, to NETCONF"), first.netconf.as_secs_f64());
    let mut boots = Vec::with_capacity(BOOTS);
    for _ in 0..BOOTS {
        seeded.machine.power_down(Patience::secs(LIMIT))?;
        boots.push(boot(&mut seeded)?);
    }
    let median = |of: fn(&Boot) -> Duration| {
        let mut times: Vec<Duration> = boots.iter().map(of).collect();
        times.sort();
        times[BOOTS / 2].as_secs_f64()
    };
    report(&format!("installed, {name}, to login"), median(|boot| boot.login));
    report(&format!("installed, {name}, to NETCONF"), median(|boot| boot.netconf));
    Ok(())
}

fn main() -> ExitCode {
    for (firmware, name) in [(Firmware::Bios, "BIOS"), (Firmware::Uefi, "UEFI")] {
        if let Err(error) = measure(firmware, name) {
            eprintln!("bench-boot: {error}");
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}
