//! Appliers: what turns configuration into a router.
