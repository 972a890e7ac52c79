//! GRUB on our disk starts the right slot: a BIOS machine with a kernel of a few bytes, which prints its command line.

use std::fs::{self, File};
use std::io::{Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::process::Command;

use daybreak_layout::grub::GrubEnv;
use daybreak_layout::{DiskPlan, Role, Slot};
use tempfile::TempDir;

use crate::rig::{Grub, disk, run, slot_image};

/// What QEMU's debug exit makes of the 0x10 that the kernel writes to it.
const EXIT_OF_THE_KERNEL: i32 = 33;

/// 32-bit code: prints the command line on the first serial port, then ends the machine.
const CODE: &[u8] = &[
    0x8B, 0x9E, 0x28, 0x02, 0x00, 0x00, // mov ebx, [esi + 0x228]: cmd_line_ptr of the boot parameters
    0xBA, 0xF8, 0x03, 0x00, 0x00, // mov edx, 0x3F8
    0x8A, 0x03, // next: mov al, [ebx]
    0x84, 0xC0, // test al, al
    0x74, 0x04, // jz end
    0xEE, // out dx, al
    0x43, // inc ebx
    0xEB, 0xF6, // jmp next
    0xB0, 0x0A, // end: mov al, 10
    0xEE, // out dx, al
    0xB0, 0x10, // mov al, 0x10
    0xE6, 0xF4, // out 0xF4, al
    0xF4, // hlt
];

/// The smallest kernel that GRUB's `linux` takes (Linux x86 boot protocol 2.10).
pub(crate) fn kernel() -> Vec<u8> {
    let mut image = vec![0; 5 * 512];
    let mut put = |at: usize, bytes: &[u8]| image[at..at + bytes.len()].copy_from_slice(bytes);
    put(0x1F1, &[4]); // setup sectors
    put(0x1FE, &[0x55, 0xAA]);
    put(0x200, &[0xEB, 0x66]); // jump, which also gives the length of the header
    put(0x202, b"HdrS");
    put(0x206, &0x020Au16.to_le_bytes());
    put(0x211, &[0x01]); // loaded high
    put(0x214, &0x0010_0000u32.to_le_bytes()); // code32_start
    put(0x22C, &0x7FFF_FFFFu32.to_le_bytes()); // initrd_addr_max
    put(0x230, &0x0020_0000u32.to_le_bytes()); // kernel_alignment
    put(0x234, &[1, 21]); // relocatable, min_alignment
    put(0x238, &2047u32.to_le_bytes()); // cmdline_size
    put(0x258, &0x0100_0000u64.to_le_bytes()); // pref_address
    put(0x260, &0x0010_0000u32.to_le_bytes()); // init_size
    image.extend(CODE);
    image.resize(16 * 512, 0);
    image
}

struct Machine {
    dir: TempDir,
    plan: DiskPlan,
}

impl Machine {
    /// A disk with slot A filled, and slot B too when asked.
    fn new(fill_b: bool) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let grub = Grub::new(dir.path());
        let path = dir.path().join("disk.img");
        let plan = disk(&path, &grub, true, &kernel());
        let machine = Self { dir, plan };
        if fill_b {
            machine.write(plan.extent(Role::Slot(Slot::B)).start, &slot_image(&kernel()));
        }
        machine
    }

    fn disk(&self) -> PathBuf {
        self.dir.path().join("disk.img")
    }

    fn write(&self, offset: u64, bytes: &[u8]) {
        let mut file = File::options().write(true).open(self.disk()).unwrap();
        file.seek(SeekFrom::Start(offset)).unwrap();
        file.write_all(bytes).unwrap();
    }

    /// mtools' name of the EFI system partition.
    fn esp(&self) -> String {
        format!("{}@@{}", self.disk().display(), self.plan.extent(Role::Esp).start)
    }

    fn set_env(&self, env: &GrubEnv) {
        let file = self.dir.path().join("grubenv");
        fs::write(&file, env.to_bytes().unwrap()).unwrap();
        run("mcopy", &["-o", "-i", &self.esp(), file.to_str().unwrap(), "::/grub/grubenv"]);
    }

    fn env(&self) -> GrubEnv {
        let file = self.dir.path().join("grubenv");
        run("mcopy", &["-n", "-o", "-i", &self.esp(), "::/grub/grubenv", file.to_str().unwrap()]);
        GrubEnv::parse(&fs::read(file).unwrap()).unwrap()
    }

    /// Boots once; gives the slot that was started.
    fn boot(&self) -> Slot {
        started(&self.plan, &boot(&self.disk(), "off"))
    }
}

/// The slot whose kernel line is on the console.
fn started(plan: &DiskPlan, console: &str) -> Slot {
    let started = |slot: &Slot| {
        let partuuid = plan.ids().partition(Role::Slot(*slot));
        console.contains(&format!("BOOT_IMAGE=/vmlinuz boot=daybreak daybreak.slot={partuuid} quiet "))
    };
    [Slot::A, Slot::B].into_iter().find(started).unwrap_or_else(|| panic!("no slot in: {console}"))
}

/// Runs a machine until its kernel ends it, two minutes at most; gives what was printed on the serial port. With
/// `readonly` `on` its disk takes no write.
fn boot(disk: &Path, readonly: &str) -> String {
    let drive = format!("if=virtio,format=raw,cache=unsafe,readonly={readonly},file={}", disk.display());
    boot_from(&["-drive", &drive])
}

/// The same, with whatever QEMU is told to start from.
pub(crate) fn boot_from(devices: &[&str]) -> String {
    let output = Command::new("timeout")
        .args(["120", "qemu-system-x86_64", "-machine", "q35", "-accel", "tcg", "-m", "128", "-nic", "none"])
        .args(["-display", "none", "-monitor", "none", "-serial", "stdio", "-no-reboot"])
        .args(["-device", "isa-debug-exit,iobase=0xf4,iosize=1"])
        .args(devices)
        .output()
        .unwrap();
    let console = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(
        output.status.code(),
        Some(EXIT_OF_THE_KERNEL),
        "the kernel did not run: {console} {output:?}"
    );
    console
}

#[test]
fn a_new_disk_starts_slot_a() {
    let machine = Machine::new(false);
    let console = boot(&machine.disk(), "off");
    assert_eq!(started(&machine.plan, &console), Slot::A);
    assert!(!console.contains("error:"), "{console}");
    assert_eq!(machine.env(), GrubEnv::confirmed(Slot::A));
}

#[test]
fn a_slot_on_trial_is_started_once_and_then_the_other_one() {
    let machine = Machine::new(true);
    machine.set_env(&GrubEnv::on_trial(Slot::B));
    assert_eq!(machine.boot(), Slot::B);
    assert_eq!((machine.env().slot(), machine.env().tries_left()), (Some(Slot::B), Some(0)));
    for _ in 0..2 {
        assert_eq!(machine.boot(), Slot::A);
        assert_eq!(machine.env(), GrubEnv::confirmed(Slot::A));
    }
}

#[test]
fn a_trial_that_cannot_be_counted_is_not_begun() {
    let machine = Machine::new(true);
    let env = GrubEnv::on_trial(Slot::B);
    machine.set_env(&env);
    let before = machine.env();
    assert_eq!(started(&machine.plan, &boot(&machine.disk(), "on")), Slot::A);
    assert_eq!(machine.env(), before, "the disk was written");
}

#[test]
fn a_confirmed_slot_is_started_without_counting() {
    let machine = Machine::new(true);
    machine.set_env(&GrubEnv::confirmed(Slot::B));
    assert_eq!(machine.boot(), Slot::B);
    assert_eq!(machine.env(), GrubEnv::confirmed(Slot::B));
}

#[test]
fn an_empty_slot_is_passed_over() {
    let machine = Machine::new(false);
    machine.set_env(&GrubEnv::on_trial(Slot::B));
    assert_eq!(machine.boot(), Slot::A);
    assert_eq!(machine.env(), GrubEnv::confirmed(Slot::A));
}

#[test]
fn a_slot_whose_kernel_does_not_load_is_passed_over() {
    let machine = Machine::new(true);
    let slot = slot_image(&kernel());
    let magic = slot.windows(4).position(|bytes| bytes == b"HdrS").unwrap();
    machine.write(machine.plan.extent(Role::Slot(Slot::A)).start + magic as u64, b"XXXX");
    assert_eq!(machine.boot(), Slot::B);
}

#[test]
fn a_damaged_environment_still_boots_slot_a() {
    let machine = Machine::new(true);
    let file = machine.dir.path().join("grubenv");
    fs::write(&file, [b'!'; 1024]).unwrap();
    run("mcopy", &["-o", "-i", &machine.esp(), file.to_str().unwrap(), "::/grub/grubenv"]);
    assert_eq!(machine.boot(), Slot::A);
}
