//! Where an unfinished run is remembered.

use std::fs::DirBuilder;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::Request;
use crate::PublishError;
use crate::environment::Environment;
use crate::text::hex;

/// Not beside the image: a build replaces that folder, and with it what is known of a snapshot that costs money. The name has
/// the digest of the image's whole path.
pub(super) fn state_path(
    request: &Request,
    image: &Path,
    environment: &Environment,
) -> Result<PathBuf, PublishError> {
    if let Some(path) = &request.state {
        return Ok(path.clone());
    }
    // "All paths set in these environment variables must be absolute", else they are to be ignored (XDG Base Directory).
    let set = environment.path("XDG_STATE_HOME").filter(|path| path.is_absolute());
    let home = || environment.path("HOME").map(|home| home.join(".local/state"));
    let folder = set.or_else(home).ok_or_else(|| {
        PublishError::image(
            image,
            "there is no place for the state of the run: set HOME, or name one with --state",
        )
    })?;
    let image = image.canonicalize().map_err(PublishError::io("find", image))?;
    let digest = hex(&Sha256::digest(image.as_os_str().as_bytes()));
    let name = image.file_name().unwrap_or_default().to_string_lossy();
    Ok(folder.join("daybreak").join(format!("{name}.aws-{}.{}", request.region, &digest[..16])))
}

/// For its owner alone, as the convention for that folder has it.
pub(super) fn make_folder(state: &Path) -> Result<(), PublishError> {
    let Some(folder) = state.parent().filter(|folder| !folder.as_os_str().is_empty()) else { return Ok(()) };
    let made = DirBuilder::new().recursive(true).mode(0o700).create(folder);
    made.map_err(|source| {
        PublishError::state(
            state,
            format!("{source}: the state of the run is kept there; name another place with --state"),
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_state_outlives_the_build_folder_and_is_of_one_image_and_region() {
        let dir = tempfile::tempdir().unwrap();
        let images = ["one", "two"].map(|name| dir.path().join(name).join("vrouter.raw"));
        for image in &images {
            std::fs::create_dir_all(image.parent().unwrap()).unwrap();
            std::fs::write(image, "").unwrap();
        }
        let request = |region: &str| Request {
            image: images[0].clone(),
            region: region.to_owned(),
            profile: None,
            name: None,
            description: None,
            architecture: "x86_64",
            share: Vec::new(),
            tags: Vec::new(),
            kms_key: None,
            endpoint: None,
            state: None,
            workers: 1,
        };
        let set = Environment::of(&[("XDG_STATE_HOME", "/var/state"), ("HOME", "/home/ann")]);
        let path = |image: usize, region: &str, environment: &Environment| {
            state_path(&request(region), &images[image], environment).unwrap()
        };
        let first = path(0, "r1", &set);
        assert!(first.starts_with("/var/state/daybreak/"), "{first:?}");
        assert!(first.to_str().unwrap().contains("vrouter.raw.aws-r1."), "{first:?}");
        assert_ne!(first, path(1, "r1", &set));
        assert_ne!(first, path(0, "r2", &set));
        // A rebuild has another file of that name.
        std::fs::remove_dir_all(images[0].parent().unwrap()).unwrap();
        std::fs::create_dir_all(images[0].parent().unwrap()).unwrap();
        std::fs::write(&images[0], "new").unwrap();
        assert_eq!(first, path(0, "r1", &set));
        for home in [&[("HOME", "/home/ann")][..], &[("HOME", "/home/ann"), ("XDG_STATE_HOME", "relative")]] {
            assert!(path(0, "r1", &Environment::of(home)).starts_with("/home/ann/.local/state/daybreak"));
        }
        let error = state_path(&request("r1"), &images[0], &Environment::of(&[])).unwrap_err().to_string();
        assert!(error.contains("--state"), "{error}");
        let named = Request { state: Some(PathBuf::from("x")), ..request("r1") };
        assert_eq!(state_path(&named, &images[0], &set).unwrap(), Path::new("x"));
    }
}
