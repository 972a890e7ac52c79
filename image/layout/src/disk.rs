//! Where things lie on an installed disk: the table of `ARCHITECTURE.md`.

use std::io::{Seek, SeekFrom, Write};

use uuid::Uuid;

use crate::LayoutError;
use crate::gpt::{Gpt, GptEntry};

/// Logical sector, in bytes. Disks with 4,096-byte logical sectors are not supported.
pub const SECTOR: u64 = 512;
/// One mebibyte; partitions start at multiples of it.
pub const MIB: u64 = 1024 * 1024;
/// Size of the EFI system partition.
pub const ESP_SIZE: u64 = 64 * MIB;
/// Size of one slot, so the largest slot image.
pub const SLOT_SIZE: u64 = 1024 * MIB;
/// Least size of the state partition.
pub const STATE_MIN_SIZE: u64 = 512 * MIB;
/// Least size of a disk that the layout fits on: everything, and 1 MiB for the backup partition table.
pub const MIN_DISK_SIZE: u64 = STATE_START + STATE_MIN_SIZE + MIB;

const BIOS_BOOT_START: u64 = MIB;
const ESP_START: u64 = 2 * MIB;
const SLOT_A_START: u64 = ESP_START + ESP_SIZE;
const SLOT_B_START: u64 = SLOT_A_START + SLOT_SIZE;
const STATE_START: u64 = SLOT_B_START + SLOT_SIZE;

/// What a partition is for; the order is that of the partition numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// GRUB's core for BIOS.
    BiosBoot,
    /// EFI system partition, also GRUB's configuration and environment.
    Esp,
    /// One image.
    Slot(Slot),
    /// `/config`, overlays and the seed; kept by upgrades.
    State,
}

/// One of the two places for an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Slot {
    /// Filled by the installer.
    A,
    /// Empty until the first upgrade.
    B,
}

impl Slot {
    /// `a` or `b`, as in `state/slots/a` and GRUB's environment.
    pub const fn letter(self) -> char {
        match self {
            Self::A => 'a',
            Self::B => 'b',
        }
    }
}

impl Role {
    /// All roles in the order of their partition numbers.
    pub const ALL: [Self; 5] =
        [Self::BiosBoot, Self::Esp, Self::Slot(Slot::A), Self::Slot(Slot::B), Self::State];

    /// Partition number, from 1.
    pub const fn number(self) -> u32 {
        match self {
            Self::BiosBoot => 1,
            Self::Esp => 2,
            Self::Slot(Slot::A) => 3,
            Self::Slot(Slot::B) => 4,
            Self::State => 5,
        }
    }

    /// Partition name in the table.
    pub const fn name(self) -> &'static str {
        match self {
            Self::BiosBoot => "bios-boot",
            Self::Esp => "esp",
            Self::Slot(Slot::A) => "slot-a",
            Self::Slot(Slot::B) => "slot-b",
            Self::State => "state",
        }
    }

    /// Partition type: UEFI specification §5.3.3, the GRUB manual's "BIOS installation", and the Discoverable
    /// Partitions Specification for the Linux ones.
    pub(crate) const fn type_guid(self) -> Uuid {
        Uuid::from_u128(match self {
            Self::BiosBoot => 0x2168_6148_6449_6e6f_744e_6565_6445_4649,
            Self::Esp => 0xc12a_7328_f81f_11d2_ba4b_00a0_c93e_c93b,
            Self::Slot(_) => 0x4f68_bce3_e8cd_4db1_96e7_fbca_f984_b709,
            Self::State => 0x0fc6_3daf_8483_4772_8e79_3d69_d847_7de4,
        })
    }
}

/// Identifiers of a disk: all follow from the disk's GUID.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DiskIds {
    disk: Uuid,
}

impl DiskIds {
    /// From a disk GUID: a random one for an install, so that two disks in one machine never share identifiers.
    pub const fn new(disk: Uuid) -> Self {
        Self { disk }
    }

    /// From a seed, for reproducible images: the same seed gives the same identifiers (UUID version 5).
    pub fn from_seed(seed: &str) -> Self {
        const NAMESPACE: Uuid = Uuid::from_u128(0x9d1f_6a52_7c0e_4b7b_8a57_3fd2_44f1_0c6e);
        Self { disk: Uuid::new_v5(&NAMESPACE, seed.as_bytes()) }
    }

    /// GUID of the disk.
    pub const fn disk(&self) -> Uuid {
        self.disk
    }

    /// GUID of a partition (PARTUUID).
    pub fn partition(&self, role: Role) -> Uuid {
        Uuid::new_v5(&self.disk, role.name().as_bytes())
    }

    /// File system UUID for the state partition.
    pub fn state_filesystem(&self) -> Uuid {
        Uuid::new_v5(&self.disk, b"state-filesystem")
    }

    /// Serial number of the EFI system partition's FAT.
    pub fn esp_volume_id(&self) -> u32 {
        let id = Uuid::new_v5(&self.disk, b"esp-volume");
        let [a, b, c, d, ..] = *id.as_bytes();
        u32::from_be_bytes([a, b, c, d])
    }
}

/// Start and length of a partition, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PartitionExtent {
    /// First byte on the disk.
    pub start: u64,
    /// Bytes.
    pub size: u64,
}

impl PartitionExtent {
    /// First sector.
    pub const fn first_lba(&self) -> u64 {
        self.start / SECTOR
    }
}

/// The layout on a disk of a given size.
#[derive(Clone, Copy, Debug)]
pub struct DiskPlan {
    size: u64,
    ids: DiskIds,
    with_state: bool,
}

impl DiskPlan {
    /// Plan for a disk of `size` bytes with all five partitions, or without the state partition (`with_state` false: the
    /// appliance makes it on first boot, when the disk has its final size).
    ///
    /// # Errors
    /// [`LayoutError::NoRoom`] when the disk is smaller than [`MIN_DISK_SIZE`].
    pub fn new(size: u64, ids: DiskIds, with_state: bool) -> Result<Self, LayoutError> {
        if size < MIN_DISK_SIZE {
            return Err(LayoutError::NoRoom {
                what: "the disk layout",
                needed: MIN_DISK_SIZE,
                available: size,
            });
        }
        Ok(Self { size: size / SECTOR * SECTOR, ids, with_state })
    }

    /// Usable size of the disk in bytes.
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// Identifiers of the disk.
    pub const fn ids(&self) -> &DiskIds {
        &self.ids
    }

    /// Roles that have a partition in this plan.
    pub fn roles(&self) -> impl Iterator<Item = Role> + use<> {
        let with_state = self.with_state;
        Role::ALL.into_iter().filter(move |role| with_state || *role != Role::State)
    }

    /// Place of a partition; for [`Role::State`] where it is or will be.
    pub const fn extent(&self, role: Role) -> PartitionExtent {
        let (start, size) = match role {
            Role::BiosBoot => (BIOS_BOOT_START, MIB),
            Role::Esp => (ESP_START, ESP_SIZE),
            Role::Slot(Slot::A) => (SLOT_A_START, SLOT_SIZE),
            Role::Slot(Slot::B) => (SLOT_B_START, SLOT_SIZE),
            // The last MiB is for the backup table (33 sectors).
            Role::State => (STATE_START, (self.size / MIB - 1) * MIB - STATE_START),
        };
        PartitionExtent { start, size }
    }

    /// The partition table.
    pub fn gpt(&self) -> Gpt {
        let entries = self.roles().map(|role| {
            let extent = self.extent(role);
            GptEntry {
                type_guid: role.type_guid(),
                guid: self.ids.partition(role),
                first_lba: extent.first_lba(),
                last_lba: extent.first_lba() + extent.size / SECTOR - 1,
                name: role.name().to_owned(),
            }
        });
        Gpt { disk_guid: self.ids.disk, sectors: self.size / SECTOR, entries: entries.collect() }
    }

    /// Writes both copies of the partition table and the protective MBR with `boot_code` (see
    /// [`crate::grub::BiosBoot`]) to a whole-disk writer.
    ///
    /// # Errors
    /// [`LayoutError::Io`] when the writer fails.
    pub fn write_table<W: Write + Seek>(
        &self,
        out: &mut W,
        boot_code: &[u8; 440],
    ) -> Result<(), LayoutError> {
        let gpt = self.gpt();
        for (offset, bytes) in [(gpt.backup_offset(), gpt.backup_bytes()), (0, gpt.primary_bytes(boot_code))]
        {
            out.seek(SeekFrom::Start(offset)).map_err(LayoutError::io("seek to the partition table"))?;
            out.write_all(&bytes).map_err(LayoutError::io("write the partition table"))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn partitions_follow_each_other_and_end_before_the_backup_table() {
        let size = 8 * 1024 * MIB + 512;
        let plan = DiskPlan::new(size, DiskIds::from_seed("t"), true).unwrap();
        let mut end = MIB;
        for (number, role) in (1..).zip(plan.roles()) {
            assert_eq!(role.number(), number);
            let extent = plan.extent(role);
            assert_eq!((extent.start, extent.size % MIB), (end, 0), "{role:?}");
            end = extent.start + extent.size;
        }
        assert_eq!(end, size / MIB * MIB - MIB);
    }

    #[test]
    fn smallest_disk_has_the_least_state_and_one_byte_less_is_refused() {
        let plan = DiskPlan::new(MIN_DISK_SIZE, DiskIds::from_seed("t"), true).unwrap();
        assert_eq!(plan.extent(Role::State).size, STATE_MIN_SIZE);
        assert!(matches!(
            DiskPlan::new(MIN_DISK_SIZE - 1, DiskIds::from_seed("t"), true),
            Err(LayoutError::NoRoom { needed: MIN_DISK_SIZE, .. })
        ));
    }

    #[test]
    fn identifiers_follow_the_seed_and_differ_from_each_other() {
        let (one, same, two) = (DiskIds::from_seed("1"), DiskIds::from_seed("1"), DiskIds::from_seed("2"));
        assert_eq!(one, same);
        assert_ne!(one.disk(), two.disk());
        assert_ne!(one.partition(Role::Slot(Slot::A)), one.partition(Role::Slot(Slot::B)));
        assert_ne!(one.partition(Role::Esp), two.partition(Role::Esp));
        assert_ne!(one.esp_volume_id(), two.esp_volume_id());
    }
}
