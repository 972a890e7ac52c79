//! Signing what was built, and checking it.
//!
//! One signature over `manifest.json` covers an image: the manifest names the digest of every file that an appliance takes.
//! One over `SHA256SUMS` covers the formats made of it.

use std::collections::BTreeMap;
use std::fs;
use std::fs::File;
use std::io::{BufReader, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use daybreak_layout::{Artefact, Manifest, Sha256Digest};
use daybreak_trust::{
    KeyId, Keyring, MAX_SIGNATURE_SIZE, PublicKey, SUFFIX, SecretKey, Signature, TrustError,
};

use crate::ImageError;
use crate::digest;

const MANIFEST: &str = "manifest.json";
const SUMS: &str = "SHA256SUMS";

/// A file whose signature was found good, and what else was compared with its digest in it.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Checked {
    /// The signed file.
    pub file: PathBuf,
    /// Number of the key.
    pub key: String,
    /// What the signer said of it.
    pub comment: String,
    /// Files whose digests it names, and that are as it says.
    pub covers: Vec<PathBuf>,
}

/// Makes a key pair in `path` and `path.pub`; neither may exist. The secret key is for its owner alone.
///
/// # Errors
/// [`ImageError::Io`], and [`ImageError::Trust`] when the system gives no random bytes.
pub fn new_key(path: &Path, password: Option<&str>) -> Result<PublicKey, ImageError> {
    let key = SecretKey::generate().map_err(ImageError::trust(path))?;
    let secret = key.to_file(password).map_err(ImageError::trust(path))?;
    let public = with_suffix(path, ".pub");
    make(path, &secret, 0o600)?;
    make(&public, &key.public().to_file(), 0o644).inspect_err(|_| {
        // The one just made: without its public half it is no pair.
        let _ = fs::remove_file(path);
    })?;
    Ok(key.public())
}

fn make(path: &Path, text: &str, mode: u32) -> Result<(), ImageError> {
    File::options()
        .write(true)
        .create_new(true)
        .mode(mode)
        .open(path)
        .and_then(|mut file| file.write_all(text.as_bytes()).and_then(|()| file.sync_all()))
        .map_err(ImageError::io("make the key", path))
}

/// Reads a secret key.
///
/// # Errors
/// [`ImageError::Io`], and [`ImageError::Trust`] when it is none or the password is not its.
pub fn read_secret(path: &Path, password: Option<&str>) -> Result<SecretKey, ImageError> {
    let text = fs::read_to_string(path).map_err(ImageError::io("read", path))?;
    SecretKey::parse(&text, password).map_err(ImageError::trust(path))
}

/// Signs a file, or what of an image's folder is to be signed; gives the signature files.
///
/// # Errors
/// [`ImageError::Io`], and [`ImageError::Trust`] when there is nothing to sign.
pub fn sign(path: &Path, key: &SecretKey, comment: Option<&str>) -> Result<Vec<PathBuf>, ImageError> {
    signed_files(path)?.iter().map(|file| sign_file(file, key, comment)).collect()
}

fn sign_file(path: &Path, key: &SecretKey, comment: Option<&str>) -> Result<PathBuf, ImageError> {
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let own = if name == MANIFEST {
        let json = fs::read(path).map_err(ImageError::io("read", path))?;
        let manifest = Manifest::parse(&json).map_err(ImageError::layout("sign the manifest"))?;
        format!("{} {} {name}", manifest.name(), manifest.version())
    } else {
        name
    };
    let file = File::open(path).map_err(ImageError::io("read", path))?;
    let signature =
        key.sign(BufReader::new(file), comment.unwrap_or(&own)).map_err(ImageError::trust(path))?;
    let to = with_suffix(path, SUFFIX);
    crate::cache::write_file(&to, signature.to_string().as_bytes())?;
    Ok(to)
}

/// Checks a signed file, or the signed files of an image's folder, and every file there whose digest they name.
///
/// # Errors
/// [`ImageError::Trust`] says which file is not signed with one of the keys, or is not what was signed.
pub fn verify(path: &Path, keys: &Keyring) -> Result<Vec<Checked>, ImageError> {
    let files = signed_files(path)?;
    files.iter().map(|file| verify_file(file, keys)).collect()
}

fn verify_file(path: &Path, keys: &Keyring) -> Result<Checked, ImageError> {
    let signature = read_signature(path)?;
    let key = keys.keys().iter().find(|key| key.id() == signature.key_id());
    let key = key.ok_or_else(|| unknown(path, signature.key_id(), keys))?;
    let file = File::open(path).map_err(ImageError::io("read", path))?;
    signature.verify(key, BufReader::new(file)).map_err(ImageError::trust(path))?;
    let covers = named(path)?
        .into_iter()
        .map(|(file, expected)| {
            let found = digest::of_file(&file)?.sha256;
            if found == expected {
                return Ok(file);
            }
            let reason = format!("it has SHA-256 {found}, the signed {} says {expected}", path.display());
            Err(ImageError::trust(&file)(TrustError::Format { what: "digest", reason }))
        })
        .collect::<Result<_, _>>()?;
    let (key, comment) = (key.id().to_string(), signature.comment().to_owned());
    Ok(Checked { file: path.to_owned(), key, comment, covers })
}

fn unknown(path: &Path, signed: KeyId, keys: &Keyring) -> ImageError {
    let trusted = keys.keys().iter().map(|key| key.id().to_string()).collect::<Vec<_>>().join(", ");
    ImageError::trust(path)(TrustError::UnknownKey { signed, trusted })
}

fn read_signature(path: &Path) -> Result<Signature, ImageError> {
    let signature = with_suffix(path, SUFFIX);
    let bytes = fs::read(&signature).map_err(ImageError::io("read the signature", &signature))?;
    Signature::parse(&bytes[..bytes.len().min(MAX_SIGNATURE_SIZE + 1)]).map_err(ImageError::trust(&signature))
}

/// Files beside a signed one whose digests it names. Of a manifest those that are there: a folder need not hold them all.
fn named(path: &Path) -> Result<BTreeMap<PathBuf, Sha256Digest>, ImageError> {
    let folder = path.parent().unwrap_or(Path::new("."));
    match path.file_name().and_then(|name| name.to_str()) {
        Some(MANIFEST) => {
            let json = fs::read(path).map_err(ImageError::io("read", path))?;
            let manifest = Manifest::parse(&json).map_err(ImageError::layout("check the image"))?;
            let place = |artefact: Artefact| {
                [folder.join(artefact.file_name()), folder.join("pxe").join(artefact.file_name())]
            };
            let files = manifest.files().flat_map(|(artefact, entry)| {
                place(artefact).into_iter().filter(|path| path.exists()).map(|path| (path, entry.sha256))
            });
            Ok(files.collect())
        }
        Some(SUMS) => {
            let text = fs::read_to_string(path).map_err(ImageError::io("read", path))?;
            let wrong = |line: &str| {
                let reason = format!("{line:?} is no line of it");
                ImageError::trust(path)(TrustError::Format { what: SUMS, reason })
            };
            let entry = |line: &str| {
                let (digest, name) = line.split_once("  ").ok_or_else(|| wrong(line))?;
                Ok((folder.join(name), digest.parse().map_err(|_| wrong(line))?))
            };
            let all = text.lines().map(entry).collect::<Result<BTreeMap<_, _>, ImageError>>()?;
            Ok(all.into_iter().filter(|(file, _)| file.exists()).collect())
        }
        _ => Ok(BTreeMap::new()),
    }
}

/// What of a path is signed: the file itself, or of a folder the manifests and the list of digests.
fn signed_files(path: &Path) -> Result<Vec<PathBuf>, ImageError> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let all = [path.join(MANIFEST), path.join("pxe").join(MANIFEST), path.join(SUMS)];
    let files: Vec<_> = all.into_iter().filter(|file| file.exists()).collect();
    if files.is_empty() {
        let reason = "it has neither manifest.json nor SHA256SUMS".to_owned();
        return Err(ImageError::trust(path)(TrustError::Format { what: "image folder", reason }));
    }
    Ok(files)
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use daybreak_layout::{Architecture, FileEntry};

    use super::*;

    /// A folder as a build leaves it.
    fn image(dir: &Path) -> PathBuf {
        let folder = dir.join("vrouter");
        fs::create_dir_all(folder.join("pxe")).unwrap();
        let write = |name: &str, content: &str| {
            fs::write(folder.join(name), content).unwrap();
            FileEntry { size: content.len() as u64, sha256: Sha256Digest::of(content.as_bytes()) }
        };
        let (a, b) = (write("pxe/vmlinuz", "kernel"), write("pxe/initrd.img", "initramfs"));
        let (c, disk) = (write("pxe/root.squashfs", "root"), write("vrouter.qcow2", "disk"));
        let manifest = Manifest::new("vrouter", "1.0", Architecture::Amd64, "", a, b, c).unwrap().to_json();
        write("manifest.json", &manifest);
        write("pxe/manifest.json", &manifest);
        write("SHA256SUMS", &format!("{}  vrouter.qcow2\n", disk.sha256));
        folder
    }

    #[test]
    fn a_folder_is_signed_and_every_changed_file_is_found() {
        let dir = tempfile::tempdir().unwrap();
        let folder = image(dir.path());
        let key_path = dir.path().join("release");
        let public = new_key(&key_path, None).unwrap();
        assert!(new_key(&key_path, None).is_err(), "a key was replaced");
        // Neither half comes without its other.
        let (secret, public_path) = (fs::read(&key_path).unwrap(), dir.path().join("release.pub"));
        let text = fs::read(&public_path).unwrap();
        fs::remove_file(&public_path).unwrap();
        assert!(new_key(&key_path, None).is_err() && !public_path.exists());
        fs::write(&public_path, text).unwrap();
        fs::remove_file(&key_path).unwrap();
        assert!(new_key(&key_path, None).is_err() && !key_path.exists());
        fs::write(&key_path, secret).unwrap();
        let key = read_secret(&key_path, None).unwrap();
        assert_eq!(sign(&folder, &key, None).unwrap().len(), 3);
        let keys = Keyring::new(vec![public]);
        let checked = verify(&folder, &keys).unwrap();
        let covered: usize = checked.iter().map(|checked| checked.covers.len()).sum();
        assert_eq!((checked.len(), covered), (3, 3 + 3 + 1));
        assert_eq!(checked[0].comment, "vrouter 1.0 manifest.json");

        for name in ["pxe/vmlinuz", "pxe/root.squashfs", "vrouter.qcow2", "manifest.json", "SHA256SUMS"] {
            let path = folder.join(name);
            let good = fs::read(&path).unwrap();
            let mut bad = good.clone();
            bad[2] ^= 1;
            for bad in [&bad[..], &good[..good.len() - 1]] {
                fs::write(&path, bad).unwrap();
                let error = verify(&folder, &keys).unwrap_err().to_string();
                assert!(error.contains(name.rsplit('/').next().unwrap()), "{name}: {error}");
            }
            fs::write(&path, &good).unwrap();
        }
        verify(&folder, &keys).unwrap();
        let stranger = Keyring::new(vec![SecretKey::generate().unwrap().public()]);
        assert!(verify(&folder, &stranger).unwrap_err().to_string().contains("not trusted"));
        // Who fetched one format has it checked all the same.
        fs::remove_file(folder.join("vrouter.qcow2")).unwrap();
        verify(&folder, &keys).unwrap();
        fs::remove_file(folder.join("manifest.json.minisig")).unwrap();
        assert!(verify(&folder, &keys).unwrap_err().to_string().contains("manifest.json.minisig"));
    }

    #[test]
    fn minisign_checks_what_we_signed() {
        let dir = tempfile::tempdir().unwrap();
        let folder = image(dir.path());
        new_key(&dir.path().join("release"), None).unwrap();
        let key = read_secret(&dir.path().join("release"), None).unwrap();
        sign(&folder, &key, None).unwrap();
        let output = Command::new("minisign")
            .args(["-V", "-p"])
            .arg(dir.path().join("release.pub"))
            .arg("-m")
            .arg(folder.join("manifest.json"))
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success() && text.contains("vrouter 1.0 manifest.json"), "{output:?}");
    }
}
