//! What a machine is made of, and the QEMU command line that says so. Pure: nothing here touches the system.

use std::path::{Path, PathBuf};

use super::card::{BRIDGE, Card, Slot};
use super::firmware::Firmware;
use super::storage::Disk;

/// What runs the guest's instructions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Accelerator {
    /// Translation: works everywhere.
    Tcg,
    /// The kernel's hypervisor, when a probe guest ran under it.
    Kvm,
}

/// The board.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Chipset {
    /// Intel's Q35 of 2007: PCI Express, SATA.
    Q35,
    /// Intel's 440FX of 1996, `-M pc`: conventional PCI, IDE.
    Pc,
}

/// A boot medium, plugged in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BootMedium {
    /// In a CD drive.
    Cd(PathBuf),
    /// As a USB stick, which the machine may write to.
    Usb(PathBuf),
}

/// A kernel that starts without any firmware's boot order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DirectBoot {
    /// Kernel image.
    pub kernel: PathBuf,
    /// Initial RAM disk, if it needs one.
    pub initrd: Option<PathBuf>,
    /// Kernel command line.
    pub arguments: String,
}

/// The threads of QEMU that emulate processors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Threads {
    /// One for all processors of a machine.
    One,
    /// One for each, as QEMU would have it. With them QEMU 7.2 now and then loses the timer of a processor, and the guest
    /// hangs: not for tests.
    Each,
}

/// A whole machine. Boot order: the first card by network, the boot medium, then the disks, in the order given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MachineSpec {
    /// Name for messages and files.
    pub name: String,
    /// SMBIOS UUID, which DHCP option 97 carries.
    pub uuid: String,
    /// More of the SMBIOS system information, as QEMU's `-smbios type=1` takes it, by which clouds are known.
    pub smbios: Option<String>,
    /// The board.
    pub chipset: Chipset,
    /// Whether it has an IOMMU, with every device behind it.
    pub iommu: bool,
    /// Firmware.
    pub firmware: Firmware,
    /// Memory in MiB.
    pub memory_mib: u32,
    /// Processors.
    pub processors: u8,
    /// Who emulates the processors.
    pub threads: Threads,
    /// Network cards.
    pub cards: Vec<Card>,
    /// Disks; the first is the first in boot order.
    pub disks: Vec<Disk>,
    /// A read-only medium beside the disks, as a `NoCloud` seed.
    pub medium: Option<PathBuf>,
    /// What it starts from when it is not a disk.
    pub boot_medium: Option<BootMedium>,
    /// Start this kernel instead of the firmware's choice.
    pub direct: Option<DirectBoot>,
    /// Whether the first card comes first in the boot order; without, no card can boot.
    pub network_boot: bool,
    /// Let the guest end QEMU by writing N to port 0xf4; the exit status is 2N + 1.
    pub exit_port: bool,
}

impl MachineSpec {
    /// A machine with a BIOS, 2 GiB, two processors and nothing plugged in.
    pub fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            uuid: uuid_of(name),
            smbios: None,
            chipset: Chipset::Q35,
            iommu: false,
            firmware: Firmware::Bios,
            memory_mib: 2048,
            processors: 2,
            threads: Threads::One,
            cards: Vec::new(),
            disks: Vec::new(),
            medium: None,
            boot_medium: None,
            direct: None,
            network_boot: true,
            exit_port: false,
        }
    }

    /// QEMU's arguments. `qmp` is the socket it shall connect to, `vars` the machine's own UEFI variables.
    pub fn arguments(&self, accelerator: Accelerator, qmp: &Path, vars: &Path) -> Vec<String> {
        let mut line = Line::default();
        line.add("-name", &self.name).add("-uuid", &self.uuid);
        if let Some(system) = &self.smbios {
            line.add("-smbios", &format!("type=1,{system}"));
        }
        line.flag("-no-user-config").flag("-nodefaults").add("-display", "none");
        // Without graphics SeaBIOS writes its screen to the serial port, and so do iPXE and GRUB on top of it.
        let secure = self.firmware == Firmware::UefiSecureBoot;
        let board = match self.chipset {
            Chipset::Q35 => "q35",
            Chipset::Pc => "pc",
        };
        line.add("-machine", &format!("{board},graphics=off{}", if secure { ",smm=on" } else { "" }));
        if secure {
            // Only code in system management mode may write to the variables.
            line.add("-global", "driver=cfi.pflash01,property=secure,value=on");
        }
        match accelerator {
            Accelerator::Tcg => {
                let threads = match self.threads {
                    Threads::One => "single",
                    Threads::Each => "multi",
                };
                line.add("-accel", &format!("tcg,thread={threads}")).add("-cpu", "max")
            }
            Accelerator::Kvm => line.add("-accel", "kvm").add("-cpu", "host"),
        };
        line.add("-m", &self.memory_mib.to_string()).add("-smp", &self.processors.to_string());
        line.add("-serial", "stdio");
        line.add("-chardev", &format!("socket,id=qmp,path={}", comma(qmp)))
            .add("-mon", "chardev=qmp,mode=control");
        if self.iommu {
            // It has to be there before the devices behind it.
            line.add("-device", "intel-iommu");
        }
        line.add("-device", &format!("virtio-rng-pci{}", self.behind_iommu()));
        if let Some((code, _)) = self.firmware.ovmf() {
            line.add("-drive", &format!("if=pflash,unit=0,format=raw,readonly=on,file={code}"));
            line.add("-drive", &format!("if=pflash,unit=1,format=raw,file={}", comma(vars)));
        }
        self.add_devices(&mut line);
        if let Some(direct) = &self.direct {
            line.add("-kernel", &direct.kernel.to_string_lossy()).add("-append", &direct.arguments);
            if let Some(initrd) = &direct.initrd {
                line.add("-initrd", &initrd.to_string_lossy());
            }
        }
        if self.exit_port {
            line.add("-device", "isa-debug-exit,iobase=0xf4,iosize=0x04");
        }
        line.0
    }

    fn behind_iommu(&self) -> &'static str {
        if self.iommu { BEHIND_IOMMU } else { "" }
    }

    fn add_devices(&self, line: &mut Line) {
        let mut place = 0;
        if self.cards.iter().any(|card| card.slot == Slot::Bridge) {
            line.add("-device", &format!("pcie-pci-bridge,id={BRIDGE}"));
        }
        for (i, card) in self.cards.iter().enumerate() {
            let boots = self.network_boot && i == 0;
            place += u32::from(boots);
            let rom = boots && self.firmware == Firmware::Bios;
            card.add(line, i, boots.then_some(place), rom, self.iommu);
        }
        if let Some(medium) = &self.boot_medium {
            place += 1;
            let (file, options, device) = match medium {
                BootMedium::Cd(file) => (file, "media=cdrom,readonly=on", "ide-cd"),
                BootMedium::Usb(file) => (file, "cache=unsafe", "usb-storage,removable=on"),
            };
            if matches!(medium, BootMedium::Usb(_)) {
                line.add("-device", "qemu-xhci");
            }
            line.add("-drive", &format!("if=none,id=boot,format=raw,{options},file={}", comma(file)));
            line.add("-device", &format!("{device},drive=boot,bootindex={place}"));
        }
        for (i, disk) in self.disks.iter().enumerate() {
            place += 1;
            disk.add(line, i, place, self.iommu);
        }
        if let Some(medium) = &self.medium {
            line.add("-drive", &format!("if=none,id=medium,format=raw,readonly=on,file={}", comma(medium)));
            let device = format!("virtio-blk-pci,drive=medium,serial=MEDIUM{}", self.behind_iommu());
            line.add("-device", &device);
        }
    }
}

/// What puts a virtio device behind the IOMMU: the old kind of them knows none.
pub(super) const BEHIND_IOMMU: &str = ",disable-legacy=on,iommu_platform=on";

/// QEMU splits option values at commas; a doubled comma stands for one.
pub(super) fn comma(path: &Path) -> String {
    path.to_string_lossy().replace(',', ",,")
}

/// A UUID made from the machine's name, so that it is the same after a power cycle (FNV-1a, 128 bits).
fn uuid_of(name: &str) -> String {
    let mut hash: u128 = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d;
    for byte in name.bytes() {
        hash = (hash ^ u128::from(byte)).wrapping_mul(0x0000_0000_0100_0000_0000_0000_0000_013b);
    }
    let hex = format!("{hash:032x}");
    format!("{}-{}-4{}-8{}-{}", &hex[..8], &hex[8..12], &hex[13..16], &hex[17..20], &hex[20..])
}

/// A command line as it grows.
#[derive(Default)]
pub(super) struct Line(Vec<String>);

impl Line {
    pub(super) fn add(&mut self, option: &str, value: &str) -> &mut Self {
        self.0.extend([option.to_owned(), value.to_owned()]);
        self
    }

    fn flag(&mut self, option: &str) -> &mut Self {
        self.0.push(option.to_owned());
        self
    }
}

#[cfg(test)]
mod tests {
    use super::super::card::{CardModel, Plug};
    use super::super::storage::{Controller, DiskFormat};
    use super::*;

    fn line(spec: &MachineSpec, accelerator: Accelerator) -> String {
        spec.arguments(accelerator, Path::new("/lab/q"), Path::new("/lab/vars")).join(" ")
    }

    fn with_card_and_disks() -> MachineSpec {
        let disk = |serial: &str| Disk {
            file: format!("/lab/{serial}.img").into(),
            format: DiskFormat::Raw,
            serial: serial.to_owned(),
            controller: Controller::default(),
        };
        MachineSpec {
            cards: vec![Card::new("52:54:00:00:00:01", "tap0".to_owned())],
            disks: vec![disk("DISK0"), disk("DATA")],
            ..MachineSpec::new("r1")
        }
    }

    #[test]
    fn network_comes_before_disks_in_the_boot_order() {
        let line = line(&with_card_and_disks(), Accelerator::Tcg);
        for part in [
            "virtio-net-pci,netdev=net0,mac=52:54:00:00:00:01,bootindex=1 ",
            "drive=disk0,serial=DISK0,bootindex=2",
            "drive=disk1,serial=DATA,bootindex=3",
            "ifname=tap0,script=no,downscript=no",
        ] {
            assert!(line.contains(part), "{part} is not in {line}");
        }
    }

    #[test]
    fn only_the_first_card_boots() {
        let mut spec = with_card_and_disks();
        spec.cards.push(Card::new("52:54:00:00:00:02", "tap1".to_owned()));
        let line = line(&spec, Accelerator::Tcg);
        assert!(line.contains("mac=52:54:00:00:00:02,romfile= "), "{line}");
        assert!(line.contains("serial=DISK0,bootindex=2"), "{line}");
    }

    #[test]
    fn without_network_boot_the_card_has_no_rom() {
        let spec = MachineSpec { network_boot: false, ..with_card_and_disks() };
        let line = line(&spec, Accelerator::Tcg);
        assert!(line.contains("mac=52:54:00:00:00:01,romfile= "), "{line}");
        assert!(line.contains("serial=DISK0,bootindex=1"), "{line}");
    }

    #[test]
    fn a_boot_medium_comes_before_the_disks() {
        for (medium, device) in [
            (BootMedium::Cd("/i".into()), "ide-cd,drive=boot,bootindex=1"),
            (BootMedium::Usb("/i".into()), "usb-storage,removable=on,drive=boot,bootindex=1"),
        ] {
            let spec =
                MachineSpec { network_boot: false, boot_medium: Some(medium), ..with_card_and_disks() };
            let line = line(&spec, Accelerator::Tcg);
            assert!(line.contains(device) && line.contains("serial=DISK0,bootindex=2"), "{line}");
        }
    }

    #[test]
    fn uefi_has_its_own_variables_and_pxe_client() {
        let spec = MachineSpec { firmware: Firmware::Uefi, ..with_card_and_disks() };
        let line = line(&spec, Accelerator::Tcg);
        assert!(line.contains("unit=1,format=raw,file=/lab/vars"), "{line}");
        assert!(line.contains("bootindex=1,romfile= "), "{line}");
    }

    #[test]
    fn secure_boot_has_its_own_firmware_and_protected_variables() {
        let spec = MachineSpec { firmware: Firmware::UefiSecureBoot, ..with_card_and_disks() };
        let line = line(&spec, Accelerator::Tcg);
        for part in ["smm=on", "driver=cfi.pflash01,property=secure,value=on", "OVMF_CODE_4M.secboot.fd"] {
            assert!(line.contains(part), "{part} is not in {line}");
        }
    }

    #[test]
    fn the_accelerator_decides_the_processor() {
        assert!(
            line(&MachineSpec::new("r1"), Accelerator::Tcg).contains("-accel tcg,thread=single -cpu max")
        );
        assert!(line(&MachineSpec::new("r1"), Accelerator::Kvm).contains("-accel kvm -cpu host"));
    }

    #[test]
    fn a_comma_in_a_path_does_not_split_the_option() {
        let spec = MachineSpec { medium: Some("/lab/a,b".into()), ..MachineSpec::new("r1") };
        assert!(line(&spec, Accelerator::Tcg).contains("file=/lab/a,,b"));
    }

    #[test]
    fn direct_boot_and_exit_port_are_there_when_asked() {
        let direct = DirectBoot {
            kernel: "/k".into(),
            initrd: Some("/i".into()),
            arguments: "console=ttyS0".to_owned(),
        };
        let spec = MachineSpec { direct: Some(direct), exit_port: true, ..MachineSpec::new("r1") };
        let line = line(&spec, Accelerator::Tcg);
        assert!(line.contains("-kernel /k -append console=ttyS0 -initrd /i"), "{line}");
        assert!(line.contains("isa-debug-exit"), "{line}");
    }

    #[test]
    fn cards_of_every_model_are_in_every_slot() {
        let card = |model, slot| Card { model, slot, ..Card::new("52:54:00:00:00:05", "t".to_owned()) };
        let own = Plug::Frames { own: "/lab/a,b".into(), other: "/lab/c".into() };
        let spec = MachineSpec {
            cards: vec![
                card(CardModel::Virtio, Slot::Board),
                card(CardModel::Igb, Slot::Express),
                Card { plug: own, ..card(CardModel::E1000, Slot::Bridge) },
            ],
            ..MachineSpec::new("r1")
        };
        let line = line(&spec, Accelerator::Tcg);
        for part in [
            "pcie-root-port,id=slot1,chassis=2 -device igb,netdev=net1,mac=52:54:00:00:00:05,bus=slot1,romfile=",
            "e1000,netdev=net2,mac=52:54:00:00:00:05,bus=bridge,romfile=",
            "-device pcie-pci-bridge,id=bridge -netdev tap",
            "dgram,id=net2,local.type=unix,local.path=/lab/a,,b,remote.type=unix,remote.path=/lab/c",
        ] {
            assert!(line.contains(part), "{part} is not in {line}");
        }
    }

    #[test]
    fn disks_are_behind_every_controller() {
        for (controller, chipset, part) in [
            (Controller::Virtio, Chipset::Q35, "-device virtio-blk-pci,drive=disk0"),
            (
                Controller::VirtioScsi,
                Chipset::Q35,
                "virtio-scsi-pci,id=hba0 -device scsi-hd,bus=hba0.0,drive=disk0",
            ),
            (Controller::Lsi, Chipset::Pc, "-machine pc,graphics=off"),
            (Controller::Lsi, Chipset::Q35, "lsi53c895a,id=hba0 -device scsi-hd,bus=hba0.0,"),
            (Controller::Megasas, Chipset::Q35, "megasas,id=hba0 -device scsi-hd,"),
            (Controller::Mptsas, Chipset::Q35, "scsi-hd,bus=hba0.0,wwn=0x5000c50000000000,"),
            (Controller::Pvscsi, Chipset::Q35, "pvscsi,id=hba0 -device scsi-hd,"),
            (Controller::Ata, Chipset::Q35, "-device ide-hd,drive=disk0,serial=DISK0,bootindex=2"),
            (Controller::Nvme, Chipset::Q35, "-device nvme,drive=disk0,serial=DISK0,bootindex=2"),
            (Controller::Usb, Chipset::Q35, "qemu-xhci,id=hba0 -device usb-storage,bus=hba0.0,drive=disk0"),
        ] {
            let mut spec = MachineSpec { chipset, ..with_card_and_disks() };
            spec.disks[0].controller = controller;
            let line = line(&spec, Accelerator::Tcg);
            assert!(line.contains(part), "{part} is not in {line}");
        }
    }

    #[test]
    fn an_iommu_comes_first_and_virtio_devices_are_behind_it() {
        let line = line(&MachineSpec { iommu: true, ..with_card_and_disks() }, Accelerator::Tcg);
        assert!(
            line.contains("-device intel-iommu -device virtio-rng-pci,disable-legacy=on,iommu_platform=on")
        );
        assert_eq!(line.matches("iommu_platform=on").count(), 4, "{line}");
    }

    #[test]
    fn a_name_gives_one_valid_uuid() {
        let uuid = uuid_of("r1");
        assert_eq!(uuid, uuid_of("r1"));
        assert_ne!(uuid, uuid_of("r2"));
        assert_eq!(uuid.split('-').map(str::len).collect::<Vec<_>>(), [8, 4, 4, 4, 12]);
        assert!(uuid.chars().all(|c| c == '-' || c.is_ascii_hexdigit()), "{uuid}");
    }
}
