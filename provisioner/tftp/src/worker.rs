//! The loop that moves packets between sockets and transfers. One thread runs it; several share the listeners.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout};
use nix::sys::eventfd::{EfdFlags, EventFd};

use crate::admission::{Admission, Entry};
use crate::events::{Event, EventKind, EventSink, FailReason, Refusal};
use crate::listener::{Listener, Received};
use crate::request::{Decision, decide};
use crate::session::{Parts, Session, State, connect, state_of};
use crate::slots::{Key, Slots};
use crate::spin::{PATIENCE, Spin};
use crate::timers::Timers;
use crate::transfer::Transfer;
use crate::{Files, Limits};

/// What epoll carries for the stop signal; listeners have their index, sessions a number from 2^32 on.
const STOP: u64 = u32::MAX as u64;

/// Requests or packets that one turn of the loop takes from one socket.
const TURN: usize = 64;

/// What all workers share.
pub(crate) struct Shared {
    pub(crate) files: Arc<dyn Files>,
    pub(crate) limits: Limits,
    pub(crate) listeners: Vec<Listener>,
    pub(crate) admission: Arc<Admission>,
    pub(crate) events: EventSink,
    pub(crate) refused: AtomicU64,
    /// Written once, when the server stops, and never read: every worker's epoll sees it.
    pub(crate) stop: EventFd,
    /// When sessions are cut after the stop.
    pub(crate) stop_at: Mutex<Option<Instant>>,
}

impl Shared {
    pub(crate) fn stop_signal() -> io::Result<EventFd> {
        Ok(EventFd::from_flags(EfdFlags::EFD_CLOEXEC | EfdFlags::EFD_NONBLOCK)?)
    }

    fn stop_at(&self) -> Option<Instant> {
        *self.stop_at.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One worker's own state.
pub(crate) struct Worker {
    shared: Arc<Shared>,
    epoll: Epoll,
    sessions: Slots<Session>,
    timers: Timers<Key>,
    spin: Spin,
    buffer: Vec<u8>,
}

impl Worker {
    pub(crate) fn new(shared: Arc<Shared>) -> io::Result<Self> {
        let epoll = Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC)?;
        epoll.add(&shared.stop, EpollEvent::new(EpollFlags::EPOLLIN, STOP))?;
        for (index, listener) in (0..).zip(&shared.listeners) {
            // Exclusive: one request wakes one worker.
            let flags = EpollFlags::EPOLLIN | EpollFlags::EPOLLEXCLUSIVE;
            epoll.add(listener, EpollEvent::new(flags, index))?;
        }
        Ok(Self {
            shared,
            epoll,
            sessions: Slots::new(),
            timers: Timers::new(),
            spin: Spin::default(),
            buffer: vec![0; 2048],
        })
    }

    /// Serves until the server stops. An error is the end of this worker, not of the others.
    pub(crate) fn run(mut self) -> io::Result<()> {
        let mut ready = [EpollEvent::empty(); 256];
        let mut stop_at = None;
        loop {
            let timeout = timeout_until([self.timers.next(), stop_at], Instant::now());
            let count = match self.epoll.wait(&mut ready, timeout) {
                Ok(count) => count,
                Err(nix::errno::Errno::EINTR) => 0,
                Err(error) => return Err(error.into()),
            };
            for event in &ready[..count] {
                match (Key::from_bits(event.data()), usize::try_from(event.data())) {
                    (Some(key), _) => self.drive(key, event.events()),
                    (None, _) if event.data() == STOP => {
                        stop_at = self.shared.stop_at();
                        self.stop_listening()?;
                    }
                    (None, Ok(index)) => self.take_requests(index),
                    (None, Err(_)) => {}
                }
            }
            self.expire();
            if stop_at.is_some_and(|at| self.sessions.len() == 0 || at <= Instant::now()) {
                self.cut();
                return Ok(());
            }
        }
    }

    fn stop_listening(&self) -> io::Result<()> {
        self.epoll.delete(&self.shared.stop)?;
        for listener in &self.shared.listeners {
            self.epoll.delete(listener)?;
        }
        Ok(())
    }

    fn cut(&mut self) {
        let now = Instant::now();
        for session in self.sessions.drain() {
            session.say_stopped();
            session.end(&self.shared.events, State::Failed(FailReason::Stopped), now);
        }
    }

    fn take_requests(&mut self, index: usize) {
        let shared = Arc::clone(&self.shared);
        let Some(listener) = shared.listeners.get(index) else {
            return;
        };
        for _ in 0..TURN {
            match listener.receive(&mut self.buffer) {
                Ok(Some(received)) => self.take_request(&shared, received),
                Ok(None) => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                Err(error) => {
                    tracing::debug!(listener = %listener.address(), %error, "TFTP receive failed");
                    return;
                }
            }
        }
    }

    fn take_request(&mut self, shared: &Arc<Shared>, received: Received) {
        let Received { len, client, local } = received;
        let bytes = self.buffer.get(..len).unwrap_or_default();
        let tell = |name, kind| shared.events.emit(Event { client, name, kind });
        let refuse = |name, refusal| {
            shared.refused.fetch_add(1, Ordering::Relaxed);
            tell(name, EventKind::Refused(refusal));
        };
        match decide(bytes, client, &*shared.files, &shared.limits) {
            Decision::Ignore => {}
            Decision::Refuse { name, refusal, reply } => {
                // If it cannot be sent or is lost, the client asks again.
                let _ = connect(local, client).and_then(|socket| socket.send(&reply));
                refuse(name, refusal);
            }
            Decision::Serve { name, content, asked, agreed } => {
                let place = match shared.admission.enter(client) {
                    Entry::Place(place) => place,
                    Entry::Duplicate => return,
                    Entry::Full(refusal) => return refuse(name, refusal),
                };
                let socket = match connect(local, client) {
                    Ok(socket) => socket,
                    Err(error) => return refuse(name, Refusal::Socket(error.to_string())),
                };
                let now = Instant::now();
                let size = content.len() as u64;
                tell(Arc::clone(&name), EventKind::Started { size, asked });
                let (transfer, first) = Transfer::start(size, &agreed, &shared.limits);
                let parts = Parts {
                    socket,
                    place,
                    client,
                    name,
                    content,
                    transfer,
                    blksize: agreed.blksize,
                    windowsize: agreed.windowsize,
                    oack: agreed.oack,
                    end: now + shared.limits.deadline,
                };
                self.open(Session::new(parts, now), first, now);
            }
        }
    }

    fn open(&mut self, mut session: Session, first: crate::transfer::Burst, now: Instant) {
        let state = session.send(first, now);
        let look = session.next_look(now);
        let blocked = session.blocked();
        let key = self.sessions.insert(session);
        self.timers.book(look, key);
        let added = match self.sessions.get_mut(key) {
            Some(session) => {
                self.epoll.add(&session.socket, EpollEvent::new(interest(blocked), key.to_bits()))
            }
            None => Ok(()),
        };
        match added {
            Ok(()) => self.end_if(key, state, now),
            Err(error) => {
                self.end_if(key, State::Failed(FailReason::Socket(error.to_string())), now);
            }
        }
    }

    /// Moves a session whose socket is ready.
    fn drive(&mut self, key: Key, ready: EpollFlags) {
        let now = Instant::now();
        if ready.contains(EpollFlags::EPOLLOUT) {
            let Some(session) = self.sessions.get_mut(key) else {
                return;
            };
            let state = session.writable();
            self.settle(key, state, true, now);
        }
        if ready.intersects(EpollFlags::EPOLLIN | EpollFlags::EPOLLERR | EpollFlags::EPOLLHUP) {
            self.receive(key);
        }
    }

    fn receive(&mut self, key: Key) {
        let alone = self.sessions.len() == 1;
        let mut awake_until = None;
        for _ in 0..TURN {
            let Some(session) = self.sessions.get_mut(key) else {
                return;
            };
            let received = loop {
                let received = session.socket.recv(&mut self.buffer);
                match (&received, awake_until) {
                    (Err(error), Some(until))
                        if error.kind() == io::ErrorKind::WouldBlock && Instant::now() < until =>
                    {
                        // The client may need this very processor to answer.
                        std::thread::yield_now();
                    }
                    _ => break received,
                }
            };
            let now = Instant::now();
            let was_blocked = session.blocked();
            let state = match received {
                Ok(len) => {
                    self.spin.answered(now.duration_since(session.sent_at));
                    let state = session.packet(self.buffer.get(..len).unwrap_or_default(), now);
                    session.report(&self.shared.events, self.shared.limits.progress_every, now);
                    state
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                Err(error) => state_of(Err(error)),
            };
            self.settle(key, state, was_blocked, now);
            if !(alone && self.spin.worthwhile()) {
                return;
            }
            awake_until = Some(now + PATIENCE);
        }
    }

    /// Watches for room in the socket as long as it is needed, and ends the session if it is over.
    fn settle(&mut self, key: Key, state: State, was_blocked: bool, now: Instant) {
        if let Some(session) = self.sessions.get_mut(key)
            && session.blocked() != was_blocked
        {
            let mut event = EpollEvent::new(interest(session.blocked()), key.to_bits());
            if let Err(error) = self.epoll.modify(&session.socket, &mut event) {
                return self.end_if(key, State::Failed(FailReason::Socket(error.to_string())), now);
            }
        }
        self.end_if(key, state, now);
    }

    fn end_if(&mut self, key: Key, state: State, now: Instant) {
        if state != State::Open
            && let Some(session) = self.sessions.remove(key)
        {
            session.end(&self.shared.events, state, now);
        }
    }

    /// Handles the timeouts that have come. Each session is booked once, and booked again from here.
    fn expire(&mut self) {
        let now = Instant::now();
        while let Some((_, key)) = self.timers.pop(now) {
            let Some(session) = self.sessions.get_mut(key) else {
                continue;
            };
            let was_blocked = session.blocked();
            let state = if session.deadline() <= now { session.timed_out(now) } else { State::Open };
            let look = session.next_look(now);
            self.settle(key, state, was_blocked, now);
            self.timers.book(look, key);
        }
    }
}

fn interest(blocked: bool) -> EpollFlags {
    if blocked { EpollFlags::EPOLLIN | EpollFlags::EPOLLOUT } else { EpollFlags::EPOLLIN }
}

/// The wait until the earliest of some times, rounded up to milliseconds, at most a minute.
fn timeout_until(times: [Option<Instant>; 2], now: Instant) -> EpollTimeout {
    let Some(earliest) = times.into_iter().flatten().min() else {
        return EpollTimeout::NONE;
    };
    let wait = earliest.saturating_duration_since(now);
    if wait.is_zero() {
        return EpollTimeout::ZERO;
    }
    let millis = wait.min(Duration::from_mins(1)).as_millis() + 1;
    u16::try_from(millis).map_or(EpollTimeout::ZERO, EpollTimeout::from)
}
