//! The scripts that GRUB asks for by TFTP: one for each request, as iPXE gets one for each by HTTP.
//!
//! A script takes the store and so some time, and the TFTP server's threads wait for nothing. So the first request has it
//! made and is not answered; GRUB asks again after 0.4 s, from the same port, and gets it. A request from another port is a
//! new one: a repetition never ends the token of a script that is on its way.

use super::{Files, Service};
use crate::boot::{GRUB_SCRIPT, Loader};
use bytes::Bytes;
use daybreak_tftp::Lookup;
use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::runtime::Handle;

/// How long a script is kept for the request that it was made for. GRUB gives up after 40 tries, most of which come within.
const KEPT: Duration = Duration::from_secs(30);
/// Most scripts at once; who comes then asks again.
const MOST: usize = 1024;

/// What TFTP serves: the files, and a script for each machine that asks for it.
pub(super) struct GrubFiles {
    service: Arc<Service>,
    files: Arc<Files>,
    runtime: Handle,
    scripts: Arc<Scripts>,
}

/// By the port that asked: since when, and the script when it is made.
#[derive(Default)]
struct Scripts(Mutex<HashMap<SocketAddr, (Instant, Option<Bytes>)>>);

impl GrubFiles {
    /// Makes scripts on the runtime that this is called on.
    pub(super) fn new(service: Arc<Service>, files: Arc<Files>) -> Self {
        Self { service, files, runtime: Handle::current(), scripts: Arc::default() }
    }

    fn script(&self, client: SocketAddr, now: Instant) -> Lookup {
        let mut scripts = self.scripts.lock();
        scripts.retain(|_, (since, _)| now.duration_since(*since) < KEPT);
        if let Some((_, script)) = scripts.get(&client) {
            return script.clone().map_or(Lookup::Pending, Lookup::Found);
        }
        if scripts.len() < MOST {
            scripts.insert(client, (now, None));
            self.runtime.spawn(make(Arc::clone(&self.service), Arc::clone(&self.scripts), client));
        }
        Lookup::Pending
    }
}

async fn make(service: Arc<Service>, scripts: Arc<Scripts>, client: SocketAddr) {
    let script = service.boot_script(Loader::Grub, client.ip()).await;
    let mut scripts = scripts.lock();
    match script {
        Ok(script) => {
            if let Some((_, made)) = scripts.get_mut(&client) {
                *made = Some(script.into());
            }
        }
        Err(error) => {
            tracing::error!(%client, error = crate::chain(&error), "no boot script");
            scripts.remove(&client);
        }
    }
}

impl Scripts {
    /// An entry is whole after every statement, so a panic elsewhere leaves nothing to repair.
    fn lock(&self) -> MutexGuard<'_, HashMap<SocketAddr, (Instant, Option<Bytes>)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl daybreak_tftp::Files for GrubFiles {
    fn lookup(&self, name: &str, client: SocketAddr) -> Lookup {
        if name == GRUB_SCRIPT && self.service.site.has_secure_boot().is_ok() {
            self.script(client, Instant::now())
        } else {
            self.files.lookup(name, client)
        }
    }
}

#[cfg(test)]
mod tests;
