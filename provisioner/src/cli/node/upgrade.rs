//! `daybreak node upgrade`: tells an appliance, over the operator's own SSH, to take an image from here.

use crate::api::{ImageView, NodeView};
use crate::cli::client::Client;
use anyhow::{Context, Result, bail};
use std::ffi::OsString;
use std::io::Write;
use std::process::{Command, ExitCode};

/// Options of `daybreak node upgrade`.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Args {
    /// Its name
    name: String,
    /// Image to upgrade to; by default the node's, or the only one that is served
    #[arg(long, value_name = "NAME")]
    image: Option<String>,
    /// Login on the appliance, which may use sudo
    #[arg(long, default_value = "admin", value_name = "LOGIN")]
    user: String,
    /// Seconds after the restart in which everything has to work again
    #[arg(long, default_value_t = 300, value_name = "SECONDS")]
    health_timeout: u64,
    /// Do not restart: the next restart tries the image
    #[arg(long)]
    no_reboot: bool,
    /// Further arguments for ssh, such as -i FILE
    #[arg(last = true, value_name = "SSH_ARGUMENT")]
    ssh: Vec<OsString>,
}

pub(super) async fn run(client: &Client, args: Args) -> Result<ExitCode> {
    let node: NodeView = client.get(&super::path(&args.name, "")).await?;
    let images: Vec<ImageView> = client.get("/api/v1/images").await?;
    let image = choose(args.image.as_deref().or(node.image.as_deref()), &images)?;
    let (Some(address), false) = (node.address, node.host_keys.is_empty()) else {
        bail!("node {} has not phoned home yet: its host keys are not known", node.name);
    };
    // Only those that it phoned home with, whatever else the operator's ssh knows of the address.
    let mut known = tempfile::NamedTempFile::new().context("make a file of known hosts")?;
    for key in &node.host_keys {
        writeln!(known, "{address} {key}").context("write the file of known hosts")?;
    }
    let status = Command::new("ssh")
        .args(["-o", "StrictHostKeyChecking=yes", "-o"])
        .arg(format!("UserKnownHostsFile={}", known.path().display()))
        .args(&args.ssh)
        .arg(format!("{}@{address}", args.user))
        .arg(remote(image, &args))
        .status()
        .context("run ssh, of the package openssh-client")?;
    Ok(status.code().and_then(|code| u8::try_from(code).ok()).map_or(ExitCode::FAILURE, ExitCode::from))
}

/// The command for the appliance. Every word of it is of letters, digits and signs that no shell reads.
fn remote(image: &ImageView, args: &Args) -> String {
    let reboot = if args.no_reboot { "" } else { " --reboot" };
    format!(
        "sudo vrouter upgrade {} --manifest-sha256 {} --health-timeout {} --yes{reboot}",
        image.url, image.manifest_sha256, args.health_timeout
    )
}

fn choose<'a>(wanted: Option<&str>, images: &'a [ImageView]) -> Result<&'a ImageView> {
    let found = match wanted {
        Some(wanted) => images.iter().find(|image| image.name == wanted),
        None => images.first().filter(|_| images.len() == 1),
    };
    let names = || images.iter().map(|image| image.name.as_str()).collect::<Vec<_>>().join(", ");
    match (found, wanted) {
        (Some(image), _) => Ok(image),
        (None, Some(wanted)) => bail!("there is no image {wanted}; the site's images: {}", names()),
        (None, None) => bail!("name one with --image; the site's images: {}", names()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn image(name: &str) -> ImageView {
        ImageView {
            name: name.to_owned(),
            version: "2.0".to_owned(),
            manifest_sha256: "ab".repeat(32),
            url: format!("http://192.0.2.1:8080/images/{name}/"),
            signed: true,
        }
    }

    #[test]
    fn the_image_is_the_named_one_or_the_only_one() {
        let both = [image("one"), image("two")];
        assert_eq!(choose(Some("two"), &both).unwrap().name, "two");
        assert_eq!(choose(None, &both[..1]).unwrap().name, "one");
        for (wanted, images) in [(None, &both[..]), (Some("three"), &both), (None, &[])] {
            assert!(choose(wanted, images).is_err(), "{wanted:?}");
        }
    }

    #[test]
    fn the_appliance_is_told_where_and_which() {
        let mut args = Args {
            name: "r1".to_owned(),
            image: None,
            user: "admin".to_owned(),
            health_timeout: 60,
            no_reboot: false,
            ssh: Vec::new(),
        };
        let digest = "ab".repeat(32);
        let expected = format!(
            "sudo vrouter upgrade http://192.0.2.1:8080/images/one/ --manifest-sha256 {digest} --health-timeout 60 --yes"
        );
        assert_eq!(remote(&image("one"), &args), format!("{expected} --reboot"));
        args.no_reboot = true;
        assert_eq!(remote(&image("one"), &args), expected);
    }
}
