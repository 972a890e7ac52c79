//! The bill as `CycloneDX` 1.6 (ECMA-424) in JSON.

use daybreak_layout::Sha256Digest;
use serde::Serialize;
use uuid::Uuid;

use super::{Bill, Kind, Part};

const IMAGE: &str = "image";

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Document<'a> {
    bom_format: &'static str,
    spec_version: &'static str,
    serial_number: String,
    version: u32,
    metadata: Metadata<'a>,
    components: Vec<Component<'a>>,
    dependencies: Vec<Dependency<'a>>,
    compositions: Vec<Composition>,
}

#[derive(Serialize)]
struct Metadata<'a> {
    timestamp: &'a str,
    tools: Tools<'a>,
    component: Component<'a>,
}

#[derive(Serialize)]
struct Tools<'a> {
    components: Vec<Component<'a>>,
}

#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct Component<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    #[serde(rename = "bom-ref", skip_serializing_if = "Option::is_none")]
    id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    supplier: Option<Organization>,
    name: &'a str,
    version: &'a str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    hashes: Vec<Hash<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    licenses: Vec<License<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    purl: Option<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    external_references: Vec<Reference<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    properties: Vec<Property<'a>>,
}

#[derive(Serialize)]
struct Organization {
    name: &'static str,
}

#[derive(Serialize)]
struct Hash<'a> {
    alg: &'static str,
    content: &'a str,
}

#[derive(Serialize)]
struct License<'a> {
    expression: &'a str,
}

#[derive(Serialize)]
struct Reference<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    url: &'a str,
}

#[derive(Serialize)]
struct Property<'a> {
    name: &'static str,
    value: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Dependency<'a> {
    #[serde(rename = "ref")]
    id: &'a str,
    depends_on: Vec<&'a str>,
}

/// Whether all parts are named.
#[derive(Serialize)]
struct Composition {
    aggregate: &'static str,
    assemblies: [&'static str; 1],
}

/// The document; `digest` names it, `manifest` is that of the image where it is known.
pub(super) fn document<'a>(bill: &'a Bill, digest: Sha256Digest, manifest: Option<&'a str>) -> Document<'a> {
    let image = Component {
        kind: "operating-system",
        id: Some(IMAGE),
        name: &bill.name,
        version: &bill.version,
        hashes: manifest.into_iter().map(sha256).collect(),
        ..Component::default()
    };
    let tool = Component {
        kind: "application",
        name: "daybreak",
        version: env!("CARGO_PKG_VERSION"),
        ..Component::default()
    };
    let packages = bill.parts.iter().filter(|part| part.kind == Kind::Package);
    let all = Dependency { id: IMAGE, depends_on: packages.map(|part| part.id.as_str()).collect() };
    Document {
        bom_format: "CycloneDX",
        spec_version: "1.6",
        serial_number: Uuid::new_v5(&Uuid::NAMESPACE_OID, digest.as_bytes()).urn().to_string(),
        version: 1,
        metadata: Metadata {
            timestamp: &bill.created,
            tools: Tools { components: vec![tool] },
            component: image,
        },
        components: bill.parts.iter().map(component).collect(),
        dependencies: std::iter::once(all).chain(bill.parts.iter().map(dependency)).collect(),
        compositions: vec![Composition {
            aggregate: if bill.crates_known { "complete" } else { "incomplete" },
            assemblies: [IMAGE],
        }],
    }
}

fn component(part: &Part) -> Component<'_> {
    let source = part.source.iter().flat_map(|(name, version)| {
        [
            Property { name: "daybreak:debian:source", value: name },
            Property { name: "daybreak:debian:source-version", value: version },
        ]
    });
    let page = match part.kind {
        Kind::Package => "website",
        Kind::Crate => "vcs",
    };
    Component {
        kind: "library",
        id: Some(&part.id),
        supplier: part.supplier.map(|name| Organization { name }),
        name: &part.name,
        version: &part.version,
        hashes: part.sha256.as_deref().into_iter().map(sha256).collect(),
        licenses: part.licence.as_deref().into_iter().map(|expression| License { expression }).collect(),
        purl: part.purl.as_deref(),
        external_references: part.homepage.iter().map(|url| Reference { kind: page, url }).collect(),
        properties: source.collect(),
    }
}

fn dependency(part: &Part) -> Dependency<'_> {
    let depends_on = part.contains.iter().chain(&part.needs).map(String::as_str).collect();
    Dependency { id: &part.id, depends_on }
}

fn sha256(sum: &str) -> Hash<'_> {
    Hash { alg: "SHA-256", content: sum }
}
