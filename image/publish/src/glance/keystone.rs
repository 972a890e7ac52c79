//! Login at Keystone (Identity API v3) and the catalogue's image service.

use serde::Deserialize;
use serde_json::{Value, json};
use ureq::Agent;
use ureq::http::{Method, Request};

use super::cloud::{Cloud, Credential, Domain, Login, Named};
use super::request::{self, Wish};
use crate::PublishError;
use crate::retry::Stop;

/// A login that was taken.
pub(super) struct Session {
    /// Goes with each call.
    pub(super) token: String,
    /// Address of Glance with its version, without a slash at the end.
    pub(super) image_url: String,
}

#[derive(Deserialize)]
struct Answer {
    token: Token,
}

#[derive(Deserialize)]
struct Token {
    #[serde(default)]
    catalog: Vec<Service>,
}

#[derive(Deserialize)]
struct Service {
    #[serde(rename = "type")]
    kind: String,
    endpoints: Vec<Endpoint>,
}

#[derive(Deserialize)]
struct Endpoint {
    interface: String,
    region: Option<String>,
    url: String,
}

const NAME: &str = "Keystone, POST /auth/tokens";

/// Logs in.
pub(super) fn login(agent: &Agent, cloud: &Cloud, stop: &Stop) -> Result<Session, PublishError> {
    let url = format!("{}/auth/tokens", cloud.auth_url);
    let body = serde_json::to_vec(&body(&cloud.login)).map_err(|e| answer(e.to_string()))?;
    let make = || {
        Request::builder()
            .method(Method::POST)
            .uri(&url)
            .header("content-type", "application/json")
            .body(&body[..])
    };
    let wish = Wish { call: NAME, url: &url, again: true };
    let got = request::send(agent, &wish, make, stop)?;
    match got.status {
        200 | 201 => {}
        401 => {
            return Err(PublishError::Refused {
                call: NAME,
                code: got.status.to_string(),
                said: request::words(&got),
                hint: format!(
                    "\nthe login of {} is not taken: look at user, password or secret, project and their domains",
                    cloud.from
                ),
            });
        }
        404 => {
            return Err(PublishError::Refused {
                call: NAME,
                code: got.status.to_string(),
                said: request::words(&got),
                hint: format!(
                    "\nthere is no Keystone v3 at {}: look at auth_url of {}",
                    cloud.auth_url, cloud.from
                ),
            });
        }
        _ => return Err(request::refused(NAME, &got)),
    }
    let token = got
        .header("x-subject-token")
        .ok_or_else(|| answer("no X-Subject-Token in it".to_owned()))?
        .to_owned();
    let parsed: Answer = serde_json::from_slice(&got.body).map_err(|e| answer(e.to_string()))?;
    let image_url = match &cloud.image_url {
        Some(url) => url.clone(),
        None => find(&parsed.token.catalog, cloud)?,
    };
    Ok(Session { token, image_url: versioned(&image_url) })
}

fn answer(reason: String) -> PublishError {
    PublishError::Answer { call: NAME, reason }
}

fn body(login: &Login) -> Value {
    let identity = match login {
        Login::Password { user, password, .. } => {
            let mut user = named(user);
            user["password"] = json!(password);
            json!({ "methods": ["password"], "password": { "user": user } })
        }
        Login::Application { credential, secret } => {
            let mut about = match credential {
                Credential::Id(id) => json!({ "id": id }),
                Credential::Name(name, user) => json!({ "name": name, "user": named(user) }),
            };
            about["secret"] = json!(secret);
            json!({ "methods": ["application_credential"], "application_credential": about })
        }
    };
    match login {
        Login::Password { project, .. } => {
            json!({ "auth": { "identity": identity, "scope": { "project": named(project) } } })
        }
        // It has its project.
        Login::Application { .. } => json!({ "auth": { "identity": identity } }),
    }
}

fn named(named: &Named) -> Value {
    match named {
        Named::Id(id) => json!({ "id": id }),
        Named::Name(name, Domain::Id(id)) => json!({ "name": name, "domain": { "id": id } }),
        Named::Name(name, Domain::Name(domain)) => json!({ "name": name, "domain": { "name": domain } }),
    }
}

fn find(catalog: &[Service], cloud: &Cloud) -> Result<String, PublishError> {
    let endpoints =
        catalog.iter().filter(|service| service.kind == "image").flat_map(|service| &service.endpoints);
    let on_interface: Vec<_> = endpoints.filter(|endpoint| endpoint.interface == cloud.interface).collect();
    let in_region = |endpoint: &&&Endpoint| cloud.region.is_none() || endpoint.region == cloud.region;
    let found: Vec<_> = on_interface.iter().filter(in_region).collect();
    let regions = || on_interface.iter().filter_map(|e| e.region.clone()).collect::<Vec<_>>().join(", ");
    match (found.as_slice(), &cloud.region) {
        ([one], _) => Ok(one.url.clone()),
        ([first, ..], Some(_)) => Ok(first.url.clone()),
        ([_, ..], None) => Err(PublishError::Login(format!(
            "{}: name a region with region_name; there are {}",
            cloud.from,
            regions()
        ))),
        ([], Some(region)) if !on_interface.is_empty() => Err(PublishError::Login(format!(
            "{}: no image service in region {region:?}; there are {}",
            cloud.from,
            regions()
        ))),
        ([], _) => Err(PublishError::Login(format!(
            "{}: the catalogue has no image service with a {} interface",
            cloud.from, cloud.interface
        ))),
    }
}

/// The catalogue's address may have a version or not.
fn versioned(url: &str) -> String {
    let url = url.trim_end_matches('/');
    let plain = match url.rsplit_once('/') {
        Some((before, last))
            if last.starts_with('v') && last[1..].starts_with(|c: char| c.is_ascii_digit()) =>
        {
            before
        }
        _ => url,
    };
    format!("{plain}/v2")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn glance_is_asked_for_its_second_version() {
        for url in [
            "http://c/image",
            "http://c/image/",
            "http://c/image/v2",
            "http://c/image/v2.9/",
            "http://c/image/v1",
        ] {
            assert_eq!(versioned(url), "http://c/image/v2");
        }
        assert_eq!(versioned("http://c:9292"), "http://c:9292/v2");
    }
}
