//! NETCONF itself: operations, access control, monitoring, the library of modules.

use super::By::{Netconf, Note, State};
use super::Effect;

pub(super) static EFFECTS: &[Effect] = &[
    Effect { base: "/ietf-netconf:get-config", by: &[Netconf], nodes: &["**"] },
    Effect { base: "/ietf-netconf:edit-config", by: &[Netconf], nodes: &["**"] },
    Effect { base: "/ietf-netconf:copy-config", by: &[Netconf], nodes: &["**"] },
    Effect { base: "/ietf-netconf:delete-config", by: &[Netconf], nodes: &["**"] },
    Effect { base: "/ietf-netconf:lock", by: &[Netconf], nodes: &["**"] },
    Effect { base: "/ietf-netconf:unlock", by: &[Netconf], nodes: &["**"] },
    Effect { base: "/ietf-netconf:get", by: &[Netconf], nodes: &["**"] },
    Effect { base: "/ietf-netconf:close-session", by: &[Netconf], nodes: &["**"] },
    Effect { base: "/ietf-netconf:kill-session", by: &[Netconf], nodes: &["**"] },
    Effect { base: "/ietf-netconf:commit", by: &[Netconf], nodes: &["**"] },
    Effect { base: "/ietf-netconf:discard-changes", by: &[Netconf], nodes: &["**"] },
    Effect { base: "/ietf-netconf:cancel-commit", by: &[Netconf], nodes: &["**"] },
    Effect { base: "/ietf-netconf:validate", by: &[Netconf], nodes: &["**"] },
    Effect { base: "/ietf-netconf-monitoring:get-schema", by: &[Netconf], nodes: &["**"] },
    Effect {
        base: "/ietf-netconf-acm:nacm",
        by: &[Netconf],
        nodes: &[
            "enable-nacm",
            "read-default",
            "write-default",
            "exec-default",
            "groups/group/name",
            "groups/group/user-name",
            "rule-list/name",
            "rule-list/group",
            "rule-list/rule/name",
            "rule-list/rule/module-name",
            "rule-list/rule/rpc-name",
            "rule-list/rule/path",
            "rule-list/rule/access-operations",
            "rule-list/rule/action",
        ],
    },
    Effect { base: "/ietf-netconf-acm:nacm", by: &[Note], nodes: &["rule-list/rule/comment"] },
    Effect {
        base: "/ietf-netconf-acm:nacm",
        by: &[State],
        nodes: &["denied-operations", "denied-data-writes", "denied-notifications"],
    },
    Effect {
        base: "/ietf-netconf-monitoring:netconf-state",
        by: &[State],
        nodes: &["capabilities/capability", "datastores/datastore/name"],
    },
    Effect {
        base: "/ietf-netconf-monitoring:netconf-state/datastores/datastore/locks/global-lock",
        by: &[State],
        nodes: &["**"],
    },
    Effect { base: "/ietf-netconf-monitoring:netconf-state/schemas", by: &[State], nodes: &["**"] },
    Effect { base: "/ietf-netconf-monitoring:netconf-state/sessions", by: &[State], nodes: &["**"] },
    Effect { base: "/ietf-netconf-monitoring:netconf-state/statistics", by: &[State], nodes: &["**"] },
    Effect { base: "/ietf-yang-library:yang-library", by: &[State], nodes: &["**"] },
];
