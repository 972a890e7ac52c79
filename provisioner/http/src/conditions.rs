//! Conditional requests (RFC 9110 section 13).

use std::time::{Duration, SystemTime};

use crate::head::Head;

/// What the conditions of a request come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Answer as if there were none; `range` tells whether `Range` counts.
    Proceed {
        /// False when `If-Range` names another version, so that the whole must go.
        range: bool,
    },
    /// 304.
    NotModified,
    /// 412.
    Failed,
}

/// Weighs the conditions in the order of section 13.2.2. `etag` is strong and has its quotes.
pub(crate) fn weigh(head: &Head, etag: Option<&str>, last_modified: Option<SystemTime>) -> Verdict {
    let modified = last_modified.map(whole_seconds);
    if let Some(field) = &head.if_match {
        if !names(field, etag, Comparison::Strong) {
            return Verdict::Failed;
        }
    } else if let Some(since) = date(head.if_unmodified_since.as_deref())
        && modified.is_some_and(|modified| modified > since)
    {
        return Verdict::Failed;
    }
    if let Some(field) = &head.if_none_match {
        if names(field, etag, Comparison::Weak) {
            return Verdict::NotModified;
        }
    } else if let Some(since) = date(head.if_modified_since.as_deref())
        && modified.is_some_and(|modified| modified <= since)
    {
        return Verdict::NotModified;
    }
    Verdict::Proceed {
        range: head.if_range.as_deref().is_none_or(|field| same_version(field, etag, modified)),
    }
}

/// Section 13.1.5: an entity tag compares strongly, a date must match exactly.
fn same_version(field: &str, etag: Option<&str>, modified: Option<SystemTime>) -> bool {
    if field.starts_with('"') || field.starts_with("W/") {
        return etag.is_some_and(|etag| etag == field);
    }
    date(Some(field)).is_some_and(|date| modified == Some(date))
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Comparison {
    Strong,
    Weak,
}

/// Whether a list of entity tags holds ours. `*` holds any: the artefact exists.
fn names(field: &str, etag: Option<&str>, comparison: Comparison) -> bool {
    if field.trim() == "*" {
        return true;
    }
    // Our tags are hexadecimal, so a comma inside quotes cannot be part of one that matches.
    field.split(',').map(str::trim).any(|tag| {
        let tag = match comparison {
            Comparison::Weak => tag.strip_prefix("W/").unwrap_or(tag),
            Comparison::Strong => tag,
        };
        etag == Some(tag)
    })
}

fn date(field: Option<&str>) -> Option<SystemTime> {
    httpdate::parse_http_date(field?).ok()
}

/// HTTP dates have no fraction, so a file's time must lose its own before it is compared.
fn whole_seconds(time: SystemTime) -> SystemTime {
    time.duration_since(SystemTime::UNIX_EPOCH)
        .map_or(time, |since| SystemTime::UNIX_EPOCH + Duration::from_secs(since.as_secs()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TAG: &str = "\"abc\"";
    const BEFORE: &str = "Sun, 06 Nov 1994 08:49:36 GMT";
    const AT: &str = "Sun, 06 Nov 1994 08:49:37 GMT";
    const AFTER: &str = "Sun, 06 Nov 1994 08:49:38 GMT";

    fn verdict(fields: &str) -> Verdict {
        let text = format!("GET /x HTTP/1.1\r\nHost: h\r\n{fields}\r\n");
        let head = crate::head::parse(text.as_bytes(), 4096).unwrap().unwrap();
        let modified = httpdate::parse_http_date(AT).unwrap() + Duration::from_millis(700);
        weigh(&head, Some(TAG), Some(modified))
    }

    const GO: Verdict = Verdict::Proceed { range: true };
    const GO_WHOLE: Verdict = Verdict::Proceed { range: false };

    #[test]
    fn conditions_by_table() {
        for (fields, expected) in [
            (String::new(), GO),
            (format!("If-None-Match: {TAG}\r\n"), Verdict::NotModified),
            (format!("If-None-Match: W/{TAG}\r\n"), Verdict::NotModified),
            (format!("If-None-Match: \"x\", {TAG}\r\n"), Verdict::NotModified),
            (format!("If-None-Match: \"x\"\r\nIf-None-Match: {TAG}\r\n"), Verdict::NotModified),
            ("If-None-Match: *\r\n".into(), Verdict::NotModified),
            ("If-None-Match: \"x\"\r\n".into(), GO),
            // "A recipient MUST ignore If-Modified-Since if the request contains an If-None-Match".
            (format!("If-None-Match: \"x\"\r\nIf-Modified-Since: {AFTER}\r\n"), GO),
            (format!("If-Modified-Since: {AT}\r\n"), Verdict::NotModified),
            (format!("If-Modified-Since: {AFTER}\r\n"), Verdict::NotModified),
            (format!("If-Modified-Since: {BEFORE}\r\n"), GO),
            ("If-Modified-Since: yesterday\r\n".into(), GO),
            (format!("If-Match: {TAG}\r\n"), GO),
            ("If-Match: *\r\n".into(), GO),
            ("If-Match: \"x\"\r\n".into(), Verdict::Failed),
            (format!("If-Match: W/{TAG}\r\n"), Verdict::Failed),
            (format!("If-Unmodified-Since: {BEFORE}\r\n"), Verdict::Failed),
            (format!("If-Unmodified-Since: {AT}\r\n"), GO),
            (format!("If-Range: {TAG}\r\n"), GO),
            (format!("If-Range: W/{TAG}\r\n"), GO_WHOLE),
            ("If-Range: \"x\"\r\n".into(), GO_WHOLE),
            (format!("If-Range: {AT}\r\n"), GO),
            (format!("If-Range: {AFTER}\r\n"), GO_WHOLE),
            ("If-Range: soon\r\n".into(), GO_WHOLE),
        ] {
            assert_eq!(verdict(&fields), expected, "{fields}");
        }
    }
}
