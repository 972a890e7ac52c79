//! `daybreak image publish …`: the one place of this crate that looks at arguments, environment, terminal and clock.

use std::io::{IsTerminal, Write};
use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use serde::Serialize;

use crate::PublishError;
use crate::console::Console;
use crate::environment::Environment;
use crate::{aws, glance};

/// Places to publish an image at.
#[derive(Clone, Debug, Subcommand)]
pub enum Command {
    /// As an AMI of EC2: snapshot by the EBS direct API, then an image of it.
    Aws(Box<AwsArgs>),
    /// As an image of OpenStack: login at Keystone, upload to Glance.
    Glance(GlanceArgs),
}

/// An image for EC2.
#[derive(Clone, Debug, Args)]
pub struct AwsArgs {
    /// Raw disk, or the folder of a build that has one.
    image: PathBuf,
    /// Region of the snapshot and the image.
    #[arg(long, env = "AWS_REGION")]
    region: String,
    /// Profile of AWS' shared files to take the credentials from.
    #[arg(long)]
    profile: Option<String>,
    /// Name of the image [default: name and version of the build, else the file's name].
    #[arg(long, value_parser = ami_name)]
    name: Option<String>,
    /// A sentence about the image.
    #[arg(long, value_name = "TEXT")]
    description: Option<String>,
    /// Architecture of the disk's system.
    #[arg(long, value_enum, default_value = "x86_64")]
    architecture: Architecture,
    /// Accounts that may start machines from the image.
    #[arg(long, value_name = "ACCOUNT", num_args = 1.., value_delimiter = ',', value_parser = account)]
    share: Vec<String>,
    /// Tag of snapshot and image; may be given several times.
    #[arg(long = "tag", value_name = "KEY=VALUE", value_parser = pair)]
    tags: Vec<(String, String)>,
    /// ARN of the key of KMS to encrypt the snapshot with.
    #[arg(long, value_name = "ARN")]
    kms_key: Option<String>,
    /// Address of the EBS and EC2 services, instead of AWS' own.
    #[arg(long, value_name = "URL")]
    endpoint: Option<String>,
    /// File that remembers an unfinished run [default: one in `$XDG_STATE_HOME/daybreak`].
    #[arg(long, value_name = "FILE")]
    state: Option<PathBuf>,
    /// Blocks that are sent side by side.
    #[arg(long, default_value_t = 32, value_parser = clap::value_parser!(u16).range(1..=128), value_name = "N")]
    parallel: u16,
    /// Remove what an unfinished run left, and publish nothing.
    #[arg(long)]
    discard: bool,
}

/// An image for OpenStack.
#[derive(Clone, Debug, Args)]
pub struct GlanceArgs {
    /// qcow2 file, or the folder of a build that has one.
    image: PathBuf,
    /// Cloud of clouds.yaml [default: that of `OS_CLOUD`, else the one that `OS_AUTH_URL` and its like tell].
    #[arg(long, value_name = "NAME")]
    cloud: Option<String>,
    /// Name of the image [default: name and version of the build, else the file's name].
    #[arg(long)]
    name: Option<String>,
    /// Property of the image, over the usual ones; KEY= takes a usual one away. May be given several times.
    #[arg(long = "property", value_name = "KEY=VALUE", value_parser = property)]
    properties: Vec<(String, String)>,
    /// All projects may use it; needs an administrator.
    #[arg(long, conflicts_with = "shared")]
    public: bool,
    /// Projects may use it that it is shared with.
    #[arg(long)]
    shared: bool,
    /// Project to share it with, by id; needs --shared.
    #[arg(long = "member", value_name = "PROJECT", requires = "shared", num_args = 1.., value_delimiter = ',')]
    members: Vec<String>,
    /// Memory that a machine needs, in MiB.
    #[arg(long, default_value_t = 2048, value_name = "MIB")]
    min_ram: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Architecture {
    /// x86-64.
    #[value(name = "x86_64")]
    X86,
    /// 64-bit Arm.
    #[value(name = "arm64")]
    Arm,
}

/// Runs a command. The result goes to standard output, as JSON when `json` is set; progress goes to standard error.
///
/// # Errors
/// [`PublishError`] says what failed, why, what is left and what to do.
pub fn run(command: Command, json: bool) -> Result<(), PublishError> {
    let console = Console::new(std::io::stderr().is_terminal());
    let environment = Environment::of_process();
    match command {
        Command::Aws(args) => {
            let discard = args.discard;
            let request = args.request();
            if discard {
                let snapshot = aws::discard(&request, environment)?;
                let text = snapshot.as_ref().map_or_else(String::new, |id| format!("removed {id}\n"));
                return print(json, &serde_json::json!({ "removed": snapshot }), &text);
            }
            let token = uuid::Uuid::new_v4().to_string();
            let published = aws::publish(&request, environment, &token, &console)?;
            let text = format!("{}  {}  {}\n", published.image, published.snapshot, published.name);
            print(json, &published, &text)
        }
        Command::Glance(args) => {
            let published = glance::publish(&args.request(), &environment, &console)?;
            let text = format!("{}  {}\n", published.image, published.name);
            print(json, &published, &text)
        }
    }
}

impl GlanceArgs {
    fn request(self) -> glance::Request {
        glance::Request {
            image: self.image,
            cloud: self.cloud,
            name: self.name,
            properties: self.properties,
            visibility: match (self.public, self.shared) {
                (true, _) => glance::Visibility::Public,
                (false, true) => glance::Visibility::Shared,
                (false, false) => glance::Visibility::Private,
            },
            members: self.members,
            min_ram: self.min_ram,
        }
    }
}

impl AwsArgs {
    fn request(self) -> aws::Request {
        aws::Request {
            image: self.image,
            region: self.region,
            profile: self.profile,
            name: self.name,
            description: self.description,
            architecture: match self.architecture {
                Architecture::X86 => "x86_64",
                Architecture::Arm => "arm64",
            },
            share: self.share,
            tags: self.tags,
            kms_key: self.kms_key,
            endpoint: self.endpoint,
            state: self.state,
            workers: usize::from(self.parallel),
        }
    }
}

fn print(json: bool, value: &impl Serialize, text: &str) -> Result<(), PublishError> {
    let path = std::path::Path::new("standard output");
    let text = if json {
        let text =
            serde_json::to_string_pretty(value).map_err(|e| PublishError::io("print to", path)(e.into()))?;
        text + "\n"
    } else {
        text.to_owned()
    };
    std::io::stdout().write_all(text.as_bytes()).map_err(PublishError::io("print to", path))
}

fn ami_name(text: &str) -> Result<String, String> {
    aws::check_name(text).map(|()| text.to_owned())
}

fn account(text: &str) -> Result<String, String> {
    if text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Ok(text.to_owned());
    }
    Err("an account of AWS has 12 digits".to_owned())
}

fn pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.is_empty() => Ok((key.to_owned(), value.to_owned())),
        _ => Err("KEY=VALUE is expected".to_owned()),
    }
}

fn property(text: &str) -> Result<(String, String), String> {
    let (key, value) = pair(text)?;
    glance::check_property(&key)?;
    Ok((key, value))
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[derive(Debug, clap::Parser)]
    struct Cli {
        #[command(subcommand)]
        command: Command,
    }

    #[test]
    fn the_command_tree_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn bad_values_are_refused_with_what_is_accepted() {
        let aws = ["publish", "aws", "d.raw", "--region", "r"];
        let glance = ["publish", "glance", "d.qcow2"];
        for (args, more, expected) in [
            (&aws[..], &["--share", "1234"][..], "12 digits"),
            (&aws[..], &["--name", "a:b"], "letters, digits"),
            (&aws[..], &["--tag", "=x"], "KEY=VALUE"),
            (&aws[..], &["--parallel", "0"], "1..=128"),
            (&aws[..], &["--architecture", "i386"], "arm64"),
            (&glance[..], &["--property", "min_ram=1"], "Glance's own"),
            (&glance[..], &["--public", "--shared"], "cannot be used with"),
            (&glance[..], &["--member", "p"], "--shared"),
        ] {
            let error = Cli::command().try_get_matches_from([args, more].concat()).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
    }
}
