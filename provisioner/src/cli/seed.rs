//! `daybreak seed …`.

use super::client::Client;
use super::{Format, exit, medium, output};
use crate::api::SeedUrl;
use crate::service::{Medium, SeedFiles, SeedStep};
use anyhow::{Context, Result, bail};
use daybreak_cloud_init::check::CloudInit;
use daybreak_cloud_init::{NoCloudFile, Seed};
use std::fs::{DirBuilder, Permissions};
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

/// Longest run of one cloud-init command.
const CLOUD_INIT: Duration = Duration::from_mins(1);

#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// Print a node's seed, with zeroes where its one-time tokens will stand.
    Render {
        /// Name of the node.
        node: String,
        /// Which seed.
        #[arg(long, value_enum, default_value = "day1")]
        step: Step,
        /// Write the four files into this folder instead.
        #[arg(long)]
        to: Option<PathBuf>,
    },
    /// Check a node's seed, or a folder with one, by cloud-init's own schema.
    Check {
        /// Name of the node.
        #[arg(required_unless_present = "folder")]
        node: Option<String>,
        /// Which seed of the node.
        #[arg(long, value_enum, default_value = "day1")]
        step: Step,
        /// Folder with the four files.
        #[arg(long, conflicts_with = "node")]
        folder: Option<PathBuf>,
        /// The cloud-init program.
        #[arg(long, env = "DAYBREAK_CLOUD_INIT", default_value = "cloud-init")]
        program: PathBuf,
    },
    /// Write a seed as a `NoCloud` medium: an ISO 9660 volume labelled `cidata`, for a CD drive or a USB stick.
    Iso(medium::Args),
    /// Write a seed as OpenStack's config drive, version 2: an ISO 9660 volume labelled `config-2`.
    Configdrive(medium::Args),
    /// Give out the URL of a deploying node's seed; the URLs given out before end.
    Url {
        /// Name of the node.
        node: String,
        /// Which seed.
        #[arg(long, value_enum, default_value = "install")]
        step: Step,
    },
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
pub(super) enum Step {
    /// Of the live system that installs.
    Install,
    /// Of the installed system.
    Day1,
}

impl From<Step> for SeedStep {
    fn from(step: Step) -> Self {
        match step {
            Step::Install => Self::Install,
            Step::Day1 => Self::Day1,
        }
    }
}

pub(super) fn run(client: &Client, format: Format, command: Command) -> Result<ExitCode> {
    match command {
        Command::Render { node, step, to } => {
            let files = fetch(client, &node, step)?;
            match to {
                Some(folder) => write(&files, &folder)?,
                None if format == Format::Json => output::json(&files)?,
                None => named(&files).into_iter().for_each(|(name, text)| println!("--- {name}\n{text}")),
            }
        }
        Command::Check { node, step, folder, program } => {
            let files = match (node, folder) {
                (Some(node), _) => fetch(client, &node, step)?,
                (None, Some(folder)) => read(&folder)?,
                (None, None) => bail!("name a node or a folder"),
            };
            return check(files, &program, format);
        }
        Command::Iso(args) => medium::run(client, format, Medium::Cidata, &args)?,
        Command::Configdrive(args) => medium::run(client, format, Medium::ConfigDrive, &args)?,
        Command::Url { node, step } => {
            let path = seed_path(&node, step);
            let url: SeedUrl = Client::block_on(client.post(&path, &()))?;
            if format == Format::Json { output::json(&url)? } else { println!("{}", url.url) }
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn seed_path(node: &str, step: Step) -> String {
    super::node::path(node, &format!("/seed/{}", SeedStep::from(step).name()))
}

fn fetch(client: &Client, node: &str, step: Step) -> Result<SeedFiles> {
    Client::block_on(client.get(&seed_path(node, step)))
}

fn check(files: SeedFiles, program: &Path, format: Format) -> Result<ExitCode> {
    let SeedFiles { meta_data, user_data, vendor_data, network_config } = files;
    let seed = Seed { meta_data, user_data, vendor_data, network_config };
    let problems = Client::block_on(async {
        let cloud_init = CloudInit::open(program, CLOUD_INIT).await?;
        Ok(cloud_init.check(&seed).await?)
    })?;
    if format == Format::Json {
        let problems: Vec<_> = problems
            .iter()
            .map(|p| serde_json::json!({"file": p.file.name(), "line": p.line, "message": p.message}))
            .collect();
        output::json(&serde_json::json!({"valid": problems.is_empty(), "problems": problems}))?;
    } else if problems.is_empty() {
        println!("valid");
    } else {
        for problem in &problems {
            println!("{problem}");
        }
    }
    Ok(if problems.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(exit::FAILED) })
}

fn named(files: &SeedFiles) -> [(&'static str, &str); 4] {
    [
        (NoCloudFile::MetaData.name(), &files.meta_data),
        (NoCloudFile::UserData.name(), &files.user_data),
        (NoCloudFile::VendorData.name(), &files.vendor_data),
        (NoCloudFile::NetworkConfig.name(), &files.network_config),
    ]
}

/// For the owner alone: a seed has keys and hashes of passwords. A folder that is there keeps its mode.
fn write(files: &SeedFiles, folder: &Path) -> Result<()> {
    let made = DirBuilder::new().recursive(true).mode(0o700).create(folder);
    made.with_context(|| format!("cannot make {}", folder.display()))?;
    for (name, text) in named(files) {
        let path = folder.join(name);
        write_private(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(())
}

/// By a new file that takes the name: nobody who opened an older one reads this.
fn write_private(path: &Path, text: &str) -> std::io::Result<()> {
    let mut file = tempfile::Builder::new()
        .permissions(Permissions::from_mode(0o600))
        .tempfile_in(path.parent().unwrap_or(Path::new(".")))?;
    file.write_all(text.as_bytes())?;
    file.persist(path)?;
    Ok(())
}

fn read(folder: &Path) -> Result<SeedFiles> {
    let file = |file: NoCloudFile| {
        let path = folder.join(file.name());
        match std::fs::read_to_string(&path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound && file.is_optional() => {
                Ok(String::new())
            }
            read => read.with_context(|| format!("cannot read {}", path.display())),
        }
    };
    Ok(SeedFiles {
        meta_data: file(NoCloudFile::MetaData)?,
        user_data: file(NoCloudFile::UserData)?,
        vendor_data: file(NoCloudFile::VendorData)?,
        network_config: file(NoCloudFile::NetworkConfig)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_on_the_disk_is_for_its_owner_alone() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("seeds/r1");
        let files = SeedFiles {
            meta_data: "m".to_owned(),
            user_data: "u".to_owned(),
            vendor_data: "v".to_owned(),
            network_config: "n".to_owned(),
        };
        let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
        write(&files, &folder).unwrap();
        assert_eq!(mode(&folder), 0o700);
        // Files of an earlier version.
        std::fs::set_permissions(folder.join("user-data"), Permissions::from_mode(0o644)).unwrap();
        write(&files, &folder).unwrap();
        for (name, text) in named(&files) {
            assert_eq!(std::fs::read_to_string(folder.join(name)).unwrap(), text);
            assert_eq!(mode(&folder.join(name)), 0o600, "{name}");
        }
        assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 4);
    }
}
