//! Whole installations from a folder and from nginx, and what is wrong with an image.

use std::fs::{self, Permissions};
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::process::{Child, ChildStderr, Command, Stdio};

use crate::rig::{Notes, Rig, client, run};
use daybreak_installer::{Code, ImageTarget, Seed, Source, Step};
use daybreak_layout::{Artefact, MIN_DISK_SIZE, Role};

/// nginx on a loopback port, serving the rig's folder.
struct Nginx {
    process: Child,
    /// Kept open: nginx ends when it cannot write its log.
    _log: BufReader<ChildStderr>,
    base: String,
}

impl Nginx {
    fn new(rig: &Rig) -> Self {
        let root = rig.dir.path();
        // A worker of another user must get at the files.
        fs::set_permissions(root, Permissions::from_mode(0o755)).unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let config = format!(
            "daemon off; master_process off; pid {root}/nginx.pid; error_log stderr notice;\n\
             events {{ }}\n\
             http {{ access_log off; client_body_temp_path {root}/t1; proxy_temp_path {root}/t2;\n\
             fastcgi_temp_path {root}/t3; uwsgi_temp_path {root}/t4; scgi_temp_path {root}/t5;\n\
             server {{ listen 127.0.0.1:{port}; root {root}; }} }}\n",
            root = root.display()
        );
        let file = root.join("nginx.conf");
        fs::write(&file, config).unwrap();
        let mut process = Command::new("nginx")
            .arg("-e")
            .arg("stderr")
            .arg("-c")
            .arg(&file)
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // It listens before it says so.
        let mut log = BufReader::new(process.stderr.take().unwrap());
        let mut seen = String::new();
        while !seen.contains("using the \"epoll\" event method") {
            assert!(log.read_line(&mut seen).unwrap() > 0, "nginx ended before it served: {seen}");
        }
        Self { process, _log: log, base: format!("http://127.0.0.1:{port}") }
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        // Killed and reaped whatever the test came to.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[test]
fn from_a_folder() {
    let rig = Rig::new();
    let disk = rig.old_disk("disk.img");
    let mut notes = Notes::default();
    let installed = rig.install(&mut ImageTarget::image_file(&disk).unwrap(), None, &mut notes).unwrap();
    rig.check(&disk);
    assert!(!installed.seed);
    let state = rig.cut(&disk, Role::State, u64::MAX);
    let listing = run("debugfs", &["-R", "ls /", &state]);
    assert!(listing.contains("config") && !listing.contains("seed"), "{listing}");

    let mut steps: Vec<Step> = notes.0.iter().map(|event| event.step).collect();
    steps.dedup();
    assert_eq!(steps, [Step::Partition, Step::Write, Step::Verify, Step::Seed, Step::Bootloader]);
    for step in steps {
        let percents: Vec<u8> =
            notes.0.iter().filter(|event| event.step == step).map(|event| event.percent).collect();
        assert!(
            percents.is_sorted() && percents.first() == Some(&0) && percents.last() == Some(&100),
            "{percents:?}"
        );
    }
}

#[test]
fn from_nginx_with_a_seed() {
    let rig = Rig::new();
    let seed_files = [
        ("meta-data", "instance-id: i-1\n"),
        ("user-data", "#cloud-config\n{}\n"),
        ("vendor-data", ""),
        ("network-config", "version: 2\n"),
    ];
    fs::create_dir(rig.dir.path().join("token")).unwrap();
    for (name, content) in seed_files {
        fs::write(rig.dir.path().join("token").join(name), content).unwrap();
    }
    let nginx = Nginx::new(&rig);
    let source = Source::http(client(), &format!("{}/image", nginx.base)).unwrap();
    let seed = Seed::fetch(&client(), &format!("{}/token/", nginx.base)).unwrap();
    let disk = rig.old_disk("disk.img");
    let mut target = ImageTarget::image_file(&disk).unwrap();
    let installed = rig.install_from(&source, &mut target, Some(&seed), &mut Notes::default()).unwrap();
    rig.check(&disk);
    assert!(installed.seed);

    let state = rig.cut(&disk, Role::State, u64::MAX);
    for (name, content) in seed_files {
        assert_eq!(run("debugfs", &["-R", &format!("cat /seed/{name}"), &state]), content);
        let stat = run("debugfs", &["-R", &format!("stat /seed/{name}"), &state]);
        assert!(stat.contains("Mode:  0600") && stat.contains("User:     0"), "{stat}");
    }
    let stat = run("debugfs", &["-R", "stat /seed", &state]);
    assert!(stat.contains("Mode:  0700"), "{stat}");
}

#[test]
fn a_file_that_is_missing_on_the_server_ends_before_anything_is_bootable() {
    let rig = Rig::new();
    fs::remove_file(rig.image().join("root.squashfs")).unwrap();
    let nginx = Nginx::new(&rig);
    let source = Source::http(client(), &format!("{}/image/", nginx.base)).unwrap();
    let disk = rig.old_disk("disk.img");
    let mut target = ImageTarget::image_file(&disk).unwrap();
    let error = rig.install_from(&source, &mut target, None, &mut Notes::default()).unwrap_err();
    assert_eq!(error.code(), Code::ImageFetch);
    assert!(error.detail().contains("root.squashfs: the server answered with status 404"), "{error}");
    assert!(error.disk_changed());
}

#[test]
fn a_file_missing_in_a_folder_leaves_the_disk_alone() {
    let rig = Rig::new();
    fs::remove_file(rig.image().join("initrd.img")).unwrap();
    let disk = rig.old_disk("disk.img");
    let mut target = ImageTarget::image_file(&disk).unwrap();
    let error = rig.install(&mut target, None, &mut Notes::default()).unwrap_err();
    assert_eq!((error.code(), error.disk_changed()), (Code::ImageFetch, false));
}

#[test]
fn a_file_with_one_wrong_bit_is_refused() {
    let rig = Rig::new();
    let path = rig.image().join("root.squashfs");
    let mut root = fs::read(&path).unwrap();
    root[1_234_567] ^= 1;
    fs::write(&path, root).unwrap();
    let disk = rig.old_disk("disk.img");
    let mut target = ImageTarget::image_file(&disk).unwrap();
    let error = rig.install(&mut target, None, &mut Notes::default()).unwrap_err();
    assert_eq!((error.code(), error.disk_changed()), (Code::ImageContent, true));
    assert!(error.detail().contains("root.squashfs"), "{error}");
}

#[test]
fn the_live_systems_own_root_saves_the_download() {
    let rig = Rig::new();
    let local = rig.dir.path().join("live.squashfs");
    fs::rename(rig.image().join("root.squashfs"), &local).unwrap();
    let source = rig.source();
    let grub_dir = rig.grub_dir();
    let mut request = rig.request(&source, &grub_dir);
    let roots = [local];
    request.local_roots = &roots;
    let prepared = request.prepare().unwrap();
    assert!(prepared.root_is_local());
    let disk = rig.old_disk("disk.img");
    let mut target = ImageTarget::image_file(&disk).unwrap();
    daybreak_installer::install(prepared, None, &mut target, &[], rig.dir.path(), &mut Notes::default())
        .unwrap();
    rig.check(&disk);
}

#[test]
fn what_is_wrong_is_found_before_the_disk_is_touched() {
    let rig = Rig::new();
    let source = rig.source();
    let grub_dir = rig.grub_dir();
    let code = |change: &dyn Fn(&mut daybreak_installer::Request<'_>)| {
        let mut request = rig.request(&source, &grub_dir);
        change(&mut request);
        let error = request.prepare().err().unwrap();
        assert!(!error.disk_changed());
        error.code()
    };
    assert_eq!(code(&|request| request.disk_size = MIN_DISK_SIZE - 512), Code::DiskTooSmall);
    assert_eq!(code(&|request| request.manifest_sha256 = Some([0; 32].into())), Code::ImageManifest);
    let nowhere = rig.dir.path().join("nowhere");
    let mut request = rig.request(&source, &nowhere);
    request.grub_dir = &nowhere;
    assert_eq!(request.prepare().err().unwrap().code(), Code::BootloaderFiles);
    fs::write(grub_dir.join("core.img"), b"not GRUB").unwrap();
    assert_eq!(code(&|_| ()), Code::BootloaderFiles);
}

#[test]
fn an_image_larger_than_a_slot_is_refused() {
    let rig = Rig::new();
    let json = rig.manifest.to_json();
    let size = rig.manifest.file(Artefact::Root).unwrap().size;
    let large = json.replace(&format!("\"size\": {size}"), "\"size\": 1073741824");
    fs::write(rig.image().join("manifest.json"), &large).unwrap();
    let source = rig.source();
    let grub_dir = rig.grub_dir();
    let mut request = rig.request(&source, &grub_dir);
    request.manifest_sha256 = None;
    assert_eq!(request.prepare().err().unwrap().code(), Code::ImageTooLarge);
}
