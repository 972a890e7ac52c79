//! Calls to AWS: signed, sent, made again where that helps, and told in words where it does not.

use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{PayloadChecksumKind, SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use ureq::Agent;
use ureq::http::{Method, Request};

use super::credentials::{self, Keys};
use super::refusal::{self, Refusal};
use crate::PublishError;
use crate::environment::Environment;
use crate::http::{self, Answer, Trust};
use crate::retry::{self, Stop};

/// A service of AWS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Service {
    /// Blocks of snapshots.
    Ebs,
    /// Images and snapshots.
    Ec2,
}

impl Service {
    fn name(self) -> &'static str {
        match self {
            Self::Ebs => "ebs",
            Self::Ec2 => "ec2",
        }
    }

    /// Address in a region.
    fn address(self, region: &str) -> String {
        let suffix = if region.starts_with("cn-") { "amazonaws.com.cn" } else { "amazonaws.com" };
        format!("https://{}.{region}.{suffix}", self.name())
    }
}

/// One call.
#[derive(Clone, Debug)]
pub(crate) struct Call<'a> {
    /// Its name in AWS' documentation; with the service, also the name of the permission.
    pub(crate) name: &'static str,
    /// Where it goes.
    pub(crate) service: Service,
    /// Method.
    pub(crate) method: Method,
    /// Path, encoded.
    pub(crate) path: String,
    /// Header fields beside those of the signature.
    pub(crate) headers: Vec<(&'static str, String)>,
    /// Body.
    pub(crate) body: &'a [u8],
    /// Whether the signature leaves the body out; a checksum in a header stands for it then.
    pub(crate) unsigned_body: bool,
    /// Differs between calls that are made side by side.
    pub(crate) spread: u32,
    /// Whether "there is no such snapshot" may be about one that is only not known everywhere yet.
    pub(crate) maybe_early: bool,
}

/// Makes calls for one account in one region.
pub(crate) struct Client {
    agent: Agent,
    region: String,
    endpoint: Option<String>,
    environment: Environment,
    profile: Option<String>,
    keys: Mutex<Keys>,
}

impl Client {
    /// Finds credentials and makes a client.
    ///
    /// # Errors
    /// [`PublishError::Login`].
    pub(crate) fn new(
        region: &str,
        endpoint: Option<&str>,
        profile: Option<&str>,
        environment: Environment,
    ) -> Result<Self, PublishError> {
        let keys = credentials::find(&environment, profile)?;
        Ok(Self {
            agent: http::agent(&Trust::Machine)?,
            region: region.to_owned(),
            endpoint: endpoint.map(|url| url.trim_end_matches('/').to_owned()),
            environment,
            profile: profile.map(str::to_owned),
            keys: Mutex::new(keys),
        })
    }

    /// Where the credentials in use are from.
    pub(crate) fn login(&self) -> String {
        self.keys.lock().unwrap_or_else(PoisonError::into_inner).from.clone()
    }

    /// Makes a call, several times where the failure may pass, until `stop`.
    ///
    /// # Errors
    /// [`PublishError::Refused`] with AWS' words, [`PublishError::Transport`], [`PublishError::Login`].
    pub(crate) fn call(&self, call: &Call<'_>, stop: &Stop) -> Result<Answer, PublishError> {
        let mut tries = 0;
        let mut renewed = false;
        loop {
            tries += 1;
            let keys = self.keys(false)?;
            let error = match self.once(call, &keys)? {
                Ok(answer) if answer.is_success() => return Ok(answer),
                Ok(answer) => {
                    let refusal = Refusal::of(&answer);
                    if refusal.ended() && keys.until.is_some() && !renewed {
                        renewed = true;
                        self.keys(true)?;
                        continue;
                    }
                    let error = refusal::error(call.name, call.service.name(), &refusal, &keys.from);
                    let early = call.maybe_early && refusal.is_missing();
                    if !(early || refusal.passes()) {
                        return Err(error);
                    }
                    error
                }
                Err(no_answer) => {
                    let error = PublishError::Transport {
                        call: call.name,
                        place: self.address(call.service),
                        reason: format!("{no_answer} (try {tries} of {})", retry::TRIES),
                    };
                    if !no_answer.passing {
                        return Err(error);
                    }
                    error
                }
            };
            if tries == retry::TRIES || stop.wait(retry::wait(tries, call.spread)) {
                return Err(error);
            }
        }
    }

    fn address(&self, service: Service) -> String {
        self.endpoint.clone().unwrap_or_else(|| service.address(&self.region))
    }

    /// Keys that are good for a while; new ones when `renew` is set.
    fn keys(&self, renew: bool) -> Result<Keys, PublishError> {
        let mut keys = self.keys.lock().unwrap_or_else(PoisonError::into_inner);
        if renew || keys.end_soon(SystemTime::now()) {
            *keys = credentials::find(&self.environment, self.profile.as_deref())?;
        }
        Ok(keys.clone())
    }

    fn once(&self, call: &Call<'_>, keys: &Keys) -> Result<Result<Answer, http::NoAnswer>, PublishError> {
        let url = format!("{}{}", self.address(call.service), call.path);
        let mut builder = Request::builder().method(call.method.clone()).uri(&url);
        for (name, value) in &call.headers {
            builder = builder.header(*name, value);
        }
        let cannot = |error: &dyn std::fmt::Display| {
            PublishError::Login(format!("{}: cannot be asked of {url}: {error}", call.name))
        };
        let mut request = builder.body(call.body).map_err(|e| cannot(&e))?;
        let credentials =
            Credentials::new(&keys.id, &keys.secret, keys.session.clone(), keys.until, "daybreak");
        let identity = credentials.into();
        let mut settings = SigningSettings::default();
        settings.payload_checksum_kind = PayloadChecksumKind::XAmzSha256;
        let params = v4::SigningParams::builder()
            .identity(&identity)
            .region(&self.region)
            .name(call.service.name())
            .time(SystemTime::now())
            .settings(settings)
            .build()
            .map_err(|e| cannot(&e))?
            .into();
        let body =
            if call.unsigned_body { SignableBody::UnsignedPayload } else { SignableBody::Bytes(call.body) };
        let headers = call.headers.iter().map(|(name, value)| (*name, value.as_str()));
        let signable =
            SignableRequest::new(call.method.as_str(), &url, headers, body).map_err(|e| cannot(&e))?;
        let (instructions, _) = sign(signable, &params).map_err(|e| cannot(&e))?.into_parts();
        instructions.apply_to_request_http1x(&mut request);
        Ok(http::send(&self.agent, request, None))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_partitions() {
        assert_eq!(Service::Ebs.address("eu-central-1"), "https://ebs.eu-central-1.amazonaws.com");
        assert_eq!(Service::Ec2.address("cn-north-1"), "https://ec2.cn-north-1.amazonaws.com.cn");
    }
}
