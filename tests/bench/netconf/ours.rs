//! Our server, without parts of the router that it would bring to a configuration: yuma's has none either.

use crate::session::{Folder, Server, daemon};
use anyhow::{Context as _, Result};
use std::fs;
use std::process::Child;

/// Our netconfd.
pub(crate) struct Ours(Child);

impl Server for Ours {
    const NAME: &'static str = "daybreak netconfd";

    fn start(folder: &Folder, port: u16) -> Result<Self> {
        let home = folder.file("daybreak");
        let _ = fs::remove_dir_all(&home);
        fs::create_dir_all(&home)?;
        let config = home.join("netconfd.yaml");
        fs::write(
            &config,
            format!(
                "listen: ['127.0.0.1:{port}']\nsocket: ''\nstate_dir: '{0}/state'\nstartup_dir: '{0}'\n\
                 host_keys: ['{1}']\nauthorized_keys: '{2}'\npermit_root: true\nappliers: []\n",
                home.display(),
                folder.file("host").display(),
                folder.file("user.pub").display()
            ),
        )?;
        let child = daemon(&folder.netconfd)
            .args(["serve", "--config"])
            .arg(&config)
            .stderr(fs::File::create(home.join("log"))?)
            .spawn()
            .context("our netconfd does not start")?;
        Ok(Self(child))
    }
}

impl Drop for Ours {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
