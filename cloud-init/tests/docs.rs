//! The example in `docs/day1.md` is whole and right.

mod common;

use daybreak_cloud_init::{Day1, Templates, render};
use serde_json::Value;

fn page() -> String {
    let path = common::crate_folder().join("../docs/day1.md");
    std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

#[test]
fn the_example_is_read_and_rendered() {
    let page = page();
    let example =
        page.split("```yaml\n").nth(1).and_then(|rest| rest.split("```").next()).expect("a yaml example");
    let day1: Day1 = serde_saphyr::from_str(example).unwrap();
    render(&day1, &common::identity(), &Templates::builtin().unwrap()).unwrap();
    let Value::Object(fields) = serde_json::to_value(&day1).unwrap() else { panic!("an object") };
    for key in [
        "hostname",
        "fqdn",
        "ssh_authorized_keys",
        "users",
        "timezone",
        "network",
        "startup_config",
        "write_files",
        "runcmd",
    ] {
        assert!(fields.contains_key(key), "the example shows no {key}");
    }
}

#[test]
fn the_table_has_every_key_that_is_accepted() {
    let page = page();
    let error = serde_json::from_str::<Day1>(r#"{"nonsense": 1}"#).unwrap_err().to_string();
    let (_, accepted) = error.split_once("expected one of ").expect("the error lists the keys");
    let keys: Vec<&str> = accepted.split('`').skip(1).step_by(2).collect();
    assert!(keys.len() >= 11, "{error}");
    for key in keys {
        assert!(page.contains(&format!("\n| `{key}` |")), "docs/day1.md has no row for {key}");
    }
}
