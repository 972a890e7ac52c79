//! Figures of `vrouterd`, by its control protocol.

mod headroom;
mod points;

use super::remote::{Reading, Remote};
use super::{Clock, CollectError};
use crate::catalogue::{
    DATAPLANE_DROP, DATAPLANE_FPM, DATAPLANE_INFO, DATAPLANE_NODE, DATAPLANE_PORT, DATAPLANE_TABLE,
    DATAPLANE_WORKER, Set,
};
use daybreak_control::v1::control_client::ControlClient;
use daybreak_control::v1::{GetInfoRequest, GetStatisticsRequest, Info, ListPortsRequest, Port, Statistics};
use headroom::Headroom;
use std::path::PathBuf;
use std::time::Duration;
use tonic::transport::Channel;

pub use daybreak_control::DEFAULT_SOCKET;

/// For a connection and all answers.
const DEADLINE: Duration = Duration::from_secs(2);

/// What is read of one answer, in bytes: a thousand ports are about 150 KiB.
const LARGEST_ANSWER: usize = 1 << 20;

/// Reads `vrouterd`.
#[derive(Debug)]
pub struct Dataplane {
    socket: PathBuf,
    clock: Clock,
    // Kept while it works, so that a reading is three requests and no handshake.
    client: Option<ControlClient<Channel>>,
    headroom: Headroom,
}

/// Everything that is asked for.
#[derive(Debug)]
struct Answers {
    info: Info,
    ports: Vec<Port>,
    statistics: Statistics,
}

impl Dataplane {
    /// Asks at this socket.
    pub fn new(socket: PathBuf, clock: Clock) -> Self {
        Self { socket, clock, client: None, headroom: Headroom::default() }
    }

    /// Leaves no connection behind when it fails or is given up: the next reading makes a new one.
    async fn ask(&mut self) -> Result<Answers, CollectError> {
        let mut client = match self.client.take() {
            Some(client) => client,
            None => daybreak_control::connect(&self.socket).await?.max_decoding_message_size(LARGEST_ANSWER),
        };
        let refused =
            |what| move |status: tonic::Status| CollectError::Refused { what, status: Box::new(status) };
        let info = client.get_info(GetInfoRequest {}).await.map_err(refused("GetInfo"))?;
        let ports = client.list_ports(ListPortsRequest {}).await.map_err(refused("ListPorts"))?;
        let statistics =
            client.get_statistics(GetStatisticsRequest {}).await.map_err(refused("GetStatistics"))?;
        self.client = Some(client);
        Ok(Answers {
            info: info.into_inner(),
            ports: ports.into_inner().ports,
            statistics: statistics.into_inner(),
        })
    }
}

impl Remote for Dataplane {
    const NAME: &'static str = "vrouterd";
    const SETS: &'static [&'static Set] = &[
        &DATAPLANE_INFO,
        &DATAPLANE_PORT,
        &DATAPLANE_NODE,
        &DATAPLANE_DROP,
        &DATAPLANE_WORKER,
        &DATAPLANE_TABLE,
        &DATAPLANE_FPM,
    ];

    async fn read(&mut self) -> Result<Reading, CollectError> {
        let time = (self.clock)();
        let late = CollectError::late("vrouterd", &self.socket, DEADLINE);
        let answers = tokio::time::timeout(DEADLINE, self.ask()).await.map_err(|_| late)??;
        let headroom = answers
            .statistics
            .worker
            .as_ref()
            .and_then(|worker| self.headroom.next(answers.statistics.started, worker));
        Ok(Reading { time, points: points::of(&answers, headroom) })
    }
}

#[cfg(test)]
mod tests;
