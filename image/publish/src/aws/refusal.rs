//! What AWS says when it refuses, and what helps.

use serde::Deserialize;

use super::xml;
use crate::PublishError;
use crate::http::Answer;

/// A refusal in AWS' words.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    status: u16,
    code: String,
    message: String,
}

#[derive(Default, Deserialize)]
struct Json {
    #[serde(alias = "Message")]
    message: Option<String>,
    #[serde(rename = "Reason")]
    reason: Option<String>,
    #[serde(alias = "code", rename = "__type")]
    kind: Option<String>,
}

impl Refusal {
    /// Reads both forms: JSON with the code in a header (EBS) and XML (EC2).
    pub(crate) fn of(answer: &Answer) -> Self {
        let text = answer.text();
        let first = |name| xml::texts(&text, name).into_iter().next();
        let json: Json = serde_json::from_str(&text).unwrap_or_default();
        let code =
            answer.header("x-amzn-errortype").map(str::to_owned).or(json.kind).or_else(|| first("Code"));
        // "AccessDeniedException:http://…", "namespace#AccessDeniedException"
        let code = code.unwrap_or_default();
        let code = code.split(':').next().unwrap_or_default().rsplit('#').next().unwrap_or_default();
        let mut message = json.message.or_else(|| first("Message")).unwrap_or_default();
        if let Some(reason) = json.reason {
            message = format!("{message} ({reason})");
        }
        if message.is_empty() {
            message = text.chars().take(200).collect();
        }
        Self { status: answer.status, code: code.to_owned(), message: message.trim().to_owned() }
    }

    /// Whether another try makes sense.
    pub(crate) fn passes(&self) -> bool {
        self.status >= 500
            || self.status == 429
            || ["Throttling", "ThrottlingException", "RequestThrottledException", "RequestLimitExceeded"]
                .contains(&self.code.as_str())
    }

    /// Whether the credentials have ended.
    pub(crate) fn ended(&self) -> bool {
        ["ExpiredToken", "ExpiredTokenException", "RequestExpired"].contains(&self.code.as_str())
    }

    /// Whether what the call was about is not there.
    pub(crate) fn is_missing(&self) -> bool {
        ["ResourceNotFoundException", "InvalidSnapshot.NotFound"].contains(&self.code.as_str())
    }

    fn hint(&self, permission: &str, login: &str) -> Option<String> {
        Some(match self.code.as_str() {
            "UnrecognizedClientException"
            | "InvalidClientTokenId"
            | "InvalidAccessKeyId"
            | "AuthFailure"
            | "InvalidSignatureException"
            | "SignatureDoesNotMatch"
            | "IncompleteSignature" => format!(
                "AWS does not take the credentials of {login}: look whether they are right and whether this machine's \
                 clock is"
            ),
            "ExpiredToken" | "ExpiredTokenException" | "RequestExpired" => {
                format!("the credentials of {login} have ended: log in again")
            }
            "AccessDeniedException" | "AccessDenied" | "UnauthorizedOperation" => {
                format!("the owner of {login} needs the permission {permission}")
            }
            "InvalidAMIName.Duplicate" => {
                "choose another --name, or deregister the image that has it".to_owned()
            }
            "ServiceQuotaExceededException"
            | "SnapshotLimitExceeded"
            | "ConcurrentSnapshotLimitExceeded"
            | "ResourceLimitExceeded" => {
                "remove snapshots that are not needed, or ask AWS for a higher quota".to_owned()
            }
            "OptInRequired" => "the account has to be enabled for this service or region first".to_owned(),
            "KMSKeyNotFoundException" | "InvalidKmsKey.NotFound" => {
                "--kms-key takes the ARN of a key in the same region".to_owned()
            }
            _ if self.is_missing() => {
                "it was removed, or is in another region or account; the same command with \
                                       --discard forgets it"
                    .to_owned()
            }
            _ => return None,
        })
    }
}

/// The error for a person.
pub(crate) fn error(call: &'static str, service: &str, refusal: &Refusal, login: &str) -> PublishError {
    let hint = refusal.hint(&format!("{service}:{call}"), login);
    let code =
        if refusal.code.is_empty() { format!("status {}", refusal.status) } else { refusal.code.clone() };
    PublishError::Refused {
        call,
        code: refusal.code.clone(),
        said: format!("AWS said {code}: {}", refusal.message),
        hint: hint.map(|hint| format!("\n{hint}")).unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use ureq::http::{HeaderMap, HeaderValue};

    use super::*;

    fn refusal(status: u16, kind: Option<&'static str>, body: &str) -> Refusal {
        let mut headers = HeaderMap::new();
        if let Some(kind) = kind {
            headers.insert("x-amzn-ErrorType", HeaderValue::from_static(kind));
        }
        Refusal::of(&Answer { status, headers, body: body.as_bytes().to_vec() })
    }

    #[test]
    fn both_forms_are_read() {
        let xml = "<?xml version=\"1.0\"?><Response><Errors><Error><Code>InvalidAMIName.Duplicate</Code>\
                   <Message>AMI name a&amp;b is in use</Message></Error></Errors></Response>";
        for (answer, code, message) in [
            (refusal(400, None, xml), "InvalidAMIName.Duplicate", "AMI name a&b is in use"),
            (
                refusal(
                    403,
                    Some("AccessDeniedException:http://x/"),
                    r#"{"Message": "no", "Reason": "UNAUTHORIZED"}"#,
                ),
                "AccessDeniedException",
                "no (UNAUTHORIZED)",
            ),
            (refusal(400, None, r#"{"__type": "a.b#Validation", "message": "m"}"#), "Validation", "m"),
            (refusal(502, None, "<html>Bad Gateway</html>"), "", "<html>Bad Gateway</html>"),
            (refusal(500, None, ""), "", ""),
        ] {
            assert_eq!((answer.code.as_str(), answer.message.as_str()), (code, message));
        }
    }

    #[test]
    fn what_passes_is_tried_again_and_what_does_not_is_not() {
        for (status, kind, passes) in [
            (503, None, true),
            (429, None, true),
            (400, Some("ThrottlingException"), true),
            (400, Some("RequestThrottledException"), true),
            (400, Some("ValidationException"), false),
            (403, Some("AccessDeniedException"), false),
            (404, Some("ResourceNotFoundException"), false),
        ] {
            assert_eq!(refusal(status, kind, "").passes(), passes, "{status} {kind:?}");
        }
    }

    #[test]
    fn a_refusal_says_who_was_asked_for_what_and_what_to_do() {
        for (kind, expected) in [
            ("AccessDeniedException", "needs the permission ebs:StartSnapshot"),
            ("UnrecognizedClientException", "profile \"lab\""),
            ("ExpiredTokenException", "log in again"),
            ("ServiceQuotaExceededException", "quota"),
        ] {
            let text =
                error("StartSnapshot", "ebs", &refusal(400, Some(kind), "{}"), "profile \"lab\"").to_string();
            assert!(text.starts_with(&format!("StartSnapshot: AWS said {kind}: ")), "{text}");
            assert!(text.contains(expected), "{text}");
        }
    }
}
