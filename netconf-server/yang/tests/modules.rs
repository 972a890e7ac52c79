//! The texts of the modules, as `get-schema` gives them out.
#![allow(clippy::unwrap_used, reason = "a helper that fails fails its test")]

use daybreak_yang::{DEVIATING, EMBEDDED, IMPLEMENTED, YangError, context, module_text, modules};
use std::process::Command;
use yang5::context::{Context, ContextFlags};

/// Every module of the context and every submodule, with its revision.
fn all() -> Vec<(String, Option<String>)> {
    let main = modules(context().unwrap())
        .map(|module| (module.name().to_owned(), module.revision().map(ToOwned::to_owned)));
    let sub = EMBEDDED
        .iter()
        .filter(|module| module.parent.is_some())
        .map(|module| (module.name.to_owned(), Some(module.revision.to_owned())));
    main.chain(sub).collect()
}

/// A folder with all of them as `NAME@REVISION.yang`.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, revision) in all() {
        let text = module_text(context().unwrap(), &name, revision.as_deref()).unwrap();
        let file = format!("{name}@{}.yang", revision.unwrap());
        std::fs::write(folder.path().join(file), text.as_bytes()).unwrap();
    }
    folder
}

#[test]
fn the_build_has_read_names_and_revisions_as_libyang_does() {
    let context = context().unwrap();
    for module in EMBEDDED {
        if let Some(parent) = module.parent {
            let parent = context.get_module_implemented(parent).unwrap();
            assert!(parent.get_submodule(module.name, Some(module.revision)).is_some(), "{}", module.name);
        } else {
            let loaded = context.get_module(module.name, Some(module.revision));
            assert!(loaded.is_some(), "{}@{} is not loaded", module.name, module.revision);
        }
    }
}

#[test]
fn the_texts_alone_make_a_context() {
    let folder = folder();
    let mut context = Context::new(ContextFlags::NO_YANGLIBRARY).unwrap();
    context.set_searchdir(folder.path()).unwrap();
    for (name, revision) in all() {
        let is_main = EMBEDDED.iter().all(|module| module.name != name || module.parent.is_none());
        if is_main {
            let loaded = context.load_module(&name, revision.as_deref(), &[]);
            assert!(loaded.is_ok(), "{name}: {}", loaded.unwrap_err());
        }
    }
}

#[test]
fn an_unknown_module_is_named() {
    let context = context().unwrap();
    for (name, revision) in [("nothing", None), ("ietf-interfaces", Some("2014-05-08"))] {
        let error = module_text(context, name, revision).unwrap_err();
        assert!(matches!(error, YangError::NoModule { .. }) && error.to_string().contains(name), "{error}");
    }
}

/// yanglint of Debian has a libyang five years older than ours, and its own idea of each module.
#[test]
fn yanglint_takes_our_modules_and_the_example() {
    let folder = folder();
    let all: Vec<_> = IMPLEMENTED.iter().chain(DEVIATING).collect();
    let own: Vec<_> =
        all.iter().map(|module| module.name).filter(|name| name.starts_with("daybreak-")).collect();
    assert_eq!(own.len(), 8);
    let mut lint = Command::new("yanglint");
    lint.arg("--disable-searchdir").arg("--path").arg(folder.path());
    for module in &all {
        lint.arg("--features").arg(format!("{}:{}", module.name, module.features.join(",")));
    }
    // RFC 7950 §7.20.3.2 has `replace` for what is there, and every node has an inherited `config`; this libyang takes `add`.
    let deviations = EMBEDDED.iter().find(|module| module.name == "daybreak-deviations").unwrap();
    let file = folder.path().join(format!("{}@{}.yang", deviations.name, deviations.revision));
    let text = deviations.text.replace("deviate replace {\n      config", "deviate add {\n      config");
    assert_ne!(text, deviations.text);
    std::fs::write(file, text).unwrap();
    for module in &all {
        let text = EMBEDDED.iter().find(|embedded| embedded.name == module.name).unwrap();
        lint.arg(folder.path().join(format!("{}@{}.yang", text.name, text.revision)));
    }
    let example = include_str!("../testcases/valid/every-node.xml").trim();
    let inner = example.strip_prefix("<config>").unwrap().strip_suffix("</config>").unwrap();
    let data = folder.path().join("example.xml");
    std::fs::write(&data, inner).unwrap();
    lint.args(["--type", "config"]).arg(data);
    let output = lint.output().unwrap_or_else(|error| panic!("yanglint of libyang2-tools: {error}"));
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{said}");
    for name in own {
        assert!(!said.contains(name), "{said}");
    }
}
