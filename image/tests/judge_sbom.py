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
    """What is described; name, version and package URLs of what is in it, by identifier; which of them have a licence."""
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
    packages = {package.spdx_id.removeprefix("SPDXRef-"): package for package in document.packages}
    own = packages.pop(described[0].related_spdx_element_id.removeprefix("SPDXRef-"))
    urls = {key: (p.name, p.version, [ref.locator for ref in p.external_references]) for key, p in packages.items()}
    licensed = {key for key, p in packages.items() if str(p.license_declared) != "NOASSERTION"}
    return (own.name, own.version), urls, licensed


def cyclonedx(path):
    """The same of CycloneDX."""
    text = path.read_text()
    wrong = JsonStrictValidator(SchemaVersion.V1_6).validate_str(text)
    if wrong:
        sys.exit(f"CycloneDX: {wrong}")
    bom = Bom.from_json(json.loads(text))
    bom.validate()
    own = bom.metadata.component
    parts = {c.bom_ref.value: c for c in bom.components}
    if len(parts) != len(bom.components):
        sys.exit("CycloneDX: a component is there twice")
    urls = {key: (c.name, c.version, [str(c.purl)] if c.purl else []) for key, c in parts.items()}
    return (own.name, own.version), urls, {key for key, c in parts.items() if c.licenses}


def main():
    one, other = spdx(pathlib.Path(sys.argv[1])), cyclonedx(pathlib.Path(sys.argv[2]))
    if one[0] != other[0]:
        sys.exit(f"one is of {one[0]}, the other of {other[0]}")
    urls = {key: (*named, [PackageURL.from_string(url).to_string() for url in all]) for key, (*named, all) in one[1].items()}
    if urls != other[1]:
        differing = [key for key in {*urls, *other[1]} if urls.get(key) != other[1].get(key)]
        sys.exit(f"they do not name the same packages: {differing[:20]}")
    if one[2] != other[2]:
        sys.exit("they do not say the same of licences")
    print(len(urls))


main()
