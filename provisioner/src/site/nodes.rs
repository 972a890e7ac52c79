//! Reading node files.

use super::SiteError;
use crate::node::NodeConfig;
use serde::Deserialize;
use std::path::Path;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Many {
    nodes: Vec<NodeConfig>,
}

/// Reads a file with one node, or with `nodes:` and a list.
///
/// # Errors
/// When it cannot be read or does not parse; with line and column.
pub fn read_nodes(path: &Path) -> Result<Vec<NodeConfig>, SiteError> {
    let text =
        std::fs::read_to_string(path).map_err(|source| SiteError::Read { path: path.to_owned(), source })?;
    // Told apart by the first key, so that an error speaks of the one shape that was meant.
    let many = text.lines().any(|line| line.starts_with("nodes:"));
    let parsed = if many {
        serde_saphyr::from_str::<Many>(&text).map(|many| many.nodes)
    } else {
        serde_saphyr::from_str::<NodeConfig>(&text).map(|node| vec![node])
    };
    parsed.map_err(|error| SiteError::Syntax { path: path.to_owned(), message: error.to_string() })
}

#[cfg(test)]
mod tests {
    use super::read_nodes;
    use crate::testing::SSH_KEY;

    #[test]
    fn one_node_or_many() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("nodes.yaml");
        let day1 = |name: &str| format!("{{hostname: {name}, ssh_authorized_keys: ['{SSH_KEY}']}}");
        let one = format!("name: r1\nmacs: ['52:54:00:00:00:01']\nday1: {}\n", day1("r1"));
        std::fs::write(&path, one).unwrap();
        assert_eq!(read_nodes(&path).unwrap().len(), 1);
        let many = format!(
            "nodes:\n- {{name: r1, macs: ['52:54:00:00:00:01'], day1: {}}}\n\
             - {{name: r2, macs: ['52:54:00:00:00:02'], day1: {}}}\n",
            day1("r1"),
            day1("r2")
        );
        std::fs::write(&path, many).unwrap();
        assert_eq!(read_nodes(&path).unwrap().len(), 2);
        std::fs::write(&path, "name: r1\nmacs: [nonsense]\nday1: {hostname: r1}\n").unwrap();
        let message = read_nodes(&path).unwrap_err().to_string();
        assert!(message.contains("line 2") && message.contains("nonsense"), "{message}");
    }
}
