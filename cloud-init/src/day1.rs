mod checked;

use serde::{Deserialize, Serialize};

use crate::InstallAnswer;
use crate::network::Network;
use crate::text::{FileMode, FileOwner, FilePath, Fqdn, Hostname, HttpUrl, InstanceId, SshKey, Timezone};
use crate::user::User;

/// Everything a node is told on its first boot. Written by operators in YAML or JSON; unknown keys are errors.
///
/// Each field is checked while it is read; rules between fields (a user who could never log in, a VLAN on a missing
/// link) are checked too, so a value of this type can always be rendered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "checked::Fields")]
pub struct Day1 {
    /// Host name of one label.
    pub hostname: Hostname,
    /// Full name; its first label must be `hostname`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fqdn: Option<Fqdn>,
    /// Keys that may log in as every user of `users`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ssh_authorized_keys: Vec<SshKey>,
    /// Logins. When empty, [`User::admin`] is made and `ssh_authorized_keys` must not be empty.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub users: Vec<User>,
    /// Time zone, UTC without it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timezone: Option<Timezone>,
    /// Addresses of the management interfaces; DHCP on all wired interfaces without it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub network: Option<Network>,
    /// Configuration that the router loads at its first start.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub startup_config: Option<StartupConfig>,
    /// More files to write.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub write_files: Vec<WriteFile>,
    /// Commands to run once, after everything else of the first boot.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub runcmd: Vec<Command>,
    /// When present, the seed is that of the install step: the live system installs to a disk, and the fields from
    /// `timezone` to `runcmd` wait for the seed of the installed system.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub install: Option<InstallAnswer>,
    /// Where the node reports its host keys when its first boot is done.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone_home_url: Option<HttpUrl>,
}

/// Which boot this is: a new id makes cloud-init run its once-per-instance steps again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Identity {
    /// The instance id.
    pub instance_id: InstanceId,
}

/// The router's startup configuration, written to `/config/startup.xml` or `/config/startup.json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StartupConfig {
    /// Encoding of `content`.
    pub format: StartupFormat,
    /// The configuration itself.
    pub content: String,
}

/// Encoding of a startup configuration (RFC 7950 XML or RFC 7951 JSON).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum StartupFormat {
    /// XML.
    Xml,
    /// JSON.
    Json,
}

impl StartupFormat {
    /// Where the appliance looks for it.
    pub fn path(self) -> &'static str {
        match self {
            Self::Xml => "/config/startup.xml",
            Self::Json => "/config/startup.json",
        }
    }
}

/// One more file for the appliance.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WriteFile {
    /// Where.
    pub path: FilePath,
    /// What.
    pub content: String,
    /// Permissions, `0644` without it.
    #[serde(default)]
    pub permissions: FileMode,
    /// Owner, `root:root` without it. Another one is written after the users exist.
    #[serde(default)]
    pub owner: FileOwner,
}

/// A command to run: a list is run as it is, a text by `sh`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged, expecting = "a command is a text for sh or a list of texts [PROGRAM, ARGUMENT, ...]")]
pub enum Command {
    /// Program and arguments.
    Argv(Vec<String>),
    /// A line for `sh`.
    Shell(String),
}

impl Day1 {
    /// The least that works: a host name and the keys of the login [`User::admin`].
    pub fn new(hostname: Hostname, ssh_authorized_keys: Vec<SshKey>) -> Self {
        Self {
            hostname,
            fqdn: None,
            ssh_authorized_keys,
            users: Vec::new(),
            timezone: None,
            network: None,
            startup_config: None,
            write_files: Vec::new(),
            runcmd: Vec::new(),
            install: None,
            phone_home_url: None,
        }
    }

    /// Checks the rules between fields again, for data that was changed after it was read.
    ///
    /// # Errors
    /// The first rule that is broken, in words.
    pub fn check(&self) -> Result<(), Day1Error> {
        checked::check(self)
    }
}

/// A rule between fields of [`Day1`] that is broken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Day1Error(pub(crate) String);
