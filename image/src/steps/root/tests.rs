use std::io::Read;

use super::*;

fn root_with(files: &[(&str, &str)]) -> (tempfile::TempDir, Root) {
    let folder = tempfile::tempdir().unwrap();
    let root = Root::new(folder.path().to_owned());
    let mut builder = tar::Builder::new(File::create(root.tar()).unwrap());
    for (path, text) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(text.len() as u64);
        builder.append_data(&mut header, path, text.as_bytes()).unwrap();
    }
    builder.finish().unwrap();
    (folder, root)
}

const STATUS: (&str, &str) = ("var/lib/dpkg/status", "Package: a\n");

#[test]
fn kernel_initrd_and_database_are_taken_out() {
    let (_folder, root) = root_with(&[("boot/vmlinuz-6.1", "k"), ("boot/initrd.img-6.1", "i"), STATUS]);
    extract(&root).unwrap();
    assert_eq!(fs::read_to_string(root.vmlinuz()).unwrap(), "k");
    assert_eq!(fs::read_to_string(root.initrd()).unwrap(), "i");
    assert_eq!(fs::read_to_string(root.status()).unwrap(), STATUS.1);
}

#[test]
fn a_root_without_kernel_or_with_two_is_refused() {
    let (_folder, root) = root_with(&[STATUS]);
    assert!(extract(&root).unwrap_err().to_string().contains("there is no kernel"));
    let (_folder, root) = root_with(&[("boot/vmlinuz-1", ""), ("boot/vmlinuz-2", ""), STATUS]);
    assert!(
        extract(&root).unwrap_err().to_string().contains("two kernels, /boot/vmlinuz-1 and /boot/vmlinuz-2")
    );
}

#[test]
fn every_package_has_its_copyright_file_whether_its_own_or_that_of_another() {
    let (_folder, root) = root_with(&[("boot/vmlinuz-6.1", "k"), ("boot/initrd.img-6.1", "i"), STATUS]);
    let mut builder = tar::Builder::new(Vec::new());
    let old = fs::read(root.tar()).unwrap();
    for entry in tar::Archive::new(&old[..]).entries().unwrap() {
        let mut entry = entry.unwrap();
        let mut content = Vec::new();
        entry.read_to_end(&mut content).unwrap();
        builder.append(entry.header(), &content[..]).unwrap();
    }
    let mut file = |path: &str, text: &str| {
        let mut header = tar::Header::new_gnu();
        header.set_size(text.len() as u64);
        builder.append_data(&mut header, path, text.as_bytes()).unwrap();
    };
    file("./usr/share/doc/base/copyright", "licence");
    file("./usr/share/doc/base/examples/copyright", "not that of a package");
    file("./usr/share/doc/base/README", "something else");
    for (kind, path, to) in [
        (tar::EntryType::Symlink, "usr/share/doc/folder", "base"),
        (tar::EntryType::Symlink, "usr/share/doc/file/copyright", "../folder/copyright"),
        (tar::EntryType::Link, "usr/share/doc/hard/copyright", "./usr/share/doc/base/copyright"),
        (tar::EntryType::Symlink, "usr/share/doc/round", "round"),
        (tar::EntryType::Symlink, "usr/share/doc/out", "../../../etc/passwd"),
        (tar::EntryType::Symlink, "usr/share/doc/nowhere", "absent"),
    ] {
        let mut header = tar::Header::new_gnu();
        header.set_entry_type(kind);
        header.set_size(0);
        builder.append_link(&mut header, path, to).unwrap();
    }
    fs::write(root.tar(), builder.into_inner().unwrap()).unwrap();
    extract(&root).unwrap();
    for package in ["base", "folder", "file", "hard"] {
        assert_eq!(root.copyright(package).as_deref(), Some("licence"), "{package}");
    }
    for package in ["round", "out", "nowhere", "examples", "other"] {
        assert_eq!(root.copyright(package), None, "{package}");
    }
}

#[test]
fn package_files_of_this_build_are_kept_and_others_go() {
    let (fetched, debs) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    for (folder, names) in [(&fetched, ["a_1.deb", "b_2.deb"]), (&debs, ["a_1.deb", "b_1.deb"])] {
        for name in names {
            fs::write(folder.path().join(name), name).unwrap();
        }
    }
    keep(fetched.path(), debs.path()).unwrap();
    let mut names: Vec<_> = fs::read_dir(debs.path())
        .unwrap()
        .map(|item| item.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!(names, ["a_1.deb", "b_2.deb"]);
}

#[test]
fn paths_that_a_hook_would_misread_are_refused() {
    assert_eq!(quoted(Path::new("/a b/$c")).unwrap(), "'/a b/$c'");
    assert!(quoted(Path::new("/a'b")).is_err());
}

#[test]
fn free_memory_is_read() {
    assert_eq!(available("MemTotal: 9 kB\nMemAvailable:    2048 kB\n"), Some(2 << 20));
    assert_eq!(available("MemTotal: 9 kB\n"), None);
}
