//! cloud-init's own opinion of a seed: its schema command for the cloud-configs, its network converter for the rest.
//!
//! Works with the `cloud-init` of Debian 12 (22.4.2: no `--schema-type`, no schema for networks) and newer ones.

mod line;
mod report;
mod run;

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::{NoCloudFile, Seed};
use run::{Finished, run};

/// Something cloud-init would refuse or ignore.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// In which file.
    pub file: NoCloudFile,
    /// On which line, from 1, where cloud-init names one or the place it names can be found.
    pub line: Option<usize>,
    /// What is wrong, in cloud-init's words.
    pub message: String,
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.line {
            Some(line) => write!(f, "{}:{line}: {}", self.file, self.message),
            None => write!(f, "{}: {}", self.file, self.message),
        }
    }
}

/// Why cloud-init could not be asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CheckError {
    /// There is no such program.
    #[error(
        "cannot start {program}: {source}; it is cloud-init of the Debian package cloud-init \
         (unpack the package rather than installing it: its services change the machine at the next boot)"
    )]
    NotInstalled {
        /// The program that was to be started.
        program: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// It accepts anything, since it lacks the part that knows better.
    #[error(
        "{program} finds no fault in a faulty file: install the Debian package python3-jsonschema beside it"
    )]
    Blind {
        /// The program.
        program: PathBuf,
    },
    /// It ran too long.
    #[error("{program} {command} was still running after {seconds} s and was ended")]
    TooSlow {
        /// The program.
        program: PathBuf,
        /// Its subcommand.
        command: String,
        /// The limit.
        seconds: u64,
    },
    /// It failed for a reason that is not the seed's.
    #[error("{program} {command} failed: {detail}")]
    Failed {
        /// The program.
        program: PathBuf,
        /// Its subcommand.
        command: String,
        /// Its last words.
        detail: String,
    },
    /// The seed could not be handed over.
    #[error("cannot write the seed for cloud-init to a temporary folder: {0}")]
    Scratch(#[from] std::io::Error),
}

/// A `cloud-init` that was tried and tells right from wrong.
#[derive(Clone, Debug)]
pub struct CloudInit {
    program: PathBuf,
    limit: Duration,
    /// Whether its schema command wants to be told what kind of file it gets (since 23.4).
    typed: bool,
}

impl CloudInit {
    /// Tries `program` (a path, or a name to be found in `PATH`). Each run of it may take `limit`.
    ///
    /// # Errors
    /// [`CheckError::NotInstalled`], [`CheckError::Blind`] or another one of [`CheckError`].
    pub async fn open(program: &Path, limit: Duration) -> Result<Self, CheckError> {
        let mut cloud_init = Self { program: program.to_owned(), limit, typed: false };
        let help = cloud_init.call(&["schema", "--help"]).await?;
        if !help.success {
            return Err(cloud_init.failed("schema --help", &help));
        }
        cloud_init.typed = help.stdout.contains("--schema-type");
        let faulty = "#cloud-config\nhostname: 7\n";
        if cloud_init.schema(NoCloudFile::UserData, faulty).await?.success {
            return Err(CheckError::Blind { program: cloud_init.program });
        }
        Ok(cloud_init)
    }

    /// Asks for everything that is wrong with a seed; an empty list is a good seed.
    ///
    /// # Errors
    /// [`CheckError`] when cloud-init could not be asked; faults of the seed are no errors but [`Problem`]s.
    pub async fn check(&self, seed: &Seed) -> Result<Vec<Problem>, CheckError> {
        let mut problems = Vec::new();
        for file in [NoCloudFile::UserData, NoCloudFile::VendorData] {
            let text = seed.file(file);
            if text.trim().is_empty() {
                continue;
            }
            let finished = self.schema(file, text).await?;
            if !finished.success {
                problems.extend(report::schema(file, text, &finished));
            }
        }
        let network = &seed.network_config;
        if !network.trim().is_empty() {
            if self.typed {
                let finished = self.schema(NoCloudFile::NetworkConfig, network).await?;
                if !finished.success {
                    problems.extend(report::schema(NoCloudFile::NetworkConfig, network, &finished));
                }
            }
            problems.extend(report::conversion(&self.convert(network).await?));
        }
        Ok(problems)
    }

    async fn schema(&self, file: NoCloudFile, text: &str) -> Result<Finished, CheckError> {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join(file.name());
        std::fs::write(&path, text)?;
        let path = path.to_string_lossy().into_owned();
        let kind = if file == NoCloudFile::NetworkConfig { "network-config" } else { "cloud-config" };
        let mut arguments = vec!["schema", "--config-file", &path];
        if self.typed {
            arguments.extend(["--schema-type", kind]);
        }
        self.call(&arguments).await
    }

    /// Converts for networkd, which reads every key it knows. Its writer hands the files to the user
    /// `systemd-network`; where that is not allowed (not root) or the user is missing, `eni` reads the same.
    async fn convert(&self, text: &str) -> Result<Finished, CheckError> {
        let networkd = self.convert_for("networkd", text).await?;
        if !networkd.success && networkd.stderr.contains("chownbyname") {
            return self.convert_for("eni", text).await;
        }
        Ok(networkd)
    }

    async fn convert_for(&self, output: &str, text: &str) -> Result<Finished, CheckError> {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("network-config");
        std::fs::write(&path, text)?;
        let (input, out) = (path.to_string_lossy(), folder.path().join("out"));
        let out = out.to_string_lossy();
        let fixed =
            ["devel", "net-convert", "-k", "yaml", "-D", "debian", "-O", output, "-p", &input, "-d", &out];
        self.call(&fixed).await
    }

    async fn call(&self, arguments: &[&str]) -> Result<Finished, CheckError> {
        run(&self.program, arguments, self.limit).await
    }

    fn failed(&self, command: &str, finished: &Finished) -> CheckError {
        let detail = finished.last_words();
        CheckError::Failed { program: self.program.clone(), command: command.to_owned(), detail }
    }
}
