//! The Day-1 seed: the four `NoCloud` files that the installed system starts with.

use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;

use crate::code::Code;
use crate::error::InstallError;
use crate::http::HttpClient;

const FILES: [&str; 4] = ["meta-data", "user-data", "vendor-data", "network-config"];
/// Largest seed file, in bytes.
const LIMIT: u64 = 1024 * 1024;

/// The files in memory: they hold secrets.
pub struct Seed([Vec<u8>; 4]);

impl Seed {
    /// Fetches the four files from the folder `url`, each once. An empty file is stored empty.
    ///
    /// # Errors
    /// [`Code::SeedFetch`] when one cannot be had.
    pub fn fetch(client: &HttpClient, url: &str) -> Result<Self, InstallError> {
        let base = url.trim_end_matches('/');
        let mut contents = [const { Vec::new() }; 4];
        for (content, name) in contents.iter_mut().zip(FILES) {
            *content = client
                .get(&format!("{base}/{name}"), LIMIT)
                .map_err(|e| InstallError::caused(Code::SeedFetch, "the seed", e))?;
        }
        Ok(Self(contents))
    }

    /// Stores the files in a new folder that only root can enter.
    pub(crate) fn store(&self, folder: &Path) -> io::Result<()> {
        DirBuilder::new().mode(0o700).create(folder)?;
        for (content, name) in self.0.iter().zip(FILES) {
            let path = folder.join(name);
            OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?.write_all(content)?;
        }
        Ok(())
    }
}

/// A tree that becomes the state partition: `config/` for the startup configuration, `seed/` when there is one.
pub(crate) fn state_tree(root: &Path, seed: Option<&Seed>) -> io::Result<()> {
    fs::create_dir(root)?;
    DirBuilder::new().mode(0o755).create(root.join("config"))?;
    if let Some(seed) = seed {
        seed.store(&root.join("seed"))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::http::testserver::{answer, serve};

    fn client() -> HttpClient {
        HttpClient::new(Arc::new(|_| ()))
    }

    #[test]
    fn four_files_are_fetched_and_empty_ones_are_kept() {
        let (url, asked) = serve(vec![
            answer(200, "", b"instance-id: x\n", 15),
            answer(200, "", b"#cloud-config\n", 14),
            answer(200, "", b"", 0),
            answer(200, "", b"version: 2\n", 11),
        ]);
        let seed = Seed::fetch(&client(), &format!("{url}/seed/T/")).unwrap();
        let lines: Vec<String> =
            asked.iter().map(|asked| asked.head.lines().next().unwrap().to_owned()).collect();
        assert_eq!(lines[0], "GET /seed/T/meta-data HTTP/1.1");
        assert_eq!(lines.len(), 4);

        let folder = tempfile::tempdir().unwrap();
        state_tree(&folder.path().join("tree"), Some(&seed)).unwrap();
        let stored = |name| fs::read_to_string(folder.path().join("tree/seed").join(name)).unwrap();
        assert_eq!(stored("meta-data"), "instance-id: x\n");
        assert_eq!(stored("vendor-data"), "");
    }

    #[test]
    fn a_seed_that_was_delivered_already_is_an_error_without_its_token() {
        let token = "t".repeat(43);
        let (url, _asked) = serve(vec![answer(410, "", b"", 0)]);
        let error = Seed::fetch(&client(), &format!("{url}/seed/{token}/")).err().unwrap();
        assert_eq!(error.code(), Code::SeedFetch);
        assert!(error.to_string().contains("410") && !error.to_string().contains(&token), "{error}");
    }
}
