//! The daemon by its control socket: ports come and go in transactions.

use crate::support::{Daemon, Namespaces, commit, port, prepare, set, until};
use daybreak_control::v1::{self, control_client::ControlClient};
use tonic::Code;
use tonic::transport::Channel;

const NO_PORTS: &str = "ports: []\n";

async fn names(client: &mut ControlClient<Channel>) -> Vec<String> {
    let config = client.get_config(v1::GetConfigRequest {}).await.unwrap().into_inner();
    config
        .ports
        .iter()
        .map(|port| format!("{} {} {} {}", port.name, port.device, port.enabled, port.mtu))
        .collect()
}

#[tokio::test]
async fn a_twin_gets_the_hardware_address_of_its_port_back() {
    let lab = Namespaces::new("mac", &["r"]);
    let mut daemon = Daemon::start(&lab, "r", "ports: [{name: p0, device: ring}]\n");
    let mut client = daemon.client().await;
    let mac = client.list_ports(v1::ListPortsRequest {}).await.unwrap().into_inner().ports[0].mac.clone();
    let mac = mac.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(":");
    lab.ip("r", "link set p0 address 02:00:5e:10:00:01");
    until("the twin has its address again", async || {
        lab.ip("r", "link show p0").contains(&mac).then_some(())
    })
    .await;
    assert!(daemon.log().contains("somebody changed the hardware address"), "{}", daemon.log());
}

#[tokio::test]
async fn ports_and_their_twins_come_change_and_go() {
    let lab = Namespaces::new("come", &["r"]);
    let mut daemon = Daemon::start(&lab, "r", NO_PORTS);
    let mut client = daemon.client().await;
    assert_eq!(names(&mut client).await, [""; 0]);

    let generation = set(&mut client, &[port("p0", "tap:wire0")]).await;
    let ports = client.list_ports(v1::ListPortsRequest {}).await.unwrap().into_inner().ports;
    let p0 = &ports[0];
    let twin = lab.ip("r", "link show p0");
    let mac: Vec<_> = p0.mac.iter().map(|byte| format!("{byte:02x}")).collect();
    assert!(twin.contains(&mac.join(":")), "the twin has the port's address: {twin}");
    assert!(twin.starts_with(&format!("{}: p0", p0.ifindex)), "{twin}");
    assert_eq!((p0.driver.as_str(), p0.link_up), ("net_tap", true));

    // One more while it runs, the first one with another MTU.
    let wide = v1::PortConfig { mtu: 1400, ..port("p0", "tap:wire0") };
    assert_eq!(set(&mut client, &[wide, port("p1", "ring")]).await, generation + 1);
    assert_eq!(names(&mut client).await, ["p0 tap:wire0 true 1400", "p1 ring true 1500"]);
    assert!(lab.ip("r", "link show p0").contains("mtu 1400"));
    assert_eq!(client.list_ports(v1::ListPortsRequest {}).await.unwrap().into_inner().ports[0].mac, p0.mac);

    // What the driver takes is known once it has been used.
    let refusals =
        prepare(&mut client, "t", &[v1::PortConfig { mtu: 1600, ..port("py", "tap:other") }]).await;
    assert!(refusals[0].field == "mtu" && refusals[0].reason.contains("out of range"), "{refusals:?}");

    // Disabled: the twin has no carrier, so nobody routes there.
    let off = v1::PortConfig { enabled: false, ..port("p1", "ring") };
    set(&mut client, &[port("p0", "tap:wire0"), off]).await;
    assert!(lab.ip("r", "link show p1").contains("NO-CARRIER"));
    set(&mut client, &[port("p0", "tap:wire0"), port("p1", "ring")]).await;
    assert!(lab.ip("r", "link show p1").contains("LOWER_UP"));

    // Another device under the same name, and the same device under another.
    set(&mut client, &[port("p1", "null"), port("px", "tap:wire0")]).await;
    assert_eq!(names(&mut client).await.len(), 2);
    let links = lab.ip("r", "-o link");
    assert!(links.contains(" px:") && links.contains(" wire0:") && !links.contains(" p0:"), "{links}");

    set(&mut client, &[]).await;
    let links = lab.ip("r", "-o link");
    assert_eq!(links.lines().count(), 1, "only loopback is left: {links}");
}

#[tokio::test]
async fn what_cannot_be_is_refused_with_port_and_field() {
    let lab = Namespaces::new("refuse", &["r"]);
    lab.ip("r", "link add taken type veth peer name other");
    let mut daemon = Daemon::start(&lab, "r", NO_PORTS);
    let mut client = daemon.client().await;
    let bad = [
        port("taken", "ring"),
        port("p1", "af_packet:absent"),
        port("p2", "0000:00:1f.7"),
        v1::PortConfig { mtu: 9000, ..port("p3", "ring") },
        port("p3", "ring"),
    ];
    let refusals = prepare(&mut client, "t", &bad).await;
    let fields: Vec<_> =
        refusals.iter().map(|refusal| (refusal.port.as_str(), refusal.field.as_str())).collect();
    assert_eq!(
        fields,
        [("taken", "name"), ("p1", "device"), ("p2", "device"), ("p3", "mtu"), ("p3", "name")],
        "{refusals:?}"
    );
    assert_eq!(commit(&mut client, "t").await.unwrap_err().code(), Code::FailedPrecondition);
}

#[tokio::test]
async fn one_transaction_at_a_time_and_an_abort_ends_it() {
    let lab = Namespaces::new("one", &["r"]);
    let mut daemon = Daemon::start(&lab, "r", NO_PORTS);
    let mut client = daemon.client().await;
    let ports = [port("p0", "ring")];
    assert_eq!(prepare(&mut client, "a", &ports).await, []);
    let refusals = prepare(&mut client, "b", &ports).await;
    assert!(refusals[0].reason.contains("\"a\" is under way"), "{refusals:?}");
    assert_eq!(commit(&mut client, "b").await.unwrap_err().code(), Code::FailedPrecondition);
    let abort = |transaction: &str| v1::AbortRequest { transaction: transaction.into() };
    client.abort(abort("b")).await.expect("it is no error to abort what is not there");
    client.abort(abort("a")).await.unwrap();
    assert_eq!(commit(&mut client, "a").await.unwrap_err().code(), Code::FailedPrecondition);
    assert_eq!(prepare(&mut client, "b", &ports).await, []);
    let generation = commit(&mut client, "b").await.unwrap();
    assert_eq!(commit(&mut client, "b").await.unwrap_err().code(), Code::FailedPrecondition, "it is done");
    assert_eq!(client.get_info(v1::GetInfoRequest {}).await.unwrap().into_inner().generation, generation);
    assert_eq!(prepare(&mut client, "", &ports).await.len(), 1, "a transaction has a name");
}

#[tokio::test]
async fn a_commit_that_fails_in_the_middle_changes_nothing() {
    let lab = Namespaces::new("fail", &["r", "p"]);
    lab.ip("p", "link add wire type veth peer name far");
    let config = format!("{NO_PORTS}port_namespace: {}\n", lab.name("p"));
    let mut daemon = Daemon::start(&lab, "r", &config);
    let mut client = daemon.client().await;
    let generation = set(&mut client, &[port("p0", "tap:a"), port("p1", "tap:b"), port("p2", "ring")]).await;
    let before = names(&mut client).await;
    let macs = |ports: Vec<v1::Port>| ports.into_iter().map(|port| port.mac).collect::<Vec<_>>();
    let macs_before = macs(client.list_ports(v1::ListPortsRequest {}).await.unwrap().into_inner().ports);

    // p0 changes, p1 makes way for another name of its device, p2 goes; the last step cannot be.
    let wide = v1::PortConfig { mtu: 1400, ..port("p0", "tap:a") };
    let next = [wide, port("px", "tap:b"), port("py", "af_packet:wire")];
    assert_eq!(prepare(&mut client, "t", &next).await, []);
    lab.ip("p", "link del wire");
    let error = commit(&mut client, "t").await.unwrap_err();
    assert_eq!(error.code(), Code::Aborted);
    assert!(
        error.message().contains("port py") && error.message().contains("nothing was changed"),
        "{error}"
    );

    assert_eq!(names(&mut client).await, before);
    assert_eq!(client.get_info(v1::GetInfoRequest {}).await.unwrap().into_inner().generation, generation);
    assert!(lab.ip("r", "link show p0").contains("mtu 1500"));
    let links = lab.ip("r", "-o link");
    assert!(links.contains(" p1:") && !links.contains(" px:"), "{links}");
    let macs_after = macs(client.list_ports(v1::ListPortsRequest {}).await.unwrap().into_inner().ports);
    assert_eq!((macs_after.len(), &macs_after[0]), (3, &macs_before[0]), "p0 was never closed");
    set(&mut client, &[port("p0", "tap:a")]).await;
}

#[tokio::test]
async fn the_command_line_asks_the_socket() {
    let lab = Namespaces::new("ctl", &["r"]);
    let mut daemon = Daemon::start(
        &lab,
        "r",
        "ports:\n- {name: p0, device: ring}\n- {name: lost, device: 'af_packet:no'}\n",
    );
    daemon.client().await;
    for question in ["info", "ports", "routes", "neighbours", "statistics"] {
        let (code, said) = daemon.ctl(question);
        assert_eq!(code, Some(0), "{question}: {said}");
    }
    let (_, ports) = daemon.ctl("ports -o json");
    let ports: serde_json::Value = serde_json::from_str(&ports).unwrap();
    assert_eq!((ports.as_array().unwrap().len(), &ports[0]["name"]), (1, &"p0".into()), "the others start");
    assert!(
        daemon.log().contains("there is no interface no"),
        "and one that cannot is told: {}",
        daemon.log()
    );
    let (_, statistics) = daemon.ctl("-o json statistics");
    let statistics: serde_json::Value = serde_json::from_str(&statistics).unwrap();
    assert_eq!(statistics["drops"]["no-route"], 0);
    assert_eq!(daemon.ctl("lookup 192.0.2.1").0, Some(1), "no route is a failure for a script");
    assert_eq!(daemon.ctl("lookup nowhere").0, Some(2), "a wrong use");
}
