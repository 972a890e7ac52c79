//! What a machine that nobody enrolled, and one that asks twice, get from the provisioner.

use daybreak_tests::dhcp_client::DhcpClient;
use daybreak_tests::environment::Environment;
use daybreak_tests::error::Result;
use daybreak_tests::lab::{Addressing, Lab, mac};

const SCRIPT: &str = "http://10.77.0.1/boot/script.ipxe";

fn serving_lab(name: &str) -> Result<Lab> {
    let mut lab = Lab::new(name, Environment::from_process()?, Addressing::Server)?;
    lab.provisioner_mut().start()?;
    Ok(lab)
}

/// The seed's URL in a boot script, which ends in a slash.
fn seed_url(script: &str) -> Option<&str> {
    script.split(&[' ', '='][..]).find(|word| word.contains("/seed/") && word.ends_with('/'))
}

#[test]
#[ignore = "needs the built image; `make test` runs it"]
fn an_unknown_machine_gets_nothing_secret_and_is_listed_as_discovered() {
    let lab = serving_lab("unknown").unwrap();
    lab.enrol("r1", 1).unwrap();
    let stranger = DhcpClient::join(lab.bridge(), lab.directory(), &mac(9)).unwrap();
    let answer = stranger.get(SCRIPT).unwrap();
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert!(answer.body.starts_with("#!ipxe"), "{}", answer.body);
    for secret in ["seed", "token", "report", "r1", lab.key().public()] {
        assert!(!answer.body.contains(secret), "{secret} is in the script of a stranger:\n{}", answer.body);
    }
    let claimed = stranger.get(&format!("{SCRIPT}?mac={}", mac(1))).unwrap();
    assert!(seed_url(&claimed.body).is_none(), "a claimed MAC address opened a seed:\n{}", claimed.body);
    let discovered = lab.provisioner().json(&["discovered"]).unwrap();
    assert!(discovered.to_string().contains(&mac(9)), "{discovered}");
    assert_eq!(lab.provisioner().state("r1").unwrap(), "enrolled", "a stranger moved a node");
}

#[test]
#[ignore = "needs the built image; `make test` runs it"]
fn a_replayed_token_is_gone_and_a_new_script_ends_the_tokens_before() {
    let lab = serving_lab("replay").unwrap();
    lab.enrol("r1", 1).unwrap();
    let machine = DhcpClient::join(lab.bridge(), lab.directory(), &mac(1)).unwrap();
    let script = machine.get(SCRIPT).unwrap();
    let seed = seed_url(&script.body).unwrap_or_else(|| panic!("no seed in:\n{}", script.body)).to_owned();
    let first = machine.get(&format!("{seed}user-data")).unwrap();
    assert_eq!(first.status, 200, "{}", first.body);
    assert!(first.body.contains("install"), "{}", first.body);
    let again = machine.get(&format!("{seed}user-data")).unwrap();
    assert_eq!(again.status, 410, "{}", again.body);

    let next = machine.get(SCRIPT).unwrap();
    let fresh = seed_url(&next.body).unwrap_or_else(|| panic!("no seed in:\n{}", next.body)).to_owned();
    assert_ne!(fresh, seed, "each boot has its own token");
    let old = machine.get(&format!("{seed}meta-data")).unwrap();
    assert!([404, 410].contains(&old.status), "the token of the boot before still opens: {old:?}");
    let new = machine.get(&format!("{fresh}meta-data")).unwrap();
    assert_eq!(new.status, 200, "{}", new.body);
    let refused = lab.provisioner().json(&["node", "events", "r1"]).unwrap();
    assert!(refused.to_string().contains("TOKEN-REFUSED"), "{refused}");
}

#[test]
#[ignore = "needs the built image; `make test` runs it"]
fn a_made_up_token_opens_nothing() {
    let lab = serving_lab("made-up").unwrap();
    lab.enrol("r1", 1).unwrap();
    let machine = DhcpClient::join(lab.bridge(), lab.directory(), &mac(1)).unwrap();
    for path in [
        "seed/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA/user-data",
        "seed/../images/vrouter/manifest.json",
        "seed/%2e%2e/user-data",
        "seed//user-data",
    ] {
        let answer = machine.get(&format!("http://10.77.0.1/{path}")).unwrap();
        assert!((400..500).contains(&answer.status), "{path}: {answer:?}");
        assert!(!answer.body.contains("cloud-config"), "{path}: {answer:?}");
    }
}
