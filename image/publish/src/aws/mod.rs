//! An image of EC2: blocks of the disk into a snapshot by the EBS direct API, then an image of the snapshot.
//!
//! Not by `ImportImage`, which starts the disk's system and changes it. Each step leaves a line in the [`journal`] before
//! the next, so that a run that ended in the middle is gone on with by the same command.

mod blocks;
mod client;
mod credentials;
mod ebs;
mod ec2;
mod journal;
mod refusal;
mod state;
mod upload;
mod xml;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use serde::Serialize;

use crate::PublishError;
use crate::console::Console;
use crate::environment::Environment;
use crate::retry::Stop;
use crate::source::{self, Kind, Source};
use client::Client;
use ebs::Tag;
use ec2::Registration;
use journal::{Begun, Encryption, Journal, Known};
use state::{make_folder, state_path};

const GIBIBYTE: u64 = 1 << 30;
/// Time between two looks at a snapshot that AWS is completing.
const LOOK: Duration = Duration::from_secs(2);
/// Completing takes AWS minutes at most; after this long something is wrong.
const COMPLETED_WITHIN: Duration = Duration::from_hours(1);
/// How long a snapshot whose sealing was refused may be pending and yet be one that was sealed.
const SEALED_WITHIN: Duration = Duration::from_mins(5);

/// What to publish, and how.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    /// Raw disk, or folder of a build.
    pub(crate) image: PathBuf,
    /// Region of snapshot and image.
    pub(crate) region: String,
    /// Profile of credentials that was asked for.
    pub(crate) profile: Option<String>,
    /// Name of the image, instead of the one that follows from the source.
    pub(crate) name: Option<String>,
    /// A sentence about it.
    pub(crate) description: Option<String>,
    /// As EC2 names it.
    pub(crate) architecture: &'static str,
    /// Accounts that may start machines from it.
    pub(crate) share: Vec<String>,
    /// Tags on snapshot and image.
    pub(crate) tags: Vec<(String, String)>,
    /// Key of KMS for the snapshot.
    pub(crate) kms_key: Option<String>,
    /// Address of both services, instead of AWS' own.
    pub(crate) endpoint: Option<String>,
    /// File of the run's state, instead of one in the user's folder of states.
    pub(crate) state: Option<PathBuf>,
    /// Blocks under way side by side.
    pub(crate) workers: usize,
}

/// What was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Published {
    /// Region.
    pub(crate) region: String,
    /// Snapshot.
    pub(crate) snapshot: String,
    /// Image.
    pub(crate) image: String,
    /// Name of the image.
    pub(crate) name: String,
    /// Blocks in the snapshot.
    pub(crate) blocks: usize,
    /// Accounts that may use the image.
    pub(crate) shared_with: Vec<String>,
}

/// Publishes, or goes on with publishing.
///
/// # Errors
/// Any [`PublishError`]; one that leaves something in the account says what, how to go on and how to remove it.
pub(crate) fn publish(
    request: &Request,
    environment: Environment,
    token: &str,
    console: &Console,
) -> Result<Published, PublishError> {
    let source = source::open(&request.image, Kind::Raw)?;
    let name = request.name.clone().unwrap_or_else(|| source.name.clone());
    check_name(&name)
        .map_err(|reason| PublishError::image(&source.path, format!("{reason}; name it with --name")))?;
    let begun = Begun {
        region: request.region.clone(),
        endpoint: request.endpoint.clone(),
        size: source.size,
        name: name.clone(),
        encryption: request.kms_key.clone().map_or(Encryption::Default, Encryption::Key),
    };
    let path = state_path(request, &source.path, &environment)?;
    make_folder(&path)?;
    let client =
        Client::new(&request.region, request.endpoint.as_deref(), request.profile.as_deref(), environment)?;
    console.note(&format!("aws: credentials of {}", client.login()));
    let stop = Stop::default();
    // Before a gigabyte goes out: is the name free?
    let known_before = path.exists();
    if !known_before {
        taken(&client, &stop, &name)?;
    }
    let (journal, known) = Journal::open(&path, &begun, token)?;
    let run =
        Run { request, source: &source, name: &name, client: &client, journal: &journal, stop, console };
    match run.steps(&known) {
        Ok(published) => {
            journal.remove()?;
            Ok(published)
        }
        // Nothing was started. (Where no answer came, something may have been.)
        Err(Failed { error: error @ PublishError::Refused { .. }, snapshot: None, .. }) if !known_before => {
            journal.remove()?;
            Err(error)
        }
        Err(Failed { error, snapshot, image }) => {
            let left = left(snapshot.as_deref(), image.as_deref(), &request.region);
            Err(error.leaving(format!("{left} What is known about it: {}", path.display())))
        }
    }
}

/// Removes what an unfinished run left; gives the snapshot's id where there was one.
///
/// # Errors
/// Any [`PublishError`]; the state stays, so that it can be tried again.
pub(crate) fn discard(request: &Request, environment: Environment) -> Result<Option<String>, PublishError> {
    let path = match &request.state {
        Some(path) => path.clone(),
        None => state_path(request, &source::open(&request.image, Kind::Raw)?.path, &environment)?,
    };
    let (journal, begun, known) = Journal::look(&path)?;
    if let Some(image) = known.image {
        let reason =
            format!("image {image} is registered already; the same command without --discard ends the run");
        return Err(PublishError::state(&path, reason));
    }
    let client =
        Client::new(&begun.region, begun.endpoint.as_deref(), request.profile.as_deref(), environment)?;
    let stop = Stop::default();
    // With the token AWS tells which snapshot a run started that was killed before it could write that down.
    let snapshot = match known.snapshot {
        Some(id) => id,
        None => ebs::start(
            &client,
            &stop,
            &journal.token,
            &begun.name,
            gibibytes(begun.size),
            &begun.encryption,
            &tags(request, &begun.name),
        )?,
    };
    match ec2::delete(&client, &stop, &snapshot) {
        Err(PublishError::Refused { code, .. }) if code == "InvalidSnapshot.NotFound" => {}
        other => other?,
    }
    journal.remove()?;
    Ok(Some(snapshot))
}

/// What an unfinished run left, and how to go on. An image that is registered is not removed by --discard.
fn left(snapshot: Option<&str>, image: Option<&str>, region: &str) -> String {
    match (snapshot, image) {
        (_, Some(image)) => {
            format!(
                "Image {image} in {region} is registered, and not finished. The same command goes on with it."
            )
        }
        (snapshot, None) => {
            let what = snapshot.map_or_else(|| "Maybe a snapshot".to_owned(), |id| format!("Snapshot {id}"));
            format!(
                "{what} in {region} is unfinished. The same command goes on with it; with --discard it is removed."
            )
        }
    }
}

/// A failure, and the snapshot and the image where one is left.
struct Failed {
    error: PublishError,
    snapshot: Option<String>,
    image: Option<String>,
}

struct Run<'a> {
    request: &'a Request,
    source: &'a Source,
    name: &'a str,
    client: &'a Client,
    journal: &'a Journal,
    stop: Stop,
    console: &'a Console,
}

impl Run<'_> {
    fn steps(&self, known: &Known) -> Result<Published, Failed> {
        let tags = tags(self.request, self.name);
        let snapshot = match &known.snapshot {
            Some(id) => id.clone(),
            None => self.start(&tags).map_err(|error| Failed { error, snapshot: None, image: None })?,
        };
        let fail = |error| Failed { error, snapshot: Some(snapshot.clone()), image: known.image.clone() };
        if !known.blocks.is_empty() {
            self.console
                .note(&format!("aws: going on with {snapshot}: {} blocks are there", known.blocks.len()));
        }
        let blocks = if known.sealed {
            upload::check(self.source, known).map_err(fail)?;
            known.blocks.len()
        } else {
            let written = upload::run(
                self.client,
                &snapshot,
                self.source,
                (self.journal, known),
                self.request.workers,
                self.console,
                &self.stop,
            )
            .map_err(fail)?;
            self.seal(&snapshot, written.len(), &ebs::linear(written.values())).map_err(fail)?;
            written.len()
        };
        self.completed(&snapshot).map_err(fail)?;
        let image = match &known.image {
            Some(id) => id.clone(),
            None => self.register(&snapshot).map_err(fail)?,
        };
        self.finish(&snapshot, &image, &tags).map_err(|error| Failed {
            error,
            snapshot: Some(snapshot.clone()),
            image: Some(image.clone()),
        })?;
        Ok(Published {
            region: self.request.region.clone(),
            snapshot,
            image,
            name: self.name.to_owned(),
            blocks,
            shared_with: self.request.share.clone(),
        })
    }

    fn start(&self, tags: &[Tag]) -> Result<String, PublishError> {
        let begun = &self.request;
        let encryption = begun.kms_key.clone().map_or(Encryption::Default, Encryption::Key);
        let size = gibibytes(self.source.size);
        let id =
            ebs::start(self.client, &self.stop, &self.journal.token, self.name, size, &encryption, tags)?;
        self.journal.snapshot(&id)?;
        self.console.note(&format!(
            "aws: snapshot {id}, {size} GiB; when this is interrupted, the same command goes on"
        ));
        Ok(id)
    }

    /// The call may have been made by a run that was killed before its line, or by a try whose answer was lost: then AWS
    /// refuses it, and the snapshot is completed, or will be.
    fn seal(&self, snapshot: &str, blocks: usize, checksum: &str) -> Result<(), PublishError> {
        match ebs::complete(self.client, &self.stop, snapshot, blocks, checksum) {
            Err(PublishError::Refused { code, .. })
                if ["ConflictException", "ValidationException"].contains(&code.as_str())
                    && self.completes_soon(snapshot)? => {}
            other => other?,
        }
        self.journal.sealed()
    }

    /// One that was not sealed is pending, too, and stays so: minutes tell.
    fn completes_soon(&self, snapshot: &str) -> Result<bool, PublishError> {
        let began = Instant::now();
        loop {
            let (state, _) = ec2::snapshot(self.client, &self.stop, snapshot)?;
            if state != "pending" || began.elapsed() > SEALED_WITHIN {
                return Ok(state == "completed");
            }
            self.stop.wait(LOOK);
        }
    }

    fn completed(&self, snapshot: &str) -> Result<(), PublishError> {
        let began = Instant::now();
        loop {
            let (state, why) = ec2::snapshot(self.client, &self.stop, snapshot)?;
            let reason = match state.as_str() {
                "completed" => return Ok(()),
                "pending" if began.elapsed() < COMPLETED_WITHIN => None,
                "pending" => Some(format!(
                    "{snapshot} is still pending after an hour; the same command goes on waiting"
                )),
                _ => Some(format!(
                    "{snapshot} is in state {state} {why}; remove it with --discard and publish anew"
                )),
            };
            if let Some(reason) = reason {
                return Err(PublishError::Answer { call: "DescribeSnapshots", reason });
            }
            self.stop.wait(LOOK);
        }
    }

    fn register(&self, snapshot: &str) -> Result<String, PublishError> {
        // A run that was killed between the call and its line has registered it.
        let ours = || -> Result<Option<String>, PublishError> {
            let there = ec2::images(self.client, &self.stop, self.name)?;
            let ours = there.into_iter().find(|(_, snapshots)| snapshots.iter().any(|id| id == snapshot));
            Ok(ours.map(|(id, _)| id))
        };
        let id = if let Some(id) = ours()? {
            id
        } else {
            let image = Registration {
                name: self.name,
                description: self.request.description.as_deref().unwrap_or(self.name),
                architecture: self.request.architecture,
                snapshot,
            };
            match ec2::register(self.client, &self.stop, &image) {
                // A try whose answer was lost may have made it.
                Err(refused @ PublishError::Refused { .. }) => ours().ok().flatten().ok_or(refused)?,
                other => other?,
            }
        };
        self.journal.image(&id)?;
        Ok(id)
    }

    /// Both calls may be made again.
    fn finish(&self, snapshot: &str, image: &str, tags: &[Tag]) -> Result<(), PublishError> {
        ec2::tag(self.client, &self.stop, &[image, snapshot], tags)?;
        if self.request.share.is_empty() {
            return Ok(());
        }
        ec2::share(self.client, &self.stop, image, &self.request.share)
    }
}

fn taken(client: &Client, stop: &Stop, name: &str) -> Result<(), PublishError> {
    let Some((id, _)) = ec2::images(client, stop, name)?.into_iter().next() else { return Ok(()) };
    Err(PublishError::Refused {
        call: "DescribeImages",
        code: String::new(),
        said: format!("image {id} has the name {name:?} already"),
        hint: "\nchoose another --name, or deregister that image".to_owned(),
    })
}

fn tags(request: &Request, name: &str) -> Vec<Tag> {
    let given = |key: &str| request.tags.iter().any(|(given, _)| given == key);
    let own = (!given("Name")).then(|| ("Name".to_owned(), name.to_owned()));
    let all = own.iter().chain(&request.tags);
    all.map(|(key, value)| Tag { key: key.clone(), value: value.clone() }).collect()
}

fn gibibytes(bytes: u64) -> u64 {
    bytes.div_ceil(GIBIBYTE).max(1)
}

/// Whether EC2 takes the name: "3-128 alphanumeric characters, parentheses, square brackets, spaces, periods, slashes,
/// dashes, single quotes, at-signs, or underscores".
pub(crate) fn check_name(name: &str) -> Result<(), String> {
    let good = |c: char| c.is_ascii_alphanumeric() || "()[] ./-'@_".contains(c);
    if !(3..=128).contains(&name.len()) || !name.chars().all(good) {
        return Err(format!("{name:?} is no name for EC2: 3 to 128 letters, digits and ()[] ./-'@_"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_as_ec2_takes_them() {
        for (name, good) in [
            ("vrouter-0.1.0", true),
            ("a b/(c)[d]'@_", true),
            ("ab", false),
            ("vrouter:1", false),
            ("vröuter", false),
        ] {
            assert_eq!(check_name(name).is_ok(), good, "{name}");
        }
        assert!(check_name(&"x".repeat(128)).is_ok() && check_name(&"x".repeat(129)).is_err());
    }

    #[test]
    fn only_what_discard_removes_is_said_to_be_removed_by_it() {
        for (snapshot, image, begin, discard) in [
            (None, None, "Maybe a snapshot in r ", true),
            (Some("snap-1"), None, "Snapshot snap-1 in r ", true),
            (Some("snap-1"), Some("ami-1"), "Image ami-1 in r ", false),
        ] {
            let text = left(snapshot, image, "r");
            assert!(text.starts_with(begin) && text.contains("The same command goes on"), "{text}");
            assert_eq!(text.contains("--discard"), discard, "{text}");
        }
    }

    #[test]
    fn a_volume_has_whole_gibibytes() {
        for (bytes, expected) in [(1, 1), (GIBIBYTE, 1), (GIBIBYTE + 1, 2), (8 * GIBIBYTE, 8)] {
            assert_eq!(gibibytes(bytes), expected);
        }
        assert_eq!(GIBIBYTE % blocks::BLOCK, 0);
    }
}
