//! A real `InfluxDB` in a namespace.

use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use crate::error::{LabError, Result};
use crate::namespace::Namespace;
use crate::patience::Patience;
use crate::process::Process;

/// The database. Dropping it ends it; its files are the caller's.
pub struct Influx {
    _process: Process,
    namespace: Arc<Namespace>,
    url: String,
}

impl Influx {
    /// Starts `influxd` on `address` port 8086 in `namespace`, with a database `database`. Data and log go to `directory`.
    ///
    /// # Errors
    /// When it does not start or does not answer in time.
    pub fn start(
        namespace: &Arc<Namespace>,
        directory: &Path,
        address: &str,
        database: &str,
    ) -> Result<Self> {
        let folder = directory.join("influxdb");
        let path = directory.join("influxdb.conf");
        let text = format!(
            "reporting-disabled = true\nbind-address = \"127.0.0.1:8088\"\n[meta]\ndir = \"{data}/meta\"\n[data]\n\
             dir = \"{data}/data\"\nwal-dir = \"{data}/wal\"\n[monitor]\nstore-enabled = false\n[http]\n\
             bind-address = \"{address}:8086\"\nlog-enabled = false\n",
            data = folder.display()
        );
        std::fs::write(&path, text).map_err(|source| LabError::File {
            doing: "write",
            path: path.clone(),
            source,
        })?;
        let mut command = Command::new("influxd");
        command.arg("run").arg("-config").arg(&path);
        let mut process = Process::start(namespace, "influxd", &command, directory)?;
        let influx = |process| Self {
            _process: process,
            namespace: Arc::clone(namespace),
            url: format!("http://{address}:8086"),
        };
        let mut patience = Patience::secs(60);
        let mut ping = Command::new("curl");
        ping.args(["-sSf", "--max-time", "5", &format!("http://{address}:8086/ping")]);
        while namespace.check(&ping).is_err() {
            let wait = patience.next_wait(Duration::from_millis(100));
            let (true, Some(wait)) = (process.is_running(), wait) else {
                return Err(LabError::Ended {
                    watched: "influxd".to_owned(),
                    awaited: "its HTTP port".to_owned(),
                    seen: process.errors().tail(20),
                });
            };
            std::thread::park_timeout(wait);
        }
        let influx = influx(process);
        influx.ask(&format!("CREATE DATABASE {database}"), None)?;
        Ok(influx)
    }

    /// Where it listens, as `http://10.0.0.1:8086`.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Runs a query; gives the rows of the first series as arrays (time first), none when there is no series.
    ///
    /// # Errors
    /// When the database refuses the query.
    pub fn rows(&self, database: &str, query: &str) -> Result<Vec<Vec<Value>>> {
        let answer = self.ask(query, Some(database))?;
        let rows = &answer["results"][0]["series"][0]["values"];
        Ok(serde_json::from_value(rows.clone()).unwrap_or_default())
    }

    fn ask(&self, query: &str, database: Option<&str>) -> Result<Value> {
        let mut curl = Command::new("curl");
        curl.args(["-sS", "--max-time", "20", "-XPOST", &format!("{}/query", self.url)]);
        curl.args(["--data-urlencode", &format!("q={query}")]);
        if let Some(database) = database {
            curl.args(["--data-urlencode", &format!("db={database}")]);
        }
        let text = self.namespace.check(&curl)?;
        let wrong = |reason: String| LabError::Answer { what: format!("InfluxDB to {query:?}"), reason };
        let answer: Value = serde_json::from_str(&text).map_err(|e| wrong(format!("{e}: {text}")))?;
        let error = answer.get("error").or_else(|| answer["results"][0].get("error"));
        error.map_or(Ok(()), |error| Err(wrong(error.to_string())))?;
        Ok(answer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_stores_and_answers() {
        let (namespace, directory) =
            (Arc::new(Namespace::new("influx").unwrap()), tempfile::tempdir().unwrap());
        let influx = Influx::start(&namespace, directory.path(), "127.0.0.1", "kpi").unwrap();
        let mut write = Command::new("curl");
        write.args([
            "-sSf",
            "--data-binary",
            "load,host=r1 one=3i 1000000000",
            "http://127.0.0.1:8086/write?db=kpi",
        ]);
        namespace.check(&write).unwrap();
        let rows = influx.rows("kpi", "SELECT one FROM load").unwrap();
        assert_eq!(rows.len(), 1);
        assert_eq!(rows[0][1], 3);
        assert!(influx.rows("kpi", "SELEKT").unwrap_err().to_string().contains("parsing"));
        assert!(influx.rows("kpi", "SELECT one FROM nothing").unwrap().is_empty());
    }
}
