//! Commits that a part of the router refuses.

use crate::client::Client;
use crate::namespace::{in_machine, shell};
use crate::router::{Router, Seen};
use crate::texts::{interface, interfaces, ports, routing, small};

/// Commits `config`, which must fail with this path of the error, and looks that nothing has changed.
fn refused(before: &Seen, config: &str, path: &str, tag: &str) {
    let mut client = Client::open();
    let running = client.running();
    client.replace(config);
    for operation in ["<commit/>", "<commit><confirmed/></commit>"] {
        let said = client.ask(operation);
        let (_, rest) = said.split_once("<error-path").unwrap_or_else(|| panic!("{path}: {said}"));
        let (_, rest) = rest.split_once('>').unwrap();
        let found = rest.split_once("</error-path>").unwrap().0.replace("&quot;", "'").replace("&apos;", "'");
        assert!(found.ends_with(path), "{found} instead of {path}: {said}");
        assert!(said.contains(&format!("<error-app-tag>{tag}</error-app-tag>")), "{said}");
        assert_eq!(client.running(), running);
        before.is_now(path);
    }
    client.done("<discard-changes/>");
    assert!(client.ask("<cancel-commit/>").contains("<rpc-error>"), "{path}: nothing waits to be confirmed");
}

#[test]
fn a_refusal_changes_nothing_anywhere_and_names_the_leaf() {
    in_machine(|folder| {
        // An address of ours that the configuration does not know: nobody but bgpd can see that it is no neighbor's.
        shell("ip addr add 10.9.9.9/32 dev lo");
        let router = Router::start(folder);
        let before = router.commit(&small());
        let both = |device| {
            interfaces(&[interface("p8", "", "10.8.0.1"), interface("p5", "", "10.5.0.1")])
                + &ports(&[("p5", device)])
        };
        // The data plane, asked before anything is done.
        let config = both("af_packet:nowhere") + &routing(&["10.8.0.2", "10.5.0.2"]);
        refused(
            &before,
            &config,
            "port[daybreak-dataplane:name='p5']/daybreak-dataplane:device",
            "daybreak:vrouterd-refused",
        );
        // FRR, asked before anything is done.
        let config = both("null") + &routing(&["10.8.0.2", "10.5.0.1"]);
        refused(
            &before,
            &config,
            "neighbor[ietf-bgp:remote-address='10.5.0.1']/ietf-bgp:remote-address",
            "daybreak:own-address",
        );
        // FRR, after the data plane has a new port and Linux its address.
        let config = both("null") + &routing(&["10.8.0.2", "10.9.9.9"]);
        refused(
            &before,
            &config,
            "neighbor[ietf-bgp:remote-address='10.9.9.9']/ietf-bgp:peer-as",
            "daybreak:apply-failed",
        );
        // The same with another neighbor is taken.
        let after = router.commit(&(both("null") + &routing(&["10.8.0.2", "10.5.0.2"])));
        assert_ne!(after, before);
        router.commit(&small());
        before.is_now("after the way back");
    });
}
