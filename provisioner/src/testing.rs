//! Values that tests share.

use crate::node::engine::Engine;
use crate::node::{MacAddr, Node, NodeConfig, NodeId, State, Status};
use crate::service::{LeaseBook, Service};
use crate::site::Images;
use crate::store::Store;
use daybreak_layout::{Architecture, FileEntry, Manifest, Sha256Digest};
use jiff::Timestamp;
use serde_json::json;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// A public key whose private half was thrown away.
pub(crate) const SSH_KEY: &str =
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGb0n1nSb1aT4ESpo9RWBFR9kPaGFZxCpiN4zN0aXkGn";

/// A node's definition with a MAC address of its own.
pub(crate) fn config(name: &str) -> NodeConfig {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    let n = NEXT.fetch_add(1, Ordering::Relaxed).to_be_bytes();
    let mac = MacAddr::new([0x52, 0x54, 0x00, n[5], n[6], n[7]]);
    serde_json::from_value(json!({
        "name": name,
        "macs": [mac],
        "day1": {"hostname": name, "ssh_authorized_keys": [SSH_KEY]},
    }))
    .expect("a node")
}

/// A node in a state.
pub(crate) fn node(name: &str, state: State) -> Node {
    Node {
        id: NodeId(uuid::Uuid::new_v4()),
        config: config(name),
        status: Status::default(),
        state,
        state_version: 1,
        state_reason: "made by a test".to_owned(),
        state_since: Timestamp::UNIX_EPOCH,
        state_deadline: None,
        version: 1,
        intent: None,
        created: Timestamp::UNIX_EPOCH,
    }
}

/// A folder with an image of a few bytes.
pub(crate) fn image_folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let put = |name: &str, bytes: &[u8]| {
        std::fs::write(folder.path().join(name), bytes).expect("a file");
        FileEntry { size: bytes.len() as u64, sha256: Sha256Digest::of(bytes) }
    };
    let vmlinuz = put("vmlinuz", b"kernel");
    let initrd = put("initrd.img", b"initrd");
    let root = put("root.squashfs", b"root");
    let manifest = Manifest::new("vrouter", "1.0", Architecture::Amd64, "quiet", vmlinuz, initrd, root)
        .expect("a manifest");
    put("manifest.json", manifest.to_json().as_bytes());
    folder
}

/// A service over an image of a few bytes, and the folders it lives in.
pub(crate) async fn service(leases: Arc<dyn LeaseBook>) -> (Arc<Service>, Vec<tempfile::TempDir>) {
    let (state, image) = (tempfile::tempdir().expect("a folder"), image_folder());
    let path = state.path().join("site.yaml");
    let text = format!(
        "server: {{address: 10.77.0.1}}\nstate_dir: .\nimages: {{vrouter: {{path: {}}}}}\n\
         loaders: {{shimx64.efi: shim, grubx64.efi: grub}}\n\
         subnets:\n- {{interface: lab0, subnet: 10.77.0.0/24}}\n",
        image.path().display()
    );
    for (name, content) in [("site.yaml", text.as_str()), ("shim", "a loader"), ("grub", "another")] {
        std::fs::write(state.path().join(name), content).expect("a file of the site");
    }
    let site = crate::site::load(&path).expect("a site");
    let store = Store::open(&state.path().join("store.db")).await.expect("a store");
    let engine =
        Engine::open(store, site.defaults.deploying.as_duration(), Timestamp::now).await.expect("an engine");
    let images = Arc::new(Images::open(&site).expect("images"));
    let service = Service::new(site, engine, images, leases).expect("a service");
    (Arc::new(service), vec![state, image])
}
