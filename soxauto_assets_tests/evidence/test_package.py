"""Packages: what they hold, and that each attempt ends in exactly one, whatever breaks."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from _pytest.mark import ParameterSet

from soxauto_assets.catalog.model import CheckKind
from soxauto_assets.evidence.canonical import parse_canonical
from soxauto_assets.evidence.lifecycle import AttemptVerdict
from soxauto_assets.evidence.package import (
    ContradictoryPackageError,
    LogLine,
    PackageConflictError,
    PackageContents,
    PackageExistsError,
    complete,
    publish,
)
from soxauto_assets.evidence.recovery import StandingPackage
from soxauto_assets.evidence.sealing import BadSignatureError, Sealing
from soxauto_assets.evidence.standing import find_package
from soxauto_assets.store.local import LocalStore
from soxauto_assets.store.protocol import ObjectDamagedError, Receipt, StoreUnavailableError
from soxauto_assets.validation.results import Verdict
from soxauto_assets.verify import Verification, verify_package
from soxauto_assets_tests.support.keys import KeySigner
from soxauto_assets_tests.support.packages import (
    ADDRESS,
    ENDED,
    ENTRY,
    SEALING,
    SECRET_NAME,
    SIGNER,
    check,
    failed,
    interrupted,
    published,
    sample,
    unreached,
)

NAMES = [
    "README.txt",
    "baseline.json",
    "checks.json",
    "controls.json",
    "data/content-digest.txt",
    "data/extract.parquet",
    "environment.json",
    "failing_rows.json",
    "lineage.json",
    "log.jsonl",
    "package.html",
    "parameters.json",
    "schema.json",
    "source.json",
    "verify.pyz",
    "workpaper.xlsx",
    *(f"sql/catalogue/controls/{control.name}.sql" for control in ENTRY.controls),
    "sql/catalogue/query.sql",
    "sql/controls/transfer.sql",
    "sql/query.sql",
]
NAMES.sort()
SEAL = ["manifest.dsse.json", "manifest.json"]


def writes(count: int) -> list[ParameterSet]:
    """The writes of a package: `make test` breaks off at every seventh and around the envelope,
    `make prove` at each."""
    return [
        pytest.param(at, marks=[] if at % 7 == 0 or at >= len(NAMES) - 1 else pytest.mark.prove)
        for at in range(count)
    ]


class FailingStore(LocalStore):
    """A store that is lost at one of its writes, before or after the object stands."""

    def __init__(self, root: Path, *, at: int, after: bool) -> None:
        super().__init__(root, name="evidence", reserve_bytes=0)
        self.written: list[str] = []
        self._at = at
        self._after = after

    def create(
        self, key: str, source: Path | bytes, *, metadata: Mapping[str, str] | None = None
    ) -> Receipt:
        lost = StoreUnavailableError("The store is gone.", remedy="Try again.")
        if len(self.written) == self._at and not self._after:
            raise lost
        receipt = super().create(key, source, metadata=metadata)
        self.written.append(key)
        if len(self.written) == self._at + 1 and self._after:
            raise lost
        return receipt


def store_at(root: Path) -> LocalStore:
    return LocalStore(root, name="evidence", reserve_bytes=0)


def names_below(folder: Path) -> list[str]:
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())


def verdict_of(folder: Path) -> Verification:
    report = verify_package(folder)
    assert report.first_difference is None
    return report.verdict


def test_a_package_holds_every_document_and_the_manifest_lists_each(tmp_path: Path) -> None:
    folder = published(sample(tmp_path), tmp_path / "store")

    assert names_below(folder) == sorted([*NAMES, *SEAL])
    statement = parse_canonical((folder / "manifest.json").read_bytes())
    assert statement["subject"] == [
        {
            "name": name,
            "digest": {"sha256": hashlib.sha256((folder / name).read_bytes()).hexdigest()},
            "annotations": {"size": (folder / name).stat().st_size},
        }
        for name in NAMES
    ]


def test_the_manifest_is_an_in_toto_statement_with_amounts_as_text(tmp_path: Path) -> None:
    contents = sample(tmp_path)
    folder = published(contents, tmp_path / "store")

    statement = parse_canonical((folder / "manifest.json").read_bytes())
    predicate = statement["predicate"]
    del statement["subject"], statement["predicate"], predicate["self_digest"]
    assert statement == {
        "_type": "https://in-toto.io/Statement/v1",
        "predicateType": "urn:soxauto:evidence-package:3",
    }
    assert contents.data is not None
    sha256, size = contents.data.sha256, contents.data.size
    assert predicate == {
        "verdict": "PASS",
        "cause": None,
        "report": {
            "id": "ipe_99",
            "title": "Sample entries",
            "control": "C-PG-1",
            "primary_key": ["id_company", "entry_no"],
            "amounts": ["amount_lcy"],
            "event_date": "posting_date",
        },
        "period": {
            "name": "2024-09",
            "start": "2024-09-01T00:00:00.000000",
            "cutoff_date": "2024-09-30",
            "next_start": "2024-10-01T00:00:00.000000",
        },
        "attempt": {
            "id": "20241001_080000Z-0123abcd",
            "run": "0f5f2c1e-run",
            "who": "amina@finance-7",
            "closed_by": None,
            "started": "2024-10-01T08:00:00.000000Z",
            "ended": "2024-10-01T08:00:42.123456Z",
            "retries": [],
        },
        "folder": "",
        "data": {
            "file": "data/extract.parquet",
            "rows": 3,
            "totals": {"amount_lcy": "6.50000000000000000001"},
            "content_digest": contents.data.content_digest,
            "content_digest_version": 1,
        },
        "rows_reached": 3,
        "checks": [{"name": c.name, "verdict": c.verdict.value} for c in contents.checks],
        "stored": [
            {
                "key": f"attempts/ipe_99/2024-09/20241001_080000Z-0123abcd/{name}",
                "version": "v1",
                "sha256": sha256,
                "size": size,
            }
            for name in ("extract.parquet", "validated.parquet")
        ],
        "signer": {
            "assertion": "self-asserted",
            "holder": "file",
            "key_id": hashlib.sha256(SIGNER.key.public_key).hexdigest(),
            "public_key": base64.b64encode(SIGNER.key.public_key).decode(),
        },
        "time": {"authority": None, "claim": "none"},
    }


def test_statements_and_parameters_are_kept_as_they_were_sent(tmp_path: Path) -> None:
    folder = published(sample(tmp_path), tmp_path / "store")

    assert (folder / "sql/query.sql").read_text() == "SELECT ? -- why\nFROM x"
    assert (folder / "sql/catalogue/query.sql").read_text() == ENTRY.query
    parameters = parse_canonical((folder / "parameters.json").read_bytes())
    bound = [
        {"type": "timestamp", "value": "2024-10-01T00:00:00.000000"},
        {"type": "text", "value": "EC_NG"},
        {"type": "text", "value": "EC_KE"},
    ]
    assert parameters["statements"] == [
        {"file": "sql/query.sql", "name": "ipe_99/query", "bound": bound},
        {"file": "sql/controls/transfer.sql", "name": "ipe_99/controls/transfer", "bound": bound},
    ]
    assert parameters["values"]["next_period_start"] == bound[0]


def test_a_statement_that_was_sent_twice_with_other_values_is_kept_twice(tmp_path: Path) -> None:
    contents = sample(tmp_path)
    query = contents.statements[0]
    other = replace(query, parameters=(datetime(2024, 1, 1),))
    contents = replace(contents, statements=(*contents.statements, query, other))

    folder = published(contents, tmp_path / "store")

    assert [name for name in names_below(folder) if name.startswith("sql/q")] == [
        "sql/query-2.sql",
        "sql/query.sql",
    ]
    assert verdict_of(folder) is Verification.VERIFIED


def test_personal_data_is_in_the_extract_and_in_no_other_file(tmp_path: Path) -> None:
    row = {"entry_no": "1", "customer_name": SECRET_NAME}
    contents = failed(sample(tmp_path), "contract", failing_rows=1, sample=(row,))
    contents = replace(contents, controls={**contents.controls, "left_out": (row,)})

    folder = published(contents, tmp_path / "store")

    holding = [n for n in names_below(folder) if SECRET_NAME.encode() in (folder / n).read_bytes()]
    assert holding == ["data/extract.parquet"]
    assert parse_canonical((folder / "failing_rows.json").read_bytes()) == {
        "masked_columns": ["customer_name"],
        "checks": [
            {
                "name": "contract",
                "failing_rows": 1,
                "sample": [{"customer_name": "***", "entry_no": "1"}],
            }
        ],
    }


def test_whatever_a_source_returns_there_is_a_package_and_no_float_in_it(tmp_path: Path) -> None:
    strange = {
        "amount": 0.1,
        "nothing": Decimal("NaN"),
        "large": 2**60,
        "bytes": b"\x00",
        "text": "\udc80",
    }
    contents = failed(sample(tmp_path), "transfer")
    contents = replace(
        contents,
        cause="Not \udc80 text.",
        controls={**contents.controls, "transfer": (strange,)},
        log=(LogLine(ENDED, "ERROR", "\udc80"),),
    )

    folder = published(contents, tmp_path / "store")

    controls = parse_canonical((folder / "controls.json").read_bytes())["controls"]
    assert controls[0]["rows"] == [
        {
            "amount": "float 0.1",
            "nothing": "Decimal NaN",
            "large": "1152921504606846976",
            "bytes": "bytes b'\\x00'",
            "text": "\\udc80",
        }
    ]
    assert verdict_of(folder) is Verification.VERIFIED


def test_the_readme_says_what_the_folder_is_and_how_to_verify_it(tmp_path: Path) -> None:
    text = (published(unreached(sample(tmp_path)), tmp_path / "store") / "README.txt").read_text()

    assert text.startswith(
        "EVIDENCE PACKAGE: ipe_99, Sample entries, period 2024-09\n\nVerdict:  FAIL\n"
    )
    assert "The attempt failed: SourceUnavailableError: The connection broke." in text
    assert "soxauto verify" in text
    assert "the key vouches for\nitself" in text


# -- exactly one package, whatever breaks


def test_the_envelope_and_its_manifest_are_written_last(tmp_path: Path) -> None:
    store = FailingStore(tmp_path / "store", at=99, after=False)

    publish(sample(tmp_path), ADDRESS, store, SEALING)

    assert len(store.written) == len(NAMES) + 2
    assert store.written[-2:] == [ADDRESS.key(name) for name in SEAL]


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("at", writes(len(NAMES) + 2))
def test_publishing_again_after_a_lost_connection_completes_the_package(
    tmp_path: Path, at: int, after: bool
) -> None:
    contents = sample(tmp_path)
    with pytest.raises(StoreUnavailableError):
        publish(contents, ADDRESS, FailingStore(tmp_path / "store", at=at, after=after), SEALING)

    package = publish(contents, ADDRESS, store_at(tmp_path / "store"), SEALING)

    folder = tmp_path / "store" / ADDRESS.prefix
    assert names_below(folder) == sorted([*NAMES, *SEAL])
    assert package.manifest.key == ADDRESS.key("manifest.json")
    assert [receipt.key for receipt in package.receipts] == [
        ADDRESS.key(name) for name in ["data/extract.parquet", *_document_order()]
    ]
    assert verdict_of(folder) is Verification.VERIFIED


def _document_order() -> list[str]:
    return [
        "sql/query.sql",
        "sql/controls/transfer.sql",
        "sql/catalogue/query.sql",
        *(f"sql/catalogue/controls/{control.name}.sql" for control in ENTRY.controls),
        "parameters.json",
        "source.json",
        "controls.json",
        "checks.json",
        "failing_rows.json",
        "schema.json",
        "lineage.json",
        "environment.json",
        "log.jsonl",
        "README.txt",
        "baseline.json",
        "data/content-digest.txt",
        "workpaper.xlsx",
        "package.html",
        "verify.pyz",
    ]


@pytest.mark.parametrize("deaths", [1, 2])
@pytest.mark.parametrize("at", writes(len(NAMES) + 1))
def test_whoever_closes_a_dead_attempt_lists_what_it_left(
    tmp_path: Path, at: int, deaths: int
) -> None:
    root = tmp_path / "store"
    folder = root / ADDRESS.prefix
    with pytest.raises(StoreUnavailableError):
        publish(sample(tmp_path), ADDRESS, FailingStore(root, at=at, after=False), SEALING)
    closing = interrupted(sample(tmp_path))
    if deaths == 2:  # the first one who closed it died as well, with a log of its own
        other = replace(closing, ended=datetime(2024, 10, 1, 9, tzinfo=UTC), log=())
        with pytest.raises(StoreUnavailableError):
            publish(other, ADDRESS, FailingStore(root, at=8, after=False), SEALING)
    left = set(names_below(folder)) if folder.exists() else set()

    publish(closing, ADDRESS, store_at(root), SEALING)

    statement = parse_canonical((folder / "manifest.json").read_bytes())
    assert statement["predicate"]["verdict"] == "FAIL (interrupted)"
    assert statement["predicate"]["data"] is None
    noted = {
        subject["name"]
        for subject in statement["subject"]
        if subject["annotations"].get("note") == "left by the interrupted attempt"
    }
    assert noted <= left
    assert left <= {subject["name"] for subject in statement["subject"]}
    assert verdict_of(folder) is Verification.VERIFIED


@pytest.mark.parametrize("signer", [SIGNER, KeySigner(1, deterministic=True)], ids=["kms", "local"])
def test_an_attempt_that_dies_between_envelope_and_manifest_has_its_package(
    tmp_path: Path, signer: KeySigner
) -> None:
    """Whoever comes next writes the manifest out of the envelope; nobody signs again."""
    root, contents = tmp_path / "store", sample(tmp_path)
    lost = FailingStore(root, at=len(NAMES), after=True)
    with pytest.raises(StoreUnavailableError):
        publish(contents, ADDRESS, lost, Sealing(signer))
    store, folder = store_at(root), root / ADDRESS.prefix
    envelope, signatures = (folder / "manifest.dsse.json").read_bytes(), signer.signatures
    assert find_package(store, ADDRESS) is None

    with pytest.raises(PackageExistsError):
        publish(interrupted(contents), ADDRESS, store, Sealing(KeySigner(2)))
    complete(ADDRESS, store)
    complete(ADDRESS, store)

    found = find_package(store, ADDRESS)
    assert found is not None
    assert found.verdict is AttemptVerdict.PASS
    assert names_below(folder) == sorted([*NAMES, *SEAL])
    assert (folder / "manifest.dsse.json").read_bytes() == envelope
    assert signer.signatures == signatures
    assert verdict_of(folder) is Verification.VERIFIED
    assert publish(contents, ADDRESS, store, Sealing(signer)).manifest == found.manifest


def test_nothing_is_completed_where_no_envelope_stands(tmp_path: Path) -> None:
    root = tmp_path / "store"
    with pytest.raises(StoreUnavailableError):
        publish(sample(tmp_path), ADDRESS, FailingStore(root, at=len(NAMES), after=False), SEALING)

    complete(ADDRESS, store_at(root))

    assert names_below(root / ADDRESS.prefix) == NAMES


@pytest.mark.parametrize("content", [b"{}", b"", b"\xff"])
def test_an_envelope_that_is_none_is_not_completed(tmp_path: Path, content: bytes) -> None:
    store = store_at(tmp_path / "store")
    store.create(ADDRESS.key("manifest.dsse.json"), content)

    with pytest.raises(ObjectDamagedError, match="is no envelope of a manifest"):
        complete(ADDRESS, store)
    with pytest.raises(PackageExistsError):
        publish(interrupted(sample(tmp_path)), ADDRESS, store, SEALING)


class OvertakenStore(LocalStore):
    """A store in which somebody else is faster, just before one object is created."""

    def __init__(self, root: Path, name: str, overtake: Callable[[], object]) -> None:
        super().__init__(root, name="evidence", reserve_bytes=0)
        self._name = name
        self._overtake: Callable[[], object] | None = overtake

    def create(
        self, key: str, source: Path | bytes, *, metadata: Mapping[str, str] | None = None
    ) -> Receipt:
        if key == ADDRESS.key(self._name) and self._overtake is not None:
            overtake, self._overtake = self._overtake, None
            overtake()
        return super().create(key, source, metadata=metadata)


@pytest.mark.parametrize("before", SEAL)
def test_of_two_who_close_an_attempt_at_once_one_package_remains(
    tmp_path: Path, before: str
) -> None:
    """Two recoverers with clocks, and even keys, of their own: the first envelope wins."""
    root = tmp_path / "store"
    mine = interrupted(sample(tmp_path))
    other = replace(mine, closed_by="esi@finance-9")

    def overtake() -> None:
        with suppress(PackageExistsError):  # where my envelope stands, the other one has lost
            publish(other, ADDRESS, store_at(root), Sealing(KeySigner(2)))

    with suppress(PackageExistsError, PackageConflictError):
        publish(mine, ADDRESS, OvertakenStore(root, before, overtake), SEALING)
    complete(ADDRESS, store_at(root))

    folder = root / ADDRESS.prefix
    manifest = parse_canonical((folder / "manifest.json").read_bytes())
    signer = {"manifest.dsse.json": KeySigner(2), "manifest.json": SIGNER}[before]
    assert manifest["predicate"]["signer"]["key_id"] == signer.key.key_id
    assert find_package(store_at(root), ADDRESS) is not None


@pytest.mark.parametrize("before", SEAL)
def test_two_who_write_the_very_same_package_agree_on_it(tmp_path: Path, before: str) -> None:
    """A write that was answered too late is repeated; the signatures differ, the package not."""
    root, contents = tmp_path / "store", sample(tmp_path)
    firsts = []

    def overtake() -> None:
        firsts.append(publish(contents, ADDRESS, store_at(root), SEALING))

    second = publish(contents, ADDRESS, OvertakenStore(root, before, overtake), SEALING)

    assert [second] == firsts
    assert verdict_of(root / ADDRESS.prefix) is Verification.VERIFIED


def test_a_signature_that_does_not_hold_is_not_stored(tmp_path: Path) -> None:
    class Broken(KeySigner):
        def sign(self, message: bytes) -> bytes:
            return super().sign(message + b"x")

    store = store_at(tmp_path / "store")
    with pytest.raises(BadSignatureError):
        publish(sample(tmp_path), ADDRESS, store, Sealing(Broken(3)))

    assert store.info(ADDRESS.key("manifest.dsse.json")) is None
    assert store.info(ADDRESS.key("manifest.json")) is None


def test_documents_of_a_dead_attempt_are_not_replaced_but_stand_beside(tmp_path: Path) -> None:
    root = tmp_path / "store"
    with pytest.raises(StoreUnavailableError):
        publish(sample(tmp_path), ADDRESS, FailingStore(root, at=len(NAMES), after=False), SEALING)

    publish(interrupted(sample(tmp_path)), ADDRESS, store_at(root), SEALING)

    folder = root / ADDRESS.prefix
    of_rows = {"data/extract.parquet", "data/content-digest.txt", "baseline.json"}
    documents = sorted(set(NAMES) - of_rows)
    assert names_below(folder) == sorted(
        [
            *NAMES,
            *SEAL,
            *(f"closing-1/{name}" for name in documents if not name.startswith("sql/")),
        ]
    )
    assert json.loads((folder / "checks.json").read_bytes())["verdict"] == "PASS"
    assert json.loads((folder / "closing-1/checks.json").read_bytes())["verdict"] == (
        "FAIL (interrupted)"
    )


def test_a_failure_to_write_a_pass_can_still_be_packed_as_a_failure(tmp_path: Path) -> None:
    root, contents = tmp_path / "store", sample(tmp_path)
    with pytest.raises(StoreUnavailableError):
        publish(contents, ADDRESS, FailingStore(root, at=9, after=False), SEALING)

    publish(
        replace(contents, verdict=AttemptVerdict.FAIL, cause="The store was lost."),
        ADDRESS,
        store_at(root),
        SEALING,
    )

    assert verdict_of(root / ADDRESS.prefix) is Verification.VERIFIED


def test_a_pass_stands_alone_under_its_prefix(tmp_path: Path) -> None:
    store = store_at(tmp_path / "store")
    store.create(ADDRESS.key("notes.txt"), b"mine")

    with pytest.raises(PackageConflictError, match=r"notes\.txt"):
        publish(sample(tmp_path), ADDRESS, store, SEALING)

    assert store.info(ADDRESS.key("manifest.json")) is None


def test_an_attempt_has_exactly_one_package(tmp_path: Path) -> None:
    store, contents = store_at(tmp_path / "store"), sample(tmp_path)
    first = publish(contents, ADDRESS, store, SEALING)

    assert publish(contents, ADDRESS, store, SEALING) == first
    for other in (
        interrupted(contents),
        unreached(contents),
        replace(contents, log=()),
        replace(contents, run_id="another"),
    ):
        with pytest.raises((PackageExistsError, PackageConflictError)):
            publish(other, ADDRESS, store, SEALING)

    assert verdict_of(tmp_path / "store" / ADDRESS.prefix) is Verification.VERIFIED


def test_a_pass_that_wakes_up_after_it_was_closed_adds_nothing(tmp_path: Path) -> None:
    store, contents = store_at(tmp_path / "store"), sample(tmp_path)
    publish(interrupted(contents), ADDRESS, store, SEALING)

    with pytest.raises(PackageExistsError):
        publish(contents, ADDRESS, store, SEALING)

    assert verdict_of(tmp_path / "store" / ADDRESS.prefix) is Verification.VERIFIED


def test_data_that_changed_after_it_was_spooled_does_not_get_a_manifest(tmp_path: Path) -> None:
    contents = sample(tmp_path)
    assert contents.data is not None
    contents.data.path.write_bytes(b"something else")

    with pytest.raises(PackageConflictError, match="when it was made"):
        published(contents, tmp_path / "store")

    assert not (tmp_path / "store" / ADDRESS.key("manifest.json")).exists()


def _without_check(contents: PackageContents) -> PackageContents:
    return replace(contents, checks=contents.checks[1:])


def _with_failed_check(contents: PackageContents) -> PackageContents:
    return replace(contents, checks=failed(contents, "roster").checks)


def _with_undeclared_exemption(contents: PackageContents) -> PackageContents:
    exempt = check("cut_off", Verdict.NOT_APPLICABLE, cause="It was late.")
    return replace(
        contents, checks=tuple(exempt if c.name == "cut_off" else c for c in contents.checks)
    )


def _declared_exempt_but_tested(contents: PackageContents) -> PackageContents:
    report = replace(ENTRY.report, not_applicable={CheckKind.ROSTER: "It has no companies."})
    return replace(contents, entry=replace(ENTRY, report=report))


@pytest.mark.parametrize(
    "change",
    [
        _without_check,
        _with_failed_check,
        _with_undeclared_exemption,
        _declared_exempt_but_tested,
        lambda contents: replace(contents, checks=(*contents.checks, contents.checks[0])),
        lambda contents: replace(contents, data=None),
        lambda contents: replace(contents, entry=None),
        lambda contents: replace(contents, source=None),
        lambda contents: replace(contents, totals={}),
        lambda contents: replace(contents, rows_reached=2),
        lambda contents: replace(contents, stored=contents.stored[:1]),
        lambda contents: replace(contents, cause="It failed."),
        lambda contents: replace(contents, verdict=AttemptVerdict.FAIL),
    ],
)
def test_nothing_passes_because_it_was_not_tested(tmp_path: Path, change) -> None:
    with pytest.raises(ContradictoryPackageError):
        published(change(sample(tmp_path)), tmp_path / "store")

    assert not (tmp_path / "store" / ADDRESS.prefix).exists()


# -- finding a package again


def test_a_standing_package_is_found_with_what_recovery_needs(tmp_path: Path) -> None:
    store, contents = store_at(tmp_path / "store"), sample(tmp_path)
    assert find_package(store, ADDRESS) is None
    package = publish(contents, ADDRESS, store, SEALING)

    assert contents.data is not None
    assert find_package(store, ADDRESS) == StandingPackage(
        AttemptVerdict.PASS, package.manifest, contents.data.content_digest, contents.stored[1]
    )


def test_a_manifest_that_is_another_attempts_is_no_package(tmp_path: Path) -> None:
    store = store_at(tmp_path / "store")
    publish(sample(tmp_path), ADDRESS, store, SEALING)
    other = replace(ADDRESS, attempt="20241001_090000Z-0123abcd")
    store.create(other.key("manifest.json"), store.read(ADDRESS.key("manifest.json")))

    with pytest.raises(ObjectDamagedError, match="is not the manifest of this attempt"):
        find_package(store, other)
