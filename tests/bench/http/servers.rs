//! The two servers, each a process of its own on a port of its own, serving one folder.

use std::collections::HashMap;
use std::fs::File;
use std::io::Read as _;
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use daybreak_http::{Artifact, Artifacts, Limits, channel, start};

/// A running server; dropping it ends the process and what it started.
pub(crate) struct Peer {
    pub(crate) name: &'static str,
    address: &'static str,
    process: Child,
}

impl Peer {
    /// Starts ours and nginx, in a network namespace that the caller made.
    pub(crate) fn start_all(scratch: &Path, files: &Path, unpacked: &Path) -> Result<[Self; 2]> {
        let text = |path: &Path| path.to_str().map(str::to_owned).context("a path is not UTF-8");
        let configuration = scratch.join("nginx.conf");
        std::fs::write(&configuration, nginx_conf(&text(scratch)?, &text(files)?))?;
        let start = |name, address, command: &Path, arguments: &[&str]| -> Result<Self> {
            let process = Command::new(command)
                .args(arguments)
                .stdin(Stdio::piped())
                .stdout(Stdio::null())
                .spawn()
                .with_context(|| format!("{name} ({}) does not start", command.display()))?;
            Ok(Self { name, address, process })
        };
        let nginx = unpacked.join("nginx/usr/sbin/nginx");
        let arguments = ["-p", &text(scratch)?, "-e", "stderr", "-c", &text(&configuration)?];
        Ok([
            start(
                "daybreak",
                "127.0.0.1:8001",
                &std::env::current_exe()?,
                &["--serve", "127.0.0.1:8001", &text(files)?],
            )?,
            start("nginx", "127.0.0.1:8002", &nginx, &arguments)?,
        ])
    }

    pub(crate) fn url(&self, name: &str) -> String {
        format!("http://{}/{name}", self.address)
    }

    /// Processor time that the server and the processes it started have used.
    pub(crate) fn processor_time(&self) -> Result<Duration> {
        let own = self.process.id().to_string();
        let mut processes = vec![own.clone()];
        for entry in std::fs::read_dir("/proc")? {
            // A process may end while the list is read; then it has no stat.
            let stat = std::fs::read_to_string(entry?.path().join("stat")).unwrap_or_default();
            // "pid (name) state parent …", and the name may hold blanks.
            let mut after_name = stat.rsplit(')').next().unwrap_or_default().split_whitespace();
            if after_name.nth(1) == Some(&own) {
                processes.extend(stat.split(' ').next().map(str::to_owned));
            }
        }
        let mut nanos = 0;
        for process in processes {
            for thread in std::fs::read_dir(format!("/proc/{process}/task"))? {
                let text = std::fs::read_to_string(thread?.path().join("schedstat"))?;
                let first = text.split_whitespace().next().context("the kernel gives no schedstat")?;
                nanos += first.parse::<u64>()?;
            }
        }
        Ok(Duration::from_nanos(nanos))
    }

    pub(crate) fn wait_until_ready(&self) -> Result<()> {
        let arguments = [
            "-sS",
            "--fail",
            "--retry",
            "20",
            "--retry-connrefused",
            "--retry-delay",
            "1",
            "-o",
            "/dev/null",
        ];
        let status = Command::new("curl").args(arguments).arg(self.url("small")).status()?;
        ensure!(status.success(), "{} does not serve", self.name);
        Ok(())
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        // nginx's master must end its workers itself, so it is asked; ours ends when its standard input does.
        drop(self.process.stdin.take());
        if let Some(pid) = i32::try_from(self.process.id()).ok().and_then(rustix::process::Pid::from_raw) {
            // Fails only when the process has ended already.
            let _ = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
        }
        let _ = self.process.wait();
    }
}

/// nginx as its own documentation tunes it for large files.
fn nginx_conf(scratch: &str, files: &str) -> String {
    format!(
        "daemon off;\nuser root;\nworker_processes auto;\npid {scratch}/nginx.pid;\nerror_log stderr error;\n\
         events {{ worker_connections 4096; }}\n\
         http {{\n  access_log off;\n  sendfile on;\n  sendfile_max_chunk 2m;\n  tcp_nopush on;\n  tcp_nodelay on;\n\
         \u{20} keepalive_requests 1000000;\n  default_type application/octet-stream;\n\
         \u{20} open_file_cache max=100 inactive=60s;\n\
         \u{20} client_body_temp_path {scratch}/t1;\n  proxy_temp_path {scratch}/t2;\n\
         \u{20} fastcgi_temp_path {scratch}/t3;\n  uwsgi_temp_path {scratch}/t4;\n  scgi_temp_path {scratch}/t5;\n\
         \u{20} server {{ listen 127.0.0.1:8002 backlog=4096; root {files}; }}\n}}\n"
    )
}

struct Map(HashMap<String, Artifact>);

impl Artifacts for Map {
    fn resolve(&self, path: &str, _peer: SocketAddr) -> Option<Artifact> {
        self.0.get(path).cloned()
    }
}

/// Our server as a process: serves the files of `folder` until its standard input ends.
pub(crate) fn serve(address: &str, folder: &str) -> Result<()> {
    let mut map = HashMap::new();
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name().into_string().ok().context("a file name is not UTF-8")?;
        // With a digest, as in a site: it costs two more fields per answer.
        let artifact = Artifact::file(Arc::new(File::open(entry.path())?))?.with_sha256([7; 32]);
        map.insert(format!("/{name}"), artifact);
    }
    let listener = TcpListener::bind(address)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let _entered = runtime.enter();
    // Events are read by nobody here; they are made, fill the channel and are dropped, as with a slow reader.
    let (events, _reader) = channel(1024);
    let server = start(vec![listener], Limits::default(), Arc::new(Map(map)), axum::Router::new(), events)?;
    let mut end = Vec::new();
    std::io::stdin().read_to_end(&mut end)?;
    runtime.block_on(server.shutdown(Duration::ZERO));
    Ok(())
}
