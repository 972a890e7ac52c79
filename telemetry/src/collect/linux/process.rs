//! `/proc/PID/{stat,fd,oom_score_adj}`: the product's daemons (proc(5)).

use super::uptime::boot_time;
use crate::catalogue::PROCESS;
use crate::collect::CollectError;
use crate::collect::tree::{Machine, names, text_if_there};
use crate::point::Point;
use std::collections::HashMap;
use std::path::Path;

/// What the kernel keeps of a program's name: `TASK_COMM_LEN` without its end.
const NAME_BYTES: usize = 15;

/// What is summed over the processes of one name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Sum {
    running: u64,
    user: u64,
    system: u64,
    pages: u64,
    threads: u64,
    open_files: Option<u64>,
    youngest: u64,
    oom_score_adj: Option<i64>,
}

/// One point for each name of the configuration, also while no process bears it.
pub(in crate::collect) fn read(machine: &Machine) -> Result<Vec<Point>, CollectError> {
    if machine.processes.is_empty() {
        return Ok(Vec::new());
    }
    let mut sums: HashMap<&str, Sum> =
        machine.processes.iter().map(|name| (kept(name), Sum::default())).collect();
    for pid in names(&machine.proc)? {
        if !pid.bytes().all(|byte| byte.is_ascii_digit()) {
            continue;
        }
        let folder = machine.proc.join(&pid);
        // A process that has ended in this moment is no error.
        let Some(line) = text_if_there(&folder.join("stat")) else { continue };
        let Some((name, rest)) = split(&line) else {
            return Err(CollectError::parse(&folder.join("stat"), "name in parentheses", &line));
        };
        // A zombie has ended; only its parent has not asked for its fate yet.
        if rest.trim_start().starts_with('Z') {
            continue;
        }
        if let Some(sum) = sums.get_mut(name) {
            let process = one(rest, &folder)
                .ok_or_else(|| CollectError::parse(&folder.join("stat"), "figures of a process", &line))?;
            add(sum, &process);
        }
    }
    let boot = boot_time(machine)?;
    let point = |name: &String| {
        let sum = sums.get(kept(name)).cloned().unwrap_or_default();
        to_point(machine, name, &sum, boot)
    };
    Ok(machine.processes.iter().map(point).collect())
}

fn to_point(machine: &Machine, name: &str, sum: &Sum, boot: u64) -> Point {
    let point = Point::new(&PROCESS, [name]).with("running", sum.running);
    if sum.running == 0 {
        return point.with("resident", 0).with("threads", 0);
    }
    point
        .with("cpu_user", machine.microseconds(sum.user))
        .with("cpu_system", machine.microseconds(sum.system))
        .with("resident", sum.pages.saturating_mul(machine.page))
        .with("threads", sum.threads)
        .with_known("open_files", sum.open_files)
        .with("start_time", boot.saturating_add(sum.youngest / machine.ticks.max(1)))
        .with_signed("oom_score_adj", sum.oom_score_adj)
}

fn add(sum: &mut Sum, process: &Sum) {
    sum.running += process.running;
    sum.user = sum.user.saturating_add(process.user);
    sum.system = sum.system.saturating_add(process.system);
    sum.pages = sum.pages.saturating_add(process.pages);
    sum.threads = sum.threads.saturating_add(process.threads);
    sum.open_files = match (sum.open_files, process.open_files) {
        (Some(before), Some(more)) => Some(before.saturating_add(more)),
        (before, more) => before.or(more),
    };
    sum.youngest = sum.youngest.max(process.youngest);
    sum.oom_score_adj = sum.oom_score_adj.max(process.oom_score_adj);
}

/// The name as the kernel keeps it.
fn kept(name: &str) -> &str {
    let end = (0..=NAME_BYTES.min(name.len())).rev().find(|end| name.is_char_boundary(*end));
    &name[..end.unwrap_or(0)]
}

/// Name and rest of a line of `stat`. The name may hold parentheses and blanks, so the last `)` ends it.
fn split(line: &str) -> Option<(&str, &str)> {
    let start = line.find('(')? + 1;
    let end = line.rfind(')').filter(|end| *end >= start)?;
    Some((&line[start..end], &line[end + 1..]))
}

/// The figures of one process; fields are counted from `state`, which is the third of proc(5).
fn one(rest: &str, folder: &Path) -> Option<Sum> {
    let words: Vec<&str> = rest.split_ascii_whitespace().collect();
    let number = |field: usize| words.get(field - 3)?.parse::<u64>().ok();
    let adjust = text_if_there(&folder.join("oom_score_adj")).and_then(|text| text.trim().parse().ok());
    Some(Sum {
        running: 1,
        user: number(14)?,
        system: number(15)?,
        threads: number(20)?,
        youngest: number(22)?,
        pages: number(24)?,
        open_files: std::fs::read_dir(folder.join("fd")).ok().map(|files| files.count() as u64),
        oom_score_adj: adjust,
    })
}
