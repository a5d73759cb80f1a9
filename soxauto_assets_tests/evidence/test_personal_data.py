"""Personal data in the packaged rows: kept, replaced by pseudonyms, or dropped, and said so."""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import replace
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from soxauto_assets.catalog.loader import load_entry
from soxauto_assets.catalog.model import CatalogEntry
from soxauto_assets.evidence.contents import PackageContents
from soxauto_assets.evidence.personal_data import (
    DROP,
    KEEP,
    PSEUDONYMISE,
    PersonalData,
    PseudonymKeyError,
    decisions,
    key_id,
    treat,
)
from soxauto_assets.settings import InvalidSettingError, Settings
from soxauto_assets.store.protocol import Receipt
from soxauto_assets.verify import Verification, verify_package
from soxauto_assets_tests.support.packages import (
    ADDRESS,
    ENTRY,
    ROWS,
    SECRET_NAME,
    copied,
    edit,
    published,
    reseal,
    sample,
)

KEY = b"a key of a test, of forty characters...."


def contents(folder: Path, treatment: str) -> PackageContents:
    """The sample package, its rows treated as the setting says."""
    made = sample(folder)
    assert made.data is not None
    treated = treat(made.data, ENTRY, PersonalData(treatment, KEY), folder / "packaged.parquet")
    return replace(made, data=treated.data, personal=treated.document)


def of_entry(entry: CatalogEntry, treatment: str) -> dict[str, tuple[str, str]]:
    return {d.column: (d.treatment, d.basis) for d in decisions(entry, treatment)}


def test_each_personal_column_is_treated_or_kept_for_a_reason() -> None:
    ipe_07, cr_03 = load_entry("ipe_07"), load_entry("cr_03")
    kept = ("kept", "the setting keeps personal data")
    assert of_entry(ipe_07, KEEP) == dict.fromkeys(of_entry(ipe_07, DROP), kept)
    assert of_entry(ipe_07, DROP) == {
        "customer_no": ("kept", "refused: PG-01 nets business lines by customer"),
        "customer_name": ("dropped", "no rule needs it"),
        "description": ("dropped", "no rule needs it"),
        "posted_by": ("dropped", "no rule needs it"),
    }
    assert of_entry(ipe_07, PSEUDONYMISE)["customer_no"] == (
        "pseudonymised",
        "not dropped: PG-01 nets business lines by customer",
    )
    for treatment in (DROP, PSEUDONYMISE):
        assert of_entry(cr_03, treatment)["user_id"] == (
            "kept",
            "refused: PG-01 tells manual from integrated entries by it",
        )
    in_key = replace(ENTRY, report=replace(ENTRY.report, primary_key=("customer_name",)))
    assert of_entry(in_key, DROP) == {
        "customer_name": ("kept", "refused: it is part of the primary key")
    }


@pytest.mark.parametrize("treatment", [KEEP, PSEUDONYMISE, DROP])
def test_a_package_of_every_treatment_is_verified_and_says_what_was_done(
    tmp_path: Path, treatment: str
) -> None:
    made = contents(tmp_path, treatment)
    folder = published(made, tmp_path / "store")

    answer = verify_package(folder)

    assert (answer.first_difference, answer.verdict) == (None, Verification.VERIFIED)
    table = pq.read_table(folder / "data" / "extract.parquet")
    names = table.column("customer_name").to_pylist() if treatment != DROP else None
    wanted = [row[3] for row in ROWS]
    if treatment == PSEUDONYMISE:
        wanted = [
            None if one is None else hmac.new(KEY, one.encode(), hashlib.sha256).hexdigest()
            for one in wanted
        ]
    assert names == (None if treatment == DROP else wanted)
    document = json.loads((folder / "personal-data.json").read_bytes())
    assert document["source"]["sha256"] == made.stored[0].sha256  # what the results store has
    assert document["pseudonyms"] == (
        {"algorithm": "HMAC-SHA256", "key_id": key_id(KEY)} if treatment == PSEUDONYMISE else None
    )
    if treatment != KEEP:
        everything = b"".join(p.read_bytes() for p in folder.rglob("*") if p.is_file())
        assert SECRET_NAME.encode() not in everything
        assert KEY not in everything
        told = {f.name: f.found for f in answer.checks}
        assert told["personal data"].startswith(
            f"customer_name {document['columns'][0]['treatment']}"
        )


def test_what_was_treated_otherwise_than_it_says_differs(tmp_path: Path) -> None:
    folder = published(contents(tmp_path, DROP), tmp_path / "store")

    hidden = copied(folder, tmp_path / "hidden")
    edit(hidden, "personal-data.json", lambda d: d["columns"].clear())
    reseal(hidden)
    assert "personal-data.json, columns" in str(verify_package(hidden).first_difference)

    kept = copied(folder, tmp_path / "kept")
    edit(kept, "personal-data.json", lambda d: d["columns"][0].update(treatment="kept"))
    reseal(kept)
    assert "columns of the data" in str(verify_package(kept).first_difference)

    raw = copied(folder, tmp_path / "raw")
    edit(raw, "personal-data.json", lambda d: d["source"].update(sha256="ab" * 32))
    reseal(raw)
    assert "extract in the results store" in str(verify_package(raw).first_difference)


def test_a_value_that_is_no_pseudonym_differs(tmp_path: Path) -> None:
    made = contents(tmp_path, PSEUDONYMISE)
    assert made.personal is not None
    plain = sample(tmp_path / "plain")
    assert plain.data is not None
    stored = tuple(Receipt(ADDRESS.key(s.key.split("/")[-1]), "v1", s.sha256, s.size)
                   for s in plain.stored)  # fmt: skip
    folder = published(replace(made, data=plain.data, stored=stored), tmp_path / "store")

    assert "customer_name matches its pattern: 2 rows" in str(
        verify_package(folder).first_difference
    )


def test_pseudonyms_need_a_key_of_some_length(tmp_path: Path) -> None:
    made = sample(tmp_path)
    assert made.data is not None
    with pytest.raises(PseudonymKeyError):
        treat(made.data, ENTRY, PersonalData(PSEUDONYMISE), tmp_path / "packaged.parquet")
    with pytest.raises(InvalidSettingError, match="SOXAUTO_PSEUDONYM_KEY is not set"):
        Settings.load({"SOXAUTO_PERSONAL_DATA": "pseudonymise"})
    with pytest.raises(InvalidSettingError) as error:
        Settings.load({"SOXAUTO_PSEUDONYM_KEY": "too short"})
    assert "too short" not in str(error.value)
