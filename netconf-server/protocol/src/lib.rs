//! NETCONF for both roles.
