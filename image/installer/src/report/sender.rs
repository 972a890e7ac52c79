//! Posting progress without ever holding up the installation.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use super::{Event, Observer};
use crate::http::{FetchError, HttpClient};

/// Progress is posted at most this often; the beginning and the end of a step always.
const INTERVAL: Duration = Duration::from_secs(1);
/// Reports that wait for a slow provisioner; more are left out.
const QUEUE: usize = 16;

/// Sends reports to the provisioner, progress from a thread of its own.
pub struct Reporter {
    client: HttpClient,
    url: String,
    queue: SyncSender<Event>,
    /// Nothing but the last report is worth a post any more.
    ended: Arc<AtomicBool>,
    thread: JoinHandle<()>,
    limit: RateLimit,
}

impl Reporter {
    /// Starts the thread; [`Reporter::finish`] ends it.
    pub fn start(client: HttpClient, url: String) -> Self {
        let (queue, events) = sync_channel(QUEUE);
        let ended = Arc::new(AtomicBool::new(false));
        let thread = thread::spawn({
            let (client, url, ended) = (client.clone(), url.clone(), Arc::clone(&ended));
            move || post_all(&client, &url, &events, &ended)
        });
        Self { client, url, queue, ended, thread, limit: RateLimit::default() }
    }

    /// Drops the progress in the queue, waits for the post that is under way, then posts the last report until it is
    /// acknowledged.
    ///
    /// # Errors
    /// When the provisioner did not acknowledge it in eight tries: a minute and a half of pauses, and up to 40 s for each try
    /// and for the post that was under way.
    pub fn finish(self, last: &Event) -> Result<(), FetchError> {
        self.ended.store(true, Ordering::Relaxed);
        drop(self.queue);
        // A panic in the thread has lost progress only.
        let _ = self.thread.join();
        self.client.post(&self.url, last)
    }
}

impl Observer for Reporter {
    fn event(&mut self, event: &Event) {
        if self.limit.passes(event, Instant::now()) {
            // A full queue means a slow provisioner: the next report has the newer figure.
            let _ = self.queue.try_send(event.clone());
        }
    }
}

fn post_all(client: &HttpClient, url: &str, events: &Receiver<Event>, ended: &AtomicBool) {
    for event in events {
        if ended.load(Ordering::Relaxed) {
            return;
        }
        // Progress that is lost is made up for by the next; the last report is sent by `finish`.
        let _ = client.post_once(url, &event);
    }
}

/// At most one progress report per interval.
#[derive(Default)]
struct RateLimit {
    last: Option<Instant>,
}

impl RateLimit {
    fn passes(&mut self, event: &Event, now: Instant) -> bool {
        let is_progress = event.bytes.is_some();
        let too_soon = self.last.is_some_and(|last| now.duration_since(last) < INTERVAL);
        if is_progress && too_soon {
            return false;
        }
        self.last = Some(now);
        true
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::net::TcpListener;
    use std::sync::mpsc::channel;

    use super::*;
    use crate::http::testserver::{answer, read_request, serve};
    use crate::report::Step;

    #[test]
    fn progress_is_limited_and_steps_are_not() {
        let mut limit = RateLimit::default();
        let start = Instant::now();
        let progress = Event::progress(Step::Write, 1, 2);
        assert!(limit.passes(&progress, start));
        assert!(!limit.passes(&progress, start + INTERVAL / 2));
        assert!(limit.passes(&Event::end(Step::Write), start + INTERVAL / 2));
        assert!(!limit.passes(&progress, start + INTERVAL));
        assert!(limit.passes(&progress, start + INTERVAL * 3 / 2));
    }

    #[test]
    fn the_last_report_comes_last_and_is_acknowledged() {
        let (url, asked) = serve(vec![
            answer(200, "", b"", 0),
            answer(503, "", b"", 0), // progress that the provisioner did not take is not sent again
            answer(503, "", b"", 0),
            answer(200, "", b"", 0),
        ]);
        let mut reporter = Reporter::start(HttpClient::new(Arc::new(|_| ())), url);
        reporter.event(&Event::begin(Step::Partition, "x".to_owned()));
        reporter.event(&Event::end(Step::Partition));
        let progress = [asked.recv().unwrap(), asked.recv().unwrap()];
        reporter.finish(&Event::done("installed".to_owned())).unwrap();
        let steps: Vec<bool> =
            progress.into_iter().chain(asked).map(|asked| asked.body.contains("\"done\"")).collect();
        assert_eq!(steps, [false, false, true, true]);
    }

    #[test]
    fn progress_that_waits_does_not_hold_up_the_last_report() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (under_way, is_under_way) = channel();
        let (go, may_go) = channel();
        // A provisioner that takes the first report, and its time.
        let server = thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            read_request(&stream);
            under_way.send(()).unwrap();
            may_go.recv().unwrap();
            stream.write_all(&answer(200, "", b"", 0)).unwrap();
            drop(stream);
            let (mut stream, _) = listener.accept().unwrap();
            let next = read_request(&stream);
            stream.write_all(&answer(200, "", b"", 0)).unwrap();
            next.body
        });
        let mut reporter = Reporter::start(HttpClient::new(Arc::new(|_| ())), url);
        reporter.event(&Event::begin(Step::Partition, "x".to_owned()));
        is_under_way.recv().unwrap();
        for _ in 0..QUEUE {
            reporter.event(&Event::end(Step::Partition));
        }
        let ended = Arc::clone(&reporter.ended);
        let finished = thread::spawn(move || reporter.finish(&Event::done("installed".to_owned())));
        let deadline = Instant::now() + Duration::from_secs(10);
        while !ended.load(Ordering::Relaxed) {
            assert!(Instant::now() < deadline, "finish does not end the progress");
            thread::yield_now();
        }
        go.send(()).unwrap();
        let next = server.join().unwrap();
        assert!(next.contains("\"done\""), "{next}");
        finished.join().unwrap().unwrap();
    }

    #[test]
    fn a_provisioner_that_is_gone_ends_in_an_error() {
        let (url, _asked) = serve(Vec::new());
        let reporter = Reporter::start(HttpClient::new(Arc::new(|_| ())), url);
        assert!(reporter.finish(&Event::done("installed".to_owned())).is_err());
    }
}
