//! `vrouter install`; the manual is `docs/install.md`.

mod args;
mod consent;
mod progress;

use std::io::{self, IsTerminal, stderr, stdin};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::sync::Arc;
use std::time::Duration;

use daybreak_installer::disk::{Disk, inventory, select};
use daybreak_installer::{
    After, Code, Effect, Event, HttpClient, ImageTarget, InstallError, Installed, Prepared, Reporter,
    Request, Seed, Source, Target, Trust, holds_data, install,
};
use daybreak_layout::DiskIds;
use daybreak_trust::{KEY_DIR, Keyring};
use uuid::Uuid;

use super::Output;
use super::authorities::authorities;
pub(super) use args::Args;
use args::{BOOT_MEDIUM, Place, Wanted};
use consent::{Caller, Consent, ask, consent};
use progress::Progress;

/// Where the boot script of the live system keeps the root that it fetched or found.
const LIVE_ROOTS: [&str; 2] = ["/run/daybreak/live/root.squashfs", "/run/daybreak/medium/root.squashfs"];
/// In memory on every system with systemd.
const WORK: &str = "/run";

/// Exit codes; 2 is clap's for a wrong command line.
const REFUSED: u8 = 3;
const NO_INPUT: u8 = 4;
const DISK_CHANGED: u8 = 5;

pub(super) fn run(args: &Args, output: Output) -> ExitCode {
    let wanted = match args.wanted() {
        Ok(wanted) => wanted,
        Err(detail) => return fail(&InstallError::new(Code::AnswerInvalid, detail), output),
    };
    let client = HttpClient::with_authorities(Arc::new(pause), &authorities(wanted.urls()));
    let reporter = wanted.report_url.clone().filter(|_| !args.dry_run);
    let reporter = reporter.map(|url| Reporter::start(client.clone(), url));
    let mut progress = Progress::new(output, reporter);
    match install_on_disk(args, &wanted, &client, output, &mut progress) {
        Ok(None) => ExitCode::SUCCESS,
        Ok(Some(installed)) => {
            progress.finish(&Event::done(format!(
                "{} {} is installed on {}",
                installed.image, installed.version, installed.disk
            )));
            if output == Output::Json {
                println!("{}", serde_json::json!({"result": "installed", "installed": installed}));
            }
            leave(wanted.after)
        }
        Err(error) => {
            progress.finish(&Event::failed(&error));
            fail(&error, output)
        }
    }
}

/// Chooses, asks, installs. `None` after a dry run.
fn install_on_disk(
    args: &Args,
    wanted: &Wanted,
    client: &HttpClient,
    output: Output,
    progress: &mut Progress,
) -> Result<Option<Installed>, InstallError> {
    let (disk, mut target) = open_disk(args, wanted)?;
    let source = match &wanted.source {
        Place::Url(url) => Source::http(client.clone(), url)?,
        Place::Folder(folder) => Source::local(folder)?,
    };
    let trust = trust(args, wanted)?;
    let roots = LIVE_ROOTS.map(PathBuf::from);
    let request = Request {
        source: &source,
        manifest_sha256: wanted.manifest_sha256,
        trust: &trust,
        grub_dir: &args.grub_dir,
        local_roots: &roots,
        disk_size: target.size(),
        ids: DiskIds::new(Uuid::new_v4()),
    };
    let prepared = request.prepare()?;
    let holds_data =
        !disk.contents.is_empty() || holds_data(&mut target).map_err(|e| unreadable(&disk, &e))?;
    show_plan(&disk, holds_data, &prepared, wanted, output, args.dry_run);
    if args.dry_run {
        return Ok(None);
    }
    get_consent(&disk, holds_data, wanted, output)?;
    // Last before the disk is erased: the server hands it out once.
    let seed = wanted.seed_url.as_ref().map(|url| Seed::fetch(client, url)).transpose()?;
    install(prepared, seed.as_ref(), &mut target, &disk.extents(), Path::new(WORK), progress).map(Some)
}

/// What is asked of the image: a signature, where keys are configured. The medium that this system runs from has brought
/// the keys themselves; asking it for a signature would prove nothing.
fn trust(args: &Args, wanted: &Wanted) -> Result<Trust, InstallError> {
    if wanted.source == Place::Folder(BOOT_MEDIUM.into()) {
        return Ok(Trust::default());
    }
    let keys = Keyring::load(Path::new(KEY_DIR));
    let keys = keys.map_err(|e| InstallError::new(Code::ImageSignature, e.to_string()))?;
    Ok(Trust { keys, insecure: args.insecure })
}

fn open_disk(args: &Args, wanted: &Wanted) -> Result<(Disk, ImageTarget), InstallError> {
    if let Some(path) = &args.image_file {
        // Disks have checks of their own, which a device by this name would pass by.
        if std::fs::metadata(path).is_ok_and(|meta| !meta.is_file()) {
            let detail =
                format!("--image-file {}: it is not a regular file; --disk takes disks", path.display());
            return Err(InstallError::new(Code::AnswerInvalid, detail));
        }
        let target = ImageTarget::image_file(path).map_err(|e| {
            InstallError::new(Code::DiskMissing, format!("--image-file {}: {e}", path.display()))
        })?;
        let disk = Disk { path: path.display().to_string(), size: target.size(), ..Disk::default() };
        return Ok((disk, target));
    }
    let kernel_line = std::fs::read_to_string("/proc/cmdline")
        .map_err(|e| InstallError::new(Code::InventoryFailed, format!("/proc/cmdline: {e}")))?;
    let disks = inventory(&kernel_line)?;
    let disk = select(&disks, &wanted.hints)?.clone();
    let target = ImageTarget::device(Path::new(&disk.path)).map_err(|e| {
        let code = match e.kind() {
            io::ErrorKind::ResourceBusy => Code::DiskBusy,
            io::ErrorKind::NotFound => Code::DiskMissing,
            io::ErrorKind::PermissionDenied => Code::NotRoot,
            io::ErrorKind::ReadOnlyFilesystem => Code::DiskReadOnly,
            _ => Code::DiskUnreadable,
        };
        InstallError::new(code, format!("{disk} cannot be opened for writing: {e}"))
    })?;
    Ok((disk, target))
}

fn unreadable(disk: &Disk, error: &io::Error) -> InstallError {
    InstallError::new(Code::DiskUnreadable, format!("{disk} cannot be read: {error}"))
}

fn show_plan(
    disk: &Disk,
    holds_data: bool,
    prepared: &Prepared,
    wanted: &Wanted,
    output: Output,
    dry_run: bool,
) {
    let manifest = prepared.manifest();
    if output == Output::Json {
        if dry_run {
            let image = serde_json::json!({"name": manifest.name(), "version": manifest.version()});
            let plan = serde_json::json!({
                "result": "planned", "disk": disk, "holds_data": holds_data, "image": image,
                "root_is_local": prepared.root_is_local(), "seed": wanted.seed_url.is_some(),
            });
            println!("{plan}");
        }
        return;
    }
    eprintln!("image: {} {}", manifest.name(), manifest.version());
    eprintln!("trust: {}", prepared.belief());
    eprintln!("disk:  {disk}");
    for content in &disk.contents {
        eprintln!("       will be erased: {content}");
    }
    if disk.contents.is_empty() && holds_data {
        eprintln!("       will be erased: data of a kind that is not known here");
    }
    if !holds_data {
        eprintln!("       is blank");
    }
    if dry_run {
        eprintln!("dry run: nothing was changed");
    }
}

fn get_consent(disk: &Disk, holds_data: bool, wanted: &Wanted, output: Output) -> Result<(), InstallError> {
    let interactive = output == Output::Text && stdin().is_terminal() && stderr().is_terminal();
    let caller = match (wanted.from_answer, interactive) {
        (true, _) => Caller::Seed,
        (false, true) => Caller::Person,
        (false, false) => Caller::Script,
    };
    let refuse = |code| Err(InstallError::new(code, disk.to_string()));
    match consent(holds_data, wanted.wipe, caller) {
        Consent::Given => Ok(()),
        Consent::Refused(code) => refuse(code),
        Consent::Ask => match ask(&disk.to_string(), &mut stdin().lock(), &mut stderr().lock()) {
            Ok(true) => Ok(()),
            Ok(false) | Err(_) => refuse(Code::NotConfirmed),
        },
    }
}

fn fail(error: &InstallError, output: Output) -> ExitCode {
    let code = error.code();
    if output == Output::Json {
        let result = serde_json::json!({
            "result": "failed", "code": code, "message": error.detail(), "cause": code.cause(),
            "remedy": code.remedy(), "disk_changed": error.disk_changed(),
        });
        println!("{result}");
    } else {
        eprintln!("vrouter: {code}: {}\n  {}\n  {}", error.detail(), code.cause(), code.remedy());
    }
    ExitCode::from(match (error.disk_changed(), code.effect()) {
        (true, _) => DISK_CHANGED,
        (false, Effect::Input) => NO_INPUT,
        (false, _) => REFUSED,
    })
}

fn leave(after: After) -> ExitCode {
    let verb = match after {
        After::Stay => return ExitCode::SUCCESS,
        After::Reboot => "reboot",
        After::Poweroff => "poweroff",
    };
    match Command::new("systemctl").arg(verb).status() {
        Ok(status) if status.success() => ExitCode::SUCCESS,
        Ok(status) => {
            eprintln!("vrouter: the installation is complete; systemctl {verb} ended with {status}");
            ExitCode::FAILURE
        }
        Err(error) => {
            eprintln!("vrouter: the installation is complete; systemctl {verb}: {error}");
            ExitCode::FAILURE
        }
    }
}

#[allow(clippy::disallowed_methods, reason = "the pause between two tries of a bounded retry")]
fn pause(time: Duration) {
    std::thread::sleep(time);
}
