//! Hostile text in every field: it is refused where it is read, or printed as the value it is.

#![allow(clippy::unwrap_used, reason = "a failure here is a failure of the test")]

mod common;

use daybreak_cloud_init::{NoCloudFile, Seed, Templates, render};
use serde_json::{Value, json};

/// Texts that change a document when they are pasted into one.
const HOSTILE: [&str; 12] = [
    "x\nruncmd: [evil]",
    "x\r\nruncmd: [evil]",
    "x\u{85}runcmd: [evil]",
    "x\u{2028}runcmd: [evil]",
    "{{ 7*7 }}",
    "{% for i in range(9) %}x{% endfor %}",
    "x\", evil: \"y",
    "x', evil: 'y",
    "- x\n- y",
    "!!python/object/apply:os.system [evil]",
    "x # comment",
    "## template: jinja\nx",
];

/// The value as a YAML scalar that means exactly this text.
fn quoted(text: &str) -> String {
    serde_json::to_string(text).unwrap()
}

fn rendered(yaml: &str) -> Result<Seed, String> {
    let day1 = common::day1(yaml)?;
    render(&day1, &common::identity(), &Templates::builtin().unwrap()).map_err(|e| e.to_string())
}

/// Fields that can never hold such text: the data is refused before any template sees it.
#[test]
fn checked_fields_refuse_hostile_text() {
    const ANSWER: &str = "seed_url: http://h/s/, report_url: http://h/r, image: {url: http://h/i/, manifest_sha256: \
                          \"0000000000000000000000000000000000000000000000000000000000000000\"}";
    let good_answer = format!("install: {{{ANSWER}}}");
    assert!(rendered(&good_answer).is_ok(), "the frame of the cases is good: {:?}", rendered(&good_answer));
    for text in HOSTILE {
        let v = quoted(text);
        let fields = [
            format!("fqdn: {v}"),
            format!("timezone: {v}"),
            format!("phone_home_url: {v}"),
            format!("users: [{{name: {v}}}]"),
            format!("users: [{{name: a, shell: {v}}}]"),
            format!("users: [{{name: a, groups: [{v}]}}]"),
            format!("users: [{{name: a, sudo: {v}}}]"),
            format!("users: [{{name: a, hashed_password: {v}}}]"),
            format!("users: [{{name: a, ssh_authorized_keys: [{v}]}}]"),
            format!("write_files: [{{path: {v}, content: x}}]"),
            format!("write_files: [{{path: /x, content: x, permissions: {v}}}]"),
            format!("write_files: [{{path: /x, content: x, owner: {v}}}]"),
            format!("startup_config: {{format: {v}, content: '{{}}'}}"),
            format!("network: {{ethernets: {{{v}: {{}}}}}}"),
            format!("network: {{ethernets: {{a: {{match: {{name: {v}}}}}}}}}"),
            format!("network: {{ethernets: {{a: {{match: {{macaddress: {v}}}}}}}}}"),
            format!("network: {{ethernets: {{a: {{addresses: [{v}]}}}}}}"),
            format!("network: {{ethernets: {{a: {{dhcp4: true, nameservers: {{search: [{v}]}}}}}}}}"),
            format!("network: {{ethernets: {{a: {{dhcp4: true, routes: [{{to: {v}, via: 192.0.2.1}}]}}}}}}"),
            format!("network: {{ethernets: {{a: {{}}}}, vlans: {{v: {{id: 1, link: {v}}}}}}}"),
            format!(
                "network: {{ethernets: {{a: {{}}}}, bonds: {{b: {{interfaces: [{v}], parameters: {{mode: 802.3ad}}}}}}}}"
            ),
            format!(
                "network: {{ethernets: {{a: {{}}}}, bonds: {{b: {{interfaces: [a], parameters: {{mode: {v}}}}}}}}}"
            ),
            good_answer.replacen("http://h/s/", &v, 1),
            good_answer.replacen("http://h/r", &v, 1),
            good_answer.replacen("http://h/i/", &v, 1),
        ];
        for field in fields {
            let result = common::day1(&field);
            assert!(result.is_err(), "accepted {field}");
        }
        let hostname = format!("hostname: {v}\nssh_authorized_keys: [{}]", quoted(common::KEY));
        assert!(serde_saphyr::from_str::<daybreak_cloud_init::Day1>(&hostname).is_err(), "{hostname}");
        let identity = format!("instance_id: {v}");
        assert!(serde_saphyr::from_str::<daybreak_cloud_init::Identity>(&identity).is_err(), "{identity}");
        let key = format!("hostname: vr1\nssh_authorized_keys: [{v}]");
        assert!(serde_saphyr::from_str::<daybreak_cloud_init::Day1>(&key).is_err(), "{key}");
    }
}

/// Fields that may hold any text: the seed has the same keys as with harmless text, and the text comes back.
#[test]
fn free_fields_print_hostile_text_as_it_is() {
    let frame = |text: &str| {
        let v = quoted(text);
        let startup = quoted(&format!("<c>{text}</c>"));
        rendered(&format!(
            "startup_config: {{format: xml, content: {startup}}}\n\
             write_files: [{{path: /x, content: {v}}}]\n\
             runcmd: [[echo, {v}], {v}]\n"
        ))
        .unwrap()
    };
    let keys = |seed: &Seed| -> Vec<Vec<String>> {
        NoCloudFile::ALL
            .map(|file| match serde_saphyr::from_str::<Value>(seed.file(file)).unwrap() {
                Value::Object(map) => map.keys().cloned().collect(),
                _ => Vec::new(),
            })
            .into()
    };
    let harmless = keys(&frame("harmless"));
    for text in HOSTILE {
        let seed = frame(text);
        assert_eq!(keys(&seed), harmless, "{text:?}");
        let user: Value = serde_saphyr::from_str(&seed.user_data).unwrap();
        assert_eq!(user["write_files"][0]["content"], json!(format!("<c>{text}</c>")));
        assert_eq!(user["write_files"][1]["content"], json!(text));
        assert_eq!(user["runcmd"], json!([["echo", text], text]));
    }
}

/// A disk hint is free text of one line inside JSON inside YAML.
#[test]
fn a_disk_serial_stays_a_disk_serial() {
    for serial in ["{{ 7*7 }}", "x\", \"wipe\": \"y", "' # x", "\\\"", "${x}"] {
        let yaml = format!(
            "install: {{disk: {{serial: {}}}, seed_url: http://h/s/, report_url: http://h/r, image: {{url: http://h/i/, \
             manifest_sha256: \"{}\"}}}}",
            quoted(serial),
            "0".repeat(64)
        );
        let seed = rendered(&yaml).unwrap();
        let user: Value = serde_saphyr::from_str(&seed.user_data).unwrap();
        let answer: Value =
            serde_json::from_str(user["write_files"][0]["content"].as_str().unwrap()).unwrap();
        assert_eq!(answer["disk"], json!({"serial": serial}));
        assert_eq!(answer["wipe"], json!(false));
    }
    assert!(common::day1("install: {disk: {serial: \"a\\nb\"}}").is_err());
}

#[test]
fn the_answer_of_the_installer_is_for_root_alone() {
    for (name, folder) in common::cases() {
        let Ok(seed) = common::render_case(&folder) else { continue };
        let user: Value = serde_saphyr::from_str(&seed.user_data).unwrap();
        for file in user["write_files"].as_array().into_iter().flatten() {
            let path = file["path"].as_str().unwrap();
            if path == "/run/daybreak/install.json" || path.starts_with("/config/startup.") {
                assert_eq!(file["permissions"], json!("0600"), "{name}: {path}");
                assert_eq!(file["owner"], json!("root:root"), "{name}: {path}");
            }
        }
        assert_eq!(user["disable_root"], json!(true), "{name}");
        assert_eq!(
            user.get("ssh_pwauth"),
            None,
            "{name}: cloud-init would restart sshd after logins have begun"
        );
    }
}

#[test]
fn a_seed_shows_no_secret_in_a_log() {
    let (_, folder) = common::cases().into_iter().find(|(name, _)| name == "full").unwrap();
    let seed = common::render_case(&folder).unwrap();
    assert!(!format!("{seed:?}").contains("$6$"), "{seed:?}");
}
