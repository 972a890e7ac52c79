//! Points in time as YANG writes them.

use jiff::Timestamp;
use std::time::SystemTime;

/// A `date-and-time` in UTC (RFC 9911 §3): `2026-11-28T12:00:00+00:00`, to the second.
pub(super) fn date_and_time(time: SystemTime) -> String {
    // A clock outside the years that a timestamp holds is no clock; any valid text will do.
    let stamp = Timestamp::try_from(time).unwrap_or(Timestamp::UNIX_EPOCH);
    stamp.strftime("%Y-%m-%dT%H:%M:%S+00:00").to_string()
}

#[cfg(test)]
mod tests {
    use super::date_and_time;
    use std::time::{Duration, SystemTime};

    #[test]
    fn seconds_in_utc() {
        let time = SystemTime::UNIX_EPOCH + Duration::from_millis(1_795_000_000_999);
        assert_eq!(date_and_time(time), "2026-11-18T11:06:40+00:00");
        assert_eq!(date_and_time(SystemTime::UNIX_EPOCH), "1970-01-01T00:00:00+00:00");
    }
}
