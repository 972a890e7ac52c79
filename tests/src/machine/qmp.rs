//! A small client of QEMU's machine protocol (QMP): one command at a time, events kept for those who wait.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::process::Child;
use std::time::Duration;

use serde_json::{Value, json};

use crate::error::{LabError, Result};
use crate::patience::Patience;

/// Events kept for later; older ones are dropped.
const EVENTS_KEPT: usize = 256;

/// One wait for a line, before the deadline is looked at again.
const SLICE: Duration = Duration::from_millis(500);

/// The socket that QEMU will connect to. Listening before QEMU starts means that nobody has to wait for a file.
pub(crate) struct QmpListener(UnixListener);

impl QmpListener {
    /// Listens at `path`, which must not exist yet (at most 107 bytes, as for every UNIX socket).
    pub(crate) fn bind(path: &Path) -> Result<Self> {
        UnixListener::bind(path)
            .and_then(|listener| listener.set_nonblocking(true).map(|()| Self(listener)))
            .map_err(|source| LabError::File { doing: "listen at", path: path.into(), source })
    }

    /// Waits for `qemu` to connect, and shakes hands.
    pub(crate) fn accept(self, qemu: &mut Child, mut patience: Patience) -> Result<Qmp> {
        let refused = |reason: String| LabError::Qmp { command: "connect".to_owned(), reason };
        loop {
            match self.0.accept() {
                Ok((stream, _)) => return Qmp::new(stream),
                Err(e) if e.kind() == std::io::ErrorKind::WouldBlock => {}
                Err(e) => return Err(refused(e.to_string())),
            }
            if let Ok(Some(status)) = qemu.try_wait() {
                return Err(refused(format!("QEMU ended before it connected ({status})")));
            }
            let Some(wait) = patience.next_wait(Duration::from_millis(20)) else {
                return Err(refused(format!("QEMU did not connect within {:.0?}", patience.waited())));
            };
            std::thread::park_timeout(wait);
        }
    }
}

/// A connection to a machine's monitor.
pub struct Qmp {
    reader: BufReader<UnixStream>,
    writer: UnixStream,
    /// A line whose end has not come yet.
    partial: String,
    events: VecDeque<Value>,
}

impl Qmp {
    fn new(stream: UnixStream) -> Result<Self> {
        let failed =
            |e: std::io::Error| LabError::Qmp { command: "connect".to_owned(), reason: e.to_string() };
        stream.set_nonblocking(false).map_err(failed)?;
        stream.set_read_timeout(Some(SLICE)).map_err(failed)?;
        let writer = stream.try_clone().map_err(failed)?;
        let mut qmp =
            Self { reader: BufReader::new(stream), writer, partial: String::new(), events: VecDeque::new() };
        let mut patience = Patience::secs(30);
        let greeting = qmp.next("greeting", &mut patience)?;
        if greeting.get("QMP").is_none() {
            return Err(LabError::Qmp {
                command: "connect".to_owned(),
                reason: format!("odd greeting {greeting}"),
            });
        }
        qmp.execute("qmp_capabilities", &json!({}))?;
        Ok(qmp)
    }

    /// Runs a command; gives its `return` value.
    ///
    /// # Errors
    /// When the monitor refuses it or is gone.
    pub fn execute(&mut self, command: &str, arguments: &Value) -> Result<Value> {
        let line = json!({"execute": command, "arguments": arguments}).to_string() + "\n";
        let failed = |reason: String| LabError::Qmp { command: command.to_owned(), reason };
        self.writer.write_all(line.as_bytes()).map_err(|e| failed(e.to_string()))?;
        let mut patience = Patience::secs(30);
        loop {
            let mut answer = self.next(command, &mut patience)?;
            if answer.get("event").is_some() {
                self.keep(answer);
            } else if let Some(error) = answer.get("error") {
                return Err(failed(error.to_string()));
            } else {
                return Ok(answer.get_mut("return").map(Value::take).unwrap_or_default());
            }
        }
    }

    /// Waits for an event by name, also among those that came earlier and nobody asked for; gives its `data`.
    ///
    /// # Errors
    /// When it does not come in time or the monitor is gone.
    pub fn wait_event(&mut self, name: &str, mut patience: Patience) -> Result<Value> {
        loop {
            if let Some(at) = self.events.iter().position(|e| e["event"] == name) {
                return Ok(self.events.remove(at).map(|mut e| e["data"].take()).unwrap_or_default());
            }
            let message = self.next(name, &mut patience)?;
            self.keep(message);
        }
    }

    /// Forgets the events that came so far.
    pub fn forget_events(&mut self) {
        self.events.clear();
    }

    fn keep(&mut self, event: Value) {
        if self.events.len() == EVENTS_KEPT {
            self.events.pop_front();
        }
        self.events.push_back(event);
    }

    fn next(&mut self, awaited: &str, patience: &mut Patience) -> Result<Value> {
        let failed = |reason: String| LabError::Qmp { command: awaited.to_owned(), reason };
        loop {
            match self.reader.read_line(&mut self.partial) {
                Ok(0) => return Err(failed("the monitor closed the connection".to_owned())),
                Ok(_) if self.partial.ends_with('\n') => {
                    let line = std::mem::take(&mut self.partial);
                    return serde_json::from_str(&line).map_err(|e| failed(format!("{e} in {line:?}")));
                }
                Ok(_) => {}
                Err(e) if e.kind() == std::io::ErrorKind::WouldBlock => {}
                Err(e) => return Err(failed(e.to_string())),
            }
            if patience.next_wait(SLICE).is_none() {
                return Err(failed(format!("no answer within {:.0?}", patience.waited())));
            }
        }
    }
}
