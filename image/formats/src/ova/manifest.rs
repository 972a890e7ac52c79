//! The manifest of an OVF package (DSP0243 §5.1, "OVF Package Structure"): a digest for each file.

/// Text of a manifest of SHA-256 digests: ESXi takes no SHA-1 since 6.7. `files` are names with digests in hex.
pub fn manifest(files: &[(&str, &str)]) -> String {
    files.iter().flat_map(|(name, digest)| ["SHA256(", name, ")= ", digest, "\n"]).collect()
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    #[test]
    fn openssl_writes_the_same_lines() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("a.ovf"), "abc").unwrap();
        let output = Command::new("openssl")
            .args(["dgst", "-sha256", "a.ovf"])
            .current_dir(folder.path())
            .output()
            .unwrap();
        let theirs = String::from_utf8(output.stdout).unwrap();
        let digest = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        let ours = manifest(&[("a.ovf", digest)]);
        assert_eq!(ours.replace("SHA256", "SHA2-256"), theirs.replace("SHA256", "SHA2-256"));
    }
}
