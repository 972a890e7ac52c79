//! The daemons of an appliance: vrouterd, FRR, netconfd.

use crate::client::Client;
use crate::namespace::{shell, until};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A daemon; it ends when dropped.
struct Daemon(Child);

/// The appliance.
pub(crate) struct Router {
    folder: PathBuf,
    netconfd: Option<Daemon>,
    vrouterd: Option<Daemon>,
    _frr: Vec<Daemon>,
}

impl Router {
    /// Starts everything, with one port that the data plane finds itself, `p8`.
    pub(crate) fn start(folder: &Path) -> Self {
        shell("mkdir -p /run/daybreak /run/frr && chown frr:frr /run/frr && chmod 755 /run /run/daybreak");
        shell(&format!(
            "cd {0} && ssh-keygen -q -t ed25519 -N '' -f host_key && ssh-keygen -q -t ed25519 -N '' -f id && \
             mkdir keys state startup && cp id.pub keys/root",
            folder.display()
        ));
        let mut frr = Vec::new();
        for (name, more) in [("zebra", "-M dplane_fpm_nl"), ("staticd", ""), ("bgpd", "")] {
            let mut daemon = Command::new(format!("/usr/lib/frr/{name}"));
            daemon.args(["-P", "0", "-f", "/dev/null", "--log", "file:/dev/null"]);
            daemon.args(more.split_whitespace()).stdout(Stdio::null()).stderr(Stdio::null());
            frr.push(Daemon(daemon.spawn().expect("frr is not installed (tests/setup/packages.txt)")));
        }
        let mut router = Self { folder: folder.to_owned(), netconfd: None, vrouterd: None, _frr: frr };
        router.start_vrouterd();
        until("vrouterd answers", || Path::new(daybreak_control::DEFAULT_SOCKET).exists());
        // Before it has found zebra, bgpd knows no address of the router and refuses some lines.
        until("bgpd and staticd have found zebra", || {
            let clients = vtysh("show zebra client summary");
            ["bgp", "static"].iter().all(|name| clients.lines().any(|line| line.starts_with(name)))
        });
        router.start_netconfd();
        router
    }

    pub(crate) fn start_vrouterd(&mut self) {
        let config = self.folder.join("vrouterd.yaml");
        let text = "{\"hugepages\": {\"use\": \"never\", \"memory\": \"64MiB\"}, \"buffers\": {\"count\": 2047},\
                    \"ports\": [{\"name\": \"p8\", \"device\": \"null\"}]}";
        std::fs::write(&config, text).unwrap();
        let mut vrouterd = Command::new(vrouterd());
        vrouterd.args(["serve", "--config"]).arg(&config).stdout(Stdio::null());
        self.vrouterd = Some(Daemon(vrouterd.spawn().unwrap()));
    }

    /// Ends vrouterd as a crash would.
    pub(crate) fn kill_vrouterd(&mut self) {
        self.vrouterd = None;
    }

    /// Starts netconfd and waits until it serves.
    pub(crate) fn start_netconfd(&mut self) {
        let config = self.folder.join("netconfd.yaml");
        let text = format!(
            "listen: ['[::]:830']\nstate_dir: '{0}/state'\nstartup_dir: '{0}/startup'\nhost_keys: ['{0}/host_key']\n\
             authorized_keys: '{0}/keys/%u'\npermit_root: true\nappliers: [vrouterd, linux, frr]\n",
            self.folder.display()
        );
        std::fs::write(&config, text).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_netconfd"));
        command.args(["serve", "--config"]).arg(&config).stderr(Stdio::piped());
        let mut process = command.spawn().unwrap();
        let mut log = BufReader::new(process.stderr.take().unwrap());
        let mut seen = String::new();
        while !seen.contains("is served address=") {
            let read = log.read_line(&mut seen).unwrap();
            assert!(read > 0, "netconfd ended:\n{seen}");
        }
        // Its log goes on to the test's own output, so a failed test shows it.
        eprint!("{seen}");
        std::thread::spawn(move || {
            for line in log.lines().map_while(Result::ok) {
                eprintln!("{line}");
            }
        });
        self.netconfd = Some(Daemon(process));
    }

    /// Ends netconfd as a crash would.
    pub(crate) fn kill_netconfd(&mut self) {
        self.netconfd = None;
    }

    /// Whether netconfd has a child that runs this program.
    pub(crate) fn runs(&self, program: &str) -> bool {
        let pid = self.netconfd.as_ref().unwrap().0.id();
        let Ok(tasks) = std::fs::read_dir(format!("/proc/{pid}/task")) else { return false };
        let children =
            tasks.flatten().filter_map(|task| std::fs::read_to_string(task.path().join("children")).ok());
        let children: Vec<_> =
            children.flat_map(|list| list.split(' ').map(str::to_owned).collect::<Vec<_>>()).collect();
        children.iter().any(|pid| command_line(pid).contains(program))
    }

    pub(crate) fn journal(&self) -> PathBuf {
        self.folder.join("state/journal")
    }

    /// Makes the router what `config` says, and gives what it is then.
    pub(crate) fn commit(&self, config: &str) -> Seen {
        assert!(self.netconfd.is_some(), "netconfd was killed and not started");
        let mut client = Client::open();
        client.replace(config);
        client.done("<commit/>");
        until("the routes of FRR are in the data plane", || Seen::routes().contains("198.51.100.0/24"));
        Seen::now()
    }
}

/// What Linux, FRR and the data plane are; without numbers that are new each time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Seen {
    configured: String,
    /// What the data plane has learnt.
    routes: String,
}

impl Seen {
    pub(crate) fn now() -> Self {
        let vrouterd = vrouterd().display().to_string();
        let configured = shell(&format!(
            "ip -o link | sed 's/^[0-9]*: //; s/ state .*//; s/ qdisc .*//; s/@if[0-9]*//' | sort; \
             ip -o addr | grep -v ' fe80' | awk '{{print $2, $4}}' | sort; \
             {vrouterd} ctl ports | awk '{{print $1, $2, $3}}'; vtysh -c 'show running-config no-header'"
        ));
        Self { configured, routes: Self::routes() }
    }

    fn routes() -> String {
        shell(&format!("{} ctl routes | grep -v fe80 | sort", vrouterd().display()))
    }

    /// Looks whether everything is so; the data plane may be told of routes a little later.
    pub(crate) fn is_now(&self, when: &str) {
        let now = Self::now();
        assert_eq!(now.configured, self.configured, "{when}");
        let end = Instant::now() + Duration::from_secs(20);
        let mut routes = now.routes;
        while routes != self.routes && Instant::now() < end {
            std::thread::park_timeout(Duration::from_millis(20));
            routes = Self::routes();
        }
        assert_eq!(routes, self.routes, "{when}");
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        // Both fail only when it has ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// `vrouterd`: an example of this crate is that daemon.
fn vrouterd() -> PathBuf {
    let tests = std::env::current_exe().unwrap();
    tests.parent().unwrap().parent().unwrap().join("examples/appliance-vrouterd")
}

/// What FRR says to a command; nothing when it does not answer.
pub(crate) fn vtysh(command: &str) -> String {
    String::from_utf8(Command::new("vtysh").args(["-c", command]).output().unwrap().stdout).unwrap()
}

/// Whether a process in this network, of whomever, runs this program.
pub(crate) fn anybody_runs(program: &str) -> bool {
    let own = std::fs::read_link("/proc/thread-self/ns/net").unwrap();
    std::fs::read_dir("/proc").unwrap().flatten().any(|entry| {
        let is_ours = || std::fs::read_link(entry.path().join("ns/net")).is_ok_and(|net| net == own);
        let pid = entry.file_name().to_string_lossy().into_owned();
        command_line(&pid).contains(program) && is_ours()
    })
}

fn command_line(pid: &str) -> String {
    std::fs::read(format!("/proc/{pid}/cmdline"))
        .map_or_else(|_| String::new(), |line| String::from_utf8_lossy(&line).into_owned())
}
