//! `netconfd` is killed in the middle of a commit.

use crate::client::Client;
use crate::namespace::{caught, in_machine, until};
use crate::router::{Router, anybody_runs, vtysh};
use crate::texts::{large, small};
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

/// Waits until something is seen.
type Wait = Box<dyn FnMut(&Router, &mut Client)>;

/// Something that is seen from outside while a commit is carried out.
struct Moment {
    name: &'static str,
    /// Begins to watch before the commit, and gives what waits until it is seen.
    watch: fn(&Router) -> Wait,
}

/// In the order in which they come.
const MOMENTS: &[Moment] = &[
    Moment {
        name: "the change is in the journal",
        watch: |router| {
            let journal = router.journal();
            let size = move || std::fs::metadata(&journal).unwrap().len();
            let before = size();
            Box::new(move |_, _| caught("the journal grows", || size() != before))
        },
    },
    Moment {
        name: "FRR is asked whether it can",
        watch: |_| {
            Box::new(|_, _| {
                caught("FRR is asked", || {
                    std::fs::read_dir("/run/frr")
                        .unwrap()
                        .flatten()
                        .any(|file| file.file_name().to_string_lossy().starts_with("check-"))
                });
            })
        },
    },
    Moment { name: "the data plane has made the port", watch: |_| heard("link", " p5") },
    Moment { name: "Linux has given the port its address", watch: |_| heard("address", "10.5.0.1/24") },
    Moment {
        name: "FRR's file is written",
        watch: |_| {
            Box::new(|_, _| {
                caught("frr.conf has it", || {
                    std::fs::read_to_string("/etc/frr/frr.conf").is_ok_and(|text| text.contains("10.5.0.2"))
                });
            })
        },
    },
    Moment {
        name: "FRR's reload tool runs",
        watch: |_| {
            Box::new(|router, _| {
                caught("the reload tool runs", || router.runs("frr-reload"));
            })
        },
    },
    Moment {
        name: "bgpd has the neighbor",
        watch: |_| {
            Box::new(|_, _| {
                until("bgpd has the neighbor", || {
                    vtysh("show running-config bgpd").contains("neighbor 10.5.0.2 activate")
                });
            })
        },
    },
    Moment {
        name: "the client has its reply",
        watch: |_| {
            Box::new(|_, client| {
                assert!(client.hear().unwrap().contains("<ok/>"));
            })
        },
    },
];

/// What waits until the kernel tells of something.
fn heard(of: &'static str, what: &'static str) -> Wait {
    let mut monitor =
        Monitor(Command::new("ip").args(["-o", "monitor", of]).stdout(Stdio::piped()).spawn().unwrap());
    let mut lines = BufReader::new(monitor.0.stdout.take().unwrap()).lines();
    // It listens as soon as it has its socket.
    let pid = monitor.0.id();
    until("ip listens", || {
        let sockets = std::fs::read_to_string("/proc/thread-self/net/netlink").unwrap();
        sockets.lines().any(|line| line.split_whitespace().nth(2) == Some(&pid.to_string()))
    });
    Box::new(move |_, _| {
        let _running = &monitor;
        assert!(lines.by_ref().map_while(Result::ok).any(|line| line.contains(what)), "ip monitor ended");
    })
}

struct Monitor(Child);

impl Drop for Monitor {
    fn drop(&mut self) {
        // Both fail only when it has ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn killed_at_any_moment_of_a_commit_the_router_is_what_running_says() {
    in_machine(|folder| {
        let mut router = Router::start(folder);
        let after = router.commit(&large());
        let new = Client::open().running();
        let before = router.commit(&small());
        let old = Client::open().running();
        assert_ne!(after, before);
        for moment in MOMENTS {
            eprintln!("killed when {}", moment.name);
            let mut client = Client::open();
            client.replace(&large());
            let mut seen = (moment.watch)(&router);
            client.say("<commit/>");
            seen(&router, &mut client);
            router.kill_netconfd();
            router.start_netconfd();
            let running = Client::open().running();
            assert!([&old, &new].contains(&&running), "{}: {running}", moment.name);
            assert!(
                running == new || moment.name != "the client has its reply",
                "what was acknowledged is lost"
            );
            // What netconfd left behind must not change the router any more.
            until("nothing of the old one runs", || !anybody_runs("frr-reload"));
            if running == new { &after } else { &before }.is_now(moment.name);
        }
        router.commit(&small());
        before.is_now("after all that");
    });
}
