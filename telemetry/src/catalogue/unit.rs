//! Units of KPIs.

/// The unit in which a KPI is stored: always a whole number of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Bytes of memory or disk.
    Bytes,
    /// Bytes on a line, by the name that the field uses there.
    Octets,
    /// Things that are counted.
    Count,
    /// A number with a meaning that the KPI's text gives.
    Code,
    /// 10^-9 s.
    Nanoseconds,
    /// 10^-6 s.
    Microseconds,
    /// 10^-3 s.
    Milliseconds,
    /// Seconds; with a gauge that is a time, since 1970-01-01 UTC.
    Seconds,
    /// A hundredth of one.
    Hundredths,
    /// A ten-thousandth of the whole: a share with two places of percent.
    TenThousandths,
    /// Bits per second.
    BitsPerSecond,
}

impl Unit {
    /// Its name in the manual.
    pub fn name(self) -> &'static str {
        match self {
            Self::Bytes => "bytes",
            Self::Octets => "octets",
            Self::Count => "count",
            Self::Code => "code",
            Self::Nanoseconds => "ns",
            Self::Microseconds => "us",
            Self::Milliseconds => "ms",
            Self::Seconds => "s",
            Self::Hundredths => "1/100",
            Self::TenThousandths => "1/10000",
            Self::BitsPerSecond => "bit/s",
        }
    }

    /// What Prometheus puts behind the name, and by which power of ten the value is divided: it wants base units.
    pub fn prometheus(self) -> (&'static str, u32) {
        match self {
            Self::Bytes => ("_bytes", 0),
            Self::Octets | Self::Count | Self::Code => ("", 0),
            Self::Nanoseconds => ("_seconds", 9),
            Self::Microseconds => ("_seconds", 6),
            Self::Milliseconds => ("_seconds", 3),
            Self::Seconds => ("_seconds", 0),
            Self::Hundredths => ("", 2),
            Self::TenThousandths => ("_ratio", 4),
            Self::BitsPerSecond => ("_bits_per_second", 0),
        }
    }
}
