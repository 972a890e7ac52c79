//! proxyDHCP: another server gives addresses, the provisioner adds where to boot from.

use std::process::Command;

use daybreak_tests::environment::Environment;
use daybreak_tests::lab::{Addressing, Lab};
use daybreak_tests::machine::{Firmware, disk};
use daybreak_tests::namespace::Namespace;
use daybreak_tests::patience::Patience;
use daybreak_tests::process::Process;
use daybreak_tests::text_log::Mark;

#[test]
#[ignore = "needs the built image; `make test` runs it"]
fn a_bios_machine_boots_the_installer_beside_dnsmasq() {
    let mut lab = Lab::new("proxy", Environment::from_process().unwrap(), Addressing::Proxy).unwrap();
    let addresses = Namespace::new("addresses").unwrap();
    lab.bridge().join(&addresses, "eth0", Some("10.77.0.2/24")).unwrap();
    let mut dnsmasq = Command::new("dnsmasq");
    dnsmasq.args([
        "--keep-in-foreground",
        "--conf-file=/dev/null",
        "--port=0",
        "--user=root",
        "--interface=eth0",
        "--bind-interfaces",
        "--dhcp-range=10.77.0.150,10.77.0.199,255.255.255.0",
        "--log-facility=-",
        "--pid-file=",
    ]);
    dnsmasq.arg(format!("--dhcp-leasefile={}", lab.directory().join("leases").display()));
    let dnsmasq = Process::start(&addresses, "dnsmasq", &dnsmasq, lab.directory().path()).unwrap();
    dnsmasq.errors().wait_for(Mark::default(), "IP range 10.77.0.150", Patience::secs(20)).unwrap();

    lab.provisioner_mut().start().unwrap();
    lab.enrol("r1", 1).unwrap();
    let mut timeline = lab.provisioner().timeline("r1").unwrap();
    let target = disk::empty(lab.directory(), "target", "DISK0", 4 << 30).unwrap();
    let mut machine = lab.machine("r1", 1, Firmware::Bios, vec![target]).unwrap();
    machine.power_on(lab.bridge()).unwrap();

    let boot = timeline.wait_code("BOOT-INSTALL", Patience::secs(120)).unwrap();
    assert!(boot.message.contains("10.77.0.1"), "the address is not dnsmasq's: {}", boot.message);
    machine.wait_console("Daybreak: r1 installs vrouter", Patience::secs(60)).unwrap();
    timeline.wait("the kernel", Patience::secs(120), |e| e.says("HTTP-SENT", "vmlinuz")).unwrap();
    assert!(timeline.seen().iter().any(|e| e.code == "DHCP-PROXIED"), "{}", timeline.tail());
    assert!(!timeline.seen().iter().any(|e| e.code == "DHCP-ACKED"), "a proxy leased:\n{}", timeline.tail());
}
