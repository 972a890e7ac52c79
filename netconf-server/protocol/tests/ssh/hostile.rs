//! Peers that mean no good, or none any more.

use crate::rig::{LONG, Rig, USER};
use daybreak_netconf::framing::Limits;
use daybreak_netconf::session::End;
use daybreak_netconf::ssh::{SshClient, SshLimits, Target};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

async fn client(rig: &Rig) -> SshClient {
    let target = Target {
        host: "127.0.0.1".into(),
        port: rig.port,
        user: USER.into(),
        key: rig.path("user"),
        known_hosts: rig.path("known_hosts"),
    };
    SshClient::connect(&target, Limits::default(), LONG).await.unwrap()
}

/// Waits for the server to hang up.
async fn hung_up(mut stream: TcpStream) {
    let mut sink = Vec::new();
    timeout(LONG, stream.read_to_end(&mut sink)).await.expect("the connection stays open").ok();
}

#[tokio::test]
async fn connections_without_a_session_end() {
    let limits = SshLimits { login: Duration::from_millis(300), ..SshLimits::default() };
    let rig = Rig::start(limits).await;
    let connect = || TcpStream::connect(("127.0.0.1", rig.port));
    let silent = connect().await.unwrap();
    let mut garbage = connect().await.unwrap();
    garbage.write_all(&vec![0xff; 100_000]).await.ok();
    let mut half = connect().await.unwrap();
    half.write_all(b"SSH-2.0-half\r\n\0\0\0").await.unwrap();
    for stream in [silent, garbage, half] {
        hung_up(stream).await;
    }
    rig.stop().await;
}

#[tokio::test]
async fn there_are_only_so_many_connections() {
    let rig = Rig::start(SshLimits { connections: 2, ..SshLimits::default() }).await;
    let first = client(&rig).await;
    let silent = TcpStream::connect(("127.0.0.1", rig.port)).await.unwrap();
    // The third is closed at once, the first goes on, and its place is free when it is gone.
    hung_up(TcpStream::connect(("127.0.0.1", rig.port)).await.unwrap()).await;
    first.close(LONG).await.unwrap();
    let again = async {
        loop {
            let mut stream = TcpStream::connect(("127.0.0.1", rig.port)).await.unwrap();
            if matches!(stream.read_u8().await, Ok(b'S')) {
                return;
            }
        }
    };
    timeout(LONG, again).await.expect("no place becomes free");
    drop(silent);
    rig.stop().await;
}

#[tokio::test]
async fn a_reader_that_stops_is_ended() {
    let mut rig = Rig::start_with(SshLimits::default(), "ed25519", Duration::from_millis(500)).await;
    let config = std::sync::Arc::new(russh::client::Config { window_size: 1000, ..Default::default() });
    let mut handle = russh::client::connect(config, ("127.0.0.1", rig.port), Trusting).await.unwrap();
    let key = russh::keys::load_secret_key(rig.path("user"), None).unwrap();
    let key = russh::keys::PrivateKeyWithHashAlg::new(std::sync::Arc::new(key), None);
    assert!(handle.authenticate_publickey(USER, key).await.unwrap().success());
    let channel = handle.channel_open_session().await.unwrap();
    channel.request_subsystem(true, "netconf").await.unwrap();
    let text = "<hello><capabilities><capability>urn:ietf:params:netconf:base:1.0</capability></capabilities></hello>]]>]]>\
                <rpc message-id='1'><get/></rpc>]]>]]>";
    channel.data_bytes(text).await.unwrap();
    let end = rig.end().await;
    assert!(matches!(end, End::Slow(_)), "{end}");
    rig.stop().await;
}

struct Trusting;

impl russh::client::Handler for Trusting {
    type Error = russh::Error;

    async fn check_server_key(
        &mut self,
        _: &russh::keys::PublicKeyOrCertificate,
    ) -> Result<bool, Self::Error> {
        Ok(true)
    }

    fn adjust_window(&mut self, _: russh::ChannelId, _: u32) -> u32 {
        0
    }
}
