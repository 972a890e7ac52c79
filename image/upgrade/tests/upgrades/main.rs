//! Upgrades of a disk image, cut short at every write and looked at with GRUB's own programs.

mod power_cut;
mod rig;
mod trial;
