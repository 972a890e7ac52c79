//! `netconfd`: the engine behind transports.
//!
//! [`run`] opens the engine, listens, and serves until it is told to stop. [`config`] is what it is told.

mod clock;
pub mod config;
mod door;
mod host;
mod sessions;
mod view;

use std::path::PathBuf;
use std::sync::Arc;

use daybreak_appliers::transaction::Appliers;
use daybreak_datastore::schema::{Schema, SchemaError};
use daybreak_datastore::store::Paths;
use daybreak_netconf::ssh::{HostKeyError, SshServer, load_host_keys};
use daybreak_netconf::unix;
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::engine::{Engine, OpenError, Settings};
use crate::login::Login;
use config::Config;
use door::Door;
use host::Netconf;

/// The server cannot start.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The modules are not what they should be.
    #[error("the YANG modules: {0}")]
    Yang(#[from] daybreak_yang::YangError),
    /// The modules do not fit.
    #[error("the YANG modules: {0}")]
    Schema(#[from] SchemaError),
    /// The datastores cannot be opened.
    #[error(transparent)]
    Engine(#[from] OpenError),
    /// There is no key to be known by.
    #[error(transparent)]
    HostKey(#[from] HostKeyError),
    /// Somebody else listens there, or the address is not ours.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// Where.
        address: String,
        /// Why.
        source: std::io::Error,
    },
    /// The kernel does not tell boots apart.
    #[error("cannot read {path}: {source}")]
    BootId {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
}

/// Serves until `stop`. `ready` is called with the addresses once the router is what running says, as far as that goes;
/// each time that `again` is told, the router is brought to that once more.
///
/// # Errors
/// [`ServeError`] when it cannot start.
pub async fn run(
    config: Config,
    ready: impl FnOnce(&[std::net::SocketAddr]),
    again: Arc<Notify>,
    stop: CancellationToken,
) -> Result<(), ServeError> {
    let keys = load_host_keys(&config.host_keys)?;
    let schema = Arc::new(Schema::new(daybreak_yang::context()?)?);
    let settings = Settings {
        paths: Paths {
            state: config.state_dir.clone(),
            startup_xml: config.startup_dir.join("startup.xml"),
            startup_json: config.startup_dir.join("startup.json"),
        },
        past: config.startup_dir.join("commits"),
        boot_id: clock::boot_id()?,
        appliers: appliers(&config),
        clock: clock::since_boot,
    };
    let mut listeners = Vec::new();
    for address in &config.listen {
        let failed = |source| ServeError::Listen { address: address.to_string(), source };
        listeners.push(TcpListener::bind(address).await.map_err(failed)?);
    }
    // Bringing the router to running takes its time, and whoever stops the server then need not wait for it: the next start
    // does it again from the beginning, as after a crash.
    let Some(engine) = stop.run_until_cancelled(Engine::open(schema, settings)).await else { return Ok(()) };
    let engine = engine?;
    let tasks = TaskTracker::new();
    // Ends the tasks however this function ends.
    let stop = stop.child_token();
    let _guard = stop.clone().drop_guard();
    tasks.spawn(Arc::clone(&engine).run_confirm_timer(stop.clone()));
    tasks.spawn(Arc::clone(&engine).run_compaction(stop.clone()));
    tasks.spawn(Arc::clone(&engine).run_history(stop.clone()));
    tasks.spawn(Arc::clone(&engine).run_repairs(stop.clone()));
    tasks.spawn({
        let (engine, stop) = (Arc::clone(&engine), stop.clone());
        async move {
            while stop.run_until_cancelled(again.notified()).await.is_some() {
                engine.look_again();
            }
        }
    });
    let host = Arc::new(Netconf::new(engine, &config));
    if let Some(path) = &config.socket {
        let failed = |source| ServeError::Listen { address: path.display().to_string(), source };
        // Anybody may connect: the kernel says who it is, and access control what that one may do.
        let listener = unix::listen(path, 0o666).map_err(failed)?;
        let name = |uid| Login::with_uid(uid).map(|login| login.name);
        tasks.spawn(unix::run(listener, Arc::clone(&host), config.limits.sessions, name, stop.clone()));
    }
    let door = Door { permit_root: config.permit_root, keys: config.authorized_keys.clone() };
    let server = Arc::new(SshServer::new(keys, config.limits.ssh(), door, host));
    let addresses: Vec<_> = listeners.iter().filter_map(|listener| listener.local_addr().ok()).collect();
    for listener in listeners {
        let (server, stop) = (Arc::clone(&server), stop.clone());
        tasks.spawn(async move { server.run(listener, stop).await });
    }
    tasks.close();
    ready(&addresses);
    stop.cancelled().await;
    tasks.wait().await;
    Ok(())
}

fn appliers(config: &Config) -> Appliers {
    let settings = daybreak_appliers::Settings::default();
    config.choose(settings)
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    #[tokio::test]
    async fn a_server_that_is_stopped_while_it_starts_is_never_ready() {
        let folder = tempfile::tempdir().unwrap();
        let key = folder.path().join("key");
        let made =
            Command::new("ssh-keygen").args(["-q", "-t", "ed25519", "-N", "", "-f"]).arg(&key).status();
        assert!(made.unwrap().success());
        let config = Config {
            listen: vec![std::net::SocketAddr::from(([127, 0, 0, 1], 0))],
            socket: None,
            state_dir: folder.path().join("state"),
            startup_dir: folder.path().to_owned(),
            host_keys: vec![key],
            appliers: Vec::new(),
            ..Config::default()
        };
        let stop = CancellationToken::new();
        stop.cancel();
        let mut is_ready = false;
        run(config, |_| is_ready = true, Arc::default(), stop).await.unwrap();
        assert!(!is_ready);
    }
}
