//! Files that go on top of the base root.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use rustix::fs::Mode;

use crate::ImageError;

/// What is at a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Node {
    /// Permission bits.
    pub(crate) mode: u32,
    /// Owner.
    pub(crate) uid: u32,
    /// Group.
    pub(crate) gid: u32,
    /// The content.
    pub(crate) content: Content,
}

/// Kinds of content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Content {
    /// A folder; one that is there already keeps its mode and owner.
    Folder,
    /// A file in memory.
    Bytes(Vec<u8>),
    /// A file on the build machine.
    Copy(PathBuf),
    /// A symbolic link.
    Link(String),
}

impl Node {
    /// A file or folder of root.
    pub(crate) const fn of_root(mode: u32, content: Content) -> Self {
        Self { mode, uid: 0, gid: 0, content }
    }
}

/// Nodes by path, without a leading slash. Every node's folders are in it too.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Layer(BTreeMap<String, Node>);

impl Layer {
    /// Adds a node and the folders above it.
    ///
    /// # Errors
    /// [`ImageError::Root`] when something else is at the path, or above it.
    pub(crate) fn add(&mut self, path: &str, node: Node) -> Result<(), ImageError> {
        let folders = path.match_indices('/').map(|(at, _)| &path[..at]);
        for folder in folders {
            let there = self.0.entry(folder.to_owned());
            let there = there.or_insert(Node::of_root(0o755, Content::Folder));
            if there.content != Content::Folder {
                return Err(ImageError::Root(format!("/{path} cannot be added: /{folder} is not a folder")));
            }
        }
        let is_folder = node.content == Content::Folder;
        match self.0.get_mut(path) {
            Some(there) if is_folder && there.content == Content::Folder => *there = node,
            Some(_) => return Err(ImageError::Root(format!("/{path} comes from two sources"))),
            None => {
                self.0.insert(path.to_owned(), node);
            }
        }
        Ok(())
    }

    /// Adds what another layer holds.
    ///
    /// # Errors
    /// [`ImageError::Root`] when a path other than a folder is in both.
    pub(crate) fn add_all(&mut self, other: Self) -> Result<(), ImageError> {
        other.0.into_iter().try_for_each(|(path, node)| match node.content {
            Content::Folder if self.0.contains_key(&path) => Ok(()),
            _ => self.add(&path, node),
        })
    }

    /// Adds a folder of the build machine with all that is in it, owned by root: programs get mode 0755, other files 0644.
    ///
    /// # Errors
    /// [`ImageError::Io`] when it cannot be read, [`ImageError::Root`] for what is neither folder, file nor symbolic link,
    /// and for paths that would replace Debian's links into `/usr`.
    pub(crate) fn add_folder(&mut self, folder: &Path) -> Result<(), ImageError> {
        self.walk(folder, "")
    }

    fn walk(&mut self, folder: &Path, prefix: &str) -> Result<(), ImageError> {
        for item in std::fs::read_dir(folder).map_err(ImageError::io("read the folder", folder))? {
            let path = item.map_err(ImageError::io("read the folder", folder))?.path();
            let name = path.file_name().and_then(|name| name.to_str());
            let name =
                name.ok_or_else(|| ImageError::Root(format!("{}: its name is not UTF-8", path.display())))?;
            if prefix.is_empty() && ["bin", "sbin", "lib", "lib64"].contains(&name) {
                return Err(ImageError::Root(format!(
                    "{}: /{name} is a link to /usr/{name}; put it below usr/",
                    path.display()
                )));
            }
            let target = if prefix.is_empty() { name.to_owned() } else { format!("{prefix}/{name}") };
            let meta = path.symlink_metadata().map_err(ImageError::io("look at", &path))?;
            let executable =
                Mode::from_raw_mode(std::os::unix::fs::MetadataExt::mode(&meta)).contains(Mode::XUSR);
            if meta.is_dir() {
                self.add(&target, Node::of_root(0o755, Content::Folder))?;
                self.walk(&path, &target)?;
            } else if meta.is_symlink() {
                let to = std::fs::read_link(&path).map_err(ImageError::io("read the link", &path))?;
                self.add(&target, Node::of_root(0o777, Content::Link(to.to_string_lossy().into_owned())))?;
            } else if meta.is_file() {
                let mode = if executable { 0o755 } else { 0o644 };
                self.add(&target, Node::of_root(mode, Content::Copy(path)))?;
            } else {
                return Err(ImageError::Root(format!("{} is neither folder, file nor link", path.display())));
            }
        }
        Ok(())
    }

    /// Every node, folders before what is in them.
    pub(crate) fn nodes(&self) -> impl Iterator<Item = (&str, &Node)> {
        self.0.iter().map(|(path, node)| (path.as_str(), node))
    }

    /// The node at a path.
    pub(crate) fn get(&self, path: &str) -> Option<&Node> {
        self.0.get(path)
    }
}

impl Content {
    /// Reader and size of a file's content; nothing for folders and links.
    ///
    /// # Errors
    /// [`ImageError::Io`] when a file of the build machine cannot be read.
    pub(crate) fn open(&self) -> Result<(u64, Box<dyn Read + '_>), ImageError> {
        match self {
            Self::Folder | Self::Link(_) => Ok((0, Box::new(io::empty()))),
            Self::Bytes(bytes) => Ok((bytes.len() as u64, Box::new(&bytes[..]))),
            Self::Copy(path) => {
                let file = File::open(path).map_err(ImageError::io("open", path))?;
                let size = file.metadata().map_err(ImageError::io("look at", path))?.len();
                Ok((size, Box::new(file)))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    fn file(text: &str) -> Node {
        Node::of_root(0o644, Content::Bytes(text.into()))
    }

    #[test]
    fn folders_above_a_file_come_first() {
        let mut layer = Layer::default();
        layer.add("etc/a/b", file("x")).unwrap();
        assert_eq!(layer.nodes().map(|(path, _)| path).collect::<Vec<_>>(), ["etc", "etc/a", "etc/a/b"]);
    }

    #[test]
    fn the_same_file_from_two_sources_is_refused_by_name() {
        let mut layer = Layer::default();
        layer.add("etc/a", file("x")).unwrap();
        assert!(
            layer.add("etc/a", file("x")).unwrap_err().to_string().contains("/etc/a comes from two sources")
        );
        assert!(layer.add("etc/a/b", file("x")).unwrap_err().to_string().contains("/etc/a is not a folder"));
        assert!(layer.clone().add_all(layer).is_err());
    }

    #[test]
    fn a_folder_is_read_with_plain_modes_and_links() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(folder.path().join("usr/bin")).unwrap();
        let program = folder.path().join("usr/bin/run");
        std::fs::write(&program, "#!").unwrap();
        std::fs::set_permissions(&program, PermissionsExt::from_mode(0o775)).unwrap();
        std::fs::write(folder.path().join("usr/conf"), "c").unwrap();
        std::fs::set_permissions(folder.path().join("usr/conf"), PermissionsExt::from_mode(0o600)).unwrap();
        symlink("/dev/null", folder.path().join("usr/off")).unwrap();
        let mut layer = Layer::default();
        layer.add_folder(folder.path()).unwrap();
        assert_eq!(layer.get("usr/bin/run"), Some(&Node::of_root(0o755, Content::Copy(program))));
        assert_eq!(layer.get("usr/conf").map(|node| node.mode), Some(0o644));
        assert_eq!(layer.get("usr/off").map(|node| &node.content), Some(&Content::Link("/dev/null".into())));
    }

    #[test]
    fn a_folder_that_would_hide_usr_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("lib")).unwrap();
        let error = Layer::default().add_folder(folder.path()).unwrap_err().to_string();
        assert!(error.contains("put it below usr/"), "{error}");
    }
}
