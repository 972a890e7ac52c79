//! The harness by itself: machines boot over the network from a server that we did not write.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::process::Command;

use daybreak_tests::bridge::Bridge;
use daybreak_tests::directory::{self, LabDirectory};
use daybreak_tests::error::Result;
use daybreak_tests::machine::{Accelerator, Card, Firmware, Machine, MachineSpec};
use daybreak_tests::namespace::Namespace;
use daybreak_tests::patience::Patience;
use daybreak_tests::process::Process;
use daybreak_tests::text_log::Mark;

const SCRIPT: &str = "#!ipxe\necho The script is here, ${net0/mac} has ${net0/ip}\nshell\n";

/// Answers every request with the script.
fn serve_script(listener: TcpListener) {
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            let mut request = [0; 4096];
            // One read holds all of a boot ROM's request.
            let _ = stream.read(&mut request);
            let head =
                format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", SCRIPT.len());
            let _ = stream.write_all((head + SCRIPT).as_bytes());
        }
    });
}

/// A lab where dnsmasq gives addresses and loaders, and the script comes over HTTP.
/// Gives the machine as it runs, and what it lives in.
fn boots_to_the_script(
    name: &str,
    firmware: Firmware,
) -> Result<(Machine, Process, Namespace, Bridge, LabDirectory)> {
    let directory = LabDirectory::new(&directory::base(), name)?;
    let bridge = Bridge::new("lan")?;
    let server = Namespace::new("server")?;
    bridge.join(&server, "eth0", Some("10.77.0.1/24"))?;
    serve_script(
        server.run(|| TcpListener::bind("10.77.0.1:80")).expect("the port is free in a new namespace"),
    );

    let mut dnsmasq = Command::new("dnsmasq");
    dnsmasq.args([
        "--keep-in-foreground",
        "--conf-file=/dev/null",
        "--port=0",
        "--user=root",
        "--interface=eth0",
        "--bind-interfaces",
        "--dhcp-range=10.77.0.50,10.77.0.99,255.255.255.0",
        "--dhcp-match=set:ipxe,175",
        "--dhcp-boot=tag:!ipxe,ipxe.efi",
        "--dhcp-boot=tag:ipxe,http://10.77.0.1/boot.ipxe",
        "--enable-tftp",
        "--tftp-root=/usr/lib/ipxe",
        "--log-dhcp",
        "--log-facility=-",
        "--pid-file=",
    ]);
    dnsmasq.arg(format!("--dhcp-leasefile={}", directory.join("leases").display()));
    let dnsmasq = Process::start(&server, "dnsmasq", &dnsmasq, directory.path())?;
    dnsmasq.errors().wait_for(Mark::default(), "IP range 10.77.0.50", Patience::secs(20))?;

    let card = Card::new("52:54:00:77:00:01", bridge.add_tap()?);
    let spec =
        MachineSpec { firmware, memory_mib: 512, processors: 1, cards: vec![card], ..MachineSpec::new(name) };
    let mut machine = Machine::new(&directory, spec, Accelerator::Tcg)?;
    machine.power_on(&bridge)?;
    machine.wait_console("52:54:00:77:00:01 has 10.77.0.", Patience::secs(120)).inspect_err(|_| {
        eprintln!("the end of dnsmasq's log:\n{}", dnsmasq.errors().tail(30));
    })?;
    Ok((machine, dnsmasq, server, bridge, directory))
}

#[test]
fn a_bios_machine_boots_to_a_script_over_http_and_again_after_reset_and_power_cut() {
    let (mut machine, _dnsmasq, _server, bridge, _directory) =
        boots_to_the_script("bios", Firmware::Bios).unwrap();
    let mark = machine.console().unwrap().mark();
    machine.reset().unwrap();
    machine.console().unwrap().wait_for(mark, "The script is here", Patience::secs(120)).unwrap();
    machine.power_cut();
    assert!(machine.console().is_err(), "a machine without power has no console");
    machine.power_on(&bridge).unwrap();
    machine.wait_console("The script is here", Patience::secs(120)).unwrap();
}

#[test]
fn a_uefi_machine_boots_to_a_script_over_tftp_and_http() {
    boots_to_the_script("uefi", Firmware::Uefi).unwrap();
}
