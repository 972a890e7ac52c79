//! Whose certificates a server of images may have.

/// Debian's bundle, of the package `ca-certificates`.
const BUNDLE: &str = "/etc/ssl/certs/ca-certificates.crt";

/// The system's certificate authorities as PEM, where one of `urls` needs them: reading them takes a slow machine its time.
/// Without the file no certificate is good, and the error of the connection says so.
pub(super) fn authorities<'a>(urls: impl IntoIterator<Item = &'a str>) -> Vec<u8> {
    let needed = urls.into_iter().any(|url| url.starts_with("https:"));
    if needed { std::fs::read(BUNDLE).unwrap_or_default() } else { Vec::new() }
}
