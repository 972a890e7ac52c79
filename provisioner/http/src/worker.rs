//! A thread with an event loop of its own.
//!
//! Connections do not move between threads and no thread wakes another, which on a busy machine costs more than the
//! transfers themselves; and a file that must be read from a slow disk first stops no handler of the router.

use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

use tokio::runtime::{Builder, Handle};
use tokio_util::task::TaskTracker;

/// A running worker.
#[derive(Debug)]
pub(crate) struct Worker {
    handle: Handle,
    load: Arc<AtomicUsize>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Worker {
    /// Starts a thread that runs until `tasks` is closed and empty.
    pub(crate) fn start(number: usize, tasks: TaskTracker) -> io::Result<Self> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let handle = runtime.handle().clone();
        let run = move || runtime.block_on(tasks.wait());
        let thread = thread::Builder::new().name(format!("http-{number}")).spawn(run)?;
        Ok(Self { handle, load: Arc::default(), thread: Mutex::new(Some(thread)) })
    }

    /// Runs `make` as if on this worker, so that what it registers is polled here.
    pub(crate) fn with<T>(&self, make: impl FnOnce() -> T) -> T {
        let _entered = self.handle.enter();
        make()
    }

    pub(crate) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        // Its end is awaited through the tracker.
        drop(self.handle.spawn(task));
    }

    /// Connections that this worker has.
    pub(crate) fn load(&self) -> usize {
        self.load.load(Ordering::Relaxed)
    }

    /// Counts one connection until it is dropped.
    pub(crate) fn burden(&self) -> Burden {
        self.load.fetch_add(1, Ordering::Relaxed);
        Burden(Arc::clone(&self.load))
    }

    /// Waits for the thread's end.
    pub(crate) fn join(&self) {
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if thread.is_some_and(|thread| thread.join().is_err()) {
            tracing::error!("an HTTP worker panicked");
        }
    }
}

/// One connection in a worker's count.
#[derive(Debug)]
pub(crate) struct Burden(Arc<AtomicUsize>);

impl Drop for Burden {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}
