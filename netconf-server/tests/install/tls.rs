//! Images over `https://`: the system's certificate authorities decide.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use crate::rig::{Rig, has_boot_signature};

/// Python's server of the current folder, with the certificate `server.pem`; prints its port.
const SERVER: &str = "
import http.server, ssl
server = http.server.HTTPServer(('127.0.0.1', 0), http.server.SimpleHTTPRequestHandler)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain('server.pem', 'server.key')
server.socket = context.wrap_socket(server.socket, server_side=True)
print(server.server_port, flush=True)
server.serve_forever()
";

/// A server of the image's folder, and the authority that its certificate is of.
struct Server {
    child: Child,
    url: String,
    authority: PathBuf,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn openssl(folder: &Path, arguments: &str) {
    let output = Command::new("openssl").args(arguments.split(' ')).current_dir(folder).output().unwrap();
    assert!(output.status.success(), "openssl {arguments}: {output:?}");
}

impl Server {
    fn start(folder: &Path) -> Self {
        const NEW_KEY: &str = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes";
        openssl(
            folder,
            &format!("req -x509 {NEW_KEY} -subj /CN=authority -days 2 -keyout ca.key -out ca.pem"),
        );
        openssl(
            folder,
            &format!(
                "req {NEW_KEY} -subj /CN=server -addext subjectAltName=IP:127.0.0.1 -keyout server.key -out server.csr"
            ),
        );
        let signing = "x509 -req -in server.csr -CA ca.pem -CAkey ca.key -copy_extensions copy -days 2";
        openssl(folder, &format!("{signing} -out server.pem"));
        let mut child = Command::new("/usr/bin/python3")
            .args(["-c", SERVER])
            .current_dir(folder)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut port = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut port).unwrap();
        Self { child, url: format!("https://127.0.0.1:{}/", port.trim()), authority: folder.join("ca.pem") }
    }
}

/// `vrouter install` from the server, on a system that trusts the authorities in `bundle`.
fn install(rig: &Rig, server: &Server, bundle: &Path) -> Output {
    let mut command = Command::new("unshare");
    command.args(["--mount", "--propagation", "private", "sh", "-ec"]);
    command.arg(r#"mount --bind "$1" /etc/ssl/certs/ca-certificates.crt; shift; exec "$@""#);
    command.arg("sh").arg(bundle).arg(env!("CARGO_BIN_EXE_vrouter"));
    command
        .args(["install", "--yes", "-o", "json", "--source", &server.url, "--grub-dir"])
        .arg(rig.dir.path());
    command.arg("--image-file").arg(rig.disk()).output().unwrap()
}

#[test]
fn an_image_is_taken_from_a_server_that_the_system_trusts() {
    let rig = Rig::new();
    let server = Server::start(rig.dir.path());
    let output = install(&rig, &server, &server.authority);
    assert!(output.status.success(), "{output:?}");
    assert!(has_boot_signature(&rig.disk()));
}

#[test]
fn a_server_with_the_certificate_of_a_stranger_is_refused() {
    let rig = Rig::new();
    let server = Server::start(rig.dir.path());
    let output = install(&rig, &server, Path::new("/etc/ssl/certs/ca-certificates.crt"));
    let text = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(4), "{output:?}");
    assert!(text.contains("IMAGE-FETCH") && text.contains("UnknownIssuer"), "{output:?}");
    assert!(!has_boot_signature(&rig.disk()));
}
