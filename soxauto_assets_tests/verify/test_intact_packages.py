"""Packages that nobody touched verify, whatever their shape: no false alarm."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from soxauto_assets.catalog.model import CheckKind
from soxauto_assets.evidence.lifecycle import AttemptVerdict
from soxauto_assets.evidence.package import PackageContents
from soxauto_assets.verify import Verification, verify_package
from soxauto_assets_tests.support.packages import (
    ADDRESS,
    ENTRY,
    ROWS,
    copied,
    failed,
    interrupted,
    passed_checks,
    published,
    sample,
    spooled,
    unreached,
)


def _without_event_date(folder: Path) -> PackageContents:
    reason = {CheckKind.CUT_OFF: "The report has no event.", CheckKind.WITNESSES: "Nor a witness."}
    report = replace(ENTRY.report, event_date=None, not_applicable=reason)
    entry = replace(ENTRY, report=report)
    contents = sample(folder)
    controls = {**contents.controls}
    del controls["witness_inside"], controls["witness_after"]
    controls["transfer"] = controls["without_joins"]
    return replace(contents, entry=entry, checks=passed_checks(entry), controls=controls)


def _without_a_row(folder: Path) -> PackageContents:
    entry = replace(ENTRY, report=replace(ENTRY.report, allow_empty=True))
    return replace(sample(folder, ()), entry=entry)


def _with_a_float_from_the_source(folder: Path) -> PackageContents:
    contents = failed(sample(folder), "transfer")
    return replace(contents, controls={**contents.controls, "transfer": ({"row_count": 3.0},)})


def _with_duplicate_key(folder: Path) -> PackageContents:
    return failed(sample(folder, (*ROWS, ROWS[-1])), "primary_key", failing_rows=1)


def _with_rows_after_the_cutoff(folder: Path) -> PackageContents:
    late = ("EC_NG", 3, date(2024, 10, 1), None, Decimal(1), None, None)
    contents = failed(sample(folder, (*ROWS, late)), "cut_off", failing_rows=1)
    return failed(contents, "witnesses")


def _with_a_lost_row(folder: Path) -> PackageContents:
    whole = sample(folder / "whole")
    contents = replace(sample(folder, ROWS[:2]), controls=whole.controls)
    for name in ("transfer", "without_joins", "driving_table", "witnesses"):
        contents = failed(contents, name)
    return contents


def _of_a_broken_report(folder: Path) -> PackageContents:
    return replace(
        unreached(sample(folder)),
        entry=None,
        checks=(),
        statements=(),
        controls={},
        cause="The folder of ipe_99 is broken.",
        rows_reached=None,
    )


def _with_everything_but_the_store(folder: Path) -> PackageContents:
    return replace(
        sample(folder), verdict=AttemptVerdict.FAIL, cause="The results store is full.", stored=()
    )


def _interrupted_with_its_extract(folder: Path) -> PackageContents:
    return replace(
        sample(folder), verdict=AttemptVerdict.INTERRUPTED, cause="KeyboardInterrupt.", stored=()
    )


SHAPES: dict[str, Callable[[Path], PackageContents]] = {
    "PASS": sample,
    "PASS without a row": _without_a_row,
    "PASS with checks that do not apply": _without_event_date,
    "PASS after retries": lambda folder: replace(sample(folder), retries=("The line broke.",)),
    "FAIL for a duplicate key": _with_duplicate_key,
    "FAIL for late rows": _with_rows_after_the_cutoff,
    "FAIL for a lost row": _with_a_lost_row,
    "FAIL for a float": _with_a_float_from_the_source,
    "FAIL of the results store": _with_everything_but_the_store,
    "FAIL without an extract": lambda folder: unreached(sample(folder)),
    "FAIL of a broken report": _of_a_broken_report,
    "interrupted": lambda folder: interrupted(sample(folder)),
    "interrupted with its extract": _interrupted_with_its_extract,
}


@pytest.mark.parametrize("shape", SHAPES)
def test_an_intact_package_verifies_whatever_it_says(tmp_path: Path, shape: str) -> None:
    contents = SHAPES[shape](tmp_path)
    report = verify_package(published(contents, tmp_path / "store"))

    assert (report.first_difference, report.verdict) == (None, Verification.VERIFIED)
    assert report.claim is not None
    assert report.claim.verdict == contents.verdict.value
    assert report.claim.rows == contents.rows_reached


def test_every_figure_of_a_package_is_asked_for_by_name(tmp_path: Path) -> None:
    report = verify_package(published(sample(tmp_path), tmp_path / "store"))

    asked = {finding.name: finding.found for finding in report.checks}
    total = "6.50000000000000000001"
    assert {name: asked[name] for name in asked if name.startswith(("row", "total", "check "))} == {
        "row count": "3",
        "rows reached": "3",
        "total of amount_lcy": total,
        "check baseline follows from baseline.json": "PASS",
        "check contract, an empty extract": "3 rows",
        "check contract, broken rules": "none",
        "check cut_off, rows after the period": "0",
        "check driving_table, figures of the source": "row_count",
        "check driving_table, row_count": "3",
        "check primary_key, keys used twice": "0",
        "check primary_key, keys with a null": "0",
        "check roster, rows of its control": "0 rows",
        "check transfer, figures of the source": "first_event, last_event, row_count, "
        "sum_amount_lcy",
        "check transfer, row_count": "3",
        "check transfer, sum_amount_lcy": total,
        "check transfer, first_event": "2024-08-31T00:00:00.000000",
        "check transfer, last_event": "2024-09-30T00:00:00.000000",
        "check unmapped, rows of its control": "0 rows",
        "check without_joins, figures of the source": "row_count, sum_amount_lcy",
        "check without_joins, row_count": "3",
        "check without_joins, sum_amount_lcy": total,
        "check witnesses, controls witness_inside": "1",
        "check witnesses, controls witness_after": "1",
        "check witnesses, rows inside the period": "1",
        "check witnesses, witness_inside ec_ng, 2": "in the extract",
        "check witnesses, witness_after EC_NG, 3": "not in the extract",
    }


def test_a_package_verifies_under_any_path(tmp_path: Path) -> None:
    folder = published(sample(tmp_path), tmp_path / "store")
    for name in ("from the auditor's mail", "month=2024-10", "a[b]*?c", ADDRESS.attempt):
        shutil.copytree(folder, tmp_path / "elsewhere" / name)

        assert verify_package(tmp_path / "elsewhere" / name).first_difference is None


def test_a_package_verifies_from_inside_its_own_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(published(sample(tmp_path), tmp_path / "store"))

    assert verify_package(Path(".")).verdict is Verification.VERIFIED


def test_what_is_no_package_is_said_to_be_none(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    for folder in (tmp_path, tmp_path / "missing", tmp_path / "file"):
        report = verify_package(folder)

        assert (report.verdict, report.claim) == (Verification.DIFFERS, None)
        assert [(finding.name, finding.ok) for finding in report.checks] == [
            ("manifest.json", False)
        ]


def test_verifying_changes_nothing_and_needs_no_right_to_write(tmp_path: Path) -> None:
    folder = copied(published(sample(tmp_path), tmp_path / "store"), tmp_path / "copy")
    for path in [*folder.rglob("*"), folder]:
        path.chmod(0o555 if path.is_dir() else 0o444)
    before = {path: path.stat() for path in folder.rglob("*")}

    assert verify_package(folder).verdict is Verification.VERIFIED

    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*")} == {
        path: status.st_mtime_ns for path, status in before.items()
    }
    folder.chmod(0o755)


_ROWS = st.lists(
    st.tuples(
        st.sampled_from(["EC_NG", "EC_KE", "JM_EG"]),
        st.integers(-(2**63), 2**63 - 1),
        st.dates(date(2000, 1, 1), date(2024, 9, 30)),
        st.one_of(st.none(), st.text()),
        st.decimals(-(10**16), 10**16, places=20),
        st.one_of(st.none(), st.datetimes(datetime(1900, 1, 1), datetime(2100, 1, 1))),
        st.one_of(st.none(), st.booleans()),
    ),
    max_size=40,
    unique_by=lambda row: row[:2],
)


@settings(max_examples=5, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=_ROWS)
def test_no_rows_of_any_kind_give_a_false_alarm(tmp_path: Path, rows: list) -> None:
    folder = tmp_path / "case"
    shutil.rmtree(folder, ignore_errors=True)
    try:
        spooled(folder / "try.parquet", tuple(rows))
    except UnicodeEncodeError:
        return  # half a surrogate pair is no text that Parquet can hold
    contents = sample(folder, tuple(rows))
    if not rows:
        contents = failed(failed(contents, "contract"), "witnesses")

    assert verify_package(published(contents, folder / "store")).first_difference is None
