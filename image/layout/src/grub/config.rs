//! The configuration files: the menu on the EFI system partition, what leads Debian's GRUB to it, and the fragment in each
//! slot image.

use crate::disk::{DiskIds, Role, Slot};
use crate::manifest::Manifest;

/// Boots that a slot on trial gets before the menu goes back to the other one.
pub const TRIES: u8 = 1;

/// Menu and kernel on screen and serial line.
const CONSOLES: &str = "if serial --unit=0 --speed=115200; then
  terminal_input console serial
  terminal_output console serial
fi
";
/// The disk that the loader was started from: `$root` is a partition of it, or a whole CD.
const DISK: &str = "set disk=\"$root\"\nregexp --set=1:disk '^(.*),gpt[0-9]+$' \"$root\"\n";
/// What a GRUB that was not made for our disks runs, with `$root` set to the EFI system partition.
pub(super) const EFI_STUB: &str = "# The menu is the same for BIOS and UEFI.
set prefix=\"($root)/grub\"
configfile \"$prefix/grub.cfg\"
";
const KERNEL_CONSOLES: &str = "console=tty0 console=ttyS0,115200";

/// `grub/grub.cfg` of the EFI system partition.
///
/// It chooses the slot, counts down a slot on trial, and goes to the other slot when the tries are used up or when the
/// chosen slot is empty or fails to load. A trial that cannot be counted, because the disk takes no write, is not begun: a
/// slot that does not come up would be started for ever. Kernel and arguments come from the slot's own `grub.cfg`
/// ([`slot_config`]), so they change together with the root.
pub fn disk_config(ids: &DiskIds) -> String {
    let part = |slot| ids.partition(Role::Slot(slot));
    let countdown = (1..=TRIES).map(|left| {
        let fewer = left - 1;
        format!("elif [ \"$daybreak_tries\" = {left} ]; then set daybreak_tries={fewer}\n")
    });
    let countdown = countdown.collect::<Vec<_>>().concat();
    format!(
        r#"# Daybreak boot menu. Written by the installer; an upgrade that stays renews it.
{CONSOLES}{DISK}set slot_a="$disk,gpt{gpt_a}"
set slot_b="$disk,gpt{gpt_b}"

load_env
if [ "$daybreak_slot" = b ]; then
  set slot=b
  set other=a
  set other_device="$slot_a"
  set device="$slot_b"
else
  set slot=a
  set other=b
  set other_device="$slot_b"
  set device="$slot_a"
fi

# A slot on trial has a number of boots left; anything else, also after a damaged environment, is a good slot.
set swap=no
if [ "$daybreak_tries" = 0 ]; then set swap=yes
{countdown}else set daybreak_tries=ok
fi
if [ ! -f ($device)/grub.cfg ]; then set swap=yes; fi
# Only then: GRUB tells the console that an empty slot has no file system.
if [ $swap = yes ]; then
  if [ ! -f ($other_device)/grub.cfg ]; then set swap=no; fi
fi
if [ $swap = yes ]; then
  echo "Slot $slot did not come up; starting slot $other."
  set slot=$other
  set daybreak_tries=ok
fi
if [ "$daybreak_slot" != $slot -o "$daybreak_tries" != ok -o $swap = yes ]; then
  set daybreak_slot=$slot
  if save_env daybreak_slot daybreak_tries; then true
  elif [ "$daybreak_tries" != ok -a -f ($other_device)/grub.cfg ]; then
    echo "The trial of slot $slot cannot be counted; starting slot $other."
    set slot=$other
  fi
fi

# By number: GRUB 2.06 does not find a fallback entry by its name.
if [ $slot = b ]; then set default=1; set fallback=0; else set default=0; set fallback=1; fi
set timeout=1
menuentry "Daybreak, slot A" --id slot-a {{
  set root="$slot_a"
  set partuuid={uuid_a}
  source ($slot_a)/grub.cfg
}}
menuentry "Daybreak, slot B" --id slot-b {{
  set root="$slot_b"
  set partuuid={uuid_b}
  source ($slot_b)/grub.cfg
}}
"#,
        gpt_a = Role::Slot(Slot::A).number(),
        gpt_b = Role::Slot(Slot::B).number(),
        uuid_a = part(Slot::A),
        uuid_b = part(Slot::B),
    )
}

/// `grub.cfg` of a slot image: loads this slot's kernel with this image's arguments. The menu has set `$root` to the slot
/// and `$partuuid` to its PARTUUID.
pub fn slot_config(manifest: &Manifest) -> String {
    kernel(manifest, "daybreak.slot=$partuuid")
}

/// The menu of a boot medium, on its EFI system partition and in its volume: goes on with `grub.cfg` of the volume around it, or of the
/// volume labelled `label` where the loader does not know the disk that it was started from.
pub fn media_config(manifest: &Manifest, label: &str) -> String {
    format!(
        r#"# Daybreak boot menu of a CD or USB stick.
{CONSOLES}{DISK}if [ ! -f ($disk)/grub.cfg ]; then search --no-floppy --set=disk --label {label}; fi
set timeout=3
menuentry "Daybreak {name} {version}, live" --id live {{
  set root="$disk"
  source ($disk)/grub.cfg
}}
"#,
        name = manifest.name(),
        version = manifest.version(),
    )
}

/// `grub.cfg` of a boot medium's volume: loads the kernel, which finds its root by the label.
pub fn media_volume_config(manifest: &Manifest, label: &str) -> String {
    kernel(manifest, &format!("daybreak.media={label}"))
}

/// Loads kernel and initrd of the volume in `$root`.
fn kernel(manifest: &Manifest, source: &str) -> String {
    let args = manifest.kernel_args();
    let space = if args.is_empty() { "" } else { " " };
    format!("linux /vmlinuz boot=daybreak {source}{space}{args} {KERNEL_CONSOLES}\ninitrd /initrd.img\n")
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;
    use crate::Sha256Digest;
    use crate::manifest::{Architecture, FileEntry};

    fn check_syntax(script: &str) {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), script).unwrap();
        let output = Command::new("grub-script-check").arg(file.path()).output().unwrap();
        assert!(output.status.success(), "{output:?}\n{script}");
    }

    #[test]
    fn grub_accepts_the_menu() {
        let ids = DiskIds::from_seed("config");
        let config = disk_config(&ids);
        check_syntax(&config);
        for slot in [Slot::A, Slot::B] {
            assert!(config.contains(&format!("set partuuid={}", ids.partition(Role::Slot(slot)))));
        }
        assert!(config.contains("elif [ \"$daybreak_tries\" = 1 ]; then set daybreak_tries=0"));
    }

    #[test]
    fn grub_accepts_the_menu_of_a_medium_and_the_kernel_gets_its_label() {
        let file = FileEntry { size: 1, sha256: Sha256Digest::of(b"") };
        let manifest = Manifest::new("v", "1~2", Architecture::Amd64, "quiet", file, file, file).unwrap();
        check_syntax(&media_config(&manifest, "DAYBREAK_1"));
        check_syntax(EFI_STUB);
        let config = media_volume_config(&manifest, "DAYBREAK_1");
        check_syntax(&config);
        assert!(config.contains("boot=daybreak daybreak.media=DAYBREAK_1 quiet console=tty0"), "{config}");
    }

    #[test]
    fn the_slot_names_its_kernel_line() {
        let file = FileEntry { size: 1, sha256: Sha256Digest::of(b"") };
        for (args, expected) in [
            ("", "daybreak.slot=$partuuid console=tty0 console=ttyS0,115200\n"),
            ("iommu=pt quiet", "daybreak.slot=$partuuid iommu=pt quiet console=tty0 console=ttyS0,115200\n"),
        ] {
            let manifest = Manifest::new("v", "1", Architecture::Amd64, args, file, file, file).unwrap();
            let config = slot_config(&manifest);
            check_syntax(&config);
            assert!(config.contains(expected), "{config}");
        }
    }
}
