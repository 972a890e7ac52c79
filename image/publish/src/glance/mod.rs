//! An image of OpenStack's Glance.

mod cloud;
mod content;
mod images;
mod keystone;
mod request;

use std::collections::BTreeMap;
use std::io::{Read, Seek};
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde_json::json;

use crate::PublishError;
use crate::console::Console;
use crate::environment::Environment;
use crate::http::Trust;
use crate::source::{self, Kind, Source};
use content::Content;
use images::Images;

/// On an image until its data is there and compared.
const UNFINISHED: &str = "daybreak-unfinished";

/// Properties by which Nova gives the appliance a machine that it knows.
const PROPERTIES: [(&str, &str); 10] = [
    ("architecture", "x86_64"),
    ("hw_disk_bus", "virtio"),
    ("hw_firmware_type", "uefi"),
    ("hw_machine_type", "q35"),
    ("hw_rng_model", "virtio"),
    ("hw_scsi_model", "virtio-scsi"),
    ("hw_vif_model", "virtio"),
    ("hw_vif_multiqueue_enabled", "true"),
    ("os_distro", "debian"),
    ("os_type", "linux"),
];

/// Names that Glance has for itself.
const RESERVED: [&str; 18] = [
    "id",
    "name",
    "status",
    "size",
    "checksum",
    "os_hash_algo",
    "os_hash_value",
    "disk_format",
    "container_format",
    "min_disk",
    "min_ram",
    "visibility",
    "protected",
    "tags",
    "owner",
    "file",
    "schema",
    "virtual_size",
];

/// Who may use an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Visibility {
    /// Its project.
    Private,
    /// Projects that it is shared with.
    Shared,
    /// All.
    Public,
}

/// What to publish, and how.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    /// qcow2 file, or folder of a build.
    pub(crate) image: PathBuf,
    /// Cloud of `clouds.yaml`.
    pub(crate) cloud: Option<String>,
    /// Name, instead of the one that follows from the source.
    pub(crate) name: Option<String>,
    /// Properties over the usual ones; an empty value takes one away.
    pub(crate) properties: Vec<(String, String)>,
    /// Who may use it.
    pub(crate) visibility: Visibility,
    /// Projects that it is shared with, by id.
    pub(crate) members: Vec<String>,
    /// MiB that a machine needs.
    pub(crate) min_ram: u32,
}

/// What was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Published {
    /// Image.
    pub(crate) image: String,
    /// Its name.
    pub(crate) name: String,
    /// Glance's address.
    pub(crate) glance: String,
    /// Bytes.
    pub(crate) size: u64,
    /// Projects that it is shared with.
    pub(crate) shared_with: Vec<String>,
}

/// Publishes. What fails after the image was made is removed from the cloud again.
///
/// # Errors
/// Any [`PublishError`]; one that leaves an image says so.
pub(crate) fn publish(
    request: &Request,
    environment: &Environment,
    console: &Console,
) -> Result<Published, PublishError> {
    let mut source = source::open(&request.image, Kind::Qcow2)?;
    let name = request.name.clone().unwrap_or_else(|| source.name.clone());
    let min_disk = virtual_size(&mut source)?.div_ceil(1 << 30);
    let cloud = cloud::find(environment, request.cloud.as_deref())?;
    if cloud.trust == Trust::Anyone {
        console.note(&format!("glance: {} says to take any certificate", cloud.from));
    }
    let mut images = Images::open(&cloud)?;
    for left in images.tagged(&name, UNFINISHED)? {
        console.note(&format!(
            "glance: image {} ({}) is of a run that was interrupted, or still at work; if it is not: openstack image delete {}",
            left.id, left.status, left.id
        ));
    }
    let fixed = json!({
        "container_format": "bare",
        "disk_format": "qcow2",
        "min_disk": min_disk,
        "min_ram": request.min_ram,
        "tags": [UNFINISHED],
        "visibility": match request.visibility {
            Visibility::Private => "private",
            Visibility::Shared => "shared",
            Visibility::Public => "public",
        },
    });
    let image = images.create(&name, &fixed, &properties(&request.properties))?;
    console.note(&format!("glance: image {} made at {}", image.id, images.address()));
    match fill(&mut images, &image.id, request, &source, console) {
        Ok(()) => Ok(Published {
            image: image.id,
            name,
            glance: images.address().to_owned(),
            size: source.size,
            shared_with: request.members.clone(),
        }),
        Err(error) => {
            console.finish();
            Err(match images.delete(&image.id) {
                Ok(()) => error.leaving(format!("Image {} was removed again: nothing is left.", image.id)),
                Err(second) => error.leaving(format!(
                    "Image {} is left and could not be removed ({second}): openstack image delete {}",
                    image.id, image.id
                )),
            })
        }
    }
}

fn fill(
    images: &mut Images<'_>,
    id: &str,
    request: &Request,
    source: &Source,
    console: &Console,
) -> Result<(), PublishError> {
    let mut file = &source.file;
    file.rewind().map_err(PublishError::io("read", &source.path))?;
    console.start("upload", source.size);
    let mut content = Content::new(file, source.size, console);
    images.upload(id, &mut content)?;
    console.finish();
    content.compare(&images.show(id)?)?;
    for project in &request.members {
        images.share(id, project)?;
    }
    images.untag(id, UNFINISHED)
}

fn properties(given: &[(String, String)]) -> BTreeMap<String, String> {
    let mut all: BTreeMap<_, _> =
        PROPERTIES.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
    for (key, value) in given {
        if value.is_empty() {
            all.remove(key);
        } else {
            all.insert(key.clone(), value.clone());
        }
    }
    all
}

/// Whether a property may be given this name.
pub(crate) fn check_property(key: &str) -> Result<(), String> {
    if RESERVED.contains(&key) {
        return Err(format!("{key} is Glance's own and no property"));
    }
    Ok(())
}

/// Bytes of the disk that is in a qcow2 file: eight at offset 24, most significant first.
fn virtual_size(source: &mut Source) -> Result<u64, PublishError> {
    let path: &Path = &source.path;
    let mut header = [0; 32];
    source.file.rewind().map_err(PublishError::io("read", path))?;
    source.file.read_exact(&mut header).map_err(PublishError::io("read", path))?;
    let mut size = [0; 8];
    size.copy_from_slice(&header[24..]);
    Ok(u64::from_be_bytes(size))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn properties_are_set_changed_and_taken_away() {
        let given = |key: &str, value: &str| (key.to_owned(), value.to_owned());
        let all = properties(&[
            given("hw_firmware_type", "bios"),
            given("hw_rng_model", ""),
            given("trait:X", "required"),
        ]);
        assert_eq!(all["hw_firmware_type"], "bios");
        assert_eq!(all["hw_machine_type"], "q35");
        assert_eq!(all["trait:X"], "required");
        assert!(!all.contains_key("hw_rng_model"));
        assert!(check_property("min_ram").is_err() && check_property("hw_disk_bus").is_ok());
    }
}
