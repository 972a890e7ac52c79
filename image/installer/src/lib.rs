//! Installer of the appliance on a disk.
