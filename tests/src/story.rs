//! From a fresh appliance to a router that routes and reports, as an operator does it. The demo tells it, a test asserts it.

use std::process::Command;

use serde_json::{Value, json};

use crate::ansible::{Ansible, Recap};
use crate::error::{LabError, Result};
use crate::lab::Lab;
use crate::patience::Patience;
use crate::routed::{
    ANNOUNCED, DATABASE, PEER, PEER_AS, PEER6, Pings, ROUTER_AS, ROUTER_WEST, Routed, TARGET,
};
use crate::ssh::Login;

/// Seconds between two readings of the data plane while the story is told.
const PERIOD: u32 = 1;

/// What the appliance is asked when a step fails.
const QUESTIONS: [&str; 7] = [
    "ip -brief address",
    "ip neighbour",
    "sudo vrouterd ctl ports",
    "sudo vrouterd ctl routes",
    "sudo vrouterd ctl statistics",
    "sudo vtysh -c 'show bgp summary' -c 'show ip route' -c 'show bgp ipv4 unicast'",
    "sudo journalctl --boot --no-pager --lines 200 -u vrouterd-bind -u vrouterd -u netconfd -u frr -u systemd-networkd",
];

/// One router's story.
pub struct Story<'a> {
    /// The lab with the provisioner.
    pub lab: &'a Lab,
    /// What stands around the router.
    pub routed: &'a Routed,
    /// Name of the node.
    pub node: &'a str,
    /// How to log in to it.
    pub login: &'a Login,
    /// Ansible with the collection.
    pub ansible: &'a Ansible,
}

impl Story<'_> {
    /// The variables of the playbook: two ports, one neighbour, one database.
    pub fn variables(&self) -> Value {
        self.variables_with(PERIOD)
    }

    /// The same with the data plane read every `period` seconds.
    pub fn variables_with(&self, period: u32) -> Value {
        json!({
            "router_interfaces": [
                {"name": "p0", "description": "to the peer", "ipv4": ["10.1.0.1/24"], "ipv6": ["2001:db8:1::1/64"]},
                {"name": "p1", "description": "to the host", "ipv4": ["10.2.0.1/24"], "ipv6": ["2001:db8:2::1/64"]},
            ],
            "router_bgp": {
                "as": ROUTER_AS, "router_id": ROUTER_WEST, "redistribute": ["connected"],
                "neighbors": [{"address": PEER, "as": PEER_AS, "description": "peer"}],
            },
            "router_kpi": {"influxdb": {"url": self.routed.influx.url(), "database": DATABASE}, "period": period},
        })
    }

    /// Waits until the appliance greets on its NETCONF port.
    ///
    /// # Errors
    /// When it does not in time.
    pub fn wait_netconf(&self, patience: Patience) -> Result<()> {
        self.routed
            .peer
            .wait("a greeting on the NETCONF port", patience, || self.login.netconf_greets(self.lab.server()))
    }

    /// Prints what the router and those around it know of the way of a packet, after a step has failed.
    pub fn explain(&self) {
        let tell = |what: &str, told: Result<String>| {
            eprintln!("--- {what}:\n{}", told.unwrap_or_else(|error| error.to_string()));
        };
        for question in QUESTIONS {
            tell(question, self.login.run(self.lab.server(), question));
        }
        let peer = &self.routed.peer;
        tell("the peer's FRR", peer.vtysh(&["show bgp summary", "show ip route", "show bgp ipv4 unicast"]));
        for (name, place) in [("peer", &self.routed.peer_place), ("host", &self.routed.host_place)] {
            for question in ["address", "neighbour", "route"] {
                let mut command = Command::new("ip");
                command.args(["-brief", question]);
                tell(&format!("ip {question} of the {name}"), place.check(&command));
            }
        }
    }

    /// Runs the playbook once; an error has what Ansible printed.
    ///
    /// # Errors
    /// When a task fails.
    pub fn configure(&self) -> Result<Recap> {
        self.configure_as(&self.variables())
    }

    /// Runs the playbook once with other variables.
    ///
    /// # Errors
    /// When a task fails.
    pub fn configure_as(&self, variables: &Value) -> Result<Recap> {
        let recap = self.ansible.run(self.lab, self.node, variables)?;
        if recap.failed > 0 {
            return Err(LabError::Answer { what: "the playbook".to_owned(), reason: recap.output });
        }
        Ok(recap)
    }

    /// Waits until the BGP session is up, the route is in the FIB and the host reaches what the peer announces.
    ///
    /// # Errors
    /// When one of them is not in time.
    pub fn wait_route(&self) -> Result<()> {
        self.routed.peer.wait_established(ROUTER_WEST, Patience::secs(180))?;
        self.wait_fib(ANNOUNCED, true, Patience::secs(60))?;
        self.routed.wait_path(TARGET, Patience::secs(120))
    }

    /// Sends `count` echo requests from the host to what the peer announces.
    ///
    /// # Errors
    /// When `ping` cannot run.
    pub fn traffic(&self, count: u32) -> Result<Pings> {
        self.routed.ping(TARGET, count)
    }

    /// Counts IPv6 too, over the connected subnets.
    ///
    /// # Errors
    /// When there is no path in time.
    pub fn traffic6(&self, count: u32) -> Result<Pings> {
        self.routed.wait_path(PEER6, Patience::secs(120))?;
        self.routed.ping(PEER6, count)
    }

    /// The last value of a counter of a port in the database, once there is one that is at least `at_least`.
    ///
    /// # Errors
    /// When there is none in time.
    pub fn wait_kpi(&self, port: &str, field: &str, at_least: u64, patience: Patience) -> Result<u64> {
        let query = format!("SELECT last(\"{field}\") FROM \"dataplane_port\" WHERE \"port\" = '{port}'");
        self.routed.peer.wait(&format!("{field} of {port} to be {at_least} in InfluxDB"), patience, || {
            let rows = self.routed.influx.rows(DATABASE, &query)?;
            let value = rows.first().and_then(|row| row.get(1)?.as_u64());
            Ok(value.filter(|value| *value >= at_least).ok_or_else(|| format!("{rows:?}")))
        })
    }

    /// What `vrouterd ctl statistics` says on the appliance.
    ///
    /// # Errors
    /// When it cannot be asked.
    pub fn statistics(&self) -> Result<Value> {
        self.control("statistics")
    }

    /// What `vrouterd ctl QUESTION -o json` says on the appliance.
    ///
    /// # Errors
    /// When it cannot be asked.
    pub fn control(&self, question: &str) -> Result<Value> {
        let text = self.login.run(self.lab.server(), &format!("sudo vrouterd ctl {question} -o json"))?;
        serde_json::from_str(&text).map_err(|e| LabError::Answer {
            what: format!("vrouterd ctl {question}"),
            reason: format!("{e}: {text}"),
        })
    }

    /// Waits until the FIB of the data plane has a prefix, or has it no longer.
    ///
    /// # Errors
    /// When it is not so in time.
    pub fn wait_fib(&self, prefix: &str, there: bool, patience: Patience) -> Result<()> {
        let awaited = format!("{prefix} to be {} the FIB", if there { "in" } else { "out of" });
        self.routed.peer.wait(&awaited, patience, || {
            let routes = self.login.run(self.lab.server(), "sudo vrouterd ctl routes")?;
            Ok((routes.contains(prefix) == there).then_some(()).ok_or(routes))
        })
    }
}
