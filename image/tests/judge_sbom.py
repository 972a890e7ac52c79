"""What SPDX's own tools and CycloneDX's library say of a bill of materials.

Usage: judge_sbom.py FILE.spdx.json FILE.cdx.json. Prints how many packages both name; ends with 1 and the reasons otherwise.
"""
import json
import logging
import pathlib
import re
import sys

from cyclonedx.model.bom import Bom
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packageurl import PackageURL
from spdx_tools.spdx.model import RelationshipType
from spdx_tools.spdx.parser.parse_anything import parse_file
from spdx_tools.spdx.validation.document_validator import validate_full_spdx_document

logging.disable(logging.WARNING)


def spdx(path):
    """Packages by name and version, with package URL and licence."""
    document = parse_file(str(path))
    # "or any later version", which annex D of SPDX 2.3 has and these tools do not know.
    later = re.compile(r"license_expression must only use IDs .* is: [A-Za-z0-9.-]+\+$")
    wrong = [f"{message.context.spdx_id}: {message.validation_message}" for message in validate_full_spdx_document(document)
             if not later.search(message.validation_message)]
    if wrong:
        sys.exit("\n".join(["SPDX:", *wrong[:20]]))
    ends = {relation.related_spdx_element_id for relation in document.relationships}
    described = [relation for relation in document.relationships if relation.relationship_type == RelationshipType.DESCRIBES]
    loose = [package.spdx_id for package in document.packages if package.spdx_id not in ends]
    if len(described) != 1 or loose:
        sys.exit(f"SPDX: one package is to be described, and each reached: {described} {loose[:20]}")
    urls = {(p.name, p.version): [ref.locator for ref in p.external_references] for p in document.packages}
    licences = {(p.name, p.version): str(p.license_declared) for p in document.packages}
    root = described[0].related_spdx_element_id
    own = next((p.name, p.version) for p in document.packages if p.spdx_id == root)
    return own, urls, licences


def cyclonedx(path):
    """The same of CycloneDX."""
    text = path.read_text()
    wrong = JsonStrictValidator(SchemaVersion.V1_6).validate_str(text)
    if wrong:
        sys.exit(f"CycloneDX: {wrong}")
    bom = Bom.from_json(json.loads(text))
    bom.validate()
    own = bom.metadata.component
    parts = {(c.name, c.version): c for c in bom.components}
    if len(parts) != len(bom.components):
        sys.exit("CycloneDX: a component is there twice")
    urls = {key: [str(c.purl)] if c.purl else [] for key, c in parts.items()}
    licences = {key: " ".join(licence.value for licence in c.licenses) for key, c in parts.items()}
    return (own.name, own.version), urls, licences


def main():
    one, other = spdx(pathlib.Path(sys.argv[1])), cyclonedx(pathlib.Path(sys.argv[2]))
    own, urls, licences = one
    if own != other[0]:
        sys.exit(f"one is of {own}, the other of {other[0]}")
    del urls[own], licences[own]
    if {key: [PackageURL.from_string(url).to_string() for url in all] for key, all in urls.items()} != other[1]:
        differing = [key for key in urls if urls[key] != other[1].get(key)]
        sys.exit(f"they do not name the same packages: {differing[:20]} of {len(urls)} and {len(other[1])}")
    said = {key for key, licence in licences.items() if licence != "NOASSERTION"}
    if said != {key for key, licence in other[2].items() if licence}:
        sys.exit("they do not say the same of licences")
    print(len(urls))


main()
