//! The metadata service as machines see it, and as Debian's own cloud-init reads it over a socket.

use super::router;
use crate::node::registry::Identity;
use crate::node::{MacAddr, State};
use crate::service::{HeldLease, LeaseBook, Service};
use crate::testing::{SSH_KEY, config, service};
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{Request, StatusCode};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use tower::ServiceExt;

/// The one address that is leased: that of programs on this machine.
const NODE: Ipv4Addr = Ipv4Addr::LOCALHOST;
const STRANGER: Ipv4Addr = Ipv4Addr::new(10, 77, 0, 66);

struct OneLease(MacAddr);

impl LeaseBook for OneLease {
    fn holder(&self, address: Ipv4Addr) -> Option<Identity> {
        (address == NODE).then_some(Identity { mac: Some(self.0), uuids: None })
    }

    fn all(&self) -> Vec<HeldLease> {
        Vec::new()
    }
}

struct Lab {
    service: Arc<Service>,
    router: axum::Router,
    _folders: Vec<tempfile::TempDir>,
}

impl Lab {
    /// With a node that is deploying.
    async fn new() -> Self {
        let lab = Self::enrolled().await;
        lab.service.boot_script(crate::boot::Loader::Ipxe, NODE.into()).await.unwrap();
        assert_eq!(lab.state(), State::Deploying);
        lab
    }

    async fn enrolled() -> Self {
        let node = config("r1");
        let (service, folders) = service(Arc::new(OneLease(node.macs[0]))).await;
        service.add_node(node).await.unwrap();
        let router = router(Arc::clone(&service)).unwrap();
        Self { service, router, _folders: folders }
    }

    async fn call(&self, peer: Ipv4Addr, request: Request<Body>) -> (StatusCode, String) {
        let mut request = request;
        request.extensions_mut().insert(ConnectInfo(SocketAddr::from((peer, 4711))));
        let response = self.router.clone().oneshot(request).await.unwrap();
        let status = response.status();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        (status, String::from_utf8(body.to_vec()).unwrap())
    }

    async fn get(&self, peer: Ipv4Addr, path: &str, token: Option<&str>) -> (StatusCode, String) {
        let mut request = Request::get(path);
        if let Some(token) = token {
            request = request.header(super::imds::TOKEN_HEADER, token);
        }
        self.call(peer, request.body(Body::empty()).unwrap()).await
    }

    async fn token(&self, peer: Ipv4Addr, forwarded: bool) -> (StatusCode, String) {
        let mut request = Request::put("/latest/api/token").header(super::imds::TTL_HEADER, "60");
        if forwarded {
            request = request.header("x-forwarded-for", "192.0.2.1");
        }
        self.call(peer, request.body(Body::empty()).unwrap()).await
    }

    async fn phone_home(&self, peer: Ipv4Addr) -> StatusCode {
        let form = format!("pub_key_ed25519={}", SSH_KEY.replace('+', "%2B").replace(' ', "+"));
        let request = Request::post("/daybreak/phone-home")
            .header("content-type", "application/x-www-form-urlencoded")
            .body(Body::from(form));
        self.call(peer, request.unwrap()).await.0
    }

    fn state(&self) -> State {
        self.service.engine.registry().by_name("r1").unwrap().state
    }
}

#[tokio::test]
async fn a_stranger_and_a_node_that_is_not_wanted_learn_nothing() {
    let lab = Lab::new().await;
    for path in ["/", "/openstack", "/openstack/latest/", "/openstack/latest/meta_data.json"] {
        assert_ne!(lab.get(STRANGER, path, None).await.0, StatusCode::OK, "{path}");
    }
    assert_eq!(lab.token(STRANGER, false).await.0, StatusCode::NOT_FOUND);
    assert_eq!(lab.phone_home(STRANGER).await, StatusCode::NOT_FOUND);
    let lab = Lab::enrolled().await;
    assert_eq!(lab.get(NODE, "/openstack/latest/meta_data.json", None).await.0, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn ec2_opens_with_a_token_only_and_gives_none_through_a_proxy() {
    let lab = Lab::new().await;
    assert_eq!(lab.get(NODE, "/latest/meta-data/", None).await.0, StatusCode::UNAUTHORIZED);
    assert_eq!(lab.get(NODE, "/latest/meta-data/", Some("AAAA")).await.0, StatusCode::UNAUTHORIZED);
    assert_eq!(lab.token(NODE, true).await.0, StatusCode::FORBIDDEN);
    let (status, token) = lab.token(NODE, false).await;
    assert_eq!(status, StatusCode::OK);
    let (status, folder) = lab.get(NODE, "/2021-03-23/meta-data/", Some(&token)).await;
    assert_eq!(status, StatusCode::OK);
    for child in ["instance-id", "local-hostname", "network/", "public-keys/"] {
        assert!(folder.lines().any(|line| line == child), "{child} in {folder}");
    }
    let (_, key) = lab.get(NODE, "/latest/meta-data/public-keys/0/openssh-key", Some(&token)).await;
    assert_eq!(key, SSH_KEY);
    for path in
        ["/1999-01-01/meta-data/", "/latest/meta-data/nothing", "/latest/../etc/passwd", "/latest/meta-dat"]
    {
        assert_eq!(lab.get(NODE, path, Some(&token)).await.0, StatusCode::NOT_FOUND, "{path}");
    }
}

#[tokio::test]
async fn secrets_end_when_the_machine_has_called() {
    let lab = Lab::new().await;
    let (status, user_data) = lab.get(NODE, "/openstack/latest/user_data", None).await;
    assert_eq!(status, StatusCode::OK);
    assert!(user_data.contains("/daybreak/phone-home"), "{user_data}");
    assert_eq!(lab.phone_home(NODE).await, StatusCode::OK);
    assert_eq!(lab.state(), State::Active);
    assert_eq!(lab.get(NODE, "/openstack/latest/user_data", None).await.0, StatusCode::NOT_FOUND);
    assert_eq!(
        lab.get(NODE, "/openstack/latest/meta_data.json", None).await.0,
        StatusCode::OK,
        "its identity stays"
    );
    assert_eq!(lab.phone_home(NODE).await, StatusCode::GONE, "a second call");
    let events = lab.service.engine.store().events(None, 0, 100).await.unwrap();
    assert!(events.iter().any(|event| event.code == crate::events::Code::MetadataRead));
}

/// Serves the routes on loopback; gives the URL.
async fn serve(lab: &Lab) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let routes = lab.router.clone().into_make_service_with_connect_info::<SocketAddr>();
    tokio::spawn(async move { axum::serve(listener, routes).await });
    url
}

/// Has Debian's own cloud-init read a datasource.
async fn cloud_init(how: &'static str, url: &str) -> Value {
    let url = url.to_owned();
    let read = move || {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let made = Command::new(root.join("tests/setup/cloud-init.sh")).output().unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        let program = PathBuf::from(String::from_utf8(made.stdout).unwrap().trim());
        let out = Command::new("/usr/bin/python3")
            .arg(root.join("cloud-init/tests/python/read_datasource.py"))
            .args([how, &url])
            .env("PYTHONPATH", program.parent().unwrap().join("../root/usr/lib/python3/dist-packages"))
            .output()
            .unwrap();
        assert!(out.status.success(), "{how}: {}", String::from_utf8_lossy(&out.stderr));
        serde_json::from_slice(&out.stdout).unwrap()
    };
    tokio::task::spawn_blocking(read).await.unwrap()
}

#[tokio::test]
async fn cloud_init_reads_the_same_from_openstack_and_from_ec2() {
    let lab = Lab::new().await;
    let url = serve(&lab).await;
    let id = lab.service.engine.registry().by_name("r1").unwrap().id.to_string();
    let (openstack, ec2) = (cloud_init("openstack", &url).await, cloud_init("ec2", &url).await);
    for (name, seen) in [("openstack", &openstack), ("ec2", &ec2)] {
        assert_eq!(seen["instance_id"], id.as_str(), "{name}");
        assert_eq!(seen["hostname"], "r1", "{name}");
        assert_eq!(seen["keys"], json!([SSH_KEY]), "{name}");
        assert!(seen["user"].as_str().unwrap().starts_with("#cloud-config"), "{name}");
    }
    assert_eq!(openstack["user"], ec2["user"], "one Day-1 input, one user-data");
    assert_eq!(ec2["network"]["ethernets"]["nic0"]["dhcp4"], true, "{}", ec2["network"]);
}
