//! What iPXE and GRUB are told: a pure choice by the node's state, and the scripts.

mod loader;

use crate::node::{Node, State};
use crate::service::ServiceError;
use crate::site::Templates;
use daybreak_cloud_init::template::{Engine, Escape, KernelLine, Limits, TemplateError};
use serde::Serialize;
use std::net::Ipv4Addr;

pub use loader::{GRUB, GRUB_SCRIPT, GRUB_START, Loader, SHIM, START};

/// What a machine that asks for its script is to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Choice {
    /// Boot the live system and install.
    Install,
    /// Boot from the disk.
    Disk,
}

/// Decides by the node's state alone: never install what is installed.
pub fn choose(node: &Node) -> Choice {
    match node.state {
        State::Deploying if !node.status.installed => Choice::Install,
        State::Deploying | State::Enrolled | State::Active | State::Failed => Choice::Disk,
    }
}

/// Values of the script that installs. `docs/site.md` lists them for authors of site templates.
#[derive(Debug, Serialize)]
pub struct InstallScript<'a> {
    /// Name of the node.
    pub node: &'a str,
    /// Name of the image.
    pub image: &'a str,
    /// Folder of the image's files, with a slash at its end.
    pub image_url: &'a str,
    /// Address of TFTP, as GRUB names a server.
    pub server: Ipv4Addr,
    /// Arguments of the kernel; the script adds `BOOTIF`, which only the loader knows.
    pub kernel_line: KernelLine,
    /// Where to ask again.
    pub script_url: &'a str,
}

#[derive(Debug, Serialize)]
struct DiskScript<'a> {
    node: &'a str,
    state: &'a str,
}

#[derive(Debug, Serialize)]
struct UnknownScript {}

/// The three scripts for each loader, built in or the site's own.
#[derive(Debug, Clone)]
pub struct Scripts(Engine);

impl Scripts {
    /// Compiles them.
    ///
    /// # Errors
    /// When a template of the site cannot be read or does not compile.
    pub fn load(own: &Templates) -> Result<Self, ServiceError> {
        let mut engine = Engine::new(Escape::Words, Limits::default());
        for (name, builtin, path) in [
            ("install.ipxe", include_str!("../../templates/install.ipxe"), &own.install_ipxe),
            ("disk.ipxe", include_str!("../../templates/disk.ipxe"), &own.disk_ipxe),
            ("unknown.ipxe", include_str!("../../templates/unknown.ipxe"), &own.unknown_ipxe),
            ("install.grub", include_str!("../../templates/install.grub"), &own.install_grub),
            ("disk.grub", include_str!("../../templates/disk.grub"), &own.disk_grub),
            ("unknown.grub", include_str!("../../templates/unknown.grub"), &own.unknown_grub),
        ] {
            let compile = |source| ServiceError::Script { name, source };
            engine.add(name, builtin).map_err(compile)?;
            if let Some(path) = path {
                let text = std::fs::read_to_string(path)
                    .map_err(|source| ServiceError::Template { path: path.clone(), source })?;
                engine.add(name, &text).map_err(compile)?;
            }
        }
        Ok(Self(engine))
    }

    /// Renders each with values such as machines get, so that a mistake is found before a machine asks.
    ///
    /// # Errors
    /// When a template fails; it names template, line and name.
    pub fn try_out(&self) -> Result<(), ServiceError> {
        let arguments: Vec<_> =
            ["boot=daybreak", "quiet"].iter().filter_map(|arg| arg.parse().ok()).collect();
        let install = InstallScript {
            node: "r1",
            image: "vrouter",
            image_url: "http://192.0.2.1/images/vrouter/",
            server: Ipv4Addr::new(192, 0, 2, 1),
            kernel_line: KernelLine::try_from(arguments).unwrap_or_default(),
            script_url: "http://192.0.2.1/boot/script.ipxe",
        };
        let disk = DiskScript { node: "r1", state: State::Active.name() };
        for loader in [Loader::Ipxe, Loader::Grub] {
            for (name, text) in [
                (loader.install(), self.install(loader, &install)),
                (loader.disk(), self.0.render(loader.disk(), &disk)),
                (loader.unknown(), self.unknown(loader)),
            ] {
                text.map_err(|source| ServiceError::Script { name, source })?;
            }
        }
        Ok(())
    }

    /// The script that installs.
    ///
    /// # Errors
    /// When the template fails; it names template, line and name.
    pub fn install(&self, loader: Loader, values: &InstallScript<'_>) -> Result<String, TemplateError> {
        self.0.render(loader.install(), values)
    }

    /// The script that sends a machine to its disk.
    ///
    /// # Errors
    /// When the template fails.
    pub fn disk(&self, loader: Loader, node: &Node) -> Result<String, TemplateError> {
        let values = DiskScript { node: node.config.name.as_str(), state: node.state.name() };
        self.0.render(loader.disk(), &values)
    }

    /// The script of a machine that is not enrolled. Nothing of the site is in it.
    ///
    /// # Errors
    /// When the template fails.
    pub fn unknown(&self, loader: Loader) -> Result<String, TemplateError> {
        self.0.render(loader.unknown(), &UnknownScript {})
    }
}

#[cfg(test)]
mod tests {
    use super::{Choice, InstallScript, Loader, START, Scripts, choose};
    use crate::node::State;
    use crate::site::Templates;
    use crate::testing::node;
    use daybreak_cloud_init::template::{KernelArg, KernelLine};
    use std::net::Ipv4Addr;
    use std::process::Command;

    fn line(args: &[&str]) -> KernelLine {
        let args: Vec<KernelArg> = args.iter().map(|arg| arg.parse().unwrap()).collect();
        KernelLine::try_from(args).unwrap()
    }

    fn install<'a>(kernel_line: KernelLine) -> InstallScript<'a> {
        InstallScript {
            node: "r1",
            image: "vrouter",
            image_url: "http://10.77.0.1:8080/images/vrouter/",
            server: Ipv4Addr::new(10, 77, 0, 1),
            kernel_line,
            script_url: "http://10.77.0.1:8080/boot/script.ipxe",
        }
    }

    #[test]
    fn only_a_node_that_deploys_and_is_not_installed_installs() {
        for state in [State::Enrolled, State::Deploying, State::Active, State::Failed] {
            for installed in [false, true] {
                let mut node = node("r1", state);
                node.status.installed = installed;
                let wanted =
                    if state == State::Deploying && !installed { Choice::Install } else { Choice::Disk };
                assert_eq!(choose(&node), wanted, "{state} installed={installed}");
            }
        }
    }

    #[test]
    fn the_scripts_are_ipxe_scripts() {
        let scripts = Scripts::load(&Templates::default()).unwrap();
        let text = scripts.install(Loader::Ipxe, &install(line(&["boot=daybreak", "quiet"]))).unwrap();
        assert!(text.starts_with("#!ipxe\n"));
        assert!(text.contains(
            "kernel http://10.77.0.1:8080/images/vrouter/vmlinuz initrd=initrd.img boot=daybreak quiet BOOTIF=01-${mac:hexhyp}"
        ), "{text}");
        assert!(scripts.disk(Loader::Ipxe, &node("r1", State::Active)).unwrap().contains("r1 is active"));
        assert!(scripts.unknown(Loader::Ipxe).unwrap().starts_with("#!ipxe\n"));
    }

    #[test]
    fn grub_takes_its_scripts_and_every_argument_is_one_word() {
        let scripts = Scripts::load(&Templates::default()).unwrap();
        let args = line(&["boot=daybreak", "ds=nocloud-net;s=http://10.77.0.1/seed/00/", "a={b|c&d<e>}"]);
        let install = scripts.install(Loader::Grub, &install(args)).unwrap();
        assert!(
            install.contains(
                "linux '(tftp,10.77.0.1)/images/vrouter/vmlinuz' 'boot=daybreak' \
                 'ds=nocloud-net;s=http://10.77.0.1/seed/00/' 'a={b|c&d<e>}' \"BOOTIF=01-$a-"
            ),
            "{install}"
        );
        let disk = scripts.disk(Loader::Grub, &node("r1", State::Active)).unwrap();
        for script in [install, disk, scripts.unknown(Loader::Grub).unwrap(), START.to_owned()] {
            let file = tempfile::NamedTempFile::new().unwrap();
            std::fs::write(file.path(), &script).unwrap();
            let output = Command::new("grub-script-check").arg(file.path()).output().unwrap();
            assert!(output.status.success(), "{output:?}\n{script}");
        }
    }

    #[test]
    fn an_undefined_name_is_an_error_with_template_line_and_name() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("own.ipxe");
        std::fs::write(&path, "#!ipxe\necho {{ node }}\necho {{ nodename }}\n").unwrap();
        let scripts = Scripts::load(&Templates { install_ipxe: Some(path), ..Templates::default() }).unwrap();
        let error = scripts.install(Loader::Ipxe, &install(line(&[]))).unwrap_err().to_string();
        let tried = crate::chain(&scripts.try_out().unwrap_err());
        for word in ["install.ipxe", "3", "nodename"] {
            assert!(error.contains(word) && tried.contains(word), "{error} / {tried}");
        }
        Scripts::load(&Templates::default()).unwrap().try_out().unwrap();
    }
}
