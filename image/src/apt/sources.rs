//! Mirrors and connection settings, taken from the machine's own apt.

use std::path::Path;

use crate::ImageError;
use crate::command::{Run, Tool};
use crate::spec::Suite;

pub(crate) const APT_GET: Tool = Tool { program: "apt-get", package: "apt" };
const APT_CONFIG: Tool = Tool { program: "apt-config", package: "apt" };

/// Where packages come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Sources {
    /// Lines for `sources.list`.
    pub(crate) lines: Vec<String>,
    /// Lines of apt configuration: proxies and checks of the archive's age.
    pub(crate) config: Vec<String>,
}

/// Keys of Debian's archive: with them another archive is refused, whatever it calls its suites.
const KEYRING: &str = "/usr/share/keyrings/debian-archive-keyring.gpg";

impl Sources {
    /// Asks this machine's apt.
    ///
    /// # Errors
    /// [`ImageError::Sources`] when it does not use Debian's archive of that suite.
    pub(crate) fn of_this_machine(suite: Suite) -> Result<Self, ImageError> {
        let what = "ask apt for this machine's package sources";
        // Names what would be fetched and fetches nothing; unlike `indextargets` it does not need lists to be there.
        let uris = Run::new(what, APT_GET).args(["update", "--print-uris"]).output()?;
        let config = Run::new("ask apt for its settings", APT_CONFIG).arg("dump").output()?;
        let keyring = Path::new(KEYRING).exists().then_some(KEYRING);
        Ok(Self { lines: lines(&uris, suite, keyring)?, config: connection(&config) })
    }
}

/// Lines for `sources.list` out of the addresses of package lists: Debian's own suites of one release, with updates.
fn lines(print_uris: &str, suite: Suite, keyring: Option<&str>) -> Result<Vec<String>, ImageError> {
    let suite = suite.as_str();
    let options = keyring.map(|path| format!("[signed-by={path}] ")).unwrap_or_default();
    let line = |name: &str| {
        let list = format!("/dists/{name}/main/binary-amd64/Packages");
        let bases = print_uris
            .lines()
            .filter_map(|line| line.strip_prefix('\'')?.split_once(&list))
            .map(|(base, _)| base);
        // Other archives have suites of that name too; Debian's mirrors have its name in their path.
        let (debian, other): (Vec<_>, Vec<_>) = bases.partition(|base| base.contains("/debian"));
        let base = debian.first().or(other.first())?;
        Some(format!("deb {options}{base}/ {name} main"))
    };
    let main = line(suite).ok_or_else(|| {
        ImageError::Sources(format!(
            "this machine's apt has no source for Debian's {suite} main, from which the image is made; add one to \
             /etc/apt/sources.list.d"
        ))
    })?;
    let updates = ["updates", "security"].into_iter().filter_map(|name| line(&format!("{suite}-{name}")));
    Ok([main].into_iter().chain(updates).collect())
}

/// Settings of the connection to the archive. All others of this machine stay out of the build.
fn connection(dump: &str) -> Vec<String> {
    const PREFIXES: [&str; 7] = [
        "Acquire::http::",
        "Acquire::https::",
        "Acquire::Check-Valid-Until ",
        "Acquire::Check-Date ",
        "Acquire::Max-ValidTime",
        "Acquire::Retries ",
        "Acquire::ForceIPv",
    ];
    let wanted =
        |line: &&str| PREFIXES.iter().any(|prefix| line.starts_with(prefix)) && !line.ends_with(" \"\";");
    dump.lines().filter(wanted).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const URIS: &str = "\
'http://mirror.example/debian/dists/bookworm/InRelease' x 0
'http://mirror.example/debian/dists/bookworm-backports/main/binary-amd64/Packages.xz' x 0
'http://other.example/dists/bookworm/main/binary-amd64/Packages.xz' x 0
'http://mirror.example/debian/dists/bookworm/contrib/binary-amd64/Packages.xz' x 0
'http://mirror.example/debian/dists/bookworm/main/binary-amd64/Packages.xz' x 0
'http://security.example/dists/bookworm-security/main/binary-amd64/Packages.xz' x 0
";

    #[test]
    fn only_debians_main_of_the_release_is_taken() {
        assert_eq!(
            lines(URIS, Suite::Bookworm, Some("/key.gpg")).unwrap(),
            [
                "deb [signed-by=/key.gpg] http://mirror.example/debian/ bookworm main",
                "deb [signed-by=/key.gpg] http://security.example/ bookworm-security main",
            ]
        );
    }

    #[test]
    fn a_machine_of_another_release_is_told_what_is_missing() {
        for uris in ["", "'http://mirror.example/debian/dists/trixie/main/binary-amd64/Packages.xz' x 0\n"] {
            let error = lines(uris, Suite::Bookworm, None).unwrap_err().to_string();
            assert!(error.contains("no source for Debian's bookworm main"), "{error}");
        }
    }

    #[test]
    fn proxies_come_along_and_hooks_stay_out() {
        let dump = "APT::Update::Post-Invoke:: \"rm -rf x\";\nAcquire::http::Proxy \"http://proxy.example:3128\";\n\
                    Acquire::https::Proxy \"\";\nAcquire::Languages \"none\";\nAcquire::Check-Valid-Until \"false\";\n";
        assert_eq!(
            connection(dump),
            ["Acquire::http::Proxy \"http://proxy.example:3128\";", "Acquire::Check-Valid-Until \"false\";"]
        );
    }

    #[test]
    fn this_machine_has_sources() {
        let sources = Sources::of_this_machine(Suite::Bookworm).unwrap();
        assert!(sources.lines[0].starts_with("deb "), "{sources:?}");
    }
}
