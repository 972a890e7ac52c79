//! Our client.

use crate::rig::{LONG, Rig, USER, keygen};
use daybreak_netconf::framing::Limits;
use daybreak_netconf::session::End;
use daybreak_netconf::ssh::{SshClient, SshClientError, SshLimits, Target};
use std::time::Duration;
use tokio::net::TcpListener;

fn target(rig: &Rig) -> Target {
    Target {
        host: "127.0.0.1".into(),
        port: rig.port,
        user: USER.into(),
        key: rig.path("user"),
        known_hosts: rig.path("known_hosts"),
    }
}

async fn connect(target: &Target) -> Result<SshClient, SshClientError> {
    SshClient::connect(target, Limits::default(), LONG).await
}

#[tokio::test]
async fn a_session_is_opened_and_closed() {
    for kind in ["ed25519", "rsa"] {
        let mut rig = Rig::start_with(SshLimits::default(), kind, LONG).await;
        let mut client = connect(&target(&rig)).await.unwrap();
        assert_eq!(client.session_id(), Some(1));
        let reply = client.rpc("<get-config/>", LONG).await.unwrap();
        assert!(reply.parse().unwrap().data().unwrap().inner().contains("get-config"));
        assert!(client.rpc("<get/>", LONG).await.unwrap().text().len() > 400_000);
        client.close(LONG).await.unwrap();
        assert!(matches!(rig.end().await, End::Closed));
        // Dropping it closes it, too.
        drop(connect(&target(&rig)).await.unwrap());
        let end = rig.end().await;
        assert!(matches!(end, End::HungUp | End::Broken(_)), "{end}");
        rig.stop().await;
    }
}

#[tokio::test]
async fn hosts_that_are_not_known_are_not_talked_to() {
    let rig = Rig::start(SshLimits::default()).await;
    keygen(&rig.path("imposter"), "ed25519");
    let imposter = std::fs::read_to_string(rig.path("imposter.pub")).unwrap();
    for known in [String::new(), format!("[127.0.0.1]:{} {imposter}", rig.port)] {
        std::fs::write(rig.path("known_hosts"), known).unwrap();
        let error = connect(&target(&rig)).await.err().unwrap();
        assert!(matches!(error, SshClientError::HostKey { .. }), "{error}");
    }
    rig.stop().await;
}

#[tokio::test]
async fn what_is_wrong_is_told() {
    let rig = Rig::start(SshLimits::default()).await;
    let right = target(&rig);
    let error = connect(&Target { key: rig.path("other"), ..right.clone() }).await.err().unwrap();
    assert!(matches!(error, SshClientError::Refused { .. }), "{error}");
    let error = connect(&Target { key: rig.path("none"), ..right.clone() }).await.err().unwrap();
    assert!(matches!(error, SshClientError::Key { .. }), "{error}");
    // A port that accepts and says nothing.
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = silent.local_addr().unwrap().port();
    let known = std::fs::read_to_string(rig.path("known_hosts")).unwrap();
    std::fs::write(rig.path("known_hosts"), known.replace(&rig.port.to_string(), &port.to_string())).unwrap();
    let target = Target { port, ..right };
    let error =
        SshClient::connect(&target, Limits::default(), Duration::from_millis(200)).await.err().unwrap();
    assert!(matches!(error, SshClientError::Deadline { .. }), "{error}");
    drop(silent);
    let error = connect(&target).await.err().unwrap();
    assert!(matches!(error, SshClientError::Connect { .. }), "{error}");
    rig.stop().await;
}
