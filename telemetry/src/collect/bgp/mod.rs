//! Sessions and tables of FRR's bgpd.
//!
//! Every question costs bgpd time in the thread that also keeps its sessions, so it is asked seldom, whatever the
//! configuration wants: what is asked for again too soon is what it said before, with the time when it said it.

mod summary;
mod vty;

pub use vty::VtyError;

use super::remote::{Reading, Remote};
use super::{Clock, CollectError};
use crate::catalogue::{BGP_NEIGHBOR, BGP_TOTAL, Set};
use std::path::PathBuf;
use std::time::Duration;
use tokio::time::Instant;

/// Where FRR of Debian has it.
pub const DEFAULT_SOCKET: &str = "/run/frr/bgpd.vty";

const QUESTION: &str = "show bgp vrf all summary json";

/// Shortest time between two questions.
const SELDOM: Duration = Duration::from_secs(5);

/// For a whole answer.
const DEADLINE: Duration = Duration::from_secs(5);

/// What is read of an answer; a neighbour takes about 500 bytes for each family.
const LONGEST: usize = 8 << 20;

/// Reads bgpd.
#[derive(Debug)]
pub struct Bgp {
    socket: PathBuf,
    clock: Clock,
    last: Option<(Instant, Reading)>,
}

impl Bgp {
    /// Asks at this socket.
    pub fn new(socket: PathBuf, clock: Clock) -> Self {
        Self { socket, clock, last: None }
    }

    async fn ask(&self) -> Result<Reading, CollectError> {
        let failed = |source| CollectError::Vty { socket: self.socket.clone(), source };
        let time = (self.clock)();
        let answer = tokio::time::timeout(DEADLINE, vty::ask(&self.socket, QUESTION, LONGEST))
            .await
            .map_err(|_| CollectError::late("bgpd", &self.socket, DEADLINE))?
            .map_err(failed)?;
        let points = summary::points(&answer).map_err(|source| CollectError::Json {
            socket: self.socket.clone(),
            question: QUESTION,
            source,
        })?;
        Ok(Reading { time, points })
    }
}

impl Remote for Bgp {
    const NAME: &'static str = "bgpd";
    const SETS: &'static [&'static Set] = &[&BGP_NEIGHBOR, &BGP_TOTAL];

    async fn read(&mut self) -> Result<Reading, CollectError> {
        let now = Instant::now();
        if let Some((asked, reading)) = &self.last
            && now - *asked < SELDOM
        {
            return Ok(reading.clone());
        }
        self.last = None;
        let reading = self.ask().await?;
        self.last = Some((now, reading.clone()));
        Ok(reading)
    }
}
