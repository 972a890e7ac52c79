//! An answer that counts for a while.

use super::ObserveError;
use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::Mutex;

/// The last answer, also when it was an error: a part that hangs is not asked by everybody at once.
#[derive(Debug)]
pub(super) struct Cached<T> {
    fresh: Duration,
    last: Mutex<Option<(Instant, Answer<T>)>>,
}

/// An answer that everybody who asks gets.
type Answer<T> = Result<Arc<T>, ObserveError>;

impl<T> Cached<T> {
    pub(super) fn new(fresh: Duration) -> Self {
        Self { fresh, last: Mutex::new(None) }
    }

    /// The last answer if it still counts, else a new one. One asks, the others wait for that.
    pub(super) async fn get(&self, ask: impl Future<Output = Result<T, ObserveError>>) -> Answer<T> {
        let mut last = self.last.lock().await;
        if let Some((when, answer)) = &*last
            && when.elapsed() < self.fresh
        {
            return answer.clone();
        }
        let answer = ask.await.map(Arc::new);
        *last = Some((Instant::now(), answer.clone()));
        answer
    }
}

#[cfg(test)]
mod tests {
    use super::{Cached, ObserveError};
    use std::cell::Cell;
    use std::time::Duration;

    #[tokio::test]
    async fn an_answer_and_an_error_count_for_a_while() {
        let asked = Cell::new(0);
        let ask = |answer: Result<i32, ObserveError>| {
            let asked = &asked;
            async move {
                asked.set(asked.get() + 1);
                answer
            }
        };
        let cached = Cached::new(Duration::from_mins(1));
        let error = ObserveError::new("frr", "hangs");
        assert_eq!(cached.get(ask(Err(error.clone()))).await, Err(error.clone()));
        assert_eq!(cached.get(ask(Ok(1))).await, Err(error));
        assert_eq!(asked.get(), 1);
        let stale = Cached::new(Duration::ZERO);
        assert_eq!(*stale.get(ask(Ok(1))).await.unwrap(), 1);
        assert_eq!(*stale.get(ask(Ok(2))).await.unwrap(), 2);
    }
}
