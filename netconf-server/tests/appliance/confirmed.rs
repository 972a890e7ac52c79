//! A confirmed commit that cuts its own way of management.

use crate::client::Client;
use crate::namespace::{in_machine, shell, until};
use crate::router::{Router, Seen};
use crate::texts::{interface, interfaces, routing};
use std::path::{Path, PathBuf};
use std::process::{Child, Command};

/// The interface by which the manager comes, and the port.
fn config(management: &str) -> String {
    interfaces(&[interface("p8", "", "10.8.0.1"), management.to_owned()]) + &routing(&["10.8.0.2"])
}

/// ncclient in the manager's namespace. It commits what is in the file, confirmed, for 3 s, and comes again.
fn manager(folder: &Path, config: &str) -> Child {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let python = shell(&format!("{} ncclient", here.join("../tests/setup/pypi.sh").display()));
    std::fs::write(folder.join("cut.xml"), format!("<config>{config}</config>")).unwrap();
    Command::new("ip")
        .args(["netns", "exec", "manager"])
        .arg(PathBuf::from(python.trim()).join("python"))
        .arg("-B")
        .arg(here.join("tests/appliance/cut.py"))
        .env("NETCONF_KEY", folder.join("id"))
        .env("NETCONF_CONFIG", folder.join("cut.xml"))
        .spawn()
        .unwrap()
}

#[test]
fn a_confirmed_commit_that_cuts_management_goes_back_by_itself() {
    in_machine(|folder| {
        shell(
            "ip netns add manager; ip link add m0 type veth peer name c0 netns manager; \
             ip -n manager addr add 192.0.2.9/24 dev c0; ip -n manager link set c0 up; \
             ip addr add 192.0.2.1/24 dev m0; ip link set m0 up",
        );
        let router = Router::start(folder);
        let before = router.commit(&config(&interface("m0", "", "192.0.2.1")));
        let running = Client::open().running();
        let blocked = interface("m0", "<enabled>false</enabled>", "192.0.2.1");
        for (what, cut, sign) in [
            ("another address", interface("m0", "", "203.0.113.1"), "203.0.113.1/24"),
            ("no link", blocked, "state DOWN"),
        ] {
            let mut manager = manager(folder, &config(&cut));
            until(&format!("management is cut: {what}"), || {
                assert!(manager.try_wait().unwrap().is_none(), "the manager ended before it was cut off");
                shell("ip -o link show dev m0; ip -o addr show dev m0").contains(sign)
            });
            // Linux has it before running is the new one.
            until("running says so", || Client::open().running() != running);
            let status = manager.wait().unwrap();
            assert!(status.success(), "{what}: {status}");
            assert_eq!(Client::open().running(), running);
            until("the addresses are back", || shell("ip -o addr show dev m0").contains("192.0.2.1/24"));
            before.is_now(what);
            assert_eq!(Seen::now(), before, "{what}");
        }
    });
}
