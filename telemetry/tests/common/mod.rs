//! The daemon and a real database on a loopback address of the test's own. Both end when they are dropped.
#![allow(dead_code, reason = "each test file uses its own part")]
#![allow(clippy::unwrap_used, reason = "a helper that fails fails its test")]

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::{Duration, Instant};

/// Longest wait for anything; the machine may be busy.
const PATIENCE: Duration = Duration::from_mins(2);

/// How often to look for what announces itself to nobody.
const LOOK: Duration = Duration::from_millis(50);

/// Looks until there is a value; panics with what was awaited when patience ends.
pub(crate) fn wait<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let end = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < end, "waited {PATIENCE:?} for {what}");
        std::thread::park_timeout(LOOK);
    }
}

/// A loopback address that no other test has: its ports can be fixed, also over a restart.
pub(crate) fn address() -> String {
    static NEXT: AtomicU8 = AtomicU8::new(0);
    let [.., high, low] = std::process::id().to_be_bytes();
    format!("127.{}.{high}.{low}", 64 + NEXT.fetch_add(1, Ordering::Relaxed))
}

/// A process that is killed when dropped.
pub(crate) struct Running {
    pub(crate) child: Child,
    log: PathBuf,
}

impl Running {
    pub(crate) fn start(command: &mut Command, log: PathBuf) -> Self {
        let file = File::options().create(true).append(true).open(&log).unwrap();
        let command = command.stdin(Stdio::null()).stdout(file.try_clone().unwrap()).stderr(file);
        let child =
            command.spawn().unwrap_or_else(|e| panic!("{command:?}: {e}; see tests/setup/packages.txt"));
        Self { child, log }
    }

    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap()
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(i32::try_from(self.child.id()).unwrap()), signal).unwrap();
    }

    /// Asks it to end and waits until it has.
    pub(crate) fn terminate(mut self) -> ExitStatus {
        self.signal(Signal::SIGTERM);
        wait("end of a process after SIGTERM", || self.child.try_wait().unwrap())
    }

    /// Ends it as a crash would.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Both fail only when it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            eprintln!("--- {}\n{}", self.log.display(), self.log());
        }
    }
}

/// What curl gets, or nothing when there is no answer.
pub(crate) fn curl(arguments: &[&str]) -> Option<String> {
    let output = Command::new("curl").args(["-sS", "--max-time", "20"]).args(arguments).output().unwrap();
    output.status.success().then(|| String::from_utf8(output.stdout).unwrap())
}

/// A configuration that reads every second, with the text of its outputs.
pub(crate) fn config(folder: &Path, outputs: &str) -> PathBuf {
    let path = folder.join("telemetry.yaml");
    let sets =
        ["system_load", "system_memory", "system_interface", "telemetry_collector", "telemetry_output"];
    let sets: Vec<String> = sets.iter().map(|set| format!("{set}: {{period: 1s}}")).collect();
    let text =
        format!("host: vr1\nstate_dir: state\nsets: {{{}}}\noutputs: {{{outputs}}}\n", sets.join(", "));
    std::fs::write(&path, text).unwrap();
    path
}

/// An output to the database and the endpoint, both at the address.
pub(crate) fn outputs(address: &str, more: &str) -> String {
    format!(
        "influxdb: [{{name: main, url: 'http://{address}:8086', database: kpi{more}}}], \
         prometheus: {{listen: '{address}:9273'}}"
    )
}

/// Starts the daemon with a configuration.
pub(crate) fn daemon(config: &Path) -> Running {
    let mut command = Command::new(env!("CARGO_BIN_EXE_telemetryd"));
    Running::start(command.arg("--config").arg(config), config.with_extension("log"))
}

/// The value of a metric at the endpoint of the address.
pub(crate) fn metric(address: &str, name: &str) -> Option<u64> {
    let page = curl(&[&format!("http://{address}:9273/metrics")])?;
    page.lines().find_map(|line| line.strip_prefix(name)?.trim().parse().ok())
}

/// A real `InfluxDB` with its data in a folder.
pub(crate) struct Influx {
    running: Option<Running>,
    address: String,
    folder: PathBuf,
}

impl Influx {
    /// Starts one and waits until it answers; `http` is more of its section of that name.
    pub(crate) fn start(address: &str, folder: &Path, http: &str) -> Self {
        let folder = folder.join("influxdb");
        std::fs::create_dir_all(&folder).unwrap();
        let at = folder.display();
        let text = format!(
            "reporting-enabled = false\nbind-address = \"{address}:8088\"\n[meta]\ndir = \"{at}/meta\"\n\
             [data]\ndir = \"{at}/data\"\nwal-dir = \"{at}/wal\"\n[monitor]\nstore-enabled = false\n\
             [http]\nbind-address = \"{address}:8086\"\n{http}\n"
        );
        std::fs::write(folder.join("influxdb.conf"), text).unwrap();
        let mut influx = Self { running: None, address: address.to_owned(), folder };
        influx.start_again();
        influx
    }

    pub(crate) fn start_again(&mut self) {
        let mut command = Command::new("influxd");
        command.arg("run").arg("-config").arg(self.folder.join("influxdb.conf"));
        self.running = Some(Running::start(&mut command, self.folder.join("log")));
        let ping = format!("http://{}:8086/ping", self.address);
        wait("an answer of influxd", || curl(&["-f", &ping]));
    }

    pub(crate) fn stop(&mut self) {
        if let Some(running) = self.running.take() {
            running.terminate();
        }
    }

    /// The rows of a query's only result, each with all columns as JSON.
    pub(crate) fn rows(&self, query: &str) -> Vec<Vec<serde_json::Value>> {
        let answer = self.ask(query);
        let values = &answer["results"][0]["series"][0]["values"];
        values.as_array().into_iter().flatten().map(|row| row.as_array().unwrap().clone()).collect()
    }

    /// The number in the last column of the first row; 0 without rows.
    pub(crate) fn number(&self, query: &str) -> u64 {
        self.rows(query).first().and_then(|row| row.last()?.as_u64()).unwrap_or(0)
    }

    pub(crate) fn ask(&self, query: &str) -> serde_json::Value {
        let answer = self.post(query);
        assert!(
            answer.get("error").is_none() && answer["results"][0].get("error").is_none(),
            "{query}: {answer}"
        );
        answer
    }

    /// Asks several questions at once; the results, errors among them, are in their order.
    pub(crate) fn ask_all(&self, queries: &[String]) -> Vec<serde_json::Value> {
        let answer = self.post(&queries.join(";"));
        let results = answer["results"].as_array().unwrap_or_else(|| panic!("{answer}"));
        assert_eq!(results.len(), queries.len(), "{}", results[results.len() - 1]);
        results.clone()
    }

    fn post(&self, query: &str) -> serde_json::Value {
        let url = format!("http://{}:8086/query?db=kpi&epoch=ns", self.address);
        let text = curl(&[&url, "--data-urlencode", &format!("q={query}")]).unwrap();
        serde_json::from_str(&text).unwrap()
    }
}
