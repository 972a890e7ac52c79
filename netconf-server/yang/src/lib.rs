//! YANG modules of the appliance.
