//! Options of `vrouter upgrade`.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Subcommand;
use daybreak_installer::{HttpClient, InstallError, Pause, Source};
use daybreak_layout::Sha256Digest;
use daybreak_trust::KEY_DIR;

use crate::cli::authorities::authorities;

/// Options of `vrouter upgrade`.
#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub(in crate::cli) struct Args {
    #[command(subcommand)]
    pub(super) action: Option<Action>,
    /// The new image: http:// or https:// URL of its folder, or a local folder, tar archive of one, or slot.img
    #[arg(value_name = "URL|FILE", required = true)]
    pub(super) source: Option<String>,
    #[command(flatten)]
    pub(super) image: ImageArgs,
    #[command(flatten)]
    pub(super) switch: SwitchArgs,
}

/// What is asked of the image.
#[derive(Debug, clap::Args)]
pub(super) struct ImageArgs {
    /// SHA-256 of its manifest.json
    #[arg(long, value_name = "HEX")]
    pub(super) manifest_sha256: Option<Sha256Digest>,
    /// Take an image that is not signed with a key of /etc/daybreak/keys, or comes over plain HTTP without any check
    #[arg(long)]
    pub(super) insecure: bool,
    /// Leave the boot loaders and their menu as they are when the image stays
    #[arg(long)]
    pub(super) keep_loaders: bool,
    /// Folder of the keys that are trusted
    #[arg(long, value_name = "DIR", default_value = KEY_DIR, hide = true)]
    pub(super) keys: PathBuf,
}

/// How the other slot is tried.
#[derive(Debug, clap::Args)]
pub(super) struct SwitchArgs {
    /// Restart at once, and so start the trial
    #[arg(long)]
    pub(super) reboot: bool,
    /// Go on without asking
    #[arg(long)]
    pub(super) yes: bool,
    /// Seconds after the start in which everything that works now has to work again, else the machine goes back
    #[arg(long, value_name = "SECONDS", default_value_t = 300, value_parser = clap::value_parser!(u64).range(30..=3600))]
    pub(super) health_timeout: u64,
}

/// How to go back.
#[derive(Debug, clap::Args)]
pub(super) struct RollbackArgs {
    #[command(flatten)]
    pub(super) switch: SwitchArgs,
    /// Also to an image that was tried and did not stay
    #[arg(long)]
    pub(super) force: bool,
}

/// Verbs of `vrouter upgrade`.
#[derive(Debug, Subcommand)]
pub(super) enum Action {
    /// Show the slots, and how the last upgrade ended
    Status,
    /// Go back to the image in the other slot, on trial as an upgrade is; or call off an upgrade that waits for the restart
    Rollback(RollbackArgs),
    /// Judge this boot; daybreak-health.service runs it
    #[command(hide = true)]
    Health,
    /// Keep the configuration before cloud-init's first boot; daybreak-config-keep.service runs it
    #[command(hide = true)]
    KeepConfig,
    /// Put the configuration of before back; daybreak-config.service runs it
    #[command(hide = true)]
    Config,
}

/// The source that somebody wrote.
pub(super) fn source(written: &str, pause: Pause) -> Result<Source, InstallError> {
    if !written.contains("://") {
        return Source::local(Path::new(written));
    }
    Source::http(HttpClient::with_authorities(pause, &authorities([written])), written)
}

/// A pause that sleeps.
pub(super) fn sleeping() -> Pause {
    Arc::new(super::sleep)
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    struct Line {
        #[command(flatten)]
        args: Args,
    }

    fn parse(words: &[&str]) -> Result<Args, String> {
        let words = std::iter::once("upgrade").chain(words.iter().copied());
        Line::try_parse_from(words).map(|line| line.args).map_err(|e| e.to_string())
    }

    #[test]
    fn a_source_or_a_verb() {
        let args = parse(&["http://192.0.2.1/images/vrouter/", "--reboot", "--yes"]).unwrap();
        assert!(args.switch.reboot && args.switch.yes && args.action.is_none());
        assert_eq!(args.switch.health_timeout, 300);
        assert!(matches!(parse(&["status"]).unwrap().action, Some(Action::Status)));
        let rollback = parse(&["rollback", "--reboot"]).unwrap().action;
        let Some(Action::Rollback(rollback)) = rollback else { panic!("{rollback:?}") };
        assert!(rollback.switch.reboot && !rollback.switch.yes && !rollback.force);
        assert!(parse(&["x", "--force"]).is_err(), "an upgrade is not forced");
        for wrong in [&[][..], &["--yes"], &["x", "--health-timeout", "1"], &["x", "status"]] {
            assert!(parse(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn what_is_no_image_names_what_would_be() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "not an image, not an archive").unwrap();
        let error = source(file.path().to_str().unwrap(), sleeping()).unwrap_err().to_string();
        assert!(error.contains("tar archive"), "{error}");
        assert!(source("ftp://192.0.2.1/x", sleeping()).is_err());
    }
}
