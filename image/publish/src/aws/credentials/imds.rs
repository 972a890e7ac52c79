//! Keys of the role of the machine, from EC2's metadata service with a session token (IMDSv2).

use std::time::Duration;

use ureq::Agent;
use ureq::http::Request;

use super::{Keys, Printed, login};
use crate::PublishError;
use crate::environment::Environment;
use crate::http::{self, Answer};

const ADDRESS: &str = "http://169.254.169.254";
/// On a machine that is not EC2's nobody answers, and nobody should wait long to be told.
const CONNECT: Duration = Duration::from_secs(2);
const SILENCE: Duration = Duration::from_secs(5);

/// Asks for the role's keys.
pub(super) fn keys(environment: &Environment) -> Result<Keys, PublishError> {
    let files = super::profile::files(environment);
    let [credentials, config] = files.map(|path| path.display().to_string());
    let looked = format!(
        "none found: AWS_ACCESS_KEY_ID is not set, and {credentials} and {config} have no profile with keys; \
         set the former, or name a profile with --profile"
    );
    if environment.text("AWS_EC2_METADATA_DISABLED").is_some_and(|value| value.eq_ignore_ascii_case("true")) {
        return Err(login(looked));
    }
    let address = environment.text("AWS_EC2_METADATA_SERVICE_ENDPOINT");
    let address = address.as_deref().unwrap_or(ADDRESS).trim_end_matches('/');
    let service = Service { agent: agent(), address };
    let Ok(token) = service.token() else {
        return Err(login(format!(
            "{looked} (this machine has no EC2 metadata service at {address} either)"
        )));
    };
    let roles = service.get("/latest/meta-data/iam/security-credentials/", &token)?;
    let Some(role) = roles.lines().next().filter(|role| !role.is_empty()) else {
        return Err(login(format!("{looked} (this machine has no role of EC2 either)")));
    };
    let printed = service.get(&format!("/latest/meta-data/iam/security-credentials/{role}"), &token)?;
    let from = format!("role {role:?} of this machine");
    let printed: Printed = serde_json::from_str(&printed)
        .map_err(|_| login(format!("{from}: the metadata service gave no keys for it")))?;
    printed.keys(from)
}

/// Never by a proxy: the address is the machine's own.
fn agent() -> Agent {
    Agent::config_builder()
        .proxy(None)
        .http_status_as_error(false)
        .max_redirects(0)
        .timeout_connect(Some(CONNECT))
        .timeout_per_read(Some(SILENCE))
        .build()
        .into()
}

struct Service<'a> {
    agent: Agent,
    address: &'a str,
}

impl Service<'_> {
    fn token(&self) -> Result<String, PublishError> {
        let request = Request::put(format!("{}/latest/api/token", self.address))
            .header("x-aws-ec2-metadata-token-ttl-seconds", "300");
        self.text("session token", request.body(&[][..]).map_err(login)?)
    }

    fn get(&self, path: &str, token: &str) -> Result<String, PublishError> {
        let request =
            Request::get(format!("{}{path}", self.address)).header("x-aws-ec2-metadata-token", token);
        self.text(path, request.body(&[][..]).map_err(login)?)
    }

    fn text(&self, what: &str, request: Request<&[u8]>) -> Result<String, PublishError> {
        match http::send(&self.agent, request, None) {
            Ok(answer @ Answer { status: 200, .. }) => Ok(answer.text()),
            Ok(answer) => {
                Err(login(format!("metadata service at {}: {what}: status {}", self.address, answer.status)))
            }
            Err(error) => Err(login(format!("metadata service at {}: {what}: {error}", self.address))),
        }
    }
}
