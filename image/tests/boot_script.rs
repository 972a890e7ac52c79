//! Runs the boot script of the initrd with busybox, as the initrd does, in a mount namespace of its own: real downloads,
//! real mounts, and stubs only for what initramfs-tools brings. Needs root.

#![expect(clippy::unwrap_used, reason = "a test helper that fails is a failed test")]

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::process::{Command, Output};
use std::sync::mpsc;

use daybreak_layout::{DiskIds, DiskPlan, Gpt, MIN_DISK_SIZE, SECTOR};

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/boot/daybreak");

/// What of initramfs-tools the script calls. `panic` ends the run with the message, as nobody is at the shell.
const STUBS: &str = r#"
panic() { echo "PANIC $*"; exit 1; }
modprobe() { :; }
wait_for_udev() { :; }
ip() { echo "ip $*"; }
configure_networking() { [ -n "$NO_ANSWER" ] || : >/run/net-test0.conf; }
"#;

/// Boots with a kernel line; `set` are lines of shell after the script was sourced. What the kernel's log would get is on
/// standard output.
fn boot(cmdline: &str, set: &str) -> Output {
    let folder = tempfile::tempdir().unwrap();
    let line = folder.path().join("cmdline");
    std::fs::write(&line, format!("{cmdline}\n")).unwrap();
    let root = folder.path().join("root");
    std::fs::create_dir(&root).unwrap();
    // busybox before everything else, as in the initrd: programs of the same name behave differently.
    let applets = folder.path().join("bin");
    std::fs::create_dir(&applets).unwrap();
    let installed = Command::new("busybox").args(["--install", "-s"]).arg(&applets).output().unwrap();
    assert!(installed.status.success(), "{installed:?}");
    let script = format!(
        "set -e\nmount -t tmpfs none /run\nmount -o bind {line} /proc/cmdline\nset +e\n{STUBS}\n. {SCRIPT}\n\
         daybreak_say() {{ echo \"daybreak: $*\"; }}\nrootmnt={root}\n{set}\nmountroot\necho MOUNTED\n",
        line = line.display(),
        root = root.display(),
    );
    Command::new("unshare")
        .args(["--mount", "--propagation", "private", "busybox", "sh", "-c", &script])
        .env("PATH", format!("{}:/usr/sbin:/usr/bin:/sbin:/bin", applets.display()))
        .output()
        .unwrap()
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

/// How the server answers each request.
#[derive(Clone)]
enum Answer {
    /// 200 with this body.
    Body(Vec<u8>),
    /// 200 with a longer length than the body, then nothing more until the client goes.
    Stall(Vec<u8>),
    /// 404.
    Missing,
}

/// An HTTP server on the loopback that answers `answers` one after the other, then stops.
fn serve(answers: Vec<Answer>) -> String {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = listener.local_addr().unwrap();
    let (ready, is_ready) = mpsc::channel();
    std::thread::spawn(move || {
        ready.send(()).unwrap();
        for answer in answers {
            let (mut stream, _) = listener.accept().unwrap();
            // A client that goes away early is one of the cases.
            let _ = respond(&mut stream, &answer);
        }
    });
    is_ready.recv().unwrap();
    format!("http://{address}/root.squashfs")
}

fn respond(stream: &mut TcpStream, answer: &Answer) -> std::io::Result<()> {
    let mut request = Vec::new();
    let mut byte = [0];
    while !request.ends_with(b"\r\n\r\n") && stream.read(&mut byte)? == 1 {
        request.push(byte[0]);
    }
    let head =
        |length: usize| format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n");
    match answer {
        Answer::Body(body) => {
            stream.write_all(head(body.len()).as_bytes())?;
            stream.write_all(body)
        }
        Answer::Stall(body) => {
            stream.write_all(head(body.len() + 1).as_bytes())?;
            stream.write_all(body)?;
            stream.read_exact(&mut byte)
        }
        Answer::Missing => stream.write_all(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"),
    }
}

fn sha256(bytes: &[u8]) -> String {
    daybreak_layout::Sha256Digest::of(bytes).to_string()
}

/// A squashfs with the folders that the script writes to.
fn squashfs() -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let tree = folder.path().join("tree");
    std::fs::create_dir_all(tree.join("etc")).unwrap();
    std::fs::write(tree.join("etc/machine-id"), "").unwrap();
    std::fs::write(tree.join("etc/hello"), "from the squashfs\n").unwrap();
    let image = folder.path().join("image");
    let output =
        Command::new("mksquashfs").arg(&tree).arg(&image).args(["-quiet", "-no-progress"]).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    std::fs::read(&image).unwrap()
}

fn fetch(url: &str, digest: &str, set: &str) -> Output {
    boot(&format!("boot=daybreak daybreak.fetch={url} daybreak.sha256={digest}"), set)
}

#[test]
fn the_script_is_valid_for_the_shell_that_runs_it() {
    let output = Command::new("busybox").args(["sh", "-n", SCRIPT]).output().unwrap();
    assert!(output.status.success() && Path::new(SCRIPT).exists(), "{output:?}");
}

#[test]
fn a_good_download_is_mounted_with_a_writable_layer_and_an_identity() {
    let image = squashfs();
    let url = serve(vec![Answer::Body(image.clone())]);
    // What is looked at has to be looked at inside: the mounts are in no other namespace.
    let look = "mountroot_done() { cat $rootmnt/etc/hello; echo id $(wc -c <$rootmnt/etc/machine-id); \
                echo x >$rootmnt/etc/new && echo writable; }; trap mountroot_done EXIT";
    let text = text(&fetch(&url, &sha256(&image), look));
    for part in ["MOUNTED", "from the squashfs", "id 33", "writable", "ip -4 addr flush dev test0"] {
        assert!(text.contains(part), "{part} is not in: {text}");
    }
}

#[test]
fn a_wrong_digest_is_named_with_address_and_both_digests() {
    let url = serve(vec![Answer::Body(b"other".to_vec()); 2]);
    let text = text(&fetch(&url, &sha256(b"expected"), "DAYBREAK_FETCH_TRIES=2"));
    let (expected, got) = (sha256(b"expected"), sha256(b"other"));
    let message =
        format!("gave up after 2 tries: {url}: expected SHA-256 {expected}, got {got} over 5 bytes");
    assert!(text.contains("PANIC") && text.contains(&message), "{text}");
    assert!(!text.contains("MOUNTED"), "{text}");
}

#[test]
fn a_second_try_can_succeed() {
    let image = squashfs();
    let url = serve(vec![Answer::Missing, Answer::Body(image.clone())]);
    let text = text(&fetch(&url, &sha256(&image), ""));
    assert!(text.contains("MOUNTED") && text.contains("404 Not Found"), "{text}");
}

#[test]
fn a_download_that_stalls_is_given_up() {
    let url = serve(vec![Answer::Stall(b"half".to_vec())]);
    let text = text(&fetch(&url, &sha256(b"whole"), "DAYBREAK_FETCH_TRIES=1 DAYBREAK_FETCH_STALL=1"));
    assert!(text.contains("no byte arrived in 1 seconds"), "{text}");
    assert!(text.contains("over 4 bytes"), "{text}");
}

#[test]
fn what_is_no_squashfs_is_named() {
    let url = serve(vec![Answer::Body(b"text".to_vec())]);
    let text = text(&fetch(&url, &sha256(b"text"), ""));
    assert!(text.contains("is not a squashfs") && text.contains(&url), "{text}");
}

#[test]
fn kernel_lines_that_cannot_work_are_refused_before_anything_is_fetched() {
    for (line, message) in [
        ("boot=daybreak", "no source of the root file system"),
        ("daybreak.fetch=https://x/ daybreak.sha256=00", "only http:// is understood"),
        ("daybreak.fetch=http://x/", "a SHA-256 of 64 hex digits is needed"),
        ("daybreak.fetch=http://x/ daybreak.sha256=abc", "daybreak.sha256=abc"),
    ] {
        let text = text(&boot(line, ""));
        assert!(text.contains("PANIC") && text.contains(message), "{line}: {text}");
    }
}

#[test]
fn no_answer_from_dhcp_is_named_with_the_interfaces() {
    let text = text(&fetch("http://192.0.2.1/", &sha256(b"x"), "NO_ANSWER=1"));
    assert!(text.contains("no DHCP server answered on") && text.contains("lo"), "{text}");
}

#[test]
fn a_slot_that_does_not_appear_is_named() {
    let text = text(&boot("daybreak.slot=00000000-0000-0000-0000-000000000000", "DAYBREAK_DEVICE_TRIES=0"));
    assert!(text.contains("PARTUUID 00000000-0000-0000-0000-000000000000 did not appear"), "{text}");
}

#[test]
fn the_last_of_two_options_counts() {
    let text = text(&boot("daybreak.slot=first daybreak.slot=last", "DAYBREAK_DEVICE_TRIES=0"));
    assert!(text.contains("PARTUUID last "), "{text}");
}

/// A loop device; gone when dropped.
struct Loop(String);

impl Loop {
    fn new(file: &Path) -> Self {
        let output =
            Command::new("losetup").args(["--find", "--show", "--read-only"]).arg(file).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        Self(String::from_utf8(output.stdout).unwrap().trim().to_owned())
    }
}

impl Drop for Loop {
    fn drop(&mut self) {
        // What is left in a broken test is seen by the next one that lists them.
        let _ = Command::new("losetup").args(["--detach", &self.0]).status();
    }
}

#[test]
fn a_medium_is_found_by_its_label_among_others_and_mounted() {
    let folder = tempfile::tempdir().unwrap();
    let tree = folder.path().join("tree");
    std::fs::create_dir(&tree).unwrap();
    std::fs::write(tree.join("root.squashfs"), squashfs()).unwrap();
    let medium = |label: &str| {
        let image = folder.path().join(label);
        let output = Command::new("genisoimage")
            .args(["-quiet", "-R", "-V", label, "-o"])
            .arg(&image)
            .arg(&tree)
            .output()
            .unwrap();
        assert!(output.status.success(), "{output:?}");
        Loop::new(&image)
    };
    let _other = medium("DAYBREAK_TEST");
    let ours = medium("DAYBREAK_TEST_2");
    // A kernel that builds images need not know the file system of CDs; the labs mount it.
    let look = format!(
        "mount() {{ case \"$*\" in *iso9660*) echo \"mount $*\"; command mount -o bind {} \"$6\" ;; *) command mount \"$@\" ;; esac; }}\n\
         mountroot_done() {{ cat $rootmnt/etc/hello; echo x >$rootmnt/etc/new && echo writable; }}; trap mountroot_done EXIT",
        tree.display()
    );
    let text = text(&boot("boot=daybreak daybreak.media=DAYBREAK_TEST_2", &look));
    let mounted = format!("mount -t iso9660 -o ro {} /run/daybreak/medium", ours.0);
    for part in ["MOUNTED", "from the squashfs", "writable", &mounted] {
        assert!(text.contains(part), "{part} is not in: {text}");
    }
}

#[test]
fn a_medium_that_does_not_appear_is_named_with_the_devices() {
    let text = text(&boot("daybreak.media=DAYBREAK_NOWHERE", "DAYBREAK_DEVICE_TRIES=0"));
    assert!(
        text.contains("no medium labelled DAYBREAK_NOWHERE appeared") && text.contains("looked at"),
        "{text}"
    );
}

/// An installed disk without a state partition, as a ready-made image is. The kernel that builds images need not look for
/// partitions on loop devices, so `blockdev --rereadpt` is played: it shows what the table says, as the kernel does.
struct Disk {
    folder: tempfile::TempDir,
    name: String,
}

impl Disk {
    fn new(name: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let disk = Self { folder, name: format!("daybreak-test-{}-{name}", std::process::id()) };
        let plan = DiskPlan::new(MIN_DISK_SIZE, DiskIds::from_seed("boot-script"), false).unwrap();
        let mut file = std::fs::File::create_new(disk.image()).unwrap();
        file.set_len(MIN_DISK_SIZE + (64 << 20)).unwrap();
        plan.write_table(&mut file, &[0; 440]).unwrap();
        disk
    }

    fn image(&self) -> std::path::PathBuf {
        self.folder.path().join("disk.img")
    }

    /// Mounts the state partition; `set` are lines of shell before it, `look` after it.
    fn mount_state(&self, set: &str, look: &str) -> String {
        let (name, image) = (&self.name, self.image());
        let script = format!(
            r#"
mount -t tmpfs none /run && mount -t tmpfs none /sys/class/block && mkdir -p /run/loops || exit 1
{STUBS}
. {SCRIPT}
daybreak_say() {{ echo "daybreak: $*"; }}
DAYBREAK_MKE2FS=/usr/sbin/mke2fs DAYBREAK_DEVICE_TRIES=3
blkid() {{ /usr/sbin/blkid "$@"; }}
attach() {{ /usr/sbin/losetup --find --show "$@" {image}; }}
end() {{
    umount /run/daybreak/state 2>/dev/null
    for link in /dev/{name}*; do /usr/sbin/losetup --detach "$(readlink "$link")"; rm "$link"; done
}}
trap end EXIT
ln -s "$(attach)" /dev/{name}
blockdev() {{
    sfdisk --dump /dev/{name} |
        sed -n 's/^[^ ]*[^0-9 ]\([0-9]*\) : start= *\([0-9]*\), size= *\([0-9]*\),.*name="\([^"]*\)".*/\1 \2 \3 \4/p' >/run/table
    while read -r number start size label; do
        part=/sys/class/block/{name}/{name}$number
        mkdir -p "$part" && echo "$number" >"$part/partition"
        printf 'PARTN=%s\nPARTNAME=%s\n' "$number" "$label" >"$part/uevent"
        ln -sfn "$part" /sys/class/block/{name}$number
        [ -e /dev/{name}$number ] ||
            ln -s "$(attach --offset $((start * 512)) --sizelimit $((size * 512)))" /dev/{name}$number
    done </run/table
}}
blockdev --rereadpt /dev/{name}
{set}
daybreak_mount_state {name}
echo MOUNTED
cd /run/daybreak/state
{look}
cd /
"#,
            image = image.display(),
        );
        let applets = self.folder.path().join("bin");
        let _ = std::fs::create_dir(&applets);
        let installed = Command::new("busybox").args(["--install", "-s"]).arg(&applets).output().unwrap();
        assert!(installed.status.success(), "{installed:?}");
        let output = Command::new("unshare")
            .args(["--mount", "--propagation", "private", "busybox", "sh", "-c", &script])
            .env("PATH", format!("{}:/usr/sbin:/usr/bin:/sbin:/bin", applets.display()))
            .output()
            .unwrap();
        text(&output)
    }

    /// Where the last partition starts, in bytes, and its name.
    fn last(&self) -> (u64, String) {
        let table = Gpt::read(&mut std::fs::File::open(self.image()).unwrap()).unwrap();
        let last = table.entries.last().unwrap();
        (last.first_lba * SECTOR, last.name.clone())
    }
}

#[test]
fn the_state_partition_is_made_once_and_what_it_keeps_stays() {
    let disk = Disk::new("made");
    let text = disk.mount_state("", "ls; echo saved >config/startup.xml; sync");
    assert!(text.contains("MOUNTED") && text.contains("identity"), "{text}");
    assert_eq!(disk.last().1, "state");
    let text = disk.mount_state("", "cat config/startup.xml");
    assert!(text.contains("saved") && !text.contains("formatting"), "{text}");
}

#[test]
fn whenever_the_power_goes_while_the_state_partition_is_made_it_is_made_again() {
    for (cut, left) in [
        ("DAYBREAK_MKE2FS=false", "state-new"),
        (
            "sfdisk() { case \"$*\" in *--part-label*) exit 1 ;; *) command sfdisk \"$@\" ;; esac; }",
            "state-new",
        ),
        ("daybreak_wait_for_part() { [ \"$2\" = state-new ] || exit 1; blockdev --rereadpt x; }", "state"),
    ] {
        let disk = Disk::new("cut");
        let text = disk.mount_state(cut, "");
        assert!(!text.contains("MOUNTED"), "{cut}: {text}");
        assert_eq!(disk.last().1, left, "{cut}: {text}");
        let text = disk.mount_state("", "ls");
        assert!(text.contains("MOUNTED") && text.contains("identity"), "{cut}: {text}");
        assert_eq!(disk.last().1, "state", "{cut}");
    }
}

#[test]
fn a_state_partition_with_a_damaged_superblock_is_left_alone() {
    let disk = Disk::new("damaged");
    disk.mount_state("", "echo saved >config/startup.xml; sync");
    let (start, _) = disk.last();
    let file = std::fs::File::options().read(true).write(true).open(disk.image()).unwrap();
    file.write_all_at(&[0; 4096], start).unwrap();
    let content = || {
        let mut bytes = vec![0; 64 << 20];
        file.read_exact_at(&mut bytes, start).unwrap();
        bytes
    };
    let before = content();
    let text = disk.mount_state("", "");
    assert!(text.contains("PANIC") && text.contains("named state but holds nothing that is known"), "{text}");
    assert!(before == content(), "something was written: {text}");
}

/// Runs lines of shell after the script was sourced, with a folder for /run/daybreak whose `order` tells what was called.
fn call(folder: &Path, lines: &str) -> String {
    let script = format!(
        "{STUBS}\n. {SCRIPT}\ndaybreak_say() {{ echo \"daybreak: $*\"; }}\nDAYBREAK={run}\n\
         sync() {{ echo sync >>{run}/order; }}\n\
         mv() {{ echo \"mv ${{2##*/}}\" >>{run}/order; command mv \"$@\"; }}\n{lines}\necho DONE\n",
        run = folder.display(),
    );
    text(&Command::new("busybox").args(["sh", "-c", &script]).output().unwrap())
}

#[test]
fn the_mark_of_an_overlay_is_written_only_when_it_differs_and_by_a_new_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let order = || std::fs::read_to_string(path("order")).unwrap_or_default();
    std::fs::create_dir(path("medium")).unwrap();
    let boot = |manifest: &str| {
        std::fs::write(path("medium/manifest.json"), manifest).unwrap();
        let _ = std::fs::remove_file(path("order"));
        call(folder.path(), "daybreak_slot_overlay a")
    };
    assert!(boot("one").contains("DONE"));
    assert_eq!(order(), "sync\nmv image\nsync\n");
    std::fs::write(path("state/slots/a/change"), "").unwrap();
    boot("one");
    assert_eq!(order(), "", "the same image: nothing is written");
    assert!(path("state/slots/a/change").exists());
    assert!(boot("two").contains("starts empty"));
    assert!(!path("state/slots/a/change").exists());
    // What a full or broken file system does to the write.
    let full = "mv() { return 1; }\ndaybreak_slot_overlay a";
    std::fs::write(path("medium/manifest.json"), "three").unwrap();
    let text = call(folder.path(), full);
    assert!(text.contains("PANIC") && text.contains("cannot be marked") && !text.contains("DONE"), "{text}");
}

#[test]
fn the_machine_id_is_on_the_disk_before_its_name() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(folder.path().join("state/identity")).unwrap();
    std::fs::create_dir_all(folder.path().join("root/etc")).unwrap();
    let text = call(folder.path(), "rootmnt=$DAYBREAK/root\ndaybreak_identity");
    assert!(text.contains("DONE"), "{text}");
    assert_eq!(std::fs::read_to_string(folder.path().join("order")).unwrap(), "sync\nmv machine-id\nsync\n");
    let id = |name: &str| std::fs::read_to_string(folder.path().join(name)).unwrap();
    assert_eq!(
        (id("root/etc/machine-id"), id("root/etc/machine-id").len()),
        (id("state/identity/machine-id"), 33)
    );
}
