//! Requests to OpenStack and what it says when it refuses.

use serde_json::Value;
use ureq::Agent;
use ureq::http::{Error, Request};

use crate::PublishError;
use crate::http::{self, Answer};
use crate::retry::{self, Stop};

/// About a request, for messages and tries.
pub(super) struct Wish<'a> {
    /// Its name.
    pub(super) call: &'static str,
    /// Its address.
    pub(super) url: &'a str,
    /// Whether it may be made again when it failed.
    pub(super) again: bool,
}

/// Sends what `make` makes and gives any answer but those that pass by themselves.
pub(super) fn send<'b>(
    agent: &Agent,
    wish: &Wish<'_>,
    make: impl Fn() -> Result<Request<&'b [u8]>, Error>,
    stop: &Stop,
) -> Result<Answer, PublishError> {
    let mut tries = 0;
    loop {
        tries += 1;
        let request = make().map_err(|e| PublishError::Login(format!("{}: {}: {e}", wish.call, wish.url)))?;
        let (error, passing) = match http::send(agent, request, None) {
            Ok(answer) if answer.status == 429 || answer.status >= 500 => (refused(wish.call, &answer), true),
            Ok(answer) => return Ok(answer),
            Err(e) => {
                let reason = format!("{e} (try {tries})");
                let passing = e.passing;
                (PublishError::Transport { call: wish.call, place: wish.url.to_owned(), reason }, passing)
            }
        };
        if !wish.again || !passing || tries == retry::TRIES || stop.wait(retry::wait(tries, 0)) {
            return Err(error);
        }
    }
}

/// The error for an answer that is not a success.
pub(super) fn refused(call: &'static str, answer: &Answer) -> PublishError {
    let hint = match answer.status {
        403 => {
            "\nthe user has no right to do this; public images need the role of an administrator: leave --public out, or \
                use --shared"
        }
        409 | 413 => "\nmaybe a quota is used up: openstack quota show",
        _ => "",
    };
    PublishError::Refused {
        call,
        code: answer.status.to_string(),
        said: words(answer),
        hint: hint.to_owned(),
    }
}

/// Status and the service's words: Keystone's are JSON, Glance's JSON or a small page of HTML.
pub(super) fn words(answer: &Answer) -> String {
    let text = answer.text();
    let json: Value = serde_json::from_str(&text).unwrap_or_default();
    let message = json.pointer("/error/message").or_else(|| json.get("message")).and_then(Value::as_str);
    let message = match message {
        Some(message) => message.to_owned(),
        None => without_tags(&text),
    };
    let message: String =
        message.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(300).collect();
    format!("OpenStack said {}: {message}", answer.status)
}

fn without_tags(html: &str) -> String {
    let mut text = String::new();
    let mut inside = false;
    for c in html.chars() {
        match c {
            '<' => inside = true,
            '>' => {
                inside = false;
                text.push(' ');
            }
            _ if !inside => text.push(c),
            _ => {}
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use ureq::http::HeaderMap;

    use super::*;

    #[test]
    fn both_services_words_are_found() {
        for (body, expected) in [
            (r#"{"error": {"code": 401, "message": "who are you"}}"#, "OpenStack said 401: who are you"),
            (
                "<html><head><title>401</title></head>\n<body>no &amp; no</body></html>",
                "OpenStack said 401: 401 no &amp; no",
            ),
            ("", "OpenStack said 401: "),
        ] {
            let answer = Answer { status: 401, headers: HeaderMap::new(), body: body.as_bytes().to_vec() };
            assert_eq!(words(&answer), expected);
        }
    }
}
