//! Builder of the appliance image and its formats.
