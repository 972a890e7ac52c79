//! The routes of machines, end to end below the socket: lease -> script -> seed -> report -> phone-home.

use super::router;
use crate::events::Code;
use crate::node::registry::Identity;
use crate::node::{MacAddr, State};
use crate::service::{HeldLease, LeaseBook, SeedStep, Service};
use crate::testing::{SSH_KEY, config, service};
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{Request, StatusCode};
use http_body_util::BodyExt;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use tower::ServiceExt;

struct Fixed(Vec<(Ipv4Addr, MacAddr)>);

impl LeaseBook for Fixed {
    fn holder(&self, address: Ipv4Addr) -> Option<Identity> {
        let mac = self.0.iter().find(|(held, _)| *held == address).map(|(_, mac)| *mac)?;
        Some(Identity { mac: Some(mac), uuids: None })
    }

    fn all(&self) -> Vec<HeldLease> {
        Vec::new()
    }
}

const R1: Ipv4Addr = Ipv4Addr::new(10, 77, 0, 11);
const R2: Ipv4Addr = Ipv4Addr::new(10, 77, 0, 12);
const STRANGER: Ipv4Addr = Ipv4Addr::new(10, 77, 0, 66);

/// Two nodes with leases, and a stranger with one.
struct Lab {
    service: Arc<Service>,
    _folders: Vec<tempfile::TempDir>,
}

impl Lab {
    async fn new() -> Self {
        let nodes = [config("r1"), config("r2")];
        let book = Fixed(vec![
            (R1, nodes[0].macs[0]),
            (R2, nodes[1].macs[0]),
            (STRANGER, MacAddr::new([0x52, 0x54, 0, 0xff, 0, 1])),
        ]);
        let (service, folders) = service(Arc::new(book)).await;
        for node in nodes {
            service.add_node(node).await.unwrap();
        }
        Self { service, _folders: folders }
    }

    async fn call(&self, peer: Ipv4Addr, request: Request<Body>) -> (StatusCode, String) {
        let mut request = request;
        request.extensions_mut().insert(ConnectInfo(SocketAddr::from((peer, 4711))));
        let response = router(Arc::clone(&self.service)).oneshot(request).await.unwrap();
        let status = response.status();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        (status, String::from_utf8(body.to_vec()).unwrap())
    }

    async fn get(&self, peer: Ipv4Addr, path: &str) -> (StatusCode, String) {
        self.call(peer, Request::get(path).body(Body::empty()).unwrap()).await
    }

    async fn post(&self, peer: Ipv4Addr, path: &str, kind: &str, body: &str) -> StatusCode {
        let request = Request::post(path).header("content-type", kind).body(Body::from(body.to_owned()));
        self.call(peer, request.unwrap()).await.0
    }

    async fn script(&self, peer: Ipv4Addr) -> String {
        let (status, script) = self.get(peer, "/boot/script.ipxe").await;
        assert_eq!(status, StatusCode::OK);
        script
    }

    fn state(&self, name: &str) -> State {
        self.service.engine.registry().by_name(name).unwrap().state
    }

    async fn codes(&self, name: &str) -> Vec<Code> {
        let id = self.service.engine.registry().by_name(name).unwrap().id;
        self.service.engine.store().events(Some(id), 0, 1000).await.unwrap().iter().map(|e| e.code).collect()
    }
}

/// The path of a URL that stands behind `before` in a text.
fn path_after(text: &str, before: &str) -> String {
    let start = text.find(before).unwrap_or_else(|| panic!("no {before:?} in {text}")) + before.len();
    let url: String =
        text[start..].chars().take_while(|c| !c.is_whitespace() && *c != '"' && *c != '\\').collect();
    let rest = url.strip_prefix("http://").unwrap_or_else(|| panic!("{url:?} is no URL"));
    rest[rest.find('/').unwrap()..].to_owned()
}

#[tokio::test]
async fn a_node_goes_from_its_first_boot_to_active() {
    let lab = Lab::new().await;
    let seed = path_after(&lab.script(R1).await, "ds=nocloud-net;s=");
    assert_eq!(lab.state("r1"), State::Deploying);
    for file in ["network-config", "meta-data", "vendor-data"] {
        assert_eq!(lab.get(R1, &format!("{seed}{file}")).await.0, StatusCode::OK, "{file}");
    }
    let (_, user_data) = lab.get(R1, &format!("{seed}user-data")).await;
    assert!(user_data.contains("daybreak-install.service"), "{user_data}");
    let report = path_after(&user_data, r#"\"report_url\": \""#);
    let day1 = path_after(&user_data, r#"\"seed_url\": \""#);

    let write = r#"{"step": "write", "percent": 40, "bytes": 4, "total": 10}"#;
    assert_eq!(lab.post(R1, &report, "application/json", write).await, StatusCode::NO_CONTENT);
    let progress = lab.service.engine.registry().by_name("r1").unwrap().status.progress.unwrap();
    assert_eq!((progress.what.as_str(), progress.percent), ("write", 40));

    let (_, user_data) = lab.get(R1, &format!("{day1}user-data")).await;
    assert!(user_data.contains(SSH_KEY) && !user_data.contains("daybreak-install"), "{user_data}");
    let home = path_after(&user_data, r#"url: ""#);
    let done = r#"{"step": "done"}"#;
    assert_eq!(lab.post(R1, &report, "application/json", done).await, StatusCode::NO_CONTENT);
    assert!(lab.script(R1).await.contains("boots from its disk"), "an installed node must not install again");

    let form = format!("instance_id=x&pub_key_ed25519={}", SSH_KEY.replace('+', "%2B").replace(' ', "+"));
    let kind = "application/x-www-form-urlencoded";
    assert_eq!(lab.post(R1, &home, kind, &form).await, StatusCode::OK);
    assert_eq!(lab.state("r1"), State::Active);
    assert_eq!(lab.service.engine.registry().by_name("r1").unwrap().status.host_keys, [SSH_KEY]);
    assert_eq!(lab.post(R1, &home, kind, &form).await, StatusCode::GONE, "a second call");
    assert!(lab.script(R1).await.contains("r1 is active"));
    let codes = lab.codes("r1").await;
    for code in [Code::BootInstall, Code::SeedRead, Code::InstallStep, Code::InstallDone, Code::PhoneHome] {
        assert!(codes.contains(&code), "no {code} in {codes:?}");
    }
}

#[tokio::test]
async fn a_node_cannot_ask_for_loaders_that_are_not_served() {
    let (mut service, _folders) = service(Arc::new(Fixed(Vec::new()))).await;
    Arc::get_mut(&mut service).unwrap().site.loaders.remove("shimx64.efi");
    let mut node = config("r3");
    node.secure_boot = Some(true);
    let error = service.add_node(node.clone()).await.unwrap_err().to_string();
    assert!(error.contains("secure_boot") && error.contains("lack shimx64.efi"), "{error}");
    node.secure_boot = Some(false);
    service.add_node(node).await.unwrap();
}

#[tokio::test]
async fn a_seed_file_is_delivered_once_and_a_replay_is_written_down() {
    let lab = Lab::new().await;
    let seed = path_after(&lab.script(R1).await, "ds=nocloud-net;s=");
    let file = format!("{seed}user-data");
    assert_eq!(lab.get(R1, &file).await.0, StatusCode::OK);
    assert_eq!(lab.get(R1, &file).await, (StatusCode::GONE, String::new()));
    assert!(lab.codes("r1").await.contains(&Code::TokenRefused));
}

#[tokio::test]
async fn another_nodes_address_cannot_use_a_token() {
    let lab = Lab::new().await;
    let seed = path_after(&lab.script(R1).await, "ds=nocloud-net;s=");
    assert_eq!(lab.get(R2, &format!("{seed}user-data")).await, (StatusCode::FORBIDDEN, String::new()));
    assert_eq!(lab.get(R1, &format!("{seed}user-data")).await.0, StatusCode::OK);
}

#[tokio::test]
async fn a_new_boot_script_ends_the_tokens_of_the_boot_before() {
    let lab = Lab::new().await;
    let first = path_after(&lab.script(R1).await, "ds=nocloud-net;s=");
    let second = path_after(&lab.script(R1).await, "ds=nocloud-net;s=");
    assert_ne!(first, second);
    assert_eq!(lab.get(R1, &format!("{first}user-data")).await.0, StatusCode::NOT_FOUND);
    assert_eq!(lab.get(R1, &format!("{second}user-data")).await.0, StatusCode::OK);
}

#[tokio::test]
async fn an_unknown_machine_gets_nothing_secret() {
    let lab = Lab::new().await;
    let script = lab.script(STRANGER).await;
    assert!(script.contains("does not know this machine"), "{script}");
    for secret in ["seed", "images", "kernel", "10.77"] {
        assert!(!script.contains(secret), "{secret} in {script}");
    }
    let [stranger] = &lab.service.discovered.all()[..] else { panic!("one machine was seen") };
    let mut config = crate::testing::node("r9", State::Enrolled).config;
    config.macs = vec![stranger.mac];
    lab.service.add_node(config).await.unwrap();
    assert_eq!(lab.service.discovered.all(), []);
    // Nor does an address without a lease.
    assert!(lab.script(Ipv4Addr::new(10, 77, 0, 99)).await.contains("does not know this machine"));
}

#[tokio::test]
async fn odd_tokens_and_files_are_not_found() {
    let lab = Lab::new().await;
    let seed = path_after(&lab.script(R1).await, "ds=nocloud-net;s=");
    for path in [
        "/seed/../../etc/passwd".to_owned(),
        "/seed/%2e%2e/user-data".to_owned(),
        format!("/seed/{}/user-data", "0".repeat(64)),
        format!("{seed}user-data%00"),
        format!("{seed}..%2fuser-data"),
        format!("{seed}passwd"),
        format!("/report/{}", seed.split('/').nth(2).unwrap()),
    ] {
        let (status, body) = lab.get(R1, &path).await;
        assert!(status.is_client_error() && body.is_empty(), "{path}: {status} {body}");
    }
}

#[tokio::test]
async fn a_failed_install_ends_the_node_with_the_installers_words() {
    let lab = Lab::new().await;
    let seed = path_after(&lab.script(R1).await, "ds=nocloud-net;s=");
    let (_, user_data) = lab.get(R1, &format!("{seed}user-data")).await;
    let report = path_after(&user_data, r#"\"report_url\": \""#);
    let failed = r#"{"step": "failed", "code": "DISK-AMBIGUOUS", "message": "vda and vdb both match"}"#;
    assert_eq!(lab.post(R1, &report, "application/json", failed).await, StatusCode::NO_CONTENT);
    let node = lab.service.engine.registry().by_name("r1").unwrap();
    assert_eq!(node.state, State::Failed);
    assert!(node.state_reason.contains("DISK-AMBIGUOUS: vda and vdb"), "{}", node.state_reason);
    assert_eq!(lab.post(R1, &report, "application/json", failed).await, StatusCode::GONE);
    let bad = lab.post(R1, &report, "application/json", r#"{"step": "explode"}"#).await;
    assert!(bad.is_client_error());
}

#[tokio::test]
async fn a_template_in_a_name_stays_text() {
    let lab = Lab::new().await;
    let mut node = config("r3");
    let evil = "{{ 7*7 }}\nruncmd: [evil]";
    node.day1.write_files =
        serde_json::from_value(serde_json::json!([{"path": "/etc/motd", "content": evil}])).unwrap();
    let node = lab.service.add_node(node).await.unwrap();
    let seed = lab.service.preview(&node, SeedStep::Day1).unwrap();
    let parsed: serde_json::Value = serde_saphyr::from_str(&seed.user_data).unwrap();
    assert!(parsed.get("runcmd").is_none(), "{}", seed.user_data);
    let files = parsed["write_files"].as_array().unwrap();
    assert!(files.iter().any(|file| file["content"] == evil), "{}", seed.user_data);
}
