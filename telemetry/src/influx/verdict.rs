//! What an answer of the database means for the batch.

use hyper::StatusCode;

/// What becomes of a batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Verdict {
    /// The database has it.
    Delivered,
    /// The database will never take `points` points of it; the others are stored.
    Rejected {
        /// How many.
        points: u64,
        /// Why, in the database's words.
        reason: String,
    },
    /// Later, perhaps.
    Retry {
        /// Why.
        reason: String,
    },
}

/// Judges an answer to a batch of so many points.
///
/// 400 means for ever: a point that is malformed, of another type or beyond the retention policy will not become
/// better, and trying it again would hold up all that follow. 413 is the same. All else may be put right on the other
/// side without this one: a missing database (404), a wrong password (401, 403), a server in trouble.
pub(super) fn verdict(status: StatusCode, body: &[u8], points: u64) -> Verdict {
    if status.is_success() {
        return Verdict::Delivered;
    }
    let text: String = String::from_utf8_lossy(body).chars().take(300).collect();
    let reason = format!("{status}: {}", text.trim());
    match status {
        StatusCode::BAD_REQUEST | StatusCode::PAYLOAD_TOO_LARGE => {
            Verdict::Rejected { points: dropped(&text).unwrap_or(points).min(points), reason }
        }
        _ => Verdict::Retry { reason },
    }
}

/// The number in `partial write: ... dropped=3`.
fn dropped(text: &str) -> Option<u64> {
    let (_, rest) = text.split_once("dropped=")?;
    rest.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::{Verdict, verdict};
    use hyper::StatusCode;

    fn of(status: u16, body: &str) -> Verdict {
        verdict(StatusCode::from_u16(status).unwrap(), body.as_bytes(), 10)
    }

    #[test]
    fn success_is_delivery() {
        assert_eq!(of(204, ""), Verdict::Delivered);
        assert_eq!(of(200, "{}"), Verdict::Delivered);
    }

    #[test]
    fn what_cannot_become_better_is_not_tried_again() {
        for (status, body, lost) in [
            (400, r#"{"error":"partial write: field type conflict: ... dropped=1"}"#, 1),
            (400, r#"{"error":"partial write: points beyond retention policy dropped=7"}"#, 7),
            (400, r#"{"error":"unable to parse 'x'"}"#, 10),
            (400, "dropped=99999", 10),
            (413, "", 10),
        ] {
            assert!(matches!(of(status, body), Verdict::Rejected { points, .. } if points == lost), "{body}");
        }
    }

    #[test]
    fn what_others_can_put_right_is_tried_again() {
        for status in [301, 401, 403, 404, 429, 500, 503] {
            assert!(
                matches!(of(status, "why"), Verdict::Retry { reason } if reason.contains("why")),
                "{status}"
            );
        }
    }

    #[test]
    fn a_long_answer_is_cut() {
        let Verdict::Retry { reason } = of(500, &"x".repeat(10_000)) else { panic!("not tried again") };
        assert!(reason.len() < 400);
    }
}
