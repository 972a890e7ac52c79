//! Any text that a free field can hold comes back the same from the YAML readers that matter: ours and Python's.

#![allow(clippy::unwrap_used, reason = "a failure here is a failure of the test")]

mod common;

use std::io::Write;
use std::process::{Command, Stdio};

use daybreak_cloud_init::template::{Engine, Escape, Limits};
use daybreak_cloud_init::{Templates, render};
use proptest::prelude::*;
use serde_json::{Value, json};

fn print(value: &Value) -> String {
    let mut engine = Engine::new(Escape::Yaml, Limits::default());
    engine.add("t", "value: {{ value }}\nlist:\n  - {{ value }}\n{{ key }}: 1\n").unwrap();
    engine.render("t", &json!({"value": value, "key": "key"})).unwrap()
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        "[ -~\n\t\u{80}-\u{2fff}]*".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec(("[ -~\u{80}-\u{2fff}]{0,40}", inner), 0..4)
                .prop_map(|pairs| Value::Object(pairs.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn every_value_comes_back(value in any_json()) {
        let read: Value = serde_saphyr::from_str(&print(&value)).unwrap();
        prop_assert_eq!(&read["value"], &value);
        prop_assert_eq!(&read["list"][0], &value);
    }

    #[test]
    fn every_text_comes_back_through_a_whole_seed(content in any::<String>(), word in "[^\u{0}]+") {
        let mut day1 = common::day1("write_files: [{path: /x, content: x}]\nruncmd: [[echo, x]]").unwrap();
        day1.write_files[0].content.clone_from(&content);
        day1.runcmd = vec![daybreak_cloud_init::Command::Argv(vec!["echo".into(), word.clone()])];
        let seed = render(&day1, &common::identity(), &Templates::builtin().unwrap()).unwrap();
        let user: Value = serde_saphyr::from_str(&seed.user_data).unwrap();
        prop_assert_eq!(&user["write_files"][0]["content"], &json!(content));
        prop_assert_eq!(&user["runcmd"], &json!([["echo", word]]));
        prop_assert_eq!(&user["hostname"], &json!("vr1"));
    }
}

/// cloud-init reads with `PyYAML` (YAML 1.1): every character that is special there, alone and inside a text.
#[test]
fn python_reads_the_same() {
    let specials = (0..=0x2ff_u32)
        .chain(0x2000..=0x2070)
        .chain([0xfeff, 0xfffd, 0xfffe, 0xffff, 0x1_0000, 0x1_f600, 0x10_ffff]);
    let mut texts: Vec<String> =
        specials.filter_map(char::from_u32).flat_map(|c| [c.to_string(), format!("a{c}b: [{c}")]).collect();
    texts.extend(
        [
            "yes",
            "no",
            "on",
            "null",
            "~",
            "1",
            "0o7",
            "1e3",
            "2001-01-01",
            "0x1f",
            "1:20",
            "=",
            "<<",
            "!!str x",
            "&a",
            "*a",
            "---",
            "...",
            "%TAG",
            "? x",
        ]
        .map(str::to_owned),
    );
    let value = json!(texts);
    let mut child = Command::new("/usr/bin/python3")
        .args([
            "-c",
            "import json, sys, yaml; json.dump(yaml.safe_load(sys.stdin.buffer.read()), sys.stdout)",
        ])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(print(&value).as_bytes()).unwrap();
    let out = child.wait_with_output().unwrap();
    assert!(out.status.success(), "PyYAML refused the text");
    let read: Value = serde_json::from_slice(&out.stdout).unwrap();
    for (index, text) in texts.iter().enumerate() {
        assert_eq!(read["value"][index], json!(text), "text {index}: {text:?}");
    }
    assert_eq!(read["list"][0], value);
}
