//! Glance's images, Image API v2.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};
use ureq::http::{Method, Request};
use ureq::{Agent, SendBody};

use super::cloud::Cloud;
use super::content::Content;
use super::keystone::{self, Session};
use super::request::{self, Wish};
use crate::PublishError;
use crate::http::{self, Answer};
use crate::retry::Stop;
use crate::text::percent;

/// Glance copies the image to its store before it answers.
const STORING: Duration = Duration::from_mins(30);

/// Glance of one cloud, for one login.
pub(super) struct Images<'a> {
    agent: Agent,
    cloud: &'a Cloud,
    session: Session,
    stop: Stop,
}

/// An image as Glance describes it.
#[derive(Debug, Deserialize)]
pub(super) struct Image {
    /// Its id.
    pub(super) id: String,
    /// `queued`, `saving`, `active`, `killed`, …
    pub(super) status: String,
    /// Bytes of its data.
    pub(super) size: Option<u64>,
    /// MD5 of its data; may be left out by new versions.
    pub(super) checksum: Option<String>,
    /// Algorithm of the next one.
    pub(super) os_hash_algo: Option<String>,
    /// Digest of its data.
    pub(super) os_hash_value: Option<String>,
}

#[derive(Deserialize)]
struct List {
    images: Vec<Image>,
}

impl<'a> Images<'a> {
    /// Logs in.
    pub(super) fn open(cloud: &'a Cloud) -> Result<Self, PublishError> {
        let agent = http::agent(&cloud.trust)?;
        let stop = Stop::default();
        let session = keystone::login(&agent, cloud, &stop)?;
        Ok(Self { agent, cloud, session, stop })
    }

    /// Glance's address.
    pub(super) fn address(&self) -> &str {
        &self.session.image_url
    }

    /// Images with this name and tag.
    pub(super) fn tagged(&mut self, name: &str, tag: &str) -> Result<Vec<Image>, PublishError> {
        const CALL: &str = "Glance, GET /images";
        let answer =
            self.call(CALL, &Method::GET, &format!("/images?name={}&tag={tag}", percent(name)), None)?;
        Ok(parse::<List>(CALL, &answer)?.images)
    }

    /// Makes an image without data.
    pub(super) fn create(
        &mut self,
        name: &str,
        fixed: &Value,
        properties: &BTreeMap<String, String>,
    ) -> Result<Image, PublishError> {
        const CALL: &str = "Glance, POST /images";
        let mut body = fixed.clone();
        body["name"] = json!(name);
        for (key, value) in properties {
            body[key] = json!(value);
        }
        let answer = self.call(CALL, &Method::POST, "/images", Some(&body))?;
        parse(CALL, &answer)
    }

    /// Sends the data. On failure the image is as Glance left it.
    pub(super) fn upload(&self, id: &str, content: &mut Content<'_>) -> Result<(), PublishError> {
        const CALL: &str = "Glance, PUT /images/ID/file";
        let url = format!("{}/images/{id}/file", self.session.image_url);
        let size = content.size();
        let request = Request::put(&url)
            .header("x-auth-token", &self.session.token)
            .header("content-type", "application/octet-stream")
            .header("content-length", size)
            .body(SendBody::from_reader(content))
            .map_err(|e| PublishError::Login(format!("{CALL}: {url}: {e}")))?;
        match http::send(&self.agent, request, Some(STORING)) {
            Ok(answer) if answer.is_success() => Ok(()),
            Ok(answer) => Err(request::refused(CALL, &answer)),
            Err(e) => Err(PublishError::Transport { call: CALL, place: url, reason: e.to_string() }),
        }
    }

    /// Looks at an image.
    pub(super) fn show(&mut self, id: &str) -> Result<Image, PublishError> {
        const CALL: &str = "Glance, GET /images/ID";
        let answer = self.call(CALL, &Method::GET, &format!("/images/{id}"), None)?;
        parse(CALL, &answer)
    }

    /// Removes an image.
    pub(super) fn delete(&mut self, id: &str) -> Result<(), PublishError> {
        gone(self.call("Glance, DELETE /images/ID", &Method::DELETE, &format!("/images/{id}"), None))
    }

    /// Takes a tag away.
    pub(super) fn untag(&mut self, id: &str, tag: &str) -> Result<(), PublishError> {
        gone(self.call(
            "Glance, DELETE /images/ID/tags/TAG",
            &Method::DELETE,
            &format!("/images/{id}/tags/{tag}"),
            None,
        ))
    }

    /// Shares a shared image with a project.
    pub(super) fn share(&mut self, id: &str, project: &str) -> Result<(), PublishError> {
        let body = json!({ "member": project });
        self.call(
            "Glance, POST /images/ID/members",
            &Method::POST,
            &format!("/images/{id}/members"),
            Some(&body),
        )
        .map(drop)
    }

    /// A call with a new login when the old one has ended.
    fn call(
        &mut self,
        call: &'static str,
        method: &Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Answer, PublishError> {
        let body = body.map(Value::to_string).unwrap_or_default();
        // Another POST would make another image.
        let again = *method != Method::POST;
        let mut renewed = false;
        loop {
            let url = format!("{}{path}", self.session.image_url);
            let make = || {
                let request = Request::builder()
                    .method(method.clone())
                    .uri(&url)
                    .header("x-auth-token", &self.session.token);
                let request = if body.is_empty() {
                    request
                } else {
                    request.header("content-type", "application/json")
                };
                request.body(body.as_bytes())
            };
            let answer = request::send(&self.agent, &Wish { call, url: &url, again }, make, &self.stop)?;
            if answer.status == 401 && !renewed {
                renewed = true;
                self.session = keystone::login(&self.agent, self.cloud, &self.stop)?;
                continue;
            }
            return if answer.is_success() { Ok(answer) } else { Err(request::refused(call, &answer)) };
        }
    }
}

fn parse<T: serde::de::DeserializeOwned>(call: &'static str, answer: &Answer) -> Result<T, PublishError> {
    serde_json::from_slice(&answer.body).map_err(|e| PublishError::Answer { call, reason: e.to_string() })
}

/// What is not there any more was removed by a try whose answer was lost.
fn gone(result: Result<Answer, PublishError>) -> Result<(), PublishError> {
    match result {
        Err(PublishError::Refused { code, .. }) if code == "404" => Ok(()),
        other => other.map(drop),
    }
}
