//! Configuration datastores.
