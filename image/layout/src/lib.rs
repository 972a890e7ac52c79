//! Disk and slot layout of the appliance, as pure byte writers.
