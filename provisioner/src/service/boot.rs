//! Boot scripts: who asks, what for, and with which token.

use super::{Machine, Service, ServiceError};
use crate::boot::{Choice, InstallScript, Loader, choose};
use crate::events::Code;
use crate::node::{Fact, Node};
use crate::site::Image;
use crate::store::Purpose;
use daybreak_cloud_init::template::{KernelArg, KernelLine};
use daybreak_layout::Artefact;
use serde_json::json;
use std::net::IpAddr;

impl Service {
    /// The script for the machine at this address. What it is told depends on its node alone, not on the loader that asks.
    ///
    /// # Errors
    /// When a template fails, the node's image is gone, or the store fails.
    pub async fn boot_script(&self, loader: Loader, peer: IpAddr) -> Result<String, ServiceError> {
        let Some(node) = self.node_at(peer) else {
            self.unknown_machine(peer).await;
            return self
                .scripts
                .unknown(loader)
                .map_err(|source| ServiceError::Script { name: loader.unknown(), source });
        };
        if let IpAddr::V4(address) = peer {
            self.engine.registry().see(node.id, |status| status.address = Some(address));
        }
        let node = self.engine.observe(node.id, &Fact::BootScript).await?;
        let script = match choose(&node) {
            Choice::Install => self.install_script(loader, &node).await,
            Choice::Disk => self
                .scripts
                .disk(loader, &node)
                .map_err(|source| ServiceError::Script { name: loader.disk(), source }),
        };
        let (code, message) = match (&script, choose(&node)) {
            (Err(error), _) => (Code::BootRefused, crate::chain(error)),
            (Ok(_), Choice::Install) => (Code::BootInstall, format!("to {peer}")),
            (Ok(_), Choice::Disk) => (Code::BootDisk, format!("to {peer}, being {}", node.state)),
        };
        self.engine
            .record(Some(node.id), code, message, json!({"peer": peer, "firmware": node.status.firmware}))
            .await;
        script
    }

    async fn unknown_machine(&self, peer: IpAddr) {
        let holder = if let IpAddr::V4(address) = peer { self.leases.holder(address) } else { None };
        let Some(mac) = holder.and_then(|machine| machine.mac) else { return };
        let last_seen = self.engine.now();
        if self.discovered.see(Machine { mac, peer, last_seen }) {
            let message = format!("{mac} at {peer} is not enrolled");
            self.engine.record(None, Code::BootUnknown, message, json!({"mac": mac, "peer": peer})).await;
        }
    }

    async fn install_script(&self, loader: Loader, node: &Node) -> Result<String, ServiceError> {
        let (name, image) = self.image_of(&node.config)?;
        let base = self.site.server.base_url();
        let image_url = format!("{base}/images/{name}/");
        // A new script ends the tokens of the boot before it.
        let token = self.issue(node, Purpose::SeedInstall).await?;
        let script_url = format!("{base}/boot/script.ipxe");
        let kernel_line = self.kernel_line(node, image, &image_url, &format!("{base}/seed/{token}/"))?;
        let values = InstallScript {
            node: node.config.name.as_str(),
            image: name,
            image_url: &image_url,
            server: self.site.server.address,
            kernel_line,
            script_url: &script_url,
        };
        self.scripts
            .install(loader, &values)
            .map_err(|source| ServiceError::Script { name: loader.install(), source })
    }

    fn kernel_line(
        &self,
        node: &Node,
        image: &Image,
        image_url: &str,
        seed: &str,
    ) -> Result<KernelLine, ServiceError> {
        let wrong = |why: String| ServiceError::Value {
            what: "kernel line",
            node: node.config.name.to_string(),
            why,
        };
        let root = Artefact::Root.file_name();
        let digest =
            image.manifest.file(Artefact::Root).map(|entry| entry.sha256.to_string()).unwrap_or_default();
        let mut args = Vec::new();
        for arg in [
            "boot=daybreak".to_owned(),
            format!("daybreak.fetch={image_url}{root}"),
            format!("daybreak.sha256={digest}"),
            "ip=dhcp".to_owned(),
            format!("ds=nocloud-net;s={seed}"),
        ] {
            args.push(arg.parse::<KernelArg>().map_err(|e| wrong(e.to_string()))?);
        }
        for arg in image.manifest.kernel_args().split_ascii_whitespace() {
            args.push(arg.parse().map_err(|e| wrong(format!("{e}")))?);
        }
        args.extend(self.site.defaults.kernel_args.iter().cloned());
        args.extend(node.config.install.kernel_args.iter().cloned());
        KernelLine::try_from(args).map_err(|e| wrong(e.to_string()))
    }
}
