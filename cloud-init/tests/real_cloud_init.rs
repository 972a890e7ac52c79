//! Debian's own cloud-init reads our seeds: over HTTP as in the live system, from a folder as on the installed one.

#![allow(clippy::unwrap_used, reason = "a failure here is a failure of the test")]

mod common;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::{Path, State};
use axum::routing::get;
use daybreak_cloud_init::check::{CheckError, CloudInit};
use daybreak_cloud_init::{NoCloudFile, Seed, Templates, render};
use serde_json::{Value, json};

/// A server of one seed that remembers what it was asked for.
struct Server {
    url: String,
    asked: Arc<Mutex<Vec<String>>>,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

type Shared = (Seed, Arc<Mutex<Vec<String>>>);

async fn answer(State((seed, asked)): State<Shared>, Path(name): Path<String>) -> String {
    asked.lock().unwrap().push(name.clone());
    seed.file(NoCloudFile::from_segment(&name).unwrap()).to_owned()
}

async fn serve(seed: Seed) -> Server {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/seed/token/", listener.local_addr().unwrap());
    let asked = Arc::new(Mutex::new(Vec::new()));
    let routes =
        Router::new().route("/seed/token/{file}", get(answer)).with_state((seed, Arc::clone(&asked)));
    let task = tokio::spawn(async move { axum::serve(listener, routes).await.unwrap() });
    Server { url, asked, task }
}

/// Runs `tests/python/read_seed.py` with the code of the unpacked package.
async fn read_seed(how: &str, place: &str) -> Value {
    let program = common::cloud_init();
    let modules = program.parent().unwrap().join("../root/usr/lib/python3/dist-packages");
    let child = tokio::process::Command::new("/usr/bin/python3")
        .arg(common::crate_folder().join("tests/python/read_seed.py"))
        .args([how, place])
        .env("PYTHONPATH", modules)
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output();
    let out = tokio::time::timeout(Duration::from_mins(2), child)
        .await
        .expect("cloud-init read the seed within 2 min");
    let out = out.unwrap();
    assert!(out.status.success(), "{how} {place}: {}", String::from_utf8_lossy(&out.stderr));
    serde_json::from_slice(&out.stdout).unwrap()
}

fn yaml(text: &str) -> Value {
    match serde_saphyr::from_str(text).unwrap() {
        Value::Null => json!({}),
        value => value,
    }
}

fn good_cases() -> Vec<(String, Seed)> {
    common::cases()
        .into_iter()
        .filter_map(|(name, path)| Some((name, common::render_case(&path).ok()?)))
        .collect()
}

#[tokio::test]
async fn over_http_it_reads_what_we_rendered() {
    for (name, seed) in good_cases() {
        let server = serve(seed.clone()).await;
        let got = read_seed("http", &server.url).await;
        let meta = yaml(&seed.meta_data);
        assert_eq!(got["instance_id"], meta["instance-id"], "{name}");
        assert_eq!(got["hostname"], meta["local-hostname"], "{name}");
        assert_eq!(got["config"], yaml(&seed.user_data), "{name}");
        assert_eq!(got["vendor"], yaml(&seed.vendor_data), "{name}");
        assert!(
            got["parts"].as_array().unwrap().contains(&json!("text/cloud-config")),
            "{name}: {}",
            got["parts"]
        );
        // Each file once: the retries that cost others 10 to 20 s would show here.
        let mut asked = server.asked.lock().unwrap().clone();
        asked.sort();
        asked.dedup();
        assert_eq!(asked.len(), server.asked.lock().unwrap().len(), "{name}: {asked:?}");
        for required in ["meta-data", "user-data", "vendor-data"] {
            assert!(asked.iter().any(|file| file == required), "{name}: {asked:?}");
        }
    }
}

#[tokio::test]
async fn users_are_ours_alone() {
    for (name, seed) in good_cases() {
        let server = serve(seed.clone()).await;
        let got = read_seed("http", &server.url).await;
        let wanted: Vec<Value> =
            yaml(&seed.user_data)["users"].as_array().unwrap().iter().map(|u| u["name"].clone()).collect();
        let users = got["users"].as_object().unwrap();
        assert_eq!(users.len(), wanted.len(), "{name}: {users:?}");
        for user in wanted {
            assert!(users.contains_key(user.as_str().unwrap()), "{name}: {users:?}");
        }
        assert_eq!(got["default_user"], Value::Null, "{name}: Debian's default login must not appear");
    }
}

#[tokio::test]
async fn from_the_seed_folder_it_reads_the_network_too() {
    for (name, seed) in good_cases() {
        let folder = tempfile::tempdir().unwrap();
        for file in NoCloudFile::ALL {
            std::fs::write(folder.path().join(file.name()), seed.file(file)).unwrap();
        }
        let got = read_seed("folder", folder.path().to_str().unwrap()).await;
        assert_eq!(got["config"], yaml(&seed.user_data), "{name}");
        assert_eq!(got["network"], yaml(&seed.network_config), "{name}");
    }
}

#[tokio::test]
async fn read_seeded_takes_an_empty_vendor_data() {
    let mut templates = Templates::builtin().unwrap();
    templates.replace("vendor-data", "").unwrap();
    let seed = render(&common::day1("").unwrap(), &common::identity(), &templates).unwrap();
    let server = serve(seed.clone()).await;
    let got = read_seed("seeded", &server.url).await;
    assert_eq!(got["user"], json!(seed.user_data));
    assert_eq!(got["vendor"], json!(""));
}

async fn open() -> CloudInit {
    CloudInit::open(&common::cloud_init(), Duration::from_mins(2)).await.unwrap()
}

#[tokio::test]
async fn its_schema_accepts_every_case() {
    let cloud_init = open().await;
    for (name, seed) in good_cases() {
        let problems = cloud_init.check(&seed).await.unwrap();
        assert!(problems.is_empty(), "{name}: {problems:?}");
    }
}

#[tokio::test]
async fn its_schema_refuses_what_a_site_template_got_wrong() {
    let mut templates = Templates::builtin().unwrap();
    templates.replace("user-data", "#cloud-config\nhostname: {{ hostname }}\nssh_pwauth: [1]\n").unwrap();
    templates.replace("network-config", "version: 2\nethernets:\n  a:\n    addresses: [nonsense]\n").unwrap();
    let seed = render(&common::day1("").unwrap(), &common::identity(), &templates).unwrap();
    let problems = open().await.check(&seed).await.unwrap();
    let user = problems.iter().find(|p| p.file == NoCloudFile::UserData).expect("a problem of user-data");
    assert_eq!(user.line, Some(3), "{user}");
    assert!(user.message.contains("ssh_pwauth"), "{user}");
    let network =
        problems.iter().find(|p| p.file == NoCloudFile::NetworkConfig).expect("a problem of network-config");
    assert!(network.message.contains("nonsense"), "{network}");
}

#[tokio::test]
async fn a_blind_cloud_init_is_not_believed() {
    let folder = tempfile::tempdir().unwrap();
    let program: PathBuf = folder.path().join("cloud-init");
    std::fs::write(&program, "#!/bin/sh\nexit 0\n").unwrap();
    std::fs::set_permissions(&program, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let error = CloudInit::open(&program, Duration::from_mins(1)).await.unwrap_err();
    assert!(matches!(error, CheckError::Blind { .. }), "{error}");
    assert!(error.to_string().contains("python3-jsonschema"), "{error}");
}

/// The files that the appliance's networkd gets, by way of cloud-init and netplan, not only that the converter is content.
#[tokio::test]
async fn networkd_gets_what_was_meant() {
    for (name, case) in common::cases() {
        let expected = case.join("networkd");
        if !expected.exists() {
            continue;
        }
        let seed = common::render_case(&case).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let input = folder.path().join("network-config");
        std::fs::write(&input, &seed.network_config).unwrap();
        let mut convert = tokio::process::Command::new(common::cloud_init());
        convert
            .args(["devel", "net-convert", "-k", "yaml", "-D", "debian", "-O", "netplan", "-p"])
            .arg(&input);
        run(convert.arg("-d").arg(folder.path())).await;
        let mut generate = tokio::process::Command::new("/usr/libexec/netplan/generate");
        run(generate.arg("--root-dir").arg(folder.path())).await;
        let made = folder.path().join("run/systemd/network");
        let read = |folder: &std::path::Path| -> BTreeMap<String, String> {
            let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
            files
                .map(|entry| {
                    let text = std::fs::read_to_string(entry.path()).unwrap();
                    (entry.file_name().into_string().unwrap(), text)
                })
                .collect()
        };
        let got = read(&made);
        if std::env::var_os("DAYBREAK_BLESS").is_some() {
            for (file, text) in &got {
                std::fs::write(expected.join(file), text).unwrap();
            }
        }
        assert_eq!(got, read(&expected), "{name}");
    }
}

async fn run(command: &mut tokio::process::Command) {
    let out = tokio::time::timeout(Duration::from_mins(2), command.kill_on_drop(true).output());
    let out = out.await.expect("ended within 2 min").unwrap();
    assert!(out.status.success(), "{command:?}: {}", String::from_utf8_lossy(&out.stderr));
}
