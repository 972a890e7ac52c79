//! What the daemon tells about itself.

use super::{Set, Tag, Unit, counter, gauge};
use std::time::Duration;

const PERIOD: Duration = Duration::from_secs(10);

/// The daemon as a whole.
pub static AGENT: Set = Set {
    name: "telemetry_agent",
    about: "Points made and refused by this daemon.",
    source: "telemetryd",
    period: PERIOD,
    tags: &[],
    kpis: &[
        counter("points", Unit::Count, "Points that were read and passed on."),
        counter(
            "refused_points",
            Unit::Count,
            "Points refused because they did not agree with this catalogue.",
        ),
        counter("over_budget_points", Unit::Count, "Points refused because a tag had used up its values."),
        counter("late_rounds", Unit::Count, "Readings left out because the one before still ran."),
        counter("reloads", Unit::Count, "Configurations that were read again and took effect."),
        counter(
            "refused_reloads",
            Unit::Count,
            "Configurations that were read again and refused; the log says why.",
        ),
        counter("refused_scrapes", Unit::Count, "Connections to the Prometheus endpoint beyond its limit."),
        gauge("series", Unit::Count, "Combinations of set and tags in the last readings."),
    ],
};

/// Each source.
pub static COLLECTOR: Set = Set {
    name: "telemetry_collector",
    about: "How reading each set went.",
    source: "telemetryd",
    period: PERIOD,
    tags: &[Tag { name: "set", budget: 64, about: "Name of the set." }],
    kpis: &[
        counter("readings", Unit::Count, "Readings that were tried."),
        counter("failures", Unit::Count, "Readings that failed; the log says why."),
        counter(
            "read_time",
            Unit::Microseconds,
            "Time that reading took, waiting for an answer included; sets that one reading fills have equal parts of it.",
        ),
        counter(
            "cpu_time",
            Unit::Microseconds,
            "Time of this daemon's processor that reading took; sets that one reading fills have equal parts of it.",
        ),
    ],
};

/// Each output.
pub static OUTPUT: Set = Set {
    name: "telemetry_output",
    about: "How delivery to each database goes; a gap in the data shows here.",
    source: "telemetryd",
    period: PERIOD,
    tags: &[Tag { name: "output", budget: 16, about: "Name of the output." }],
    kpis: &[
        counter("delivered_points", Unit::Count, "Points that the database took."),
        counter("gap_points", Unit::Count, "Points lost: the queue was full, or the disk refused them."),
        counter("rejected_points", Unit::Count, "Points in requests that the database refused for good."),
        counter("damaged_segments", Unit::Count, "Queue files with a damaged end, which was cut off."),
        counter("failures", Unit::Count, "Requests that failed and are tried again."),
        gauge("queued_points", Unit::Count, "Points that wait."),
        gauge("queue_size", Unit::Bytes, "Disk space of the queue."),
    ],
};
