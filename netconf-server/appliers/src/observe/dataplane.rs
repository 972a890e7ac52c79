//! Ports and counters of the data plane, in the words of its protocol.

use super::{ObserveError, Settings};
use daybreak_control::v1;

/// The data plane at one moment.
#[derive(Debug, Clone, PartialEq)]
pub struct Dataplane {
    /// Who answers.
    pub info: v1::Info,
    /// Its ports.
    pub ports: Vec<v1::Port>,
    /// Its counters.
    pub statistics: v1::Statistics,
}

pub(super) async fn look(settings: &Settings) -> Result<Dataplane, ObserveError> {
    let ask = async {
        let failed = |error: &dyn std::fmt::Display| ObserveError::new("vrouterd", error);
        let mut client = daybreak_control::connect(&settings.socket).await.map_err(|error| failed(&error))?;
        let info = client.get_info(v1::GetInfoRequest {}).await.map_err(|error| failed(&error))?;
        let ports = client.list_ports(v1::ListPortsRequest {}).await.map_err(|error| failed(&error))?;
        let statistics =
            client.get_statistics(v1::GetStatisticsRequest {}).await.map_err(|error| failed(&error))?;
        Ok(Dataplane {
            info: info.into_inner(),
            ports: ports.into_inner().ports,
            statistics: statistics.into_inner(),
        })
    };
    let late = |_| {
        let text = format!("does not answer within {} s", settings.deadline.as_secs());
        Err(ObserveError::new("vrouterd", text))
    };
    tokio::time::timeout(settings.deadline, ask).await.unwrap_or_else(late)
}
