//! Management plane of the appliance.
