//! The appliance on the hardware that it can meet: cards of every make, disks behind every controller, a trunk.

use std::collections::BTreeMap;
use std::process::Command;

use daybreak_tests::error::Result;
use daybreak_tests::hosts::Host;
use daybreak_tests::machine::{Card, CardModel, Chipset, Controller, Firmware, MachineSpec, Slot, disk};
use daybreak_tests::namespace::Namespace;
use daybreak_tests::patience::Patience;
use daybreak_tests::seeded::{ADDRESS, MAC, Parts, Seeded};
use daybreak_tests::vlan::{Trunk, tagged};
use serde_json::Value;

/// Packets of each measurement.
const PACKETS: u32 = 25;

/// DPDK's driver of a card, as `vrouterd ctl ports` names it.
fn driver(model: CardModel) -> &'static str {
    match model {
        CardModel::Virtio => "net_virtio",
        CardModel::E1000 | CardModel::E1000e => "net_e1000_em",
        CardModel::Igb => "net_e1000_igb",
        CardModel::Vmxnet3 => "net_vmxnet3",
        CardModel::Rtl8139 => "net_af_packet",
    }
}

fn mac(number: usize) -> String {
    format!("52:54:00:77:01:{number:02x}")
}

/// A port of the data plane.
struct Port {
    name: String,
    device: String,
    driver: String,
    link: bool,
}

/// The ports by hardware address, as soon as the data plane is up.
fn ports(seeded: &Seeded) -> Result<BTreeMap<String, Port>> {
    // Waits for a start under way.
    seeded.run("sudo systemctl start vrouterd || { sudo journalctl -b -o cat -u vrouterd -u vrouterd-bind >&2; false; }")?;
    let list = json(seeded, "sudo vrouterd ctl ports -o json")?;
    let text = |port: &Value, field: &str| port[field].as_str().unwrap_or_default().to_owned();
    let port = |port: &Value| {
        let link = port["link_up"] == true;
        let (name, device) = (text(port, "name"), text(port, "device"));
        (text(port, "mac"), Port { name, device, driver: text(port, "driver"), link })
    };
    Ok(list.as_array().into_iter().flatten().map(port).collect())
}

fn json(seeded: &Seeded, command: &str) -> Result<Value> {
    let text = seeded.run(command)?;
    Ok(serde_json::from_str(&text).unwrap_or_else(|error| panic!("{command}: {error}: {text}")))
}

/// What `vrouterd bind` did with each device, by PCI address.
fn bound(seeded: &Seeded) -> Result<BTreeMap<String, Value>> {
    let state = json(seeded, "cat /run/daybreak/vrouterd-ports.json")?;
    let by_address = |port: &Value| (port["pci"].as_str().unwrap_or_default().to_owned(), port.clone());
    Ok(state["ports"].as_array().into_iter().flatten().map(by_address).collect())
}

/// A counter of the data plane.
fn counter(seeded: &Seeded, read: impl Fn(&Value) -> &Value) -> Result<u64> {
    let statistics = json(seeded, "sudo vrouterd ctl statistics -o json")?;
    Ok(read(&statistics).as_u64().unwrap_or_else(|| panic!("no such counter: {statistics:#}")))
}

fn forwarded(seeded: &Seeded) -> Result<u64> {
    let of_node = |statistics: &Value| {
        let nodes = statistics["nodes"].as_array().into_iter().flatten();
        nodes
            .filter(|node| node["node"] == "rewrite")
            .filter_map(|node| node["packets"].as_u64())
            .sum::<u64>()
    };
    Ok(of_node(&json(seeded, "sudo vrouterd ctl statistics -o json")?))
}

/// Puts a host on the wire of each of the first `hosts` data cards, and all others on one wire more.
fn plug_cards(
    parts: &Parts<'_>,
    models: &[(CardModel, Slot)],
    hosts: usize,
) -> Result<(Vec<Card>, Vec<Host>)> {
    let rest = parts.bridge.beside()?;
    let (mut cards, mut around) = (Vec::new(), Vec::new());
    for (place, (model, slot)) in models.iter().enumerate() {
        let tap = if place < hosts {
            let host = Host::new(u8::try_from(place).unwrap_or(u8::MAX), parts.bridge)?;
            let tap = host.bridge().add_tap()?;
            around.push(host);
            tap
        } else {
            rest.add_tap()?
        };
        cards.push(Card { model: *model, slot: *slot, ..Card::new(&mac(place), tap) });
    }
    Ok((cards, around))
}

/// Gives the ports of the hosts' wires their addresses, and has each host reach the next one through two ports.
fn packets_cross(seeded: &Seeded, hosts: &[Host]) -> Result<()> {
    let ports = ports(seeded)?;
    for (place, host) in hosts.iter().enumerate() {
        let name = &ports[&mac(place)].name;
        seeded.run(&format!(
            "sudo ip address add {} dev {name} && sudo ip link set {name} up",
            host.gateway()
        ))?;
    }
    let before = forwarded(seeded)?;
    for (place, host) in hosts.iter().enumerate() {
        host.reaches(&hosts[(place + 1) % hosts.len()], PACKETS, Patience::secs(60))?;
    }
    let crossed = forwarded(seeded)? - before;
    let least = u64::from(2 * PACKETS) * u64::try_from(hosts.len()).unwrap_or_default();
    assert!(
        crossed >= least,
        "{crossed} packets went through the data plane, and {least} were sent and answered"
    );
    Ok(())
}

/// A tagged packet from one host to the next through the router: a port without VLANs must not take it for an untagged one.
fn tags_are_named_drops(seeded: &Seeded, hosts: &[Host]) -> Result<()> {
    let drops = |seeded: &Seeded| counter(seeded, |statistics| &statistics["drops"]["unknown-vlan"]);
    let forwarded_before = forwarded(seeded)?;
    for (place, host) in hosts.iter().enumerate() {
        let before = drops(seeded)?;
        let frames = host.frames(seeded.directory())?;
        let other = u8::try_from((place + 1) % hosts.len()).unwrap_or_default();
        let packet = udp(place, u8::try_from(place).unwrap_or_default(), other);
        for _ in 0..PACKETS {
            frames.send(&tagged(&packet, 10))?;
        }
        let mut patience = Patience::secs(30);
        while drops(seeded)? < before + u64::from(PACKETS) {
            let wait = patience.next_wait(std::time::Duration::from_millis(200));
            let wait = wait.unwrap_or_else(|| panic!("card {place}: {:?} after {before}", drops(seeded)));
            std::thread::park_timeout(wait);
        }
    }
    assert_eq!(forwarded(seeded)?, forwarded_before, "a tagged packet was forwarded");
    Ok(())
}

/// An empty UDP packet from the host of card `card` to another one's, in a frame to the router (RFC 791, RFC 768).
fn udp(card: usize, from: u8, to: u8) -> Vec<u8> {
    let card = u8::try_from(card).unwrap_or_default();
    let mut ip = vec![0x45, 0, 0, 28, 0, 0, 0, 0, 64, 17, 0, 0, 10, 1, from, 2, 10, 1, to, 2];
    let sum: u32 = ip.chunks(2).map(|pair| u32::from(pair[0]) << 8 | u32::from(pair[1])).sum();
    let sum = !u16::try_from((sum & 0xffff) + (sum >> 16)).unwrap_or_default();
    ip[10..12].copy_from_slice(&sum.to_be_bytes());
    let ethernet = [0x52, 0x54, 0, 0x77, 1, card, 2, 0, 0, 0, 0, 1, 8, 0];
    [&ethernet[..], &ip, &[0x12, 0x34, 0x12, 0x34, 0, 8, 0, 0], &[0; 18]].concat()
}

/// Seventeen cards for ports, sixteen of which can be, with a disk on `NVMe`: each becomes the port that it should, whatever its
/// neighbours are, and packets cross between any two kinds.
#[test]
#[ignore = "needs the built image; `make test` runs it"]
fn every_kind_of_card_becomes_a_port() {
    use CardModel::{E1000, E1000e, Igb, Rtl8139, Virtio, Vmxnet3};
    use Slot::{Board, Bridge, Express};
    const KINDS: usize = 6;
    /// Without a cable.
    const DARK: usize = 8;
    let models = [
        (E1000, Board),
        (E1000e, Express),
        (Igb, Board),
        (Vmxnet3, Board),
        (Virtio, Express),
        (Rtl8139, Bridge),
        (E1000, Bridge),
        (E1000e, Board),
        (Igb, Express),
        (Vmxnet3, Express),
        (Virtio, Board),
        (Virtio, Board),
        (Virtio, Board),
        (Virtio, Board),
        (Virtio, Board),
        (Virtio, Board),
        (Virtio, Board),
    ];
    let mut hosts = Vec::new();
    let seeded = Seeded::boot("cards", |spec, parts| {
        let mut system = disk::overlay(parts.directory, "cards", "DISK0", &parts.environment.qcow2()?)?;
        system.controller = Controller::Nvme;
        spec.disks = vec![system];
        let (mut cards, around) = plug_cards(parts, &models, KINDS)?;
        cards[DARK].cable = false;
        spec.cards.extend(cards);
        hosts = around;
        Ok(())
    })
    .unwrap();
    assert_eq!(seeded.run("ls /sys/class/nvme").unwrap(), "nvme0");

    let (ports, bound) = (ports(&seeded).unwrap(), bound(&seeded).unwrap());
    let state =
        seeded.run("cat /run/daybreak/vrouterd-ports.json; sudo journalctl -b -o cat -u vrouterd").unwrap();
    assert_eq!((ports.len(), bound.len()), (16, 16), "{state}");
    assert!(state.contains("there are 16 ports already"), "{state}");
    let mut left_out = Vec::new();
    for (place, (model, _)) in models.iter().enumerate() {
        let Some(port) = ports.get(&mac(place)) else {
            left_out.push(*model);
            continue;
        };
        assert_eq!(port.driver, driver(*model), "card {place}: {state}");
        if *model == Rtl8139 {
            assert!(port.device.starts_with("af_packet:"), "{}", port.device);
            assert!(state.contains("DPDK has no driver for 10ec:8139"), "{state}");
        } else {
            let bound = &bound[&port.device];
            assert_eq!(
                (&bound["driver"], &bound["dpdk"]),
                (&"uio_pci_generic".into(), &port.driver.as_str().into())
            );
        }
    }
    assert_eq!(left_out.len(), 1, "one card more than there can be ports: {left_out:?}");
    if let Some(dark) = ports.get(&mac(DARK)) {
        assert!(!dark.link, "a port without a cable has a link");
    }
    packets_cross(&seeded, &hosts).unwrap();
    tags_are_named_drops(&seeded, &hosts).unwrap();
}

/// A machine with an IOMMU: cards go to vfio.
#[test]
#[ignore = "needs the built image; `make test-matrix` runs it"]
fn matrix_cards_behind_an_iommu_are_ports_by_vfio() {
    use CardModel::{E1000e, Igb, Virtio};
    // QEMU's vmxnet3 reads address 0 behind its IOMMU.
    let models = [Igb, E1000e, Virtio].map(|model| (model, Slot::Express));
    let mut hosts = Vec::new();
    let seeded = Seeded::boot("iommu", |spec, parts| {
        spec.disks = vec![disk::overlay(parts.directory, "iommu", "DISK0", &parts.environment.qcow2()?)?];
        spec.iommu = true;
        let (cards, around) = plug_cards(parts, &models, models.len())?;
        spec.cards.extend(cards);
        hosts = around;
        Ok(())
    })
    .unwrap();
    let state = seeded.run("cat /run/daybreak/vrouterd-ports.json").unwrap();
    let ports = ports(&seeded).unwrap();
    for (place, (model, _)) in models.iter().enumerate() {
        assert_eq!(ports[&mac(place)].driver, driver(*model), "{state}");
    }
    assert_eq!(state.matches("vfio-pci").count(), models.len(), "{state}");
    packets_cross(&seeded, &hosts).unwrap();
}

/// Management on VLANs of a trunk, by the network configuration of the first-boot data: the login is on VLAN 10's wire, another
/// network on VLAN 20's. This machine's kernel has no VLANs: the tags are the appliance's own.
#[test]
#[ignore = "needs the built image; `make test` runs it"]
fn management_is_on_a_vlan_of_a_trunk() {
    const OTHER: &str = "10.78.0.20";
    let (mut trunk, mut other) = (None, None);
    let seeded = Seeded::boot("trunk", |spec, parts| {
        spec.disks = vec![disk::overlay(parts.directory, "trunk", "DISK0", &parts.environment.qcow2()?)?];
        let cable = Trunk::new(parts.directory)?;
        cable.join(parts.directory, parts.bridge, 10)?;
        let (bridge, place) = (parts.bridge.beside()?, Namespace::new("VLAN 20")?);
        bridge.join(&place, "eth0", Some("10.78.0.1/24"))?;
        cable.join(parts.directory, &bridge, 20)?;
        spec.cards[0].plug = cable.plug();
        let network = format!(
            "version: 2\nethernets:\n  trunk:\n    match: {{macaddress: \"{MAC}\"}}\nvlans:\n  \
             mgmt: {{id: 10, link: trunk, addresses: [{ADDRESS}/24]}}\n  \
             other: {{id: 20, link: trunk, addresses: [{OTHER}/24]}}\n"
        );
        let seed = parts.seed.iter().map(|(file, text)| match *file {
            "network-config" => (*file, network.as_str()),
            _ => (*file, *text),
        });
        spec.medium = Some(disk::seed_medium(parts.directory, "vlans", &seed.collect::<Vec<_>>())?);
        (trunk, other) = (Some(cable), Some((bridge, place)));
        Ok(())
    })
    .unwrap();
    let state = seeded.run("cat /run/daybreak/vrouterd-ports.json").unwrap();
    assert!(state.contains("for management") || state.contains("names it"), "{state}");
    let links = seeded.run("ip -d link show mgmt").unwrap();
    assert!(links.contains("vlan protocol 802.1Q id 10"), "{links}");
    let mut ping = Command::new("ping");
    ping.args(["-q", "-c", "10", "-i", "0.2", "-w", "60", OTHER]);
    let (_bridge, place) = other.unwrap();
    let text = place.check(&ping).unwrap();
    assert!(text.contains(" 0% packet loss"), "{text}");
    // A frame of VLAN 20 is none of VLAN 10.
    assert!(!seeded.outside().output(&ping_once(OTHER)).unwrap().status.success());
    drop(trunk);
}

fn ping_once(address: &str) -> Command {
    let mut ping = Command::new("ping");
    ping.args(["-c", "1", "-W", "3", address]);
    ping
}

/// Boots from a disk behind a controller, which Linux drives by the driver `host`.
fn boots_from(controller: Controller, chipset: Chipset, firmware: Firmware, host: &str) -> Result<Seeded> {
    boots_from_with(controller, chipset, firmware, host, |_| {})
}

/// The same on a machine that `change` changes.
fn boots_from_with(
    controller: Controller,
    chipset: Chipset,
    firmware: Firmware,
    host: &str,
    change: impl FnOnce(&mut MachineSpec),
) -> Result<Seeded> {
    let seeded = Seeded::boot("disk", |spec, parts| {
        let mut system = disk::overlay(parts.directory, "disk", "DISK0", &parts.environment.qcow2()?)?;
        system.controller = controller;
        spec.disks = vec![system];
        (spec.chipset, spec.firmware) = (chipset, firmware);
        change(spec);
        Ok(())
    })?;
    assert_eq!(seeded.by_uefi()?, firmware.is_uefi(), "started by the other firmware");
    // Installed, not live: the state partition is on the disk that it was started from.
    let disk = seeded
        .run("readlink -f /sys/class/block/$(lsblk -no PKNAME $(findmnt -no SOURCE /run/daybreak/state))")?;
    let driver = if controller == Controller::Nvme {
        "nvme".to_owned()
    } else {
        let number = disk.split("/host").nth(1).and_then(|rest| rest.split('/').next());
        let number = number.unwrap_or_else(|| panic!("no SCSI host in {disk}"));
        seeded.run(&format!("cat /sys/class/scsi_host/host{number}/proc_name"))?
    };
    assert_eq!(driver, host, "{disk}");
    Ok(seeded)
}

/// One test per controller, chipset and firmware.
macro_rules! disks {
    ($($name:ident: $controller:ident, $chipset:ident, $firmware:ident, $host:literal;)*) => {$(
        #[test]
        #[ignore = "needs the built image; `make test-matrix` runs it"]
        fn $name() {
            boots_from(Controller::$controller, Chipset::$chipset, Firmware::$firmware, $host).unwrap();
        }
    )*};
}

disks! {
    matrix_virtio_scsi_by_bios: VirtioScsi, Q35, Bios, "virtio_scsi";
    matrix_virtio_scsi_by_uefi: VirtioScsi, Q35, Uefi, "virtio_scsi";
    matrix_lsi_by_bios: Lsi, Q35, Bios, "sym53c8xx";
    matrix_megasas_by_bios: Megasas, Q35, Bios, "megaraid_sas";
    matrix_mptsas_by_bios: Mptsas, Q35, Bios, "mptsas";
    matrix_sata_by_bios: Ata, Q35, Bios, "ahci";
    matrix_sata_by_uefi: Ata, Q35, Uefi, "ahci";
    matrix_ide_by_uefi: Ata, Pc, Uefi, "ata_piix";
    matrix_nvme_by_uefi: Nvme, Q35, Uefi, "nvme";
    matrix_usb_by_bios: Usb, Q35, Bios, "usb-storage";
    matrix_usb_by_uefi: Usb, Q35, Uefi, "usb-storage";
}

/// The machine of the OVA, its adapter and its cards, but by BIOS: Debian's OVMF has no driver for pvscsi.
#[test]
#[ignore = "needs the built image; `make test-matrix` runs it"]
fn matrix_pvscsi_and_vmxnet3_by_bios() {
    let seeded = boots_from_with(Controller::Pvscsi, Chipset::Q35, Firmware::Bios, "vmw_pvscsi", |spec| {
        spec.cards[0].model = CardModel::Vmxnet3;
    });
    let driver = seeded.unwrap().run("basename $(readlink -f /sys/class/net/en*/device/driver)").unwrap();
    assert_eq!(driver, "vmxnet3");
}

/// The smallest machine: one processor and 1.5 GiB, with an IDE disk. What was chosen for it is in the log.
#[test]
#[ignore = "needs the built image; `make test-matrix` runs it"]
fn matrix_one_processor_and_little_memory_by_bios_and_ide() {
    let mut hosts = Vec::new();
    let seeded = Seeded::boot("small", |spec, parts| {
        let mut system = disk::overlay(parts.directory, "small", "DISK0", &parts.environment.qcow2()?)?;
        system.controller = Controller::Ata;
        spec.disks = vec![system];
        spec.chipset = Chipset::Pc;
        (spec.processors, spec.memory_mib) = (1, 1536);
        let models = [(CardModel::E1000, Slot::Board), (CardModel::Vmxnet3, Slot::Board)];
        let (cards, around) = plug_cards(parts, &models, models.len())?;
        spec.cards.extend(cards);
        hosts = around;
        Ok(())
    })
    .unwrap();
    let log = seeded.run("sudo journalctl -b -o cat -u vrouterd -u vrouterd-bind").unwrap();
    for part in ["a sixteenth of the machine's memory", "the only one: packets and all else take turns"] {
        assert!(log.contains(part), "{part} is not in {log}");
    }
    packets_cross(&seeded, &hosts).unwrap();
}
