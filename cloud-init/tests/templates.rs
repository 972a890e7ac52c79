//! The strict engine: what it refuses, and how it says so.

mod common;

use daybreak_cloud_init::template::{Engine, Escape, Limits, TemplateError};
use daybreak_cloud_init::{RenderError, Templates, render};
use serde_json::{Value, json};

fn print(escape: Escape, source: &str, context: &Value) -> Result<String, TemplateError> {
    let mut engine = Engine::new(escape, Limits::default());
    engine.add("t", source)?;
    engine.render("t", context)
}

#[test]
fn an_undefined_name_gives_template_line_and_name() {
    for source in [
        "a: 1\nb: {{ nmae }}\n",
        "a: 1\n{% if nmae %}{% endif %}\n",
        "a: 1\n{% for x in nmae %}{% endfor %}\n",
    ] {
        let error = print(Escape::Yaml, source, &json!({"name": 1})).unwrap_err();
        let TemplateError::Undefined { template, line, name } = &error else {
            panic!("{source:?}: {error:?}")
        };
        assert_eq!((template.as_str(), *line), ("t", 2), "{source:?}");
        assert!(name.contains("nmae"), "{source:?}: {name}");
    }
    let error = print(Escape::Yaml, "{{ user.nmae }}", &json!({"user": {}})).unwrap_err();
    assert_eq!(error.to_string(), "template t, line 1: user.nmae is not defined");
}

#[test]
fn a_mistake_in_a_template_gives_its_line() {
    let error = print(Escape::Yaml, "a: 1\nb: {{ x\nc: 2\n", &json!({})).unwrap_err();
    assert!(matches!(&error, TemplateError::Syntax { line: 2 | 3, .. }), "{error:?}");
}

#[test]
fn nothing_from_outside_can_be_reached() {
    for source in [
        "{% include '/etc/passwd' %}",
        "{% extends 'x' %}",
        "{% import 'x' as y %}",
        "{% from 'x' import y %}",
        "{% macro m() %}{% endmacro %}",
        "{{ range(10) }}",
        "{{ debug() }}",
        "{{ x|safe }}",
        "{{ x|e }}",
        "{{ x|tojson }}",
        "{{ x|attr('y') }}",
    ] {
        let error = print(Escape::Yaml, source, &json!({"x": "v"}));
        assert!(error.is_err(), "{source} gave {error:?}");
    }
}

#[test]
fn escaping_cannot_be_switched_off() {
    let context = json!({"x": "a\nb: 1"});
    for source in [
        "{% autoescape false %}{{ x }}{% endautoescape %}",
        "{% set y %}{{ x }}{% endset %}{{ y }}",
        "{{ x ~ '' }}",
    ] {
        match print(Escape::Yaml, source, &context) {
            Ok(text) => assert!(!text.trim_end().contains('\n'), "{source}: {text}"),
            Err(TemplateError::Syntax { .. } | TemplateError::Failed { .. }) => {}
            Err(other) => panic!("{source}: {other:?}"),
        }
    }
}

#[test]
fn every_bound_is_named_when_it_is_reached() {
    let small = Limits { source: 100, fuel: 200, output: 50 };
    let mut engine = Engine::new(Escape::Yaml, small);
    let error = engine.add("big", &"x".repeat(101)).unwrap_err();
    assert_eq!(error.to_string(), "template big is larger than the limit of 100");
    engine.add("long", "{% for a in n %}{% for b in n %}{% endfor %}{% endfor %}").unwrap();
    let error = engine.render("long", &json!({"n": vec![0; 100]})).unwrap_err();
    assert_eq!(error.to_string(), "template long needs more instructions than the limit of 200");
    engine.add("wide", "{{ x }}").unwrap();
    let error = engine.render("wide", &json!({"x": "y".repeat(60)})).unwrap_err();
    assert_eq!(error.to_string(), "template wide prints more bytes than the limit of 50");
    assert!(engine.render("wide", &json!({"x": "y"})).is_ok());
}

#[test]
fn an_unknown_template_names_the_known_ones() {
    let error = Templates::builtin().unwrap().replace("../user-data", "x").unwrap_err();
    assert_eq!(
        error.to_string(),
        r#"there is no template "../user-data"; there are: meta-data, network-config, user-data, vendor-data"#
    );
}

#[test]
fn words_stay_words() {
    let ipxe = "#!ipxe\nkernel {{ url }} {{ args }}\necho {{ message|text }}\nretry {{ n }}\n";
    let good = json!({"url": "http://h/vmlinuz", "args": ["quiet", "ds=nocloud-net;s=http://h/s/"], "message": "no  image", "n": 3});
    let text = print(Escape::Words, ipxe, &good).unwrap();
    assert_eq!(
        text,
        "#!ipxe\nkernel http://h/vmlinuz quiet ds=nocloud-net;s=http://h/s/\necho no image\nretry 3\n"
    );
    for (field, bad) in [
        ("url", json!("http://h/x\nchain http://evil/")),
        ("url", json!("a b")),
        ("url", json!("${net0/mac}")),
        ("url", json!("")),
        ("url", Value::Null),
        ("url", json!({"a": 1})),
        ("args", json!(["quiet", "x\ny"])),
        ("args", json!(["quiet", "||"])),
        ("args", json!([["a", "b"]])),
        ("message", json!("a\nshell")),
        ("message", json!("a && shell")),
        ("message", json!("a || shell")),
        ("message", json!("${x}")),
    ] {
        let mut context = good.clone();
        context[field] = bad.clone();
        let error = print(Escape::Words, ipxe, &context).unwrap_err();
        assert!(matches!(error, TemplateError::Failed { .. }), "{field} {bad}: {error:?}");
    }
}

#[test]
fn a_site_template_is_used_and_checked() {
    let day1 = common::day1("").unwrap();
    let mut templates = Templates::builtin().unwrap();
    templates.replace("vendor-data", "#cloud-config\nlocale: C.UTF-8\n").unwrap();
    let seed = render(&day1, &common::identity(), &templates).unwrap();
    assert_eq!(seed.vendor_data, "#cloud-config\nlocale: C.UTF-8\n");
    for (name, text, part) in [
        ("user-data", "hostname: {{ hostname }}\n", "first line must be #cloud-config"),
        ("user-data", "#cloud-config\nhostname: \"{{ hostname }}\"\n", "user-data printed text"),
        ("user-data", "#cloud-config\n- a\n", "mapping"),
        ("meta-data", "local-hostname: {{ hostname }}\n", "instance-id is missing"),
        ("network-config", "ethernets: {}\n", "version must be 2"),
    ] {
        let mut templates = Templates::builtin().unwrap();
        templates.replace(name, text).unwrap();
        let error = render(&day1, &common::identity(), &templates).unwrap_err();
        assert!(matches!(error, RenderError::Output { .. }), "{text}: {error:?}");
        assert!(error.to_string().contains(part), "{text}: {error}");
    }
}
