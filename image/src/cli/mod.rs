//! `daybreak image …`: the one place of this crate that looks at arguments, environment, terminal and clock.

mod bars;
mod lint;
mod trust;

use std::fs;
use std::io::IsTerminal;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use clap::builder::PossibleValue;
use clap::{Args, Subcommand, ValueEnum};

use crate::spec::{Format, Spec, Version, ZstdLevel};
use crate::{Built, ImageError, Request};
use bars::Console;

/// Commands for images.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Build the image of an appliance in all its formats.
    Build(BuildArgs),
    /// Print what a build would do: its steps with all their inputs, as JSON.
    Plan(BuildArgs),
    /// Check an OVA or a stream-optimised VMDK, whoever made it, and name each rule that it breaks.
    ///
    /// Ends with an error when it breaks one that it must keep.
    Lint(lint::LintArgs),
    /// Put an image into a cloud.
    #[command(subcommand)]
    Publish(daybreak_publish::cli::Command),
    /// Make and show keys that sign images.
    #[command(subcommand)]
    Key(trust::KeyCommand),
    /// Sign an image, or any file, in minisign's format.
    Sign(trust::SignArgs),
    /// Check the signature of an image and the digests that it covers, or the signature of any file.
    Verify(trust::VerifyArgs),
}

/// What a command prints.
struct Answer {
    text: String,
    json: serde_json::Value,
}

/// What to build.
#[derive(Clone, Debug, Args)]
pub struct BuildArgs {
    /// Specification of the appliance; the folder that it is in holds the recipe.
    #[arg(default_value = "image/appliance.yaml")]
    spec: PathBuf,
    /// Folder in which the image's folder is made.
    #[arg(long, default_value = "build", value_name = "DIR")]
    build_dir: PathBuf,
    /// Formats to make, instead of those of the specification.
    #[arg(long, value_enum, value_delimiter = ',', value_name = "FORMAT")]
    format: Vec<FormatArg>,
    /// Version of the image, instead of that of the specification.
    #[arg(long = "image-version", value_name = "VERSION")]
    version: Option<Version>,
    /// Folder of more Debian packages to put into the image.
    #[arg(long, value_name = "DIR")]
    debs: Option<PathBuf>,
    /// Folder of the daemons' programs; without it cargo builds them.
    #[arg(long, value_name = "DIR")]
    programs: Option<PathBuf>,
    /// Level of zstd for the root file system, instead of that of the specification.
    #[arg(long = "zstd", value_name = "LEVEL")]
    zstd_level: Option<ZstdLevel>,
    /// Build for tests: as --zstd 3, quick to pack.
    #[arg(long, conflicts_with = "zstd_level")]
    test: bool,
    /// Use the package lists of an earlier build instead of fetching them.
    #[arg(long)]
    no_update: bool,
    /// Sign the image with this secret key, which has no password.
    #[arg(long, value_name = "FILE")]
    sign_key: Option<PathBuf>,
    /// Folder that keeps roots and packages between builds [default: ~/.cache/daybreak].
    #[arg(long, env = "DAYBREAK_CACHE", value_name = "DIR")]
    cache_dir: Option<PathBuf>,
}

/// Formats on the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum FormatArg {
    All,
    One(Format),
}

impl ValueEnum for FormatArg {
    fn value_variants<'a>() -> &'a [Self] {
        const ALL: [FormatArg; 10] = [
            FormatArg::All,
            FormatArg::One(Format::Pxe),
            FormatArg::One(Format::Raw),
            FormatArg::One(Format::Qcow2),
            FormatArg::One(Format::Vmdk),
            FormatArg::One(Format::Ova),
            FormatArg::One(Format::Vhd),
            FormatArg::One(Format::Gce),
            FormatArg::One(Format::Iso),
            FormatArg::One(Format::Img),
        ];
        &ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        match self {
            Self::All => Some(PossibleValue::new("all").help("Every format")),
            Self::One(format) => format.to_possible_value(),
        }
    }
}

/// Runs a command. The result goes to standard output, as JSON when `json` is set; progress goes to standard error.
///
/// # Errors
/// [`ImageError`] says what failed, on what, why, and what to do.
pub fn run(command: Command, json: bool) -> Result<(), ImageError> {
    let mut console = Console::new(std::io::stderr().is_terminal());
    match command {
        Command::Build(args) => {
            let key =
                args.sign_key.as_deref().map(|path| crate::signing::read_secret(path, None)).transpose()?;
            let built = crate::build(&args.request()?, key.as_ref(), &mut console)?;
            print(&if json { to_json(&built.record)? } else { summary(&built) })
        }
        Command::Lint(args) => lint::run(&args.file, json),
        Command::Publish(place) => Ok(daybreak_publish::cli::run(place, json)?),
        Command::Plan(args) => print(&to_json(&crate::plan(&args.request()?, &mut console)?)?),
        Command::Key(command) => answer(trust::key(command)?, json),
        Command::Sign(args) => answer(trust::sign(&args)?, json),
        Command::Verify(args) => answer(trust::verify(&args)?, json),
    }
}

fn answer(answer: Answer, json: bool) -> Result<(), ImageError> {
    print(&if json { to_json(&answer.json)? } else { answer.text })
}

impl BuildArgs {
    /// The request that the arguments mean.
    fn request(self) -> Result<Request, ImageError> {
        let text = fs::read_to_string(&self.spec).map_err(ImageError::io("read", &self.spec))?;
        let mut spec = Spec::parse(&text, &self.spec)?;
        if let Some(version) = self.version {
            spec.version = version;
        }
        let level = if self.test { ZstdLevel::try_from(3).ok() } else { self.zstd_level };
        if let Some(level) = level {
            spec.squashfs.zstd_level = level;
        }
        let formats = formats(&self.format, &spec);
        spec.check_formats(&formats)
            .map_err(|message| ImageError::Spec { path: self.spec.clone(), message })?;
        let folder = self.spec.parent().filter(|folder| !folder.as_os_str().is_empty());
        Ok(Request {
            recipe: folder.unwrap_or(Path::new(".")).to_owned(),
            formats,
            spec,
            build_dir: self.build_dir,
            cache_dir: self.cache_dir.unwrap_or_else(default_cache),
            debs: self.debs,
            programs: self.programs,
            update: !self.no_update,
            threads: std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN),
        })
    }
}

fn formats(args: &[FormatArg], spec: &Spec) -> Vec<Format> {
    let mut formats: Vec<_> = args
        .iter()
        .flat_map(|arg| match arg {
            FormatArg::All => Format::all(),
            FormatArg::One(format) => vec![*format],
        })
        .collect();
    if formats.is_empty() {
        formats.clone_from(&spec.formats);
    }
    formats.sort();
    formats.dedup();
    formats
}

fn default_cache() -> PathBuf {
    let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let home = || set("HOME").map(|home| home.join(".cache"));
    set("XDG_CACHE_HOME").or_else(home).unwrap_or_else(|| PathBuf::from("/var/cache")).join("daybreak")
}

fn summary(built: &Built) -> String {
    let mut text = format!("{} {}\n", built.record.plan.name, built.record.plan.version);
    for (path, entry) in &built.record.artefacts {
        let path = built.folder.join(path);
        let line = format!("{}  {:>9.1} MB  {}\n", entry.sha256, megabytes(entry.size), path.display());
        text.push_str(&line);
    }
    text
}

#[expect(clippy::cast_precision_loss, reason = "printed with one digit after the point")]
fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}

fn to_json(value: &impl serde::Serialize) -> Result<String, ImageError> {
    let text = serde_json::to_string_pretty(value);
    text.map(|text| text + "\n").map_err(|e| ImageError::stream("print")(std::io::Error::other(e)))
}

fn print(text: &str) -> Result<(), ImageError> {
    use std::io::Write;
    std::io::stdout().write_all(text.as_bytes()).map_err(ImageError::stream("print"))
}

#[cfg(test)]
mod tests {
    use clap::{CommandFactory, FromArgMatches};

    use super::*;

    #[derive(Debug, clap::Parser)]
    struct Cli {
        #[command(subcommand)]
        command: Command,
    }

    fn request(args: &[&str]) -> Request {
        let matches = Cli::command().try_get_matches_from([&["image", "build"], args].concat()).unwrap();
        match Cli::from_arg_matches(&matches).unwrap().command {
            Command::Build(args) | Command::Plan(args) => args.request().unwrap(),
            other => panic!("{other:?}"),
        }
    }

    const SPEC: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/appliance.yaml");

    #[test]
    fn the_command_tree_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn without_options_the_specification_decides() {
        let request = request(&[SPEC]);
        assert_eq!(request.formats, [Format::Pxe, Format::Qcow2, Format::Ova, Format::Iso]);
        assert_eq!(request.spec.squashfs.zstd_level.get(), 15);
        assert_eq!(request.recipe, Path::new(env!("CARGO_MANIFEST_DIR")));
        assert!(request.update);
    }

    #[test]
    fn options_win_over_the_specification() {
        let request =
            request(&[SPEC, "--format", "qcow2,pxe,qcow2", "--test", "--image-version", "9", "--no-update"]);
        assert_eq!(request.formats, [Format::Pxe, Format::Qcow2]);
        assert_eq!((request.spec.squashfs.zstd_level.get(), request.spec.version.as_str()), (3, "9"));
        assert!(!request.update);
    }

    #[test]
    fn all_formats_can_be_named_one_by_one_and_at_once() {
        assert_eq!(request(&[SPEC, "--format", "all"]).formats, Format::all());
        let names: Vec<_> = Format::all().into_iter().map(Format::name).collect();
        assert_eq!(request(&[SPEC, "--format", &names.join(",")]).formats, Format::all());
    }

    #[test]
    fn bad_values_are_refused_with_what_is_accepted() {
        for (args, expected) in [
            (["--format", "vdi"], "qcow2"),
            (["--zstd", "23"], "not between 1 and 22"),
            (["--image-version", "a b"], "a version of"),
        ] {
            let all = [&["image", "build", SPEC], &args[..]].concat();
            let error = Cli::command().try_get_matches_from(all).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
    }
}
