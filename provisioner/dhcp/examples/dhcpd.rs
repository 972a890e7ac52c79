//! The library as a daemon by itself, for the interop tests and the benchmark: `dhcpd CONFIG JOURNAL`.
//!
//! CONFIG is a YAML list of subnets. It prints `ready` when it listens and one line per event with `-v`, and ends at
//! the end of its standard input or when killed.

use daybreak_dhcp::{Settings, Subnet, directory::EmptyDirectory, event};
use std::{env, error::Error, fs, io, sync::Arc, time::SystemTime};

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = env::args().skip(1).collect();
    let (verbose, files): (Vec<&String>, Vec<&String>) = args.iter().partition(|a| *a == "-v");
    let [config, journal] = files[..] else { return Err("usage: dhcpd [-v] CONFIG JOURNAL".into()) };
    let subnets: Vec<Subnet> = serde_saphyr::from_str(&fs::read_to_string(config)?)?;
    let (events, seen) = event::channel(1024);
    let server = daybreak_dhcp::spawn(Settings {
        subnets,
        journal: journal.into(),
        directory: Arc::new(EmptyDirectory),
        events,
        clock: SystemTime::now,
    })?;
    let verbose = !verbose.is_empty();
    let printer = std::thread::spawn(move || {
        for event in seen.into_iter().flatten() {
            if verbose {
                println!("{} {:?} {:?} {:?}", event.client, event.received, event.firmware, event.outcome);
            }
        }
    });
    println!("ready");
    io::copy(&mut io::stdin(), &mut io::sink())?;
    let counters = server.counters();
    server.shutdown();
    printer.join().map_err(|_| "the printer panicked")?;
    for (name, value) in counters.snapshot().into_iter().filter(|(_, value)| *value > 0) {
        println!("{name} {value}");
    }
    Ok(())
}
