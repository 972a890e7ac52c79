//! Reading Day-1 data: errors say where, what and what is accepted.

mod common;

use common::day1;
use daybreak_cloud_init::Day1;

#[test]
fn an_unknown_key_is_named_with_the_accepted_ones() {
    let error = day1("time_zone: UTC\n").unwrap_err();
    for part in ["time_zone", "timezone", "line 4"] {
        assert!(error.contains(part), "{part}: {error}");
    }
}

#[test]
fn a_wrong_value_gives_its_line_and_the_rule() {
    let error = day1("users:\n  - name: Admin\n").unwrap_err();
    for part in ["line 5", "Admin", "lower-case letters"] {
        assert!(error.contains(part), "{part}: {error}");
    }
}

#[test]
fn rules_between_fields_are_checked_while_reading() {
    for (yaml, part) in [
        ("fqdn: other.example.net", "does not begin with the hostname vr1"),
        ("users: [{name: root}]", "root stays locked"),
        ("users: [{name: a}, {name: a}]", "a is there twice"),
        ("write_files: [{path: /a, content: x}, {path: /a, content: y}]", "/a is written twice"),
        ("startup_config: {format: xml, content: '{}'}", "not XML"),
        ("startup_config: {format: json, content: '{'}", "not JSON"),
        ("startup_config: {format: yaml, content: '{}'}", "xml"),
        ("runcmd: [[]]", "a command is empty"),
        ("runcmd: ['']", "a command is empty"),
        ("runcmd: [[\"a\\0b\"]]", "NUL"),
        ("network: {ethernets: {a: {gateway4: 192.0.2.1}}}", "network: a: gateway4"),
        ("users: [{name: a, hashed_password: secret}]", "plain passwords are refused"),
    ] {
        let error = day1(yaml).unwrap_err();
        assert!(error.contains(part), "{yaml}: {error}");
    }
}

#[test]
fn the_installer_gets_addresses_it_can_speak_to() {
    let install = |url: &str| {
        let digest = "0".repeat(64);
        format!(
            "install: {{image: {{url: http://h/i/, manifest_sha256: '{digest}'}}, seed_url: {url}, report_url: http://h/r}}"
        )
    };
    day1(&install("http://h/s/")).unwrap();
    let error = day1(&install("https://h/s/")).unwrap_err();
    assert!(error.contains("seed_url https://h/s/ must begin with http://"), "{error}");
}

/// A reader shows the line of its own file beside the error; what goes to a log or a client must not have it.
#[test]
fn an_error_without_its_snippet_holds_no_secret() {
    let yaml = "hostname: vr1\nusers: [{name: a, hashed_password: hunter2}]\n";
    let error = serde_saphyr::from_str::<Day1>(yaml).unwrap_err().without_snippet().to_string();
    assert!(error.contains("plain passwords are refused") && !error.contains("hunter2"), "{error}");
}

#[test]
fn nobody_is_locked_out_by_accident() {
    let error = serde_saphyr::from_str::<Day1>("hostname: vr1\n").unwrap_err().to_string();
    assert!(error.contains("nobody could ever log in"), "{error}");
    let error =
        serde_saphyr::from_str::<Day1>("hostname: vr1\nusers: [{name: a}]\n").unwrap_err().to_string();
    assert!(error.contains("a could never log in"), "{error}");
}

#[test]
fn lists_are_bounded() {
    let many = "  - [x]\n".repeat(257);
    let error = day1(&format!("runcmd:\n{many}")).unwrap_err();
    assert!(error.contains("257 entries, 256 are accepted"), "{error}");
}

#[test]
fn json_and_yaml_are_the_same_data() {
    for (name, folder) in common::cases() {
        let yaml = std::fs::read_to_string(folder.join("input/day1.yaml")).unwrap();
        let Ok(day1) = serde_saphyr::from_str::<Day1>(&yaml) else { continue };
        let json = serde_json::to_string(&day1).unwrap();
        assert_eq!(serde_json::from_str::<Day1>(&json).unwrap(), day1, "{name}");
    }
}
