"""The verifier's answer, as people and programs read it."""

from __future__ import annotations

import json
from pathlib import Path

from soxauto_assets.verify import verify_package
from soxauto_assets.verify.report import as_json, as_text
from soxauto_assets_tests.support.packages import copied, published, sample


def test_the_answer_comes_first(tmp_path: Path) -> None:
    lines = as_text(verify_package(published(sample(tmp_path), tmp_path / "store"))).splitlines()

    findings = [line for line in lines[4:] if not line.startswith("  note     ")]
    assert lines[:4] == [
        f"VERIFIED all {len(findings)} findings hold",
        "Package  ipe_99 2024-09, attempt 20241001_080000Z-0123abcd",
        "says     PASS, 3 rows, amount_lcy 6.50000000000000000001",
        "",
    ]
    assert all(line.startswith("  ok       ") for line in findings)


def test_the_first_difference_is_told_in_words(tmp_path: Path) -> None:
    folder = copied(published(sample(tmp_path), tmp_path / "store"), tmp_path / "copy")
    (folder / "log.jsonl").unlink()

    text = as_text(verify_package(folder), every=False)

    assert "VERIFIED" not in text
    assert "the first:\n         file log.jsonl: expected " in text
    assert "found no such file.\n" in text


def test_the_json_holds_the_same(tmp_path: Path) -> None:
    report = verify_package(published(sample(tmp_path), tmp_path / "store"))
    document = json.loads(json.dumps(as_json(report)))

    assert document["findings"] == [
        {"name": f.name, "ok": f.ok, "expected": f.expected, "found": f.found, "kind": f.kind.value}
        for f in report.checks
    ]
    del document["findings"]
    assert document == {
        "version": 2,
        "verdict": "VERIFIED",
        "first_difference": None,
        "package": {
            "report": "ipe_99",
            "period": "2024-09",
            "attempt": "20241001_080000Z-0123abcd",
            "verdict": "PASS",
            "rows": 3,
            "totals": {"amount_lcy": "6.50000000000000000001"},
        },
    }
