use serde::Serialize;

use crate::day1::{Command, Day1, Day1Error, Identity, WriteFile};
use crate::network::{V2, to_v2};
use crate::template::{Engine, Escape, Limits, TemplateError};
use crate::text::{Fqdn, HashedPassword, HttpUrl, SudoRule, Timezone, UnixName};
use crate::{NoCloudFile, User};

/// The four files of a `NoCloud` seed, as they are served.
#[derive(Clone, PartialEq, Eq)]
pub struct Seed {
    /// YAML with `instance-id` and `local-hostname`.
    pub meta_data: String,
    /// The cloud-config of the node. Holds password hashes and one-time addresses: a secret.
    pub user_data: String,
    /// An empty cloud-config unless the site's template says otherwise.
    pub vendor_data: String,
    /// Network configuration, version 2.
    pub network_config: String,
}

impl Seed {
    /// The text of one file.
    pub fn file(&self, file: NoCloudFile) -> &str {
        match file {
            NoCloudFile::NetworkConfig => &self.network_config,
            NoCloudFile::MetaData => &self.meta_data,
            NoCloudFile::UserData => &self.user_data,
            NoCloudFile::VendorData => &self.vendor_data,
        }
    }
}

/// Shows sizes only, so that a seed in a log or a panic gives nothing away.
impl std::fmt::Debug for Seed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut shown = f.debug_struct("Seed");
        for file in NoCloudFile::ALL {
            shown.field(file.name(), &format_args!("{} bytes", self.file(file).len()));
        }
        shown.finish()
    }
}

/// The templates of the four files: built in, each replaceable by text of the site.
#[derive(Clone, Debug)]
pub struct Templates {
    engine: Engine,
}

impl Templates {
    /// The built-in templates.
    ///
    /// # Errors
    /// None that a caller can cause: the built-in templates are compiled by the tests too.
    pub fn builtin() -> Result<Self, TemplateError> {
        let mut engine = Engine::new(Escape::Yaml, Limits::default());
        engine.add("network-config", include_str!("../templates/network-config"))?;
        engine.add("meta-data", include_str!("../templates/meta-data"))?;
        engine.add("user-data", include_str!("../templates/user-data"))?;
        engine.add("vendor-data", include_str!("../templates/vendor-data"))?;
        Ok(Self { engine })
    }

    /// Puts `text` in the place of the built-in template `name`: one of the names of [`NoCloudFile`].
    ///
    /// # Errors
    /// [`TemplateError::Unknown`] for another name, else what [`Engine::add`] says.
    pub fn replace(&mut self, name: &str, text: &str) -> Result<(), TemplateError> {
        if NoCloudFile::from_segment(name).is_err() {
            let known = self.engine.names().collect::<Vec<_>>().join(", ");
            return Err(TemplateError::Unknown { name: name.to_owned(), known });
        }
        self.engine.add(name, text)
    }
}

/// Why a seed could not be rendered.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RenderError {
    /// A rule between fields is broken (only possible when the data was changed after it was read).
    #[error("Day-1 data of {hostname}: {source}")]
    Data {
        /// The node.
        hostname: String,
        /// The rule.
        source: Day1Error,
    },
    /// A template failed.
    #[error(transparent)]
    Template(#[from] TemplateError),
    /// A template printed something that is not YAML of the right kind.
    #[error("template {file} printed text that cloud-init would not read: {detail}")]
    Output {
        /// Which file.
        file: NoCloudFile,
        /// What is wrong, with line and column of the printed text where there are any.
        detail: String,
    },
    /// The install answer could not be written as JSON.
    #[error("install answer of {hostname}: {source}")]
    Answer {
        /// The node.
        hostname: String,
        /// What is wrong.
        source: serde_json::Error,
    },
}

/// What a template can use. `docs/day1.md` lists the names for authors of site templates.
#[derive(Serialize)]
struct Context<'a> {
    instance_id: &'a str,
    hostname: &'a str,
    fqdn: Option<&'a str>,
    users: Vec<Login<'a>>,
    timezone: Option<&'a str>,
    files: Vec<File<'a>>,
    commands: Vec<&'a Command>,
    installs: bool,
    phone_home_url: Option<&'a str>,
    network: V2,
}

/// A user with everything filled in.
#[derive(Serialize)]
struct Login<'a> {
    name: &'a str,
    keys: Vec<&'a str>,
    groups: Vec<&'a str>,
    sudo: Option<&'a str>,
    shell: &'a str,
    hashed_password: Option<&'a str>,
}

/// A file to write.
#[derive(Serialize)]
struct File<'a> {
    path: &'a str,
    content: &'a str,
    permissions: &'a str,
    owner: &'a str,
    /// Write it after the users exist.
    late: bool,
}

impl<'a> File<'a> {
    /// A file of root that nobody else may read.
    fn private(path: &'a str, content: &'a str) -> Self {
        Self { path, content, permissions: "0600", owner: "root:root", late: false }
    }

    fn of(file: &'a WriteFile) -> Self {
        let owner = file.owner.as_str();
        Self {
            path: file.path.as_str(),
            content: &file.content,
            permissions: file.permissions.as_str(),
            owner,
            late: owner != "root:root",
        }
    }
}

/// Where the installer reads its answer.
const INSTALL_ANSWER: &str = "/run/daybreak/install.json";
/// The unit that runs the installer.
const INSTALL_UNIT: &str = "daybreak-install.service";

/// Renders the seed of one node. Pure: same input, same bytes.
///
/// With [`Day1::install`] it is the seed of the install step: who may log in, the answer in
/// `/run/daybreak/install.json` (mode 0600) and the start of `daybreak-install.service`. Without, it is the seed of the
/// installed system with everything else.
///
/// # Errors
/// See [`RenderError`]. Nothing is rendered in part.
pub fn render(day1: &Day1, identity: &Identity, templates: &Templates) -> Result<Seed, RenderError> {
    let hostname = day1.hostname.as_str();
    day1.check().map_err(|source| RenderError::Data { hostname: hostname.to_owned(), source })?;
    let answer = match &day1.install {
        Some(install) => Some(
            install
                .to_json()
                .map_err(|source| RenderError::Answer { hostname: hostname.to_owned(), source })?,
        ),
        None => None,
    };
    let network = day1.network.as_ref().filter(|_| answer.is_none());
    let start = Command::Argv(["systemctl", "--no-block", "start", INSTALL_UNIT].map(str::to_owned).to_vec());
    let admin = [User::admin()];
    let users = if day1.users.is_empty() { &admin[..] } else { &day1.users[..] };
    let (files, commands) = if let Some(json) = &answer {
        (vec![File::private(INSTALL_ANSWER, json)], vec![&start])
    } else {
        let startup = day1.startup_config.as_ref();
        let startup = startup.map(|s| File::private(s.format.path(), &s.content));
        (
            startup.into_iter().chain(day1.write_files.iter().map(File::of)).collect(),
            day1.runcmd.iter().collect(),
        )
    };
    let context = Context {
        instance_id: identity.instance_id.as_str(),
        hostname,
        fqdn: day1.fqdn.as_ref().map(Fqdn::as_str),
        users: users.iter().map(|user| login(user, day1)).collect(),
        timezone: day1.timezone.as_ref().filter(|_| answer.is_none()).map(Timezone::as_str),
        files,
        commands,
        installs: answer.is_some(),
        phone_home_url: day1.phone_home_url.as_ref().map(HttpUrl::as_str),
        network: to_v2(network),
    };
    let one = |file: NoCloudFile| {
        let text = templates.engine.render(file.name(), &context)?;
        check_output(file, &text)?;
        Ok::<_, RenderError>(text)
    };
    Ok(Seed {
        meta_data: one(NoCloudFile::MetaData)?,
        user_data: one(NoCloudFile::UserData)?,
        vendor_data: one(NoCloudFile::VendorData)?,
        network_config: one(NoCloudFile::NetworkConfig)?,
    })
}

fn login<'a>(user: &'a User, day1: &'a Day1) -> Login<'a> {
    let mut keys: Vec<&str> = Vec::new();
    for key in day1.ssh_authorized_keys.iter().chain(&user.ssh_authorized_keys) {
        if !keys.contains(&key.as_str()) {
            keys.push(key.as_str());
        }
    }
    Login {
        name: user.name.as_str(),
        keys,
        groups: user.groups.iter().map(UnixName::as_str).collect(),
        sudo: user.sudo.as_ref().map(SudoRule::as_str),
        shell: user.shell.as_str(),
        hashed_password: user.hashed_password.as_ref().map(HashedPassword::expose),
    }
}

/// A site's template can print anything; what cloud-init would take for something else, or not at all, is found here.
fn check_output(file: NoCloudFile, text: &str) -> Result<(), RenderError> {
    let refuse = |detail: String| Err(RenderError::Output { file, detail });
    if file.is_optional() && text.trim().is_empty() {
        return Ok(());
    }
    let is_config = matches!(file, NoCloudFile::UserData | NoCloudFile::VendorData);
    // Without this first line cloud-init takes the text for something else and ignores it with a warning.
    if is_config && text.lines().next().map(str::trim_end) != Some("#cloud-config") {
        return refuse("its first line must be #cloud-config".to_owned());
    }
    let keys = match serde_saphyr::from_str::<serde_json::Value>(text) {
        Ok(serde_json::Value::Object(keys)) => keys,
        // A cloud-config of comments alone.
        Ok(serde_json::Value::Null) if is_config => return Ok(()),
        Ok(_) => return refuse("it must be a mapping of keys to values".to_owned()),
        Err(error) => return refuse(error.to_string()),
    };
    match file {
        NoCloudFile::MetaData if !keys.get("instance-id").is_some_and(serde_json::Value::is_string) => {
            refuse("instance-id is missing or not a text".to_owned())
        }
        NoCloudFile::NetworkConfig if keys.get("version") != Some(&serde_json::Value::from(2)) => {
            refuse("version must be 2".to_owned())
        }
        _ => Ok(()),
    }
}
