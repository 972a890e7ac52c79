use super::*;
use crate::boot::GRUB_START;
use crate::node::registry::Identity;
use crate::node::{MacAddr, State};
use crate::service::{HeldLease, LeaseBook};
use crate::testing::{config, service};
use daybreak_tftp::Files as _;
use std::net::Ipv4Addr;

const R1: Ipv4Addr = Ipv4Addr::new(10, 77, 0, 11);
const STRANGER: Ipv4Addr = Ipv4Addr::new(10, 77, 0, 66);

struct OneLease(MacAddr);

impl LeaseBook for OneLease {
    fn holder(&self, address: Ipv4Addr) -> Option<Identity> {
        (address == R1).then_some(Identity { mac: Some(self.0), uuids: None })
    }

    fn all(&self) -> Vec<HeldLease> {
        Vec::new()
    }
}

struct Lab {
    files: GrubFiles,
    _folders: Vec<tempfile::TempDir>,
}

impl Lab {
    async fn new() -> Self {
        let node = config("r1");
        let (service, folders) = service(Arc::new(OneLease(node.macs[0]))).await;
        service.add_node(node).await.unwrap();
        let files = Arc::new(Files::open(&service.site, &service.images).unwrap());
        Self { files: GrubFiles::new(service, files), _folders: folders }
    }

    fn state(&self) -> State {
        self.files.service.engine.registry().by_name("r1").unwrap().state
    }

    /// Asks until there is an answer, as GRUB does.
    async fn script(&self, client: (Ipv4Addr, u16)) -> String {
        let ask = async {
            loop {
                match self.files.lookup(GRUB_SCRIPT, client.into()) {
                    Lookup::Found(script) => return String::from_utf8(script.to_vec()).unwrap(),
                    Lookup::Pending => tokio::task::yield_now().await,
                    Lookup::Missing => panic!("the script is missing"),
                }
            }
        };
        tokio::time::timeout(Duration::from_secs(20), ask).await.expect("a script")
    }
}

fn seed(script: &str) -> &str {
    let (_, rest) = script.split_once("ds=nocloud-net;s=").unwrap_or_else(|| panic!("no seed in {script}"));
    rest.split('\'').next().unwrap()
}

#[tokio::test]
async fn a_script_is_made_once_for_a_request_and_anew_for_the_next() {
    let lab = Lab::new().await;
    assert_eq!(lab.files.lookup(GRUB_SCRIPT, (R1, 1000).into()), Lookup::Pending);
    let first = lab.script((R1, 1000)).await;
    assert!(first.contains("linux '(tftp,10.77.0.1)/images/vrouter/vmlinuz' 'boot=daybreak'"), "{first}");
    assert_eq!(lab.state(), State::Deploying);
    assert_eq!(lab.script((R1, 1000)).await, first, "a repeated request");
    let second = lab.script((R1, 1001)).await;
    assert_ne!(seed(&first), seed(&second));
}

#[tokio::test]
async fn the_names_in_the_scripts_are_served() {
    let lab = Lab::new().await;
    let script = lab.script((R1, 1000)).await;
    for file in ["images/vrouter/vmlinuz", "images/vrouter/initrd.img"] {
        assert!(script.contains(&format!("/{file}'")), "{script}");
        let found = lab.files.lookup(file, (R1, 1001).into());
        assert!(matches!(found, Lookup::Found(bytes) if !bytes.is_empty()), "{file}");
    }
    for file in [GRUB_START, "shimx64.efi", "grubx64.efi"] {
        assert!(matches!(lab.files.lookup(file, (R1, 1).into()), Lookup::Found(_)), "{file}");
    }
    for file in ["images/vrouter/root.squashfs", "grub/x86_64-efi/grub.cfg", "grub"] {
        assert_eq!(lab.files.lookup(file, (R1, 1).into()), Lookup::Missing, "{file}");
    }
}

#[tokio::test]
async fn an_unknown_machine_gets_nothing_secret() {
    let lab = Lab::new().await;
    let script = lab.script((STRANGER, 1000)).await;
    assert!(script.contains("does not know this machine"), "{script}");
    for secret in ["seed", "images", "linux", "10.77"] {
        assert!(!script.contains(secret), "{secret} in {script}");
    }
    assert_eq!(lab.state(), State::Enrolled);
}

#[tokio::test]
async fn no_more_scripts_are_made_at_once_than_there_is_room_for() {
    let lab = Lab::new().await;
    let now = Instant::now();
    let client = |port: u16| SocketAddr::from((STRANGER, port));
    for port in 0..1100 {
        assert_eq!(lab.files.script(client(port), now), Lookup::Pending);
    }
    assert_eq!(lab.files.scripts.lock().len(), MOST);
    lab.files.script(client(2000), now + KEPT);
    assert_eq!(lab.files.scripts.lock().len(), 1, "old ones go");
}
