//! ietf-system and what `daybreak-system` adds to it.

use super::By::{Linux, Note, State};
use super::Effect;

pub(super) static EFFECTS: &[Effect] = &[
    Effect { base: "/ietf-system:system", by: &[Note], nodes: &["contact", "location"] },
    Effect {
        base: "/ietf-system:system",
        by: &[Linux],
        nodes: &[
            "hostname",
            "clock/timezone-name",
            "ntp/enabled",
            "ntp/server/name",
            "ntp/server/udp/address",
            "dns-resolver/search",
            "dns-resolver/server/name",
            "dns-resolver/server/udp-and-tcp/address",
            "dns-resolver/server/udp-and-tcp/port",
        ],
    },
    Effect {
        base: "/ietf-system:system/authentication/user",
        by: &[Linux],
        nodes: &[
            "name",
            "authorized-key/name",
            "authorized-key/algorithm",
            "authorized-key/key-data",
            "daybreak-system:admin",
        ],
    },
    Effect { base: "/ietf-system:system-state", by: &[State], nodes: &["**"] },
];
