//! The steps of a build, one per file. Each takes what it needs and gives what it made; none knows the others.

pub(crate) mod disk;
pub(crate) mod gce;
pub(crate) mod grub;
pub(crate) mod img;
pub(crate) mod initrd;
pub(crate) mod iso;
pub(crate) mod ova;
pub(crate) mod packages;
pub(crate) mod qcow2;
pub(crate) mod root;
pub(crate) mod slot;
pub(crate) mod squashfs;
pub(crate) mod vhd;
pub(crate) mod vmdk;
