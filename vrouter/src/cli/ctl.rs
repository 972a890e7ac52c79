//! `vrouterd ctl`: the control service for people and scripts.

use std::fmt::Write as _;
use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use clap::{Args, Subcommand, ValueEnum};
use daybreak_control::v1::{self, control_client::ControlClient};
use daybreak_control::{DEFAULT_SOCKET, connect};
use serde_json::{Value, json};
use tonic::Streaming;
use tonic::transport::Channel;

use super::table::{columns, print};
use crate::packet::MacAddr;

/// The longest that an answer may take to begin.
const DEADLINE: Duration = Duration::from_secs(30);

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The control socket.
    #[arg(long, global = true, default_value = DEFAULT_SOCKET)]
    socket: PathBuf,
    /// How to print.
    #[arg(short, long, global = true, value_enum, default_value_t = Form::Text)]
    output: Form,
    #[command(subcommand)]
    question: Question,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Form {
    Text,
    Json,
}

#[derive(Debug, Subcommand)]
enum Question {
    /// Versions, start, commits.
    Info,
    /// Ports with their devices and links.
    Ports,
    /// Every route.
    Routes,
    /// The route that a packet to an address takes.
    Lookup {
        /// IPv4 or IPv6.
        address: IpAddr,
    },
    /// Hardware addresses of neighbours.
    Neighbours,
    /// Every counter.
    Statistics,
}

pub(super) fn run(arguments: &Arguments) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let answer = async {
            let client = connect(&arguments.socket).await?;
            ask(client, arguments).await
        };
        answer.await
    })
}

async fn ask(mut client: ControlClient<Channel>, arguments: &Arguments) -> Result<()> {
    let json = arguments.output == Form::Json;
    let text = match &arguments.question {
        Question::Info => {
            let info = timed(client.get_info(v1::GetInfoRequest {})).await?;
            if json { pretty(&info_json(&info)) } else { info_text(&info) }
        }
        Question::Ports => {
            let ports = timed(client.list_ports(v1::ListPortsRequest {})).await?.ports;
            if json { list(ports.iter().map(port_json)) } else { ports_text(&ports) }
        }
        Question::Routes => {
            let stream = timed(client.list_routes(v1::ListRoutesRequest::default())).await?;
            return each(stream, json, &["PREFIX", "SOURCE", "TO"], route_json, route_row).await;
        }
        Question::Lookup { address } => {
            let request = v1::LookupRouteRequest { address: address.to_string() };
            match timed(client.lookup_route(request)).await?.route {
                None if json => pretty(&Value::Null),
                None => bail!("no route covers {address}"),
                Some(route) if json => pretty(&route_json(&route)),
                Some(route) => columns(&["PREFIX", "SOURCE", "TO"], &[route_row(&route)]),
            }
        }
        Question::Neighbours => {
            let stream = timed(client.list_neighbours(v1::ListNeighboursRequest {})).await?;
            return each(stream, json, &["ADDRESS", "PORT", "MAC"], neighbour_json, neighbour_row).await;
        }
        Question::Statistics => {
            let statistics = timed(client.get_statistics(v1::GetStatisticsRequest {})).await?;
            if json { pretty(&statistics_json(&statistics)) } else { statistics_text(&statistics) }
        }
    };
    print(&text)
}

async fn timed<T>(call: impl Future<Output = Result<tonic::Response<T>, tonic::Status>>) -> Result<T> {
    let answer = tokio::time::timeout(DEADLINE, call).await.context("vrouterd did not answer in 30 s")?;
    answer.map(tonic::Response::into_inner).map_err(|status| anyhow::anyhow!("{}", status.message()))
}

/// Prints a stream as it comes: a full table does not fit in memory twice. JSON is one object per line.
async fn each<T>(
    mut stream: Streaming<T>,
    json: bool,
    header: &[&str],
    to_json: fn(&T) -> Value,
    to_row: fn(&T) -> Vec<String>,
) -> Result<()> {
    const ROWS: usize = 1000;
    let mut rows = Vec::new();
    let mut first = true;
    while let Some(item) = stream.message().await.map_err(|status| anyhow::anyhow!("{}", status.message()))? {
        if json {
            print(&format!("{}\n", to_json(&item)))?;
            continue;
        }
        rows.push(to_row(&item));
        if rows.len() == ROWS {
            print(&columns(if first { header } else { &[] }, &rows))?;
            (first, rows) = (false, Vec::new());
        }
    }
    if json || (rows.is_empty() && !first) { Ok(()) } else { print(&columns(header, &rows)) }
}

fn pretty(value: &Value) -> String {
    format!("{value:#}\n")
}

fn list(items: impl Iterator<Item = Value>) -> String {
    pretty(&Value::Array(items.collect()))
}

fn mac(bytes: &[u8]) -> String {
    bytes.try_into().map(|mac| MacAddr(mac).to_string()).unwrap_or_default()
}

fn info_json(info: &v1::Info) -> Value {
    json!({"version": info.version, "dpdk": info.dpdk, "started": info.started, "generation": info.generation})
}

fn info_text(info: &v1::Info) -> String {
    format!(
        "version     {}\ndpdk        {}\nstarted     {} (seconds since 1970)\ngeneration  {}\n",
        info.version, info.dpdk, info.started, info.generation
    )
}

fn port_json(port: &v1::Port) -> Value {
    let config = port.config.clone().unwrap_or_default();
    json!({
        "name": config.name, "device": config.device, "enabled": config.enabled, "mtu": config.mtu,
        "driver": port.driver, "mac": mac(&port.mac), "ifindex": port.ifindex, "link_up": port.link_up,
        "speed_mbps": port.speed_mbps,
    })
}

fn ports_text(ports: &[v1::Port]) -> String {
    let row = |port: &v1::Port| {
        let config = port.config.clone().unwrap_or_default();
        let state = match (config.enabled, port.link_up) {
            (false, _) => "disabled",
            (true, true) => "up",
            (true, false) => "down",
        };
        vec![
            config.name,
            config.device,
            port.driver.clone(),
            mac(&port.mac),
            config.mtu.to_string(),
            state.to_owned(),
            port.ifindex.to_string(),
        ]
    };
    let rows: Vec<_> = ports.iter().map(row).collect();
    columns(&["NAME", "DEVICE", "DRIVER", "MAC", "MTU", "STATE", "IFINDEX"], &rows)
}

fn action(route: &v1::Route) -> &'static str {
    match route.action() {
        v1::Action::Unspecified => "",
        v1::Action::Forward => "forward",
        v1::Action::Punt => "punt",
        v1::Action::Drop => "drop",
    }
}

fn route_json(route: &v1::Route) -> Value {
    let next_hops: Vec<_> = route
        .next_hops
        .iter()
        .map(|hop| json!({"address": hop.address, "port": hop.port, "weight": hop.weight}))
        .collect();
    json!({"prefix": route.prefix, "action": action(route), "source": route.source, "next_hops": next_hops})
}

fn route_row(route: &v1::Route) -> Vec<String> {
    let hop = |hop: &v1::NextHop| match hop.address.as_str() {
        "" => hop.port.clone(),
        address => format!("{address} {}", hop.port),
    };
    let hops: Vec<_> = route.next_hops.iter().map(hop).collect();
    let to = if hops.is_empty() { action(route).to_owned() } else { hops.join(", ") };
    vec![route.prefix.clone(), route.source.clone(), to]
}

fn neighbour_json(neighbour: &v1::Neighbour) -> Value {
    json!({"address": neighbour.address, "port": neighbour.port, "mac": mac(&neighbour.mac)})
}

fn neighbour_row(neighbour: &v1::Neighbour) -> Vec<String> {
    vec![neighbour.address.clone(), neighbour.port.clone(), mac(&neighbour.mac)]
}

fn statistics_json(all: &v1::Statistics) -> Value {
    let ports: Vec<_> = all.ports.iter().map(|port| json!({
        "port": port.port, "rx_packets": port.rx_packets, "rx_bytes": port.rx_bytes,
        "tx_packets": port.tx_packets, "tx_bytes": port.tx_bytes, "rx_missed": port.rx_missed,
        "rx_errors": port.rx_errors, "rx_no_buffer": port.rx_no_buffer, "tx_errors": port.tx_errors,
        "punted_packets": port.punted_packets, "injected_packets": port.injected_packets, "link_up": port.link_up,
    })).collect();
    let nodes: Vec<_> = all
        .nodes
        .iter()
        .map(|node| {
            json!({
                "node": node.node, "calls": node.calls, "packets": node.packets, "cycles": node.cycles,
            })
        })
        .collect();
    let drops: serde_json::Map<_, _> =
        all.drops.iter().map(|drop| (drop.reason.clone(), drop.packets.into())).collect();
    let worker = all.worker.unwrap_or_default();
    let tables = all.tables.unwrap_or_default();
    let fpm = all.fpm.unwrap_or_default();
    json!({
        "time": all.time, "started": all.started, "ports": ports, "nodes": nodes, "drops": drops,
        "worker": {"busy_ns": worker.busy_ns, "poll_ns": worker.poll_ns, "rest_ns": worker.rest_ns},
        "tables": {
            "ipv4_routes": tables.ipv4_routes, "ipv6_routes": tables.ipv6_routes, "next_hops": tables.next_hops,
            "neighbours": tables.neighbours, "buffers": tables.buffers, "buffers_used": tables.buffers_used,
            "audit_missing": tables.audit_missing, "audit_stale": tables.audit_stale,
        },
        "fpm": {
            "connected": fpm.connected, "connections": fpm.connections, "messages": fpm.messages, "errors": fpm.errors,
        },
    })
}

fn statistics_text(all: &v1::Statistics) -> String {
    let rows: Vec<_> = all
        .ports
        .iter()
        .map(|port| {
            let numbers = [
                port.rx_packets,
                port.rx_bytes,
                port.tx_packets,
                port.tx_bytes,
                port.punted_packets,
                port.injected_packets,
                port.rx_missed,
                port.rx_errors + port.rx_no_buffer,
                port.tx_errors,
            ];
            std::iter::once(port.port.clone()).chain(numbers.map(|number| number.to_string())).collect()
        })
        .collect();
    let header = [
        "PORT",
        "RX",
        "RX-BYTES",
        "TX",
        "TX-BYTES",
        "PUNTED",
        "INJECTED",
        "RX-MISSED",
        "RX-ERRORS",
        "TX-ERRORS",
    ];
    let mut text = columns(&header, &rows);
    let rows: Vec<_> = all
        .nodes
        .iter()
        .map(|node| {
            let each =
                |by: u64, what: u64| what.checked_div(by).map_or_else(String::new, |each| each.to_string());
            vec![
                node.node.clone(),
                node.calls.to_string(),
                node.packets.to_string(),
                each(node.packets, node.cycles),
                each(node.calls, node.packets),
            ]
        })
        .collect();
    let _ =
        write!(text, "\n{}", columns(&["NODE", "CALLS", "PACKETS", "CYCLES/PACKET", "PACKETS/CALL"], &rows));
    let dropped = all.drops.iter().filter(|drop| drop.packets > 0);
    let rows: Vec<_> = dropped.map(|drop| vec![drop.reason.clone(), drop.packets.to_string()]).collect();
    let _ = write!(text, "\n{}", columns(&["DROPPED", "PACKETS"], &rows));
    let worker = all.worker.unwrap_or_default();
    let whole = (worker.busy_ns + worker.poll_ns + worker.rest_ns).max(1);
    let share = |part: u64| u128::from(part) * 100 / u128::from(whole);
    let _ = writeln!(
        text,
        "\nthread  busy {} %, looking in vain {} %, at rest {} %",
        share(worker.busy_ns),
        share(worker.poll_ns),
        share(worker.rest_ns)
    );
    let tables = all.tables.unwrap_or_default();
    let _ = writeln!(
        text,
        "tables  {} IPv4 routes, {} IPv6 routes, {} next hops, {} neighbours, {} of {} buffers; audit: {} missing, {} stale",
        tables.ipv4_routes,
        tables.ipv6_routes,
        tables.next_hops,
        tables.neighbours,
        tables.buffers_used,
        tables.buffers,
        tables.audit_missing,
        tables.audit_stale
    );
    let fpm = all.fpm.unwrap_or_default();
    let state = if fpm.connected { "connected" } else { "not connected" };
    let _ = writeln!(
        text,
        "FPM     {state}, {} connections, {} messages, {} errors",
        fpm.connections, fpm.messages, fpm.errors
    );
    text
}
