//! What iPXE is told: a pure choice by the node's state, and the scripts.

use crate::node::{Node, State};
use crate::service::ServiceError;
use crate::site::Templates;
use daybreak_cloud_init::template::{Engine, Escape, KernelLine, Limits, TemplateError};
use serde::Serialize;

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
    /// Arguments of the kernel; the script adds `BOOTIF`, which only iPXE knows.
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

/// The three scripts, built in or the site's own.
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

    /// The script that installs.
    ///
    /// # Errors
    /// When the template fails; it names template, line and name.
    pub fn install(&self, values: &InstallScript<'_>) -> Result<String, TemplateError> {
        self.0.render("install.ipxe", values)
    }

    /// The script that sends a machine to its disk.
    ///
    /// # Errors
    /// When the template fails.
    pub fn disk(&self, node: &Node) -> Result<String, TemplateError> {
        let values = DiskScript { node: node.config.name.as_str(), state: node.state.name() };
        self.0.render("disk.ipxe", &values)
    }

    /// The script of a machine that is not enrolled. Nothing of the site is in it.
    ///
    /// # Errors
    /// When the template fails.
    pub fn unknown(&self) -> Result<String, TemplateError> {
        self.0.render("unknown.ipxe", &UnknownScript {})
    }
}

#[cfg(test)]
mod tests {
    use super::{Choice, InstallScript, Scripts, choose};
    use crate::node::State;
    use crate::site::Templates;
    use crate::testing::node;
    use daybreak_cloud_init::template::{KernelArg, KernelLine};

    fn line(args: &[&str]) -> KernelLine {
        let args: Vec<KernelArg> = args.iter().map(|arg| arg.parse().unwrap()).collect();
        KernelLine::try_from(args).unwrap()
    }

    fn install<'a>(kernel_line: KernelLine) -> InstallScript<'a> {
        InstallScript {
            node: "r1",
            image: "vrouter",
            image_url: "http://10.77.0.1:8080/images/vrouter/",
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
        let text = scripts.install(&install(line(&["boot=daybreak", "quiet"]))).unwrap();
        assert!(text.starts_with("#!ipxe\n"));
        assert!(text.contains(
            "kernel http://10.77.0.1:8080/images/vrouter/vmlinuz initrd=initrd.img boot=daybreak quiet BOOTIF=01-${mac:hexhyp}"
        ), "{text}");
        assert!(scripts.disk(&node("r1", State::Active)).unwrap().contains("r1 is active"));
        assert!(scripts.unknown().unwrap().starts_with("#!ipxe\n"));
    }

    #[test]
    fn an_undefined_name_is_an_error_with_template_line_and_name() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("own.ipxe");
        std::fs::write(&path, "#!ipxe\necho {{ node }}\necho {{ nodename }}\n").unwrap();
        let scripts = Scripts::load(&Templates { install_ipxe: Some(path), ..Templates::default() }).unwrap();
        let error = scripts.install(&install(line(&[]))).unwrap_err().to_string();
        for word in ["install.ipxe", "3", "nodename"] {
            assert!(error.contains(word), "{error}");
        }
    }
}
