//! Seeds of nodes: the live system's that installs, and the installed system's.

use super::deliver::{Delivery, Denied};
use super::{Service, ServiceError};
use crate::events::Code;
use crate::node::{Fact, InstallReport, InstallStep, Node, NodeConfig, NodeId, Progress};
use crate::site::Templates as SiteTemplates;
use crate::store::Purpose;
use bytes::Bytes;
use daybreak_cloud_init::datasource::Instance;
use daybreak_cloud_init::{
    After, Day1, Identity, InstallAnswer, InstallImage, NoCloudFile, Seed, Templates, media,
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::net::IpAddr;

/// Which of a node's two seeds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SeedStep {
    /// The live system that installs.
    Install,
    /// The installed system.
    Day1,
}

impl SeedStep {
    /// Its name, in URLs and messages.
    pub fn name(self) -> &'static str {
        match self {
            Self::Install => "install",
            Self::Day1 => "day1",
        }
    }

    /// What opens it.
    fn purpose(self) -> Purpose {
        match self {
            Self::Install => Purpose::SeedInstall,
            Self::Day1 => Purpose::SeedDay1,
        }
    }
}

/// The four files of a seed, as the API shows them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeedFiles {
    /// `meta-data`.
    pub meta_data: String,
    /// `user-data`.
    pub user_data: String,
    /// `vendor-data`.
    pub vendor_data: String,
    /// `network-config`.
    pub network_config: String,
}

impl From<Seed> for SeedFiles {
    fn from(seed: Seed) -> Self {
        let Seed { meta_data, user_data, vendor_data, network_config } = seed;
        Self { meta_data, user_data, vendor_data, network_config }
    }
}

/// What stands in a seed's URLs.
pub(super) struct Urls {
    /// Token of the installed system's seed.
    seed: String,
    /// Token of the installer's reports.
    report: String,
    /// Where the installed system calls; without it, it does not.
    phone_home: Option<String>,
}

impl Urls {
    /// Where nothing is given out: a file without URLs, or a machine that is not awaited.
    fn none() -> Self {
        let none = "0".repeat(64);
        Self { seed: none.clone(), report: none, phone_home: None }
    }

    /// Of a machine that calls `url` when its first boot is done.
    pub(super) fn phone_home(url: String) -> Self {
        Self { phone_home: Some(url), ..Self::none() }
    }
}

/// A seed with what it was rendered from.
pub(super) struct Rendered {
    pub(super) day1: Day1,
    pub(super) identity: Identity,
    pub(super) seed: Seed,
}

/// A medium with a seed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Medium {
    /// `NoCloud`: a volume labelled `cidata`.
    Cidata,
    /// OpenStack's config drive, version 2: a volume labelled `config-2`.
    ConfigDrive,
}

impl Medium {
    /// Its name in URLs.
    pub fn name(self) -> &'static str {
        match self {
            Self::Cidata => "cidata",
            Self::ConfigDrive => "configdrive",
        }
    }

    /// The label by which cloud-init finds it.
    pub fn label(self) -> &'static str {
        match self {
            Self::Cidata => media::CIDATA,
            Self::ConfigDrive => media::CONFIG_2,
        }
    }

    /// The volume's bytes, from what a seed was rendered from.
    pub fn volume(self, day1: &Day1, identity: &Identity, seed: &Seed) -> Vec<u8> {
        match self {
            Self::Cidata => media::cidata(seed),
            Self::ConfigDrive => media::config_drive(&Instance::new(day1, identity, seed)),
        }
    }
}

/// Reads the site's own templates.
pub(super) fn templates(paths: &SiteTemplates) -> Result<Templates, ServiceError> {
    let mut templates = Templates::builtin().map_err(ServiceError::SeedTemplate)?;
    for (path, file) in [
        (&paths.user_data, NoCloudFile::UserData),
        (&paths.meta_data, NoCloudFile::MetaData),
        (&paths.vendor_data, NoCloudFile::VendorData),
    ] {
        if let Some(path) = path {
            let text = std::fs::read_to_string(path)
                .map_err(|source| ServiceError::Template { path: path.clone(), source })?;
            templates.replace(file.name(), &text).map_err(ServiceError::SeedTemplate)?;
        }
    }
    Ok(templates)
}

impl Service {
    /// One file of a seed, once.
    ///
    /// # Errors
    /// When the token does not open it, or it does not render.
    pub async fn seed_file(&self, token: &str, file: NoCloudFile, peer: IpAddr) -> Result<Delivery, Denied> {
        let opened = self.open_token(token, &[Purpose::SeedInstall, Purpose::SeedDay1], peer).await?;
        let step =
            if opened.claim.purpose == Purpose::SeedInstall { SeedStep::Install } else { SeedStep::Day1 };
        let store = self.engine.store();
        let bit = file as u32;
        // Used up before anything leaves, so that a kill in between cannot give it out twice.
        if !store.use_token(opened.hash, bit).await? {
            self.refused(&opened.node, opened.claim.purpose, peer, &format!("{file} was delivered before"))
                .await;
            return Err(Denied::Ended);
        }
        let mut delivery = Delivery::new(store.clone(), opened.hash, bit);
        let node = &opened.node;
        // Only the user-data holds URLs; the other files must not end the tokens it gave out.
        let urls =
            if file == NoCloudFile::UserData { self.fresh_urls(node, step).await? } else { Urls::none() };
        let seed = self.render_seed(&node.config, node.id, step, &urls)?.seed;
        delivery.put_content(Bytes::from(seed.file(file).to_owned()));
        let message = format!("{} {file} to {peer}", step.name());
        self.engine
            .record(Some(node.id), Code::SeedRead, message, json!({"file": file.name(), "peer": peer}))
            .await;
        Ok(delivery)
    }

    /// A node's seed as the API shows it: zeroes where the tokens will stand.
    ///
    /// # Errors
    /// When it does not render or the node's image is not of this site.
    pub fn preview(&self, node: &Node, step: SeedStep) -> Result<SeedFiles, ServiceError> {
        let home = self.url(&["phone-home", &"0".repeat(64)]);
        let urls = if step == SeedStep::Day1 { Urls::phone_home(home) } else { Urls::none() };
        self.render_seed(&node.config, node.id, step, &urls).map(|rendered| SeedFiles::from(rendered.seed))
    }

    /// A medium with the seed of the installed system. That of a deploying node has it phone home, and ends the URLs given out
    /// before; any other's has not.
    ///
    /// # Errors
    /// When it does not render or the store fails.
    pub async fn medium(&self, node: &Node, medium: Medium) -> Result<Vec<u8>, ServiceError> {
        let awaited = node.state == crate::node::State::Deploying;
        let urls = if awaited { self.fresh_urls(node, SeedStep::Day1).await? } else { Urls::none() };
        let Rendered { day1, identity, seed } =
            self.render_seed(&node.config, node.id, SeedStep::Day1, &urls)?;
        Ok(medium.volume(&day1, &identity, &seed))
    }

    /// Checks that both seeds of a node that is to be added render.
    pub(super) fn preview_of(&self, config: &NodeConfig) -> Result<(), ServiceError> {
        let id = NodeId(uuid::Uuid::nil());
        for step in [SeedStep::Install, SeedStep::Day1] {
            self.render_seed(config, id, step, &Urls::none())?;
        }
        Ok(())
    }

    /// Gives out a seed's URL, for a machine that is booted by other means.
    ///
    /// # Errors
    /// When the node is not deploying or the store fails.
    pub async fn seed_url(&self, node: &Node, step: SeedStep) -> Result<String, ServiceError> {
        if node.state != crate::node::State::Deploying {
            let why = format!("it is {}; only a node that is deploying has one", node.state);
            return Err(ServiceError::Value { what: "seed URL", node: node.config.name.to_string(), why });
        }
        let token = self.issue(node, step.purpose()).await?;
        Ok(self.url(&["seed", &token, ""]))
    }

    /// A report of the installer.
    ///
    /// # Errors
    /// When the token does not open it or the store fails.
    pub async fn install_report(
        &self,
        token: &str,
        report: InstallReport,
        peer: IpAddr,
    ) -> Result<(), Denied> {
        let node = self.open_token(token, &[Purpose::Report], peer).await?.node;
        let InstallReport { step, percent, bytes, total, .. } = report;
        let code = match step {
            InstallStep::Done => Some(Code::InstallDone),
            InstallStep::Failed => Some(Code::InstallFailed),
            _ => {
                let what = step.name().to_owned();
                let first = node.status.progress.as_ref().is_none_or(|progress| progress.what != what);
                let progress = Progress { what, percent: percent.min(100), bytes, total };
                self.engine.registry().see(node.id, |status| status.progress = Some(progress));
                first.then_some(Code::InstallStep)
            }
        };
        if let Some(code) = code {
            let message = match (&report.code, report.message.as_str()) {
                (Some(code), text) => format!("{}: {code}: {text}", step.name()),
                (None, "") => step.name().to_owned(),
                (None, text) => format!("{}: {text}", step.name()),
            };
            let fields = json!({"step": step, "bytes": bytes, "total": total, "code": report.code});
            self.engine.record(Some(node.id), code, message, fields).await;
        }
        self.engine.observe(node.id, &Fact::Report(report)).await?;
        Ok(())
    }

    /// The installed system's call.
    ///
    /// # Errors
    /// When the token does not open it or the store fails.
    pub async fn phone_home(&self, token: &str, host_keys: Vec<String>, peer: IpAddr) -> Result<(), Denied> {
        let node = self.open_token(token, &[Purpose::PhoneHome], peer).await?.node;
        let message = format!("from {peer} with {} SSH host keys", host_keys.len());
        self.phoned(&node, message, host_keys, peer).await?;
        Ok(())
    }

    pub(super) async fn phoned(
        &self,
        node: &Node,
        message: String,
        host_keys: Vec<String>,
        peer: IpAddr,
    ) -> Result<(), ServiceError> {
        self.engine.record(Some(node.id), Code::PhoneHome, message, json!({"peer": peer})).await;
        // The new state ends the token: a second call is told that it is gone.
        self.engine.observe(node.id, &Fact::PhoneHome { host_keys }).await?;
        Ok(())
    }

    async fn fresh_urls(&self, node: &Node, step: SeedStep) -> Result<Urls, ServiceError> {
        Ok(match step {
            SeedStep::Install => Urls {
                seed: self.issue(node, Purpose::SeedDay1).await?,
                report: self.issue(node, Purpose::Report).await?,
                ..Urls::none()
            },
            SeedStep::Day1 => {
                let token = self.issue(node, Purpose::PhoneHome).await?;
                Urls::phone_home(self.url(&["phone-home", &token]))
            }
        })
    }

    pub(super) fn url(&self, segments: &[&str]) -> String {
        format!("{}/{}", self.site.server.base_url(), segments.join("/"))
    }

    pub(super) fn render_seed(
        &self,
        config: &NodeConfig,
        id: NodeId,
        step: SeedStep,
        urls: &Urls,
    ) -> Result<Rendered, ServiceError> {
        let node = || config.name.to_string();
        let value = |what: &'static str, why: String| ServiceError::Value { what, node: node(), why };
        let mut day1: Day1 = config.day1.clone();
        for key in &self.site.defaults.ssh_authorized_keys {
            if !day1.ssh_authorized_keys.contains(key) {
                day1.ssh_authorized_keys.push(key.clone());
            }
        }
        let instance = match step {
            SeedStep::Install => {
                let (name, image) = self.image_of(config)?;
                let text = |what, url: String| url.parse().map_err(|e| value(what, format!("{e}")));
                day1.install = Some(InstallAnswer {
                    disk: config.install.disk.clone(),
                    image: InstallImage {
                        url: text("image URL", self.url(&["images", name, ""]))?,
                        manifest_sha256: image
                            .manifest_sha256
                            .to_string()
                            .parse()
                            .map_err(|e| value("manifest digest", format!("{e}")))?,
                    },
                    seed_url: text("seed URL", self.url(&["seed", &urls.seed, ""]))?,
                    report_url: self
                        .url(&["report", &urls.report])
                        .parse()
                        .map_err(|e| value("report URL", format!("{e}")))?,
                    // Adding the node with its disk hints is the operator's word that the disk may be overwritten.
                    wipe: true,
                    after: After::Reboot,
                });
                format!("{id}-install")
            }
            SeedStep::Day1 => {
                let url = urls.phone_home.as_ref().map(|url| url.parse());
                day1.phone_home_url = url.transpose().map_err(|e| value("phone-home URL", format!("{e}")))?;
                id.to_string()
            }
        };
        let instance_id = instance.parse().map_err(|e| value("instance id", format!("{e}")))?;
        let identity = Identity { instance_id };
        let seed = daybreak_cloud_init::render(&day1, &identity, &self.seeds)
            .map_err(|source| ServiceError::Seed { step: step.name(), node: node(), source })?;
        Ok(Rendered { day1, identity, seed })
    }
}
