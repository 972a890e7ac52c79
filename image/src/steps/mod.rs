//! The steps of a build, one per file. Each takes what it needs and gives what it made; none knows the others.

pub(crate) mod grub;
pub(crate) mod initrd;
pub(crate) mod packages;
pub(crate) mod qcow2;
pub(crate) mod root;
pub(crate) mod slot;
pub(crate) mod squashfs;
