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
