//! Which modules are implemented, and with which features.

/// A module that the appliance implements.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Implemented {
    /// Name.
    pub name: &'static str,
    /// Features that have an effect; all others are off.
    pub features: &'static [&'static str],
}

const fn module(name: &'static str, features: &'static [&'static str]) -> Implemented {
    Implemented { name, features }
}

/// The modules that deviate from the standards: values that are refused, and what has no effect.
pub static DEVIATING: &[Implemented] = &[module("daybreak-limits", &[]), module("daybreak-deviations", &[])];

/// Every implemented module beside libyang's own and [`DEVIATING`], in the order of loading.
pub static IMPLEMENTED: &[Implemented] = &[
    module(
        "ietf-netconf",
        &["candidate", "confirmed-commit", "rollback-on-error", "validate", "startup", "xpath"],
    ),
    module("ietf-netconf-with-defaults", &[]),
    module("ietf-netconf-monitoring", &[]),
    module("ietf-netconf-acm", &[]),
    module("iana-if-type", &[]),
    module("ietf-interfaces", &["if-mib"]),
    module("ietf-ip", &[]),
    module("ietf-routing", &[]),
    module("ietf-ipv4-unicast-routing", &[]),
    module("ietf-ipv6-unicast-routing", &[]),
    module("iana-bgp-types", &[]),
    module("ietf-bgp", &[]),
    module("ietf-system", &["authentication", "dns-udp-tcp-port", "local-users", "ntp", "timezone-name"]),
    module("daybreak-bgp", &[]),
    module("daybreak-commits", &[]),
    module("daybreak-dataplane", &[]),
    module("daybreak-routing", &[]),
    module("daybreak-system", &[]),
    module("daybreak-telemetry", &[]),
];
