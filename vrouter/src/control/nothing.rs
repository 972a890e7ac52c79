use std::net::IpAddr;

use daybreak_control::v1;
use futures_util::future::BoxFuture;
use tokio::sync::mpsc;
use tonic::Status;

use super::Routing;
use crate::daemon::ports::{Opened, PortListener};
use crate::fib::PortId;

pub struct Nothing;
impl PortListener for Nothing {
    fn added(&self, _: PortId, _: &Opened) -> BoxFuture<'static, ()> {
        Box::pin(async {})
    }
    fn removed(&self, _: PortId) -> BoxFuture<'static, ()> {
        Box::pin(async {})
    }
}
impl Routing for Nothing {
    fn routes(&self, _: v1::Family, _: mpsc::Sender<v1::Route>) -> BoxFuture<'static, ()> {
        Box::pin(async {})
    }
    fn lookup(&self, _: IpAddr) -> BoxFuture<'static, Result<Option<v1::Route>, Status>> {
        Box::pin(async { Ok(None) })
    }
    fn neighbours(&self, _: mpsc::Sender<v1::Neighbour>) -> BoxFuture<'static, ()> {
        Box::pin(async {})
    }
    fn tables(&self) -> BoxFuture<'static, Result<v1::TableStatistics, Status>> {
        Box::pin(async { Ok(v1::TableStatistics::default()) })
    }
    fn fpm(&self) -> v1::FpmStatistics {
        v1::FpmStatistics::default()
    }
}
