use super::*;

fn entry(
    builder: &mut tar::Builder<Vec<u8>>,
    kind: EntryType,
    path: &str,
    link: Option<&str>,
    content: &[u8],
) {
    let mut header = Header::new_gnu();
    header.set_entry_type(kind);
    header.set_path(path).unwrap();
    if let Some(link) = link {
        header.set_link_name(link).unwrap();
    }
    header.set_size(content.len() as u64);
    header.set_mode(0o750);
    header.set_uid(5);
    header.set_gid(6);
    header.set_mtime(1);
    header.set_cksum();
    builder.append(&header, content).unwrap();
}

fn base() -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    entry(&mut builder, EntryType::Directory, "./", None, b"");
    entry(&mut builder, EntryType::Directory, "./etc/", None, b"");
    entry(&mut builder, EntryType::Regular, "./etc/a", None, b"old");
    entry(&mut builder, EntryType::Regular, "./etc/passwd", None, b"root");
    entry(&mut builder, EntryType::Symlink, "./lib", Some("usr/lib"), b"");
    entry(&mut builder, EntryType::Regular, "./boot", None, b"kernel");
    builder.into_inner().unwrap()
}

fn bytes(text: &str) -> Node {
    Node::of_root(0o644, Content::Bytes(text.into()))
}

fn merge<'a>(layer: &'a Layer, edits: Edits<'a>) -> Merge<'a> {
    Merge { layer, edits, leave_out: |path| path == "boot", mtime: 9 }
}

fn merged(layer: &Layer, edits: Edits<'_>) -> Result<Vec<(String, u64, u64, String)>, ImageError> {
    let mut out = Vec::new();
    merge(layer, edits).write(&base()[..], &mut out)?;
    let mut archive = tar::Archive::new(&out[..]);
    let read = |entry: std::io::Result<tar::Entry<'_, _>>| {
        let mut entry = entry.unwrap();
        let mut text = String::new();
        entry.read_to_string(&mut text).unwrap();
        if let Some(link) = entry.link_name().unwrap() {
            text = format!("-> {}", link.display());
        }
        let header = entry.header();
        let path = entry.path().unwrap().display().to_string();
        (path, header.uid().unwrap(), header.mtime().unwrap(), text)
    };
    Ok(archive.entries().unwrap().map(read).collect())
}

fn row(path: &str, uid: u64, mtime: u64, text: &str) -> (String, u64, u64, String) {
    (path.to_owned(), uid, mtime, text.to_owned())
}

#[test]
fn base_passes_layer_replaces_and_adds_edits_rewrite() {
    let mut layer = Layer::default();
    layer.add("etc/a", bytes("new")).unwrap();
    layer.add("usr/b", bytes("b")).unwrap();
    layer.add("usr/c", Node::of_root(0o777, Content::Link("/dev/null".into()))).unwrap();
    let edit: Edits<'_> = BTreeMap::from([(
        "etc/passwd",
        Box::new(|text: &[u8]| Ok([text, b"+ann"].concat())) as Box<dyn Fn(&[u8]) -> _>,
    )]);
    assert_eq!(
        merged(&layer, edit).unwrap(),
        [
            row("etc/", 5, 1, ""),
            row("etc/passwd", 5, 1, "root+ann"),
            row("lib", 5, 1, "-> usr/lib"),
            row("etc/a", 0, 9, "new"),
            row("usr/", 0, 9, ""),
            row("usr/b", 0, 9, "b"),
            row("usr/c", 0, 9, "-> /dev/null"),
        ]
    );
}

#[test]
fn a_long_path_survives() {
    let mut layer = Layer::default();
    let path = format!("usr/{}", "n".repeat(150));
    layer.add(&path, bytes("x")).unwrap();
    assert!(merged(&layer, Edits::new()).unwrap().contains(&row(&path, 0, 9, "x")));
}

#[test]
fn files_and_folders_never_take_each_others_place() {
    for (path, reason) in [("etc", "/etc is a folder"), ("lib/x", "/lib is not a folder in the base root")] {
        let mut layer = Layer::default();
        layer.add(path, bytes("x")).unwrap();
        let error = merged(&layer, Edits::new()).unwrap_err().to_string();
        assert!(error.contains(reason), "{error}");
    }
}

#[test]
fn an_edit_of_a_file_that_is_not_there_is_refused() {
    let edits: Edits<'_> = BTreeMap::from([(
        "etc/shadow",
        Box::new(|text: &[u8]| Ok(text.to_vec())) as Box<dyn Fn(&[u8]) -> _>,
    )]);
    let error = merged(&Layer::default(), edits).unwrap_err().to_string();
    assert!(error.contains("/etc/shadow is not in the base root"), "{error}");
}

#[test]
fn a_hard_link_to_a_replaced_file_is_refused() {
    let mut builder = tar::Builder::new(Vec::new());
    entry(&mut builder, EntryType::Regular, "./a", None, b"a");
    entry(&mut builder, EntryType::Link, "./b", Some("./a"), b"");
    let base = builder.into_inner().unwrap();
    let mut layer = Layer::default();
    layer.add("a", bytes("new")).unwrap();
    let error = merge(&layer, Edits::new()).write(&base[..], &mut Vec::new()).unwrap_err().to_string();
    assert!(error.contains("/b is the same file as /a"), "{error}");
}
