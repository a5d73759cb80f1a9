"""Envelopes and manifests, read by implementations that are not ours, and by the schema."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from google.protobuf import json_format
from in_toto_attestation.v1 import statement_pb2
from in_toto_attestation.v1.statement import Statement
from jsonschema import Draft202012Validator, FormatChecker
from securesystemslib.dsse import Envelope
from securesystemslib.exceptions import VerificationError
from securesystemslib.signer import SSlibKey

from soxauto_assets_tests.support.keys import KeySigner
from soxauto_assets_tests.support.packages import SIGNER, published, sample
from soxauto_assets_tests.verify.test_golden_packages import GOLDEN, PACKAGES
from soxauto_assets_tests.verify.test_intact_packages import SHAPES

SCHEMAS = Path(__file__).parents[2] / "docs" / "schema"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("package")
    return published(sample(root), root / "store")


def _key(signer: KeySigner) -> SSlibKey:
    value = {"public": signer.pem}
    return SSlibKey(signer.key.key_id, "ecdsa", "ecdsa-sha2-nistp256", value)


def test_securesystemslib_verifies_the_envelope(folder: Path) -> None:
    envelope = Envelope.from_dict(json.loads((folder / "manifest.dsse.json").read_bytes()))

    assert envelope.payload == (folder / "manifest.json").read_bytes()
    assert envelope.payload_type == "application/vnd.in-toto+json"
    assert set(envelope.verify([_key(SIGNER)], 1)) == {SIGNER.key.key_id}
    with pytest.raises(VerificationError):
        envelope.verify([_key(KeySigner(2))], 1)


def test_in_toto_reads_the_statement(folder: Path) -> None:
    content = (folder / "manifest.json").read_text()
    statement = Statement.copy_from_pb(json_format.Parse(content, statement_pb2.Statement()))

    statement.validate()
    said = json.loads(content)
    assert statement.pb.predicate_type == said["predicateType"]
    assert {s.name: s.digest["sha256"] for s in statement.pb.subject} == {
        s["name"]: s["digest"]["sha256"] for s in said["subject"]
    }


def validator(version: str) -> Draft202012Validator:
    schema = json.loads((SCHEMAS / f"evidence-package-{version}.schema.json").read_bytes())
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema, format_checker=FormatChecker())


@pytest.mark.parametrize("shape", SHAPES)
def test_the_published_schema_holds_for_every_package(tmp_path: Path, shape: str) -> None:
    package = published(SHAPES[shape](tmp_path), tmp_path / "store")

    validator("3").validate(json.loads((package / "manifest.json").read_bytes()))


@pytest.mark.parametrize(
    "package", PACKAGES, ids=lambda p: "/".join(p.relative_to(GOLDEN).parts[:2])
)
def test_the_published_schema_of_each_version_holds_for_its_golden_packages(package: Path) -> None:
    version = package.relative_to(GOLDEN).parts[0]

    validator(version).validate(json.loads((package / "manifest.json").read_bytes()))


def _objects(value: Any) -> list[dict[str, Any]]:
    """Every object in a value, itself first."""
    found = [value] if isinstance(value, dict) else []
    children = value.values() if isinstance(value, dict) else value
    if isinstance(value, dict | list):
        for child in children:
            found += _objects(child)
    return found


def test_the_schema_allows_no_field_more_and_none_less(folder: Path) -> None:
    content, ours = (folder / "manifest.json").read_bytes(), validator("3")
    free = {"totals"}  # names of columns
    seen = set()
    for number, original in enumerate(_objects(json.loads(content))):
        kind = frozenset((name, type(value)) for name, value in original.items())
        if kind in seen:  # another check, column or file like one before
            continue
        seen.add(kind)
        for name in [*original, None]:
            statement = json.loads(content)
            changed = _objects(statement)[number]
            if any(statement["predicate"]["data"][key] is changed for key in free):
                continue
            if name is None:
                changed["more"] = 1
            else:
                del changed[name]

            assert not ours.is_valid(statement), name
