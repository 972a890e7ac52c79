//! The bill as SPDX 2.3 in JSON.

use daybreak_layout::Sha256Digest;
use serde::Serialize;

use super::{Bill, Kind, Part};

const DOCUMENT: &str = "SPDXRef-DOCUMENT";
const IMAGE: &str = "SPDXRef-image";
const UNKNOWN: &str = "NOASSERTION";

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Document<'a> {
    spdx_version: &'static str,
    data_license: &'static str,
    #[serde(rename = "SPDXID")]
    id: &'static str,
    name: String,
    #[serde(rename = "documentNamespace")]
    namespace: String,
    creation_info: Creation<'a>,
    packages: Vec<Package<'a>>,
    relationships: Vec<Relation>,
    has_extracted_licensing_infos: Vec<Unlisted<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Creation<'a> {
    created: &'a str,
    creators: Vec<String>,
    license_list_version: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Package<'a> {
    #[serde(rename = "SPDXID")]
    id: String,
    name: &'a str,
    version_info: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    supplier: Option<String>,
    download_location: &'static str,
    files_analyzed: bool,
    license_concluded: &'static str,
    license_declared: &'a str,
    copyright_text: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    primary_package_purpose: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    homepage: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    source_info: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    comment: Option<String>,
    checksums: Vec<Checksum<'a>>,
    external_refs: Vec<External<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Checksum<'a> {
    algorithm: &'static str,
    checksum_value: &'a str,
}

#[derive(Serialize)]
struct External<'a> {
    #[serde(rename = "referenceCategory")]
    category: &'static str,
    #[serde(rename = "referenceType")]
    kind: &'static str,
    #[serde(rename = "referenceLocator")]
    locator: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Relation {
    spdx_element_id: String,
    relationship_type: &'static str,
    related_spdx_element: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Unlisted<'a> {
    license_id: &'a str,
    name: &'a str,
    extracted_text: String,
}

/// The document; `digest` names it, `manifest` is that of the image where it is known.
pub(super) fn document<'a>(bill: &'a Bill, digest: Sha256Digest, manifest: Option<&'a str>) -> Document<'a> {
    let name = format!("{}-{}", bill.name, bill.version);
    Document {
        spdx_version: "SPDX-2.3",
        data_license: "CC0-1.0",
        id: DOCUMENT,
        // SPDX 2.3 §6.5: an address that is unlike all others; nothing has to be there.
        namespace: format!("https://spdx.org/spdxdocs/{name}-{digest}"),
        name,
        creation_info: Creation {
            created: &bill.created,
            creators: vec![format!("Tool: daybreak-{}", env!("CARGO_PKG_VERSION"))],
            // The list's version has two numbers here.
            license_list_version: spdx::license_version().split('.').take(2).collect::<Vec<_>>().join("."),
        },
        packages: std::iter::once(image(bill, manifest)).chain(bill.parts.iter().map(package)).collect(),
        relationships: relationships(bill),
        has_extracted_licensing_infos: bill.unlisted.iter().map(|(id, name)| extracted(id, name)).collect(),
    }
}

fn image<'a>(bill: &'a Bill, manifest: Option<&'a str>) -> Package<'a> {
    Package {
        id: IMAGE.to_owned(),
        name: &bill.name,
        version_info: &bill.version,
        supplier: None,
        download_location: UNKNOWN,
        files_analyzed: false,
        license_concluded: UNKNOWN,
        license_declared: UNKNOWN,
        copyright_text: UNKNOWN,
        primary_package_purpose: Some("OPERATING-SYSTEM"),
        homepage: None,
        source_info: None,
        comment: comment(bill, manifest.is_some()),
        checksums: manifest.into_iter().map(sha256).collect(),
        external_refs: Vec::new(),
    }
}

fn comment(bill: &Bill, has_checksum: bool) -> Option<String> {
    let checksum =
        has_checksum.then_some("The checksum is that of manifest.json, which has those of all files.");
    let crates =
        (!bill.crates_known).then_some("The crates that our programs are linked with are not known.");
    let all: Vec<_> = checksum.into_iter().chain(crates).collect();
    (!all.is_empty()).then(|| all.join(" "))
}

fn package(part: &Part) -> Package<'_> {
    Package {
        id: reference(&part.id),
        name: &part.name,
        version_info: &part.version,
        supplier: part.supplier.map(|name| format!("Organization: {name}")),
        download_location: UNKNOWN,
        files_analyzed: false,
        license_concluded: UNKNOWN,
        license_declared: part.licence.as_deref().unwrap_or(UNKNOWN),
        copyright_text: UNKNOWN,
        primary_package_purpose: (part.kind == Kind::Crate).then_some("LIBRARY"),
        homepage: part.homepage.as_deref(),
        source_info: part
            .source
            .as_ref()
            .map(|(name, version)| format!("built from the Debian source package {name} {version}")),
        comment: None,
        checksums: part.sha256.as_deref().into_iter().map(sha256).collect(),
        external_refs: part.purl.as_deref().into_iter().map(located).collect(),
    }
}

fn relationships(bill: &Bill) -> Vec<Relation> {
    let relation = |from: &str, kind, to: &str| Relation {
        spdx_element_id: from.to_owned(),
        relationship_type: kind,
        related_spdx_element: to.to_owned(),
    };
    let mut all = vec![relation(DOCUMENT, "DESCRIBES", IMAGE)];
    for part in &bill.parts {
        let id = reference(&part.id);
        if part.kind == Kind::Package {
            all.push(relation(IMAGE, "CONTAINS", &id));
        }
        all.extend(part.contains.iter().map(|other| relation(&id, "CONTAINS", &reference(other))));
        all.extend(part.needs.iter().map(|other| relation(&id, "DEPENDS_ON", &reference(other))));
    }
    all
}

fn extracted<'a>(id: &'a str, name: &'a str) -> Unlisted<'a> {
    let extracted_text = format!(
        "The licence that Debian's copyright file calls {name:?}; /usr/share/doc/*/copyright has its text."
    );
    Unlisted { license_id: id, name, extracted_text }
}

fn reference(id: &str) -> String {
    format!("SPDXRef-{id}")
}

fn sha256(sum: &str) -> Checksum<'_> {
    Checksum { algorithm: "SHA256", checksum_value: sum }
}

fn located(purl: &str) -> External<'_> {
    External { category: "PACKAGE-MANAGER", kind: "purl", locator: purl }
}
