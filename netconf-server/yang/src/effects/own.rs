//! The modules of our own, in which nothing is without effect.

use super::By::{DataPlane, Netconf, State, Telemetry};
use super::Effect;

pub(super) static EFFECTS: &[Effect] = &[
    Effect { base: "/daybreak-commits:commits", by: &[State], nodes: &["**"] },
    Effect { base: "/daybreak-commits:get-commit", by: &[Netconf], nodes: &["**"] },
    Effect { base: "/daybreak-dataplane:dataplane/port", by: &[DataPlane], nodes: &["name", "device"] },
    Effect {
        base: "/daybreak-dataplane:dataplane/port",
        by: &[State],
        nodes: &[
            "driver",
            "link",
            "statistics/in-packets",
            "statistics/in-octets",
            "statistics/out-packets",
            "statistics/out-octets",
            "statistics/in-missed",
            "statistics/in-errors",
            "statistics/in-no-buffer",
            "statistics/out-errors",
            "statistics/punted-packets",
            "statistics/injected-packets",
        ],
    },
    Effect { base: "/daybreak-dataplane:dataplane/state", by: &[State], nodes: &["**"] },
    Effect { base: "/daybreak-telemetry:telemetry", by: &[Telemetry], nodes: &["**"] },
];
