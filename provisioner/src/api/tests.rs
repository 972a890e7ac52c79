//! The API below its socket.

use super::{NodeView, Problem, router};
use crate::node::registry::Identity;
use crate::node::{Fact, Intent, NodeConfig, State};
use crate::service::{HeldLease, LeaseBook, Service};
use crate::testing::{config, service};
use axum::body::Body;
use axum::http::{Method, Request, StatusCode};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use std::net::Ipv4Addr;
use std::sync::Arc;
use tower::ServiceExt;

struct NoLeases;

impl LeaseBook for NoLeases {
    fn holder(&self, _: Ipv4Addr) -> Option<Identity> {
        None
    }

    fn all(&self) -> Vec<HeldLease> {
        Vec::new()
    }
}

struct Api {
    service: Arc<Service>,
    _folders: Vec<tempfile::TempDir>,
}

impl Api {
    async fn new() -> Self {
        let (service, folders) = service(Arc::new(NoLeases)).await;
        Self { service, _folders: folders }
    }

    async fn call(&self, method: Method, path: &str, body: Value) -> (StatusCode, Value) {
        let request = Request::builder().method(method).uri(path).header("content-type", "application/json");
        let request = request.body(Body::from(body.to_string())).unwrap();
        let response = router(Arc::clone(&self.service)).oneshot(request).await.unwrap();
        let status = response.status();
        let bytes = response.into_body().collect().await.unwrap().to_bytes();
        (status, serde_json::from_slice(&bytes).unwrap_or(Value::Null))
    }

    async fn get(&self, path: &str) -> (StatusCode, Value) {
        self.call(Method::GET, path, Value::Null).await
    }

    async fn add(&self, node: &NodeConfig) -> (StatusCode, Value) {
        self.call(Method::POST, "/api/v1/nodes", serde_json::to_value(node).unwrap()).await
    }
}

fn problem(body: Value) -> String {
    serde_json::from_value::<Problem>(body).unwrap().error
}

#[tokio::test]
async fn a_node_is_added_shown_and_deleted() {
    let api = Api::new().await;
    let (status, body) = api.add(&config("r1")).await;
    assert_eq!(status, StatusCode::CREATED, "{body}");
    let added: NodeView = serde_json::from_value(body).unwrap();
    assert_eq!((added.name.as_str(), added.state), ("r1", State::Enrolled));
    let (_, list) = api.get("/api/v1/nodes").await;
    assert_eq!(list, json!([added]));
    let (_, events) = api.get("/api/v1/nodes/r1/events").await;
    assert_eq!(events[0]["code"], "NODE-ADDED");
    assert_eq!(api.call(Method::DELETE, "/api/v1/nodes/r1", Value::Null).await.0, StatusCode::NO_CONTENT);
    let (status, body) = api.get("/api/v1/nodes/r1").await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    assert!(problem(body).contains("node list"));
}

#[tokio::test]
async fn what_cannot_be_deployed_is_not_added() {
    let api = Api::new().await;
    let mut first = config("r1");
    first.address = Some(Ipv4Addr::new(10, 77, 0, 10));
    first.uuid = Some(uuid::Uuid::from_u128(7));
    assert_eq!(api.add(&first).await.0, StatusCode::CREATED);
    let with_address = |last: u8| {
        let mut node = config("r2");
        node.address = Some(Ipv4Addr::new(10, 77, 0, last));
        node
    };
    let mut same_uuid = config("r2");
    same_uuid.uuid = first.uuid;
    let mut other_image = config("r2");
    other_image.image = Some("none".to_owned());
    let mut far_address = config("r2");
    far_address.address = Some(Ipv4Addr::new(192, 0, 2, 1));
    let mut no_mac = config("r2");
    no_mac.macs.clear();
    let mut own_option = config("r2");
    own_option.dhcp_options =
        serde_json::from_value(json!([{"code": 54, "value": {"ip": "192.0.2.1"}}])).unwrap();
    let mut own_call = config("r2");
    own_call.day1.phone_home_url = Some("http://192.0.2.1/x".parse().unwrap());
    for (node, status, words) in [
        (config("r1"), StatusCode::CONFLICT, "r1"),
        (other_image, StatusCode::UNPROCESSABLE_ENTITY, "vrouter"),
        (far_address, StatusCode::UNPROCESSABLE_ENTITY, "192.0.2.1"),
        (with_address(10), StatusCode::CONFLICT, "10.77.0.10 belongs to node r1"),
        (same_uuid, StatusCode::CONFLICT, "belongs to node r1"),
        (with_address(0), StatusCode::UNPROCESSABLE_ENTITY, "10.77.0.0 is the network's"),
        (with_address(1), StatusCode::UNPROCESSABLE_ENTITY, "10.77.0.1 is the network's"),
        (with_address(255), StatusCode::UNPROCESSABLE_ENTITY, "10.77.0.255 is the network's"),
        (no_mac, StatusCode::UNPROCESSABLE_ENTITY, "macs"),
        (own_option, StatusCode::UNPROCESSABLE_ENTITY, "dhcp_options[0]"),
        (own_call, StatusCode::UNPROCESSABLE_ENTITY, "phone_home_url"),
    ] {
        let (got, body) = api.add(&node).await;
        assert_eq!(got, status, "{words}");
        assert!(problem(body).contains(words), "{words}");
    }
    let unknown_key = api.call(Method::POST, "/api/v1/nodes", json!({"name": "r2", "mac": []})).await;
    assert_eq!(unknown_key.0, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(problem(unknown_key.1).contains("macs"));
    assert_eq!(api.get("/api/v1/nodes").await.1.as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn deploy_records_an_intent_and_abort_wants_a_deployment() {
    let api = Api::new().await;
    api.add(&config("r1")).await;
    let (status, body) = api.call(Method::POST, "/api/v1/nodes/r1/abort", Value::Null).await;
    assert_eq!(status, StatusCode::CONFLICT);
    assert!(problem(body).contains("enrolled"));
    let (status, body) = api.call(Method::POST, "/api/v1/nodes/r1/deploy", Value::Null).await;
    assert_eq!((status, &body["intent"]), (StatusCode::ACCEPTED, &json!("deploy")));
    // The engine's loop does not run here: the intent stands until it does.
    let node = api.service.engine.registry().by_name("r1").unwrap();
    assert_eq!((node.state, node.intent), (State::Enrolled, Some(Intent::Deploy)));
}

#[tokio::test]
async fn a_node_that_waits_for_its_installed_system_is_not_deployed_again() {
    let api = Api::new().await;
    api.add(&config("r1")).await;
    let mut node = api.service.engine.registry().by_name("r1").unwrap();
    (node.state, node.status.installed) = (State::Deploying, true);
    api.service.engine.registry().put(node);
    let (status, body) = api.call(Method::POST, "/api/v1/nodes/r1/deploy", Value::Null).await;
    assert_eq!(status, StatusCode::CONFLICT);
    assert!(problem(body).contains("daybreak node abort r1"));
}

#[tokio::test]
async fn a_seed_url_is_for_a_deploying_node_only() {
    let api = Api::new().await;
    api.add(&config("r1")).await;
    let path = "/api/v1/nodes/r1/seed/install";
    let (status, body) = api.call(Method::POST, path, Value::Null).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(problem(body).contains("enrolled"));
    let id = api.service.engine.registry().by_name("r1").unwrap().id;
    api.service.engine.observe(id, &Fact::BootScript).await.unwrap();
    let (status, body) = api.call(Method::POST, path, Value::Null).await;
    assert_eq!(status, StatusCode::OK);
    assert!(body["url"].as_str().unwrap().starts_with("http://10.77.0.1:8080/seed/"));
    let (_, preview) = api.get(path).await;
    assert!(preview["user_data"].as_str().unwrap().contains(&"0".repeat(64)), "a preview gives no token out");
}
